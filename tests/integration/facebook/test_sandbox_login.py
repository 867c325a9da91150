"""The sandbox's login: dialog, consents, exchanges, lifetimes, and its memory across a restart."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.integration.facebook.sandbox_kit import (
    ANNA,
    APP_ID,
    BEN,
    NOW,
    REDIRECT_URI,
    SCOPES,
    Facebook,
    error_of,
    facebook,
    make_sandbox,
    redirected,
)

DAY = 86_400


@pytest.fixture
def fb() -> Iterator[Facebook]:
    """A sandbox of the test's own."""
    with facebook() as found:
        yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the memory."""
    return tmp_path / "data" / "sandbox-world.json"


class Reader(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def find(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of all such tags."""
        return [a for t, a in self.tags if t == tag and attributes.items() <= a.items()]


def code_and_subcode(answer: requests.Response) -> tuple[int, int | None]:
    assert answer.status_code == 400
    error = error_of(answer)
    return error["code"], error.get("error_subcode")


# The dialog


def test_the_dialog_needs_no_script_and_loads_its_own_files_only() -> None:
    with facebook(prefix="/sandbox") as fb:
        answer = fb.dialog()
        page = Reader(answer.text)
        assert "Stand-in for Facebook’s dialog" in page.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        forbidden = {"form", "input", "script", "iframe", "button"}
        assert not forbidden & {tag for tag, _ in page.tags}
        addresses = [a["href"] for a in page.find("link")] + [a["src"] for a in page.find("img")]
        for address in sorted({str(address) for address in addresses})[:5]:
            assert address.startswith("/sandbox/")
            assert requests.get(urljoin(fb.url, address), timeout=10).status_code == 200


def test_hostile_names_and_requests_are_shown_as_text(fb: Facebook) -> None:
    hostile = '"><script>alert(1)</script>'
    page = Reader(fb.dialog(state=hostile, scope=f"pages_show_list,{hostile}", x=hostile).text)
    for made_up in fb.sandbox.world.pages[:58]:
        assert made_up.name in page.text
    assert f"Invalid Scopes: {hostile}" in page.text
    assert not page.find("script")


def test_the_redirect_carries_the_state_unchanged(fb: Facebook) -> None:
    state = "a b&c=d/é#x+%20\u202e"
    assert redirected(fb.dialog("/continue", state=state))["state"] == state
    cancelled = fb.dialog("/cancel", state="s").headers["Location"]
    assert urlsplit(cancelled).query == (
        "error=access_denied&error_code=200&error_description=Permissions+error"
        "&error_reason=user_denied&state=s"
    )
    back = fb.agree(return_scopes="true", no="read_insights")
    assert back["denied_scopes"] == "read_insights"


@pytest.mark.parametrize(
    "changed",
    [{"redirect_uri": REDIRECT_URI + "/"}, {"client_id": "1"}, {"response_type": "token"}],
)
@pytest.mark.parametrize("rest", ["", "/continue", "/cancel"])
def test_never_redirects_for_a_foreign_request(
    fb: Facebook, rest: str, changed: dict[str, str]
) -> None:
    answer = fb.dialog(rest, **changed)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_login_configuration_is_all_or_nothing(fb: Facebook) -> None:
    assert "all of it, or Cancel" in fb.dialog(config_id="1", scope="").text
    token = fb.short_token(config_id="1", scope="", no="read_insights")
    assert set(SCOPES.split(",")) < set(fb.debug(token)["scopes"])


# Codes and tokens


def test_a_code_works_once_and_for_its_redirect_uri(fb: Facebook) -> None:
    code = fb.agree()["code"]
    assert code_and_subcode(fb.exchange(code, redirect_uri=REDIRECT_URI + "/")) == (100, 36008)
    assert code_and_subcode(fb.exchange(code, client_secret="wrong")) == (1, None)
    assert 3600 <= fb.exchange(code).json()["expires_in"] <= 7200
    assert code_and_subcode(fb.exchange(code)) == (100, 36009)
    assert code_and_subcode(fb.exchange("AQnonsense")) == (100, 36009)


