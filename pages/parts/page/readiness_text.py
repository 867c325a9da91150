"""Readiness of a Page, in words: what is missing for a use, and who can mend it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from fb.accounts.custody import (
    AccountEnded,
    AccountFrozen,
    CustodyError,
    PermissionNotGranted,
    RoleTooLow,
)
from fb.accounts.readiness import Readiness, Use
from pages.text.wording import as_code
from pages.ui.access_text import accounts

TITLES: Mapping[Use, str] = {
    "figures": "Fans and followers",
    "insights": "Views and engagement",
    "read_messages": "Read messages",
    "send_messages": "Send messages",
    "webhooks": "News of messages (webhooks)",
}
# What Facebook calls the tasks on its screens, by the permission that needs one of them.
TASKS: Mapping[str, str] = {
    "read_insights": "Insights",
    "pages_messaging": "Messages",
    "pages_manage_metadata": "Content",
}


def describe(readiness: Readiness) -> str:
    """ "**Fans and followers**: ready", or what is missing and who can mend it; Markdown."""
    title = TITLES[readiness.use]
    if readiness.lack is None:
        return f"**{title}**: ready"
    return f"**{title}**: {_describe_lack(readiness.lack, readiness.permission)}"


def _describe_lack(lack: CustodyError, permission: str) -> str:
    who = accounts([each.account_name for each in lack.nearest])
    match lack:
        case AccountEnded():
            return f"Facebook has ended the access. {who} can renew it."
        case AccountFrozen():
            return "the account is frozen. An operator can unfreeze it on Connections."
        case PermissionNotGranted():
            name = as_code(permission)
            if any(permission in each.declined_permissions for each in lack.nearest):
                return f"{name} was declined. {who} can renew and leave it ticked."
            return (
                f"Facebook was not asked for {name}. An operator can add it to the app, then {who} "
                "can renew."
            )
        case RoleTooLow():
            task = TASKS.get(permission, "full control")
            return (
                f"the task {task} is missing on this Page. One of its admins can give it to {who}, "
                "or connect."
            )
    return "no account gives access to this Page. One of its admins can connect."
