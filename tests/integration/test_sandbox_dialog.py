"""The sandbox's dialog: what it shows, what can be unticked, where it sends people."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from fb.sandbox import make_world
from tests.integration.sandbox_kit import (
    ANNA,
    BEN,
    REDIRECT_URI,
    SCOPES,
    Facebook,
    facebook,
    redirected,
)


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """The sandbox under a path, as in the dashboard."""
    with facebook(prefix="/sandbox") as found:
        yield found


class Reader(HTMLParser):
    """Tags, links and text of a page."""

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


def test_says_what_it_is_and_asks_for_no_password(fb: Facebook) -> None:
    answer = fb.dialog()
    page = Reader(answer.text)
    assert answer.status_code == 200
    assert "Stand-in for Facebook’s dialog" in page.text
    assert not [
        tag for tag, _ in page.tags if tag in ("form", "input", "script", "iframe", "button")
    ]
    assert "Anna Keller gives access to 58 Pages." in page.text


def test_carries_a_policy_without_scripts(fb: Facebook) -> None:
    headers = fb.dialog().headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_everything_it_loads_comes_from_itself(fb: Facebook) -> None:
    page = Reader(fb.dialog().text)
    addresses = [a["href"] for a in page.find("link")] + [a["src"] for a in page.find("img")]
    for address in sorted({str(address) for address in addresses})[:5]:
        assert address.startswith("/sandbox/")
        assert requests.get(urljoin(fb.url, address), timeout=10).status_code == 200


def test_shows_hostile_names_as_text(fb: Facebook) -> None:
    html = fb.dialog().text
    for person_page in fb.sandbox.world.pages[:58]:
        assert escape(person_page.name) in html
    assert "<script>" not in html
    assert "<b>x</b>" not in html


def test_escapes_the_request_too(fb: Facebook) -> None:
    hostile = '"><script>alert(1)</script>'
    html = fb.dialog(state=hostile, scope=f"pages_show_list,{hostile}", display=hostile).text
    assert "<script>" not in html
    assert "Invalid Scopes: &quot;&gt;&lt;script&gt;" in html


def test_continue_gives_a_code_and_the_state_unchanged(fb: Facebook) -> None:
    state = "a b&c=d/é#x+%20\u202e"
    back = redirected(fb.dialog("/continue", state=state))
    assert back["state"] == state
    assert back["code"].startswith("AQ")
    assert set(back) == {"code", "state"}


def test_cancel_says_user_denied_and_ends_with_the_state(fb: Facebook) -> None:
    answer = fb.dialog("/cancel", state="s")
    query = urlsplit(answer.headers["Location"]).query
    assert query == (
        "error=access_denied&error_code=200&error_description=Permissions+error"
        "&error_reason=user_denied&state=s"
    )


def test_return_scopes_names_granted_and_denied(fb: Facebook) -> None:
    back = fb.agree(return_scopes="true", no="read_insights")
    assert back["denied_scopes"] == "read_insights"
    assert "pages_show_list" in back["granted_scopes"].split(",")
    assert "read_insights" not in back["granted_scopes"].split(",")


def test_links_of_the_page_lead_through_the_whole_choice(fb: Facebook) -> None:
    """Untick a Page and a permission by their links, change one's mind, continue."""
    answer = fb.dialog()
    page_id = fb.sandbox.world.pages[0].id
    for wanted in (f"page-{page_id}", "may-read_insights", "may-read_insights"):
        toggle = next(
            a for a in Reader(answer.text).find("a", role="checkbox") if wanted in str(a["href"])
        )
        answer = requests.get(urljoin(answer.url, str(toggle["href"])), timeout=10)
    page = Reader(answer.text)
    unticked = page.find("a", role="checkbox", **{"aria-checked": "false"})
    assert len(unticked) == 1
    assert f"page-{page_id}" in str(unticked[0]["href"])
    assert "57 of 58 ticked" in page.text
    onward = next(a for a in page.find("a") if str(a.get("class")) == "main")
    done = requests.get(urljoin(answer.url, str(onward["href"])), allow_redirects=False, timeout=10)
    token = fb.exchange(redirected(done)["code"]).json()["access_token"]
    listed = {found["id"] for found in fb.list_pages(token)}
    assert len(listed) == 57
    assert page_id not in listed


def test_all_can_be_unticked_and_ticked_at_once(fb: Facebook) -> None:
    answer = fb.dialog()
    hrefs = [str(a["href"]) for a in Reader(answer.text).find("a") if "#pages" in str(a["href"])]
    tick, untick = hrefs
    none = requests.get(urljoin(answer.url, untick), timeout=10).text
    assert "0 of 58 ticked" in Reader(none).text
    assert (
        "58 of 58 ticked" in Reader(requests.get(urljoin(answer.url, tick), timeout=10).text).text
    )
    off = parse_qs(urlsplit(untick).query)["off"][0]
    token = fb.short_token(off=off)
    assert fb.get("me/accounts", token).json() == {"data": []}


def test_another_person_has_other_pages(fb: Facebook) -> None:
    page = Reader(fb.dialog(**{"as": BEN}).text)
    assert "Ben Ortiz gives access to 14 Pages." in page.text
    assert fb.get("me", fb.short_token(BEN)).json() == {"name": "Ben Ortiz", "id": BEN}


def test_works_without_a_version_and_at_the_root() -> None:
    with facebook() as fb:
        fb.version = "."
        assert fb.dialog().status_code == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"redirect_uri": "http://evil.example/connect"}, "URL Blocked"),
        ({"redirect_uri": REDIRECT_URI + "/"}, "URL Blocked"),
        ({"redirect_uri": ""}, "URL Blocked"),
        ({"client_id": "1"}, "Invalid App ID"),
        ({"client_id": " 100000000000001"}, "Invalid App ID"),
        ({"response_type": "token"}, "Not supported"),
    ],
)
@pytest.mark.parametrize("rest", ["", "/continue", "/cancel"])
def test_never_redirects_where_it_should_not(
    fb: Facebook, rest: str, changed: dict[str, str], words: str
) -> None:
    answer = fb.dialog(rest, **changed)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert words in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_parameter_given_twice_is_refused(fb: Facebook) -> None:
    address = fb.dialog("/continue").url + "&redirect_uri=http%3A%2F%2Fevil.example"
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 400
    assert "given twice" in answer.text


def test_a_login_configuration_is_all_or_nothing(fb: Facebook) -> None:
    answer = fb.dialog(config_id="1", scope="")
    assert "all of it, or Cancel" in answer.text
    token = fb.short_token(config_id="1", scope="", no="read_insights")
    assert set(SCOPES.split(",")) < set(fb.debug(token)["scopes"])


def test_nonsense_in_the_choice_does_no_harm(fb: Facebook) -> None:
    answer = fb.dialog(off="zz", no="x,y,,", **{"as": "nobody"})
    assert "Anna Keller gives access to 58 Pages." in Reader(answer.text).text
    assert fb.dialog(off="-5").status_code == 200


def test_a_thousand_pages_still_make_a_page() -> None:
    with facebook(world=make_world(pages=1000)) as fb:
        answer = fb.dialog(**{"as": ANNA})
        assert "1000 of 1000 ticked" in Reader(answer.text).text
        assert "And 800 more Pages." in Reader(answer.text).text