def test_a_long_lived_token_lives_sixty_days_and_its_page_tokens_for_ever(fb: Facebook) -> None:
    token = fb.long_token()
    page = fb.list_pages(token, "id,access_token")[0]
    facts = fb.debug(token)
    assert (facts["type"], facts["app_id"], facts["user_id"]) == ("USER", APP_ID, ANNA)
    assert facts["expires_at"] == int(NOW.timestamp()) + 5183944
    assert facts["data_access_expires_at"] == int(NOW.timestamp()) + 90 * DAY
    assert fb.debug(page["access_token"])["expires_at"] == 0
    fb.sandbox.advance(10)
    assert fb.prolong(token).json()["access_token"] == token
    fb.sandbox.advance(50)
    assert code_and_subcode(fb.get("me", token)) == (190, 463)
    assert not fb.debug(token)["is_valid"]
    assert fb.get(page["id"], page["access_token"]).status_code == 200


def test_debug_token_names_the_targets_of_a_restricted_consent(fb: Facebook) -> None:
    facts = fb.debug(fb.short_token(off="3"))
    entry = next(e for e in facts["granular_scopes"] if e["scope"] == "pages_show_list")
    first, second, third = (page.id for page in fb.sandbox.world.pages[:3])
    assert third in entry["target_ids"]
    assert not {first, second} & set(entry["target_ids"])
    assert {"scope": "business_management"} in facts["granular_scopes"]
    assert {"scope": "pages_show_list"} in fb.debug(fb.short_token())["granular_scopes"]


# Consents


@pytest.mark.parametrize("subcode", [458, 460, 463])
def test_access_that_ended_stays_ended_and_renewing_mends_it(fb: Facebook, subcode: int) -> None:
    token, other = fb.long_token(), fb.long_token(BEN)
    page_token = fb.list_pages(token, "access_token")[0]["access_token"]
    fb.sandbox.end_access(ANNA, subcode)
    assert code_and_subcode(fb.get("me", token)) == (190, subcode)
    assert code_and_subcode(fb.get("me", page_token)) == (190, subcode)
    assert fb.debug(token)["error"]["subcode"] == subcode
    assert fb.get("me", fb.long_token()).status_code == 200
    assert code_and_subcode(fb.get("me", token)) == (190, subcode)
    assert fb.get("me", other).status_code == 200


# Memory


def test_everything_survives_a_restart(path: Path) -> None:
    with facebook(state_path=path) as fb:
        token = fb.long_token(no="read_insights", off="1")
        page = fb.list_pages(token, "id,access_token")[0]
        used, code = fb.agree(off="1", no="read_insights")["code"], fb.agree(off="1")["code"]
        fb.exchange(used)
        secrets = fb.sandbox.issued_secrets
    with facebook(state_path=path) as fb:
        assert fb.get(page["id"], page["access_token"]).status_code == 200
        assert code_and_subcode(fb.exchange(used)) == (100, 36009)
        assert fb.exchange(code).status_code == 200
        assert len(fb.list_pages(token)) == 57
        fb.sandbox.advance(30)
        fb.sandbox.trouble = "password changed"
    reopened = make_sandbox(state_path=path)
    assert reopened.trouble == "password changed"
    assert reopened.today().isoformat() == "2026-12-22"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [secret for secret in secrets if secret in path.read_text()]


def test_two_processes_share_the_file(path: Path) -> None:
    with facebook(state_path=path) as one, facebook(state_path=path) as two:
        token, code = one.long_token(), one.agree()["code"]
        with ThreadPoolExecutor(4) as pool:
            trips = [pool.submit(fb.exchange, code) for fb in (one, two, one, two)]
        assert sorted(trip.result().status_code for trip in trips) == [200, 400, 400, 400]
        with ThreadPoolExecutor(6) as pool:
            for number in range(30):
                pool.submit((one, two)[number % 2].sandbox.advance, 1)
        assert (one.sandbox.now() - NOW).days == 30
        two.sandbox.start_over()
        assert one.sandbox.now() == NOW
        assert code_and_subcode(one.get("me", token)) == (190, 467)


@pytest.mark.parametrize("text", ["", "[1]", "\x00", '{"trouble": "of an older version"}'])
def test_a_damaged_file_counts_as_empty(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    sandbox = make_sandbox(state_path=path)
    assert sandbox.trouble == "none"
    sandbox.advance(1)
    assert (make_sandbox(state_path=path).now() - NOW).days == 1
