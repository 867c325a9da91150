"""Readiness: tells what the access to a Page is enough for, by the rule that custody has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fb.accounts.custody import AccountEnded, CustodyError, choose, has_data_access_ended
from storage.accounts.page_tokens import PageHolding

Use = Literal["figures", "insights", "read_messages", "send_messages", "webhooks"]

# The permissions of each use; one account has to have all of them.
# https://developers.facebook.com/docs/graph-api/reference/insights
# https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversations
# https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
NEEDED_PERMISSIONS: Mapping[Use, tuple[str, ...]] = {
    "figures": ("pages_read_engagement",),
    "insights": ("read_insights", "pages_read_engagement"),
    "read_messages": ("pages_messaging", "pages_read_engagement"),
    "send_messages": ("pages_messaging",),
    "webhooks": ("pages_manage_metadata",),
}


@dataclass(frozen=True)
class Readiness:
    """Whether a Page is ready for a use.

    ``lack``: the error with which custody refuses ``permission``; None: it is ready.
    """

    use: Use
    permission: str
    lack: CustodyError | None


def judge_readiness(
    page_id: str, holdings: Sequence[PageHolding], now: datetime
) -> list[Readiness]:
    """Return the readiness of a Page for each use, in the order of NEEDED_PERMISSIONS."""
    return [_judge(page_id, holdings, use, now) for use in NEEDED_PERMISSIONS]


def _judge(page_id: str, holdings: Sequence[PageHolding], use: Use, now: datetime) -> Readiness:
    usable = list(holdings)
    permission = ""
    try:
        for permission in NEEDED_PERMISSIONS[use]:
            usable = choose(page_id, usable, permission, now)
        if has_data_access_ended(usable[0], now):
            raise AccountEnded(page_id, usable)
    except CustodyError as error:
        return Readiness(use, permission, error)
    return Readiness(use, permission, None)
