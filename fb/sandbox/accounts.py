"""The edge ``/me/accounts``: the Pages of a person, by cursors.

https://developers.facebook.com/docs/graph-api/results: ``after`` stands on the last result page,
too; only the absence of ``next`` says that the list has ended.
"""

import base64
from typing import Any

from fb.sandbox import errors, fields, nodes
from fb.sandbox.access import Access
from fb.sandbox.call import Answer, Call
from fb.sandbox.world import Page, Person

_DEFAULT_LIMIT = 25


def list_accounts(call: Call, access: Access, person: Person) -> Answer:
    """One result page. An empty list, not an error, without pages_show_list or any Page."""
    wished = nodes.wish(call, fields.ACCOUNT_FIELDS, fields.DEFAULT_ACCOUNT_FIELDS)
    limit = _limit(call)
    if access.page is not None:
        raise errors.field_unknown("accounts")
    pages = access.list_pages(call.sandbox.world)
    if pages:
        nodes.check_permitted(wished, access)
    start, end = _window(call, pages, limit)
    body: dict[str, Any] = {
        "data": [nodes.render_page(page, wished, call, access) for page in pages[start:end]]
    }
    if start < end:
        body["paging"] = _paging(call, person, pages, start, end, limit)
    if "summary" in call.params:
        body["summary"] = {"total_count": len(pages)}
    return Answer(body)


def _limit(call: Call) -> int:
    text = call.params.get("limit", str(_DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit()) or not text.strip("0"):
        raise errors.parameter_invalid("Param limit must be an integer greater than 0")
    return min(int(text[:9]), call.sandbox.page_limit)


def _window(call: Call, pages: list[Page], limit: int) -> tuple[int, int]:
    if after := call.params.get("after"):
        start = _find(after, pages) + 1
        return start, min(start + limit, len(pages))
    if before := call.params.get("before"):
        end = _find(before, pages)
        return max(end - limit, 0), end
    return 0, min(limit, len(pages))


def _find(cursor: str, pages: list[Page]) -> int:
    page_id = _read_cursor(cursor)
    for place, page in enumerate(pages):
        if page.id == page_id:
            return place
    raise errors.parameter_invalid("Invalid cursor: it belongs to no object of this list")


def _paging(
    call: Call, person: Person, pages: list[Page], start: int, end: int, limit: int
) -> dict[str, Any]:
    first, last = _make_cursor(pages[start]), _make_cursor(pages[end - 1])
    paging: dict[str, Any] = {"cursors": {"before": first, "after": last}}
    # The address holds the token in clear, as Facebook's does: nobody should log or follow it.
    kept = {
        name: value
        for name, value in call.params.items()
        if name not in ("after", "before", "appsecret_proof", "access_token", "limit")
    }
    query = {"access_token": call.token or "", "pretty": "0", **kept, "limit": str(limit)}
    if end < len(pages):
        paging["next"] = call.url(f"{person.id}/accounts", {**query, "after": last})
    if start > 0:
        paging["previous"] = call.url(f"{person.id}/accounts", {**query, "before": first})
    return paging


def _make_cursor(page: Page) -> str:
    """base64 of the id, with ZD for the equals signs."""
    return base64.b64encode(page.id.encode()).decode().replace("=", "ZD")


def _read_cursor(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.replace("ZD", "="), validate=True).decode("ascii")
    except ValueError:
        return ""
