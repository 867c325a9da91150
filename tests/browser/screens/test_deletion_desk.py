"""Requests to delete data on a real server: from Facebook's servers and from the desk on Setup."""

from __future__ import annotations

import json

import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve
from tests.browser.kit.browsing import by_key, settle, visit
from tests.browser.kit.looks import keep_picture, look_at_widths
from tests.browser.kit.serving import Server
from tests.present import tell_servers_time
from tests.signed_requests import payload_of, sign
from tests.waiting import wait_until

ACCOUNTS = "SELECT account_id FROM grants ORDER BY account_id"
STATUSES = "SELECT status FROM deletion_requests ORDER BY received_at"


def test_requests_to_delete_data_from_first_to_last(serve: Serve, full: Server, page: Page) -> None:
    with serve(data_of=full) as server:
        refuse_strangers(server)
        enter_at_the_desk(page, server)
        be_asked_by_facebook(page, server)


def refuse_strangers(server: Server) -> None:
    for path in ("deauthorize", "data-deletion"):
        url = f"{server.url}/facebook/{path}"
        assert requests.get(url, timeout=20).status_code == 405
        assert requests.post(url, data={"signed_request": "a.b"}, timeout=20).status_code == 400
        assert requests.post(url, data=b"x" * 1_000_000, timeout=20).status_code == 400


def enter_at_the_desk(page: Page, server: Server) -> None:
    """What is erased is erased from the file: no session of the screen holds it up."""
    (account_id,) = server.query(ACCOUNTS)
    visit(page, f"{server.url}/setup")
    by_key(page, "deletion-text").get_by_role("textbox").fill(f"{account_id} 999")
    by_key(page, "deletion-show").get_by_role("button").click()
    expect(page.get_by_text("999: nothing is stored here.")).to_be_visible()
    settle(page)
    look_at_widths(page, "deletion-desk")
    by_key(page, "deletion-yes").get_by_role("button").click()
    expect(page.get_by_text("Give each person the address")).to_be_visible()
    keep_picture(page, "deletion-desk-done")
    # A run that has begun with the server holds it up; the timer comes every 30 s.
    wait_until(lambda: "pending" not in server.query(STATUSES), 100)
    assert "the database's file is in use" not in server.log
    assert server.query(ACCOUNTS) == []
    assert sorted(server.query(STATUSES)) == ["absent", "erased"]


def be_asked_by_facebook(page: Page, server: Server) -> None:
    secrets = json.loads((server.folder / "data" / "sandbox-secrets.json").read_text())
    text = sign(payload_of("4711000", tell_servers_time()), secrets["app_secret"])
    answer = requests.post(
        f"{server.url}/facebook/data-deletion", data={"signed_request": text}, timeout=20
    ).json()
    wait_until(lambda: "pending" not in server.query(STATUSES))
    page.goto(answer["url"])
    expect(page.get_by_text("Nothing was stored here about the Facebook account.")).to_be_visible()
    keep_picture(page, "deletion-page")
    for secret in (answer["confirmation_code"], text, "4711000"):
        assert secret not in server.log
