"""Access of an account or of one Page, in words: what is known of it without any token. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pages.text import permissions
from pages.text.formats import any_of, count, cut, day, listed, local_day, plain, when
from pages.text.wording import as_code
from storage.accounts.allowances import Use

NEVER = (
    "**Ends**: never by date. A changed password, a removed app, a lost role or 90 days without a "
    "confirmation still end it."
)
MAX_PROGRAMS = 3
MAX_NAME = 40


def describe(
    kind: str,
    *,
    issued_at: datetime | None,
    expires_at: datetime | None,
    data_access_ends_at: datetime | None,
    checked_at: datetime | None,
    last_used_at: datetime | None,
    key_id: str | None,
    now: datetime,
) -> list[str]:
    """The lines on one access, as Markdown; ``expires_at`` is None for one without an end."""
    lines = [f"**Kind of access**: {kind}"]
    if issued_at is not None:
        lines.append(f"**Issued**: {day(local_day(issued_at))}")
    lines.append(NEVER if expires_at is None else f"**Ends**: {_until(expires_at, now)}")
    if data_access_ends_at is not None:
        lines.append(
            f"**Data access**: {_until(data_access_ends_at, now)}. Facebook gives data for 90 days "
            "after each confirmation; Renew starts them anew."
        )
    lines.append(f"**Last checked**: {when(checked_at, now) if checked_at else 'not yet'}")
    used = f"{when(last_used_at, now)}, by Pagekeeper" if last_used_at else "not yet"
    lines.append(f"**Last used**: {used}")
    if key_id is not None:
        lines.append(f"**Sealed with the key**: {as_code(key_id)}")
    return lines


def describe_permissions(granted: Sequence[str], declined: Sequence[str]) -> list[str]:
    """A line for each permission: what it makes possible, or what its absence prevents."""
    lines = [f"**{title}**: {use}" for title, use in permissions.granted(granted)]
    lines += [f"**{title}** (declined): {cost}" for title, cost in permissions.prevented(declined)]
    return lines


def used_by_programs(uses: Sequence[Use], now: datetime) -> str:
    """The programs that got access, each with its newest time, as Markdown."""
    newest: dict[str, Use] = {}
    for use in uses:
        if use.handed_out_count:
            newest.setdefault(use.consumer, use)
    if not newest:
        return "**Used by programs**: by none in the last 24 hours"
    named = [
        f"{plain(use.consumer)} ({plain(cut(use.page_name, MAX_NAME))}, {when(use.last_at, now)})"
        for use in list(newest.values())[:MAX_PROGRAMS]
    ]
    if len(newest) > MAX_PROGRAMS:
        named.append(f"{count(len(newest) - MAX_PROGRAMS)} more")
    return f"**Used by programs**: {listed(named)}"


def last_program(use: Use | None, now: datetime) -> str:
    """The program that got a Page's access last, as Markdown; ``use`` is None for none."""
    if use is None:
        return "No program has got its access."
    title = permissions.permission(use.permission).title
    return f"{plain(use.consumer)} got its access last, {when(use.last_at, now)} ({title})."


def accounts(names: Sequence[str]) -> str:
    """The people who can do something, escaped: "Anna or Ben"."""
    return any_of([plain(name) for name in names])


def _until(at: datetime, now: datetime) -> str:
    return f"{'ended on' if at <= now else 'until'} {day(local_day(at))}"
