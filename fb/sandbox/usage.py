"""Limits and what the headers say about them.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting: the token decides. Calls
with a user or app token count for the app, calls with a Page token for that Page.
"""

import json

from fb.sandbox import errors, troubles
from fb.sandbox.access import Access
from fb.sandbox.call import Call
from fb.sandbox.errors import GraphError

REGAIN_MINUTES = 25


def usage_headers(call: Call, access: Access) -> dict[str, str]:
    """X-App-Usage or X-Business-Use-Case-Usage, percentages of a quiet day."""
    share = 3 + call.now.minute // 4
    if access.page is None:
        usage = {"call_count": share, "total_cputime": share // 2, "total_time": share // 2}
        return {"X-App-Usage": _json(usage)}
    return {"X-Business-Use-Case-Usage": _page_usage(access.page.id, share, 0)}


def limited(call: Call, access: Access) -> GraphError | None:
    """The refusal when one of the rate limits is the trouble chosen. Facebook names the minutes
    until it answers again for Pages only."""
    trouble = call.sandbox.trouble
    if trouble == troubles.USER_RATE_LIMIT:
        return errors.user_limit_reached() if access.page is None and not access.is_app else None
    if trouble not in (troubles.RATE_LIMIT, troubles.RATE_LIMIT_WITHOUT_TIME):
        return None
    if access.page is None:
        refusal = errors.app_limit_reached()
        full = {"call_count": 104, "total_cputime": 31, "total_time": 38}
        refusal.headers["X-App-Usage"] = _json(full)
        return refusal
    refusal = errors.page_limit_reached()
    if trouble == troubles.RATE_LIMIT:
        usage = _page_usage(access.page.id, 100, REGAIN_MINUTES)
        refusal.headers["X-Business-Use-Case-Usage"] = usage
    return refusal


def _page_usage(page_id: str, share: int, regain_minutes: int) -> str:
    usage = {
        "type": "pages",
        "call_count": share,
        "total_cputime": share // 3,
        "total_time": share // 3,
        "estimated_time_to_regain_access": regain_minutes,
    }
    return _json({page_id: [usage]})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
