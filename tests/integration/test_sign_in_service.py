"""The whole way through a sign-in service that others maintain, over HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from fb.settings import Settings, read_settings
from fb.sign_in.oidc import SignInFailed, SignInService

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning  # asks for them to be shown

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import oidc_provider_mock

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # within the service
NONCE, VERIFIER = "nonce-of-this-attempt", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
ANN = "ann@agency.example"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    user = oidc_provider_mock.User(
        sub="ann-7", claims={"email": ANN, "email_verified": True, "name": "Ann Lee"}
    )
    with oidc_provider_mock.run_server_in_thread(
        require_client_registration=True, require_nonce=True, user_claims=[user]
    ) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def settings(issuer: str, tmp_path: Path) -> Settings:
    """Those of a dashboard that is registered with the service."""
    client = requests.post(
        f"{issuer}/oauth2/clients",
        json={"redirect_uris": ["http://localhost:8501/signin/return"]},
        timeout=10,
    ).json()
    environ = {
        "SIGN_IN_ISSUER": issuer,
        "SIGN_IN_CLIENT_ID": client["client_id"],
        "SIGN_IN_CLIENT_SECRET": client["client_secret"],
    }
    report = read_settings(environ, tmp_path)
    assert report.settings is not None
    return report.settings


def press(client: SignInService, subject: str) -> str:
    """Press a button on the service's page; return the code with which it leads back."""
    url = client.authorization_url(state="of-this-attempt", nonce=NONCE, verifier=VERIFIER)
    assert "Authorize" in requests.get(url, timeout=10).text
    answer = requests.post(url, data={"sub": subject}, timeout=10, allow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    assert (back.netloc, back.path) == ("localhost:8501", "/signin/return")
    query = parse_qs(back.query)
    assert query["state"] == ["of-this-attempt"]
    return query["code"][0]


def test_somebody_signs_in_by_a_service_that_others_maintain(settings: Settings) -> None:
    client = SignInService(settings, lambda: datetime.now(UTC))
    client.check()
    code = press(client, "ann-7")
    found = client.redeem(code, nonce=NONCE, verifier=VERIFIER)
    assert (found.issuer, found.subject) == (settings.sign_in_issuer, "ann-7")
    assert (found.address, found.name) == (ANN, "Ann Lee")
    with pytest.raises(SignInFailed) as raised:
        client.redeem(code, nonce=NONCE, verifier=VERIFIER)
    assert raised.value.reason == "code"


def test_it_proves_nobody_whose_address_it_has_not_confirmed(settings: Settings) -> None:
    client = SignInService(settings, lambda: datetime.now(UTC))
    code = press(client, "mallory@agency.example")
    with pytest.raises(SignInFailed) as raised:
        client.redeem(code, nonce=NONCE, verifier=VERIFIER)
    assert raised.value.reason == "unconfirmed_address"


def test_it_knows_its_clients_by_their_secret(
    settings: Settings, issuer: str, tmp_path: Path
) -> None:
    environ = {
        "SIGN_IN_ISSUER": issuer,
        "SIGN_IN_CLIENT_ID": str(settings.sign_in_client_id),
        "SIGN_IN_CLIENT_SECRET": "of-another",
    }
    changed = read_settings(environ, tmp_path).settings
    assert changed is not None
    client = SignInService(changed, lambda: datetime.now(UTC))
    with pytest.raises(SignInFailed) as raised:
        client.redeem(press(client, "ann-7"), nonce=NONCE, verifier=VERIFIER)
    assert raised.value.reason == "client"
