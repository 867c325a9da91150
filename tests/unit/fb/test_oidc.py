"""Who signs in is proved by a sign-in service, whatever else it may send."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.graph import http
from fb.settings import read_settings
from fb.sign_in import oidc
from fb.sign_in.id_token import check_claims, read_identity, read_keys, verify
from fb.sign_in.oidc import Identity, ServiceDown, SignInFailed, SignInService
from tests.sign_in_service import (
    ANN,
    BAD_CLAIMS,
    BAD_SIGNATURES,
    CLIENT_ID,
    CLIENT_SECRET,
    Service,
    serving_sign_in,
)

ORIGIN = "http://localhost:8501"
DISCOVERY, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"
NONCE = "nonce-of-this-attempt"
# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
MOMENT = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


class Clock:
    """The time of the dashboard and of the service; ``ahead``: by how much ours is ahead."""

    def __init__(self) -> None:
        self.service_time = MOMENT
        self.ahead = timedelta()

    def ours(self) -> datetime:
        return self.service_time + self.ahead

    def pass_by(self, **time: float) -> None:
        self.service_time += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Iterator[Service]:
    with serving_sign_in() as service:
        service.now = lambda: clock.service_time
        yield service


@pytest.fixture
def make(service: Service, clock: Clock, tmp_path: Path) -> Any:
    def make_client(**changes: str) -> SignInService:
        report = read_settings(service.settings | changes, tmp_path)
        assert report.settings is not None, report.problems
        return SignInService(report.settings, clock.ours)

    return make_client


def sign_in(client: SignInService, service: Service, address: str = ANN) -> Identity:
    """The whole way: out, back, and the exchange."""
    url = client.authorization_url(state="state", nonce=NONCE, verifier=VERIFIER)
    back = parse_qs(urlsplit(service.sign_in(url, address)).query)
    return client.redeem(back["code"][0], nonce=NONCE, verifier=VERIFIER)


def refused(client: SignInService, service: Service) -> SignInFailed:
    with pytest.raises(SignInFailed) as raised:
        sign_in(client, service)
    return raised.value


# The way out and back


def test_who_signs_in_is_read_from_the_id_token(make: Any, service: Service) -> None:
    found = sign_in(make(), service, "Ann.Lee@Agency.example")
    assert (found.issuer, found.address) == (service.url, "Ann.Lee@Agency.example")
    assert found.name == "Ann.Lee"
    assert len(found.subject) == 21


def test_the_way_out_says_where_to_come_back_and_proves_who_asked(
    make: Any, service: Service
) -> None:
    client = make(FACEBOOK_REDIRECT_URI="http://LOCALHOST:8501/connect")
    url = client.authorization_url(state="st&te", nonce=NONCE, verifier=VERIFIER)
    address, _, query = url.partition("?")
    assert address == f"{service.url}/authorize"
    assert dict(parse_qsl(query, strict_parsing=True)) == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{ORIGIN}/signin/return",
        "scope": "openid email profile",
        "state": "st&te",
        "nonce": NONCE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "prompt": "select_account",
    }
    assert client.redirect_uri == f"{ORIGIN}/signin/return"


def test_an_endpoint_with_a_query_keeps_it(make: Any, service: Service) -> None:
    service.discovery["authorization_endpoint"] = f"{service.url}/authorize?tenant=7"
    url = make().authorization_url(state="s", nonce=NONCE, verifier=VERIFIER)
    assert url.startswith(f"{service.url}/authorize?tenant=7&response_type=code&")


def test_a_code_counts_once_and_with_its_verifier_only(make: Any, service: Service) -> None:
    client = make()
    url = client.authorization_url(state="state", nonce=NONCE, verifier=VERIFIER)
    codes = [parse_qs(urlsplit(service.sign_in(url)).query)["code"][0] for _ in range(2)]
    client.redeem(codes[0], nonce=NONCE, verifier=VERIFIER)
    for code, verifier in ((codes[0], VERIFIER), (codes[1], VERIFIER + "x"), ("made-up", VERIFIER)):
        with pytest.raises(SignInFailed) as raised:
            client.redeem(code, nonce=NONCE, verifier=verifier)
        assert raised.value.reason == "code"


def test_the_token_of_another_attempt_is_refused(make: Any, service: Service) -> None:
    client = make()
    url = client.authorization_url(state="state", nonce=NONCE, verifier=VERIFIER)
    code = parse_qs(urlsplit(service.sign_in(url)).query)["code"][0]
    with pytest.raises(SignInFailed, match=r"^token \(nonce\)$"):
        client.redeem(code, nonce="of another attempt", verifier=VERIFIER)


@pytest.mark.parametrize(
    ("methods", "is_in_form"),
    [
        (None, False),
        (["client_secret_post", "client_secret_basic"], False),
        (["private_key_jwt", "client_secret_post"], True),
    ],
)
def test_the_secret_goes_where_the_service_wants_it(
    make: Any, service: Service, methods: list[str] | None, is_in_form: bool
) -> None:
    service.discovery["token_endpoint_auth_methods_supported"] = methods
    sign_in(make(), service)
    (call,) = (call for call in service.calls if call.path == TOKEN)
    assert ("client_secret" in call.fields) == is_in_form
    assert call.authorization.startswith("Basic ") != is_in_form
    if not is_in_form:
        pair = base64.b64decode(call.authorization.removeprefix("Basic ")).decode()
        assert pair == "pagekeeper%3Aof%2Bthe%25tests:sign-in%2Fsecret%2Bof%25the~tests%260123"


@pytest.mark.parametrize("mode", ["bad_client", ""])
def test_a_secret_that_the_service_does_not_know_is_told_apart(
    make: Any, service: Service, mode: str
) -> None:
    service.misbehave(mode)
    assert refused(make(SIGN_IN_CLIENT_SECRET="another-secret"), service).reason == "client"


def test_a_return_of_another_service_is_known_by_its_issuer(make: Any, service: Service) -> None:
    assert make().is_from(None)
    assert make().is_from(service.url)
    assert not make().is_from("https://evil.example")
    assert not make().is_from("")
    service.discovery["authorization_response_iss_parameter_supported"] = True
    assert not make().is_from(None)
    assert make().is_from(service.url)


# ID tokens


@pytest.mark.parametrize("mode", BAD_CLAIMS)
def test_a_token_that_says_something_else_is_refused(
    make: Any, service: Service, mode: str
) -> None:
    service.misbehave(mode)
    failure = refused(make(), service)
    assert failure.reason == "token"
    claims = {"aud_of_two": "aud", "aud_of_another_with_our_azp": "aud", "exp_of_no_number": "exp"}
    assert failure.detail == claims.get(mode, mode.rpartition("_")[2])


@pytest.mark.parametrize("mode", BAD_SIGNATURES)
def test_a_token_that_nobody_signed_is_refused(make: Any, service: Service, mode: str) -> None:
    service.misbehave(mode)
    failure = refused(make(), service)
    of_key = ("unknown_kid", "no_kid")
    assert (failure.reason, failure.detail) == ("token", "key" if mode in of_key else "signature")
    assert service.count("/elsewhere") == 0


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_each_algorithm_that_counts_is_read(make: Any, service: Service, algorithm: str) -> None:
    service.algorithm = algorithm
    assert sign_in(make(), service).address == ANN
    service.misbehave("foreign_key")
    assert refused(make(), service).detail == "signature"


@pytest.mark.parametrize("claims", [{"aud": [CLIENT_ID]}, {"azp": CLIENT_ID}, {"nbf": 0}])
def test_a_token_may_say_the_same_in_other_ways(
    make: Any, service: Service, claims: dict[str, Any]
) -> None:
    service.claims = claims
    assert sign_in(make(), service).address == ANN


def test_what_a_header_says_besides_is_ignored(make: Any, service: Service) -> None:
    service.header = {"x5t": "AAAA", "of-tomorrow": {"a": 1}, "long": "x" * 5_000}
    assert sign_in(make(), service).address == ANN


def test_groups_by_the_thousand_do_not_matter(make: Any, service: Service) -> None:
    service.claims = {"groups": [f"6f9619ff-8b86-d011-b42d-{number:012}" for number in range(5000)]}
    assert sign_in(make(), service).address == ANN


@pytest.mark.parametrize("name", [None, 7, ""])
def test_a_person_may_have_no_name(make: Any, service: Service, name: Any) -> None:
    service.claims = {"name": name}
    assert sign_in(make(), service).name == ""


# Clocks


@pytest.mark.parametrize(("ahead", "detail"), [(-5, "early"), (5, "late")])
def test_a_clock_five_minutes_off_is_told_as_such(
    make: Any, service: Service, clock: Clock, ahead: int, detail: str
) -> None:
    clock.ahead = timedelta(minutes=ahead)
    service.lives_seconds = 120
    failure = refused(make(), service)
    assert (failure.reason, failure.detail) == ("clock", detail)


def test_a_token_that_is_not_valid_yet_is_a_matter_of_clocks(make: Any, service: Service) -> None:
    service.claims = {"nbf": MOMENT.timestamp() + 61}
    assert refused(make(), service).reason == "clock"


@pytest.mark.parametrize("ahead", [-60, 179])
def test_a_clock_may_be_a_minute_off(make: Any, service: Service, clock: Clock, ahead: int) -> None:
    clock.ahead = timedelta(seconds=ahead)
    service.lives_seconds = 120
    assert sign_in(make(), service).address == ANN


def test_of_a_forged_token_the_clock_is_no_excuse(
    make: Any, service: Service, clock: Clock
) -> None:
    clock.ahead = timedelta(days=1)
    service.misbehave("wrong_aud")
    assert refused(make(), service).reason == "token"


# Addresses


@pytest.mark.parametrize(
    "address", [None, 7, "", "ann", "ann@agency.example\n", f"{'a' * 250}@b.example", ["a@b.c"]]
)
def test_without_an_address_nobody_comes_in(make: Any, service: Service, address: Any) -> None:
    service.claims = {"email": address}
    assert refused(make(), service).reason == "no_address"


@pytest.mark.parametrize("is_confirmed", [None, False, "true", 1])
def test_an_address_that_is_not_confirmed_counts_for_nothing(
    make: Any, service: Service, is_confirmed: Any
) -> None:
    service.claims = {"email_verified": is_confirmed}
    assert refused(make(), service).reason == "unconfirmed_address"


def test_a_service_that_says_nothing_of_it_may_be_trusted(make: Any, service: Service) -> None:
    trusting = make(SIGN_IN_TRUST_ADDRESSES="yes")
    service.claims = {"email_verified": None}
    assert sign_in(trusting, service).address == ANN
    service.claims = {"email_verified": False}
    assert refused(trusting, service).reason == "unconfirmed_address"


def test_an_address_in_another_claim_is_trusted_or_not_taken(make: Any, service: Service) -> None:
    """A person may choose their user name; ``email_verified`` is of ``email``."""
    service.claims = {"email": "eve@evil.example", "preferred_username": ANN}
    other = {"SIGN_IN_ADDRESS_CLAIM": "preferred_username"}
    assert refused(make(**other), service).reason == "unconfirmed_address"
    trusting = make(**other, SIGN_IN_TRUST_ADDRESSES="yes")
    assert sign_in(trusting, service).address == ANN
    service.claims |= {"email": None, "email_verified": None}
    assert sign_in(trusting, service).address == ANN
    service.claims |= {"email_verified": False}
    assert refused(trusting, service).reason == "unconfirmed_address"


# The discovery document


def test_it_is_read_once_an_hour(make: Any, service: Service, clock: Clock) -> None:
    client = make()
    for _ in range(3):
        sign_in(client, service)
    assert (service.count(DISCOVERY), service.count(KEYS)) == (1, 1)
    clock.pass_by(minutes=59)
    sign_in(client, service)
    assert (service.count(DISCOVERY), service.count(KEYS)) == (1, 1)
    clock.pass_by(minutes=2)
    sign_in(client, service)
    assert (service.count(DISCOVERY), service.count(KEYS)) == (2, 2)
    clock.pass_by(days=-1)  # a clock that was wrong
    sign_in(client, service)
    assert (service.count(DISCOVERY), service.count(KEYS)) == (3, 3)


@pytest.mark.parametrize("ending", ["/", "/other", "?x"])
def test_another_issuer_than_the_setting_is_refused(
    make: Any, service: Service, ending: str
) -> None:
    service.discovery["issuer"] = service.url + ending
    assert (refused(make(), service).reason, refused(make(), service).detail) == ("issuer", "other")


def test_an_issuer_may_end_in_a_slash(make: Any, service: Service) -> None:
    client = make(SIGN_IN_ISSUER=f"{service.url}/")
    assert refused(client, service).detail == "other"
    service.discovery["issuer"] = f"{service.url}/"
    service.claims = {"iss": f"{service.url}/"}
    assert sign_in(client, service).issuer == f"{service.url}/"
    assert {call.path for call in service.calls} == {DISCOVERY, KEYS, TOKEN, "/authorize"}


def test_an_address_without_a_discovery_document_is_no_issuer(make: Any, service: Service) -> None:
    with pytest.raises(SignInFailed, match=r"^issuer \(status\)$"):
        make(SIGN_IN_ISSUER=f"{service.url}/realms/none").check()


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "/token",
        "http://login.example/x",
        "ftp://localhost/x",
        "https://u:p@login.example/x",
        "https:///x",
        "https://login.example/x#y",
        "https://login.example\\@evil.example/",
        "https://login.example/x\ny",
        "https://[login/",
        "javascript:alert(1)",
    ],
)
def test_an_endpoint_that_others_can_read_along_is_refused(
    make: Any, service: Service, name: str, url: Any
) -> None:
    service.discovery[name] = url
    with pytest.raises(SignInFailed, match=r"^issuer \(endpoint\)$"):
        make().check()
    assert service.count(TOKEN) == service.count(KEYS) == 0


@pytest.mark.parametrize("url", ["https://login.example/x?y=1", "http://[::1]:5/x"])
def test_an_endpoint_may_be_elsewhere(make: Any, service: Service, url: str) -> None:
    service.discovery["authorization_endpoint"] = url
    assert make().authorization_url(state="s", nonce="n", verifier="v").startswith(url)


def test_check_reads_the_document_and_the_keys(make: Any, service: Service) -> None:
    make().check()
    assert [call.path for call in service.calls] == [DISCOVERY, KEYS]
    for at in (DISCOVERY, KEYS):
        service.misbehave("down", at)
        with pytest.raises(ServiceDown):
            make().check()


# Keys


def test_new_keys_of_the_service_are_read(make: Any, service: Service, clock: Clock) -> None:
    client = make()
    sign_in(client, service)
    clock.pass_by(minutes=2)
    service.change_keys()
    assert sign_in(client, service).address == ANN
    assert service.count(KEYS) == 2


def test_made_up_keys_do_not_hammer_the_service(make: Any, service: Service, clock: Clock) -> None:
    client = make()
    sign_in(client, service)
    clock.pass_by(minutes=2)
    service.misbehave("unknown_kid")
    for _ in range(4):
        assert refused(client, service).detail == "key"
    assert service.count(KEYS) == 2
    clock.pass_by(seconds=59)
    refused(client, service)
    assert service.count(KEYS) == 2
    clock.pass_by(seconds=2)
    refused(client, service)
    assert service.count(KEYS) == 3


def test_new_keys_that_can_not_be_read_are_asked_for_once_a_minute(
    make: Any, service: Service, clock: Clock
) -> None:
    client = make()
    sign_in(client, service)
    clock.pass_by(minutes=2)
    service.change_keys()
    service.misbehave("down", KEYS)
    assert isinstance(refused(client, service), ServiceDown)
    for _ in range(2):
        assert refused(client, service).detail == "key"
    assert service.count(KEYS) == 2
    service.misbehave("")
    clock.pass_by(minutes=1)
    assert sign_in(client, service).address == ANN


def test_old_keys_end_after_an_hour_also_where_new_ones_were_asked_for_in_vain(
    make: Any, service: Service, clock: Clock
) -> None:
    client = make()
    sign_in(client, service)
    clock.pass_by(minutes=58)
    service.misbehave("down", KEYS)
    service.generation = 2
    assert isinstance(refused(client, service), ServiceDown)
    clock.pass_by(minutes=3)
    service.generation = 1
    assert isinstance(refused(client, service), ServiceDown)
    assert service.count(KEYS) == 3


def test_a_service_without_keys_proves_nobody(make: Any, service: Service) -> None:
    assert not read_keys({})
    assert not read_keys({"keys": "none"})
    assert not read_keys({"keys": [{"kty": "oct", "k": "AAAA"}, {"kty": ["RSA"]}, None]})
    service.discovery["jwks_uri"] = f"{service.url}/authorize?who=x&redirect_uri=/"
    assert refused(make(), service).reason == "redirect"


# A service in trouble


@pytest.mark.parametrize("at", [DISCOVERY, KEYS, TOKEN])
@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("down", "status"),
        ("busy", "status"),
        ("silent", "no_answer"),
        ("drip", "slow"),
        ("large", "nonsense"),
        ("bomb", "nonsense"),
        ("redirect", "redirect"),
        ("html", "nonsense"),
        ("list", "nonsense"),
        ("cut", "nonsense"),
    ],
)
def test_a_bad_answer_is_a_service_that_is_down(
    make: Any, service: Service, monkeypatch: pytest.MonkeyPatch, at: str, mode: str, reason: str
) -> None:
    if mode in ("silent", "drip"):
        monkeypatch.setattr(oidc, "MAX_ANSWER_SECONDS", 0.2)
    service.misbehave(mode, at)
    failure = refused(make(), service)
    assert isinstance(failure, ServiceDown)
    assert failure.reason in ((reason, "slow") if mode == "silent" else (reason,))
    assert service.count("/elsewhere") == 0


def test_a_service_that_nobody_answers_for_is_down(make: Any, service: Service) -> None:
    client = make(SIGN_IN_ISSUER="http://127.0.0.1:1")
    with pytest.raises(ServiceDown, match=r"^no_answer$"):
        client.authorization_url(state="s", nonce="n", verifier="v")


def test_the_time_that_connecting_takes_counts(
    make: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = http._Connection.connect

    def connect_late(connection: http._Connection) -> None:
        time.sleep(0.3)
        connect(connection)

    monkeypatch.setattr(http._Connection, "connect", connect_late)
    monkeypatch.setattr(oidc, "MAX_ANSWER_SECONDS", 0.2)
    with pytest.raises(ServiceDown):
        make().check()


def test_a_service_that_is_back_is_asked_at_once(make: Any, service: Service) -> None:
    client = make()
    for at in (DISCOVERY, KEYS, TOKEN):
        service.misbehave("down", at)
        assert isinstance(refused(client, service), ServiceDown)
    service.misbehave("")
    assert sign_in(client, service).address == ANN


def test_of_many_who_wait_for_a_slow_service_none_waits_for_all_others(
    make: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "MAX_ANSWER_SECONDS", 0.5)
    service.misbehave("silent")
    client, gate = make(), threading.Barrier(6)

    def begin() -> str:
        gate.wait()
        with pytest.raises(ServiceDown) as raised:
            client.authorization_url(state="s", nonce="n", verifier="v")
        return raised.value.reason

    with ThreadPoolExecutor(6) as pool:
        reasons = [run.result() for run in [pool.submit(begin) for _ in range(6)]]
    assert len(set(reasons)) == 1
    assert service.count(DISCOVERY) == 1


def test_a_refusal_or_an_answer_without_a_token_proves_nobody(make: Any, service: Service) -> None:
    service.misbehave("refused")
    assert refused(make(), service).reason == "code"
    service.misbehave("no_id_token")
    assert (refused(make(), service).reason, refused(make(), service).detail) == (
        "token",
        "missing",
    )


# Secrets


@pytest.mark.parametrize("mode", ["hs256", "wrong_aud", "refused", "bad_client", "down", "html"])
def test_no_error_holds_what_was_sent(make: Any, service: Service, mode: str) -> None:
    client = make()
    url = client.authorization_url(state="state", nonce=NONCE, verifier=VERIFIER)
    code = parse_qs(urlsplit(service.sign_in(url)).query)["code"][0]
    service.misbehave(mode)
    with pytest.raises(SignInFailed) as raised:
        client.redeem(code, nonce=NONCE, verifier=VERIFIER)
    errors: list[BaseException] = [raised.value]
    while (inner := errors[-1].__cause__ or errors[-1].__context__) is not None:
        errors.append(inner)
    text = " ".join(f"{error!r} {error}" for error in errors)
    for secret in (code, NONCE, VERIFIER, CLIENT_SECRET, service.url, ANN, "told to nobody"):
        assert secret not in text


# Anything else


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["iss", "aud", "azp", "nonce", "sub", "exp", "iat", "nbf", "email", "name"]
        ),
        JSON,
    )
)
def test_no_claims_make_it_raise_anything_else(changes: dict[str, Any]) -> None:
    now = MOMENT.timestamp()
    claims: dict[str, Any] = {
        "iss": "i",
        "aud": "c",
        "nonce": "n",
        "sub": "s",
        "exp": now + 60,
        "iat": now,
        "email": ANN,
        "email_verified": True,
    } | changes
    try:
        check_claims(claims, issuer="i", client_id="c", nonce="n", now=MOMENT)
        found = read_identity(claims, address_claim="email", trusts_addresses=False)
    except SignInFailed:
        return
    assert claims["aud"] in ("c", ["c"])
    assert (found.issuer, claims["nonce"]) == ("i", "n")


@given(JSON, st.text(max_size=40))
def test_no_keys_and_no_token_make_it_raise_anything_else(document: Any, token: str) -> None:
    keys = read_keys({"keys": document})
    with pytest.raises(SignInFailed):
        verify(token, keys)
