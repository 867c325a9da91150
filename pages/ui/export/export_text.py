"""Says above a chart or a report whose figures it has, and of which days."""

from __future__ import annotations

from sqlalchemy import select

from pages import lookups
from pages.parts.overview.tables import CONNECTIONS
from pages.text.formats import span
from pages.text.periods import Period
from storage.filtering import Filter
from storage.models import Grant, Tag


def describe_filter(filter: Filter) -> str:
    """ "Only Pages held by Anna Keller, of the category Café." as plain text; empty for all."""
    parts = []
    with lookups.reading() as session:
        if filter.account_id is not None:
            named = select(Grant.account_name).where(Grant.account_id == filter.account_id)
            parts.append(f"held by {session.scalar(named) or 'an unknown account'}")
        if filter.tag_id is not None:
            named = select(Tag.name).where(Tag.id == filter.tag_id)
            parts.append(f"in the group {session.scalar(named) or 'that is gone'}")
    if filter.category is not None:
        parts.append(f"of the category {filter.category}")
    if filter.state is not None:
        parts.append(f"with the connection “{CONNECTIONS[filter.state]}”")
    if filter.search:
        parts.append(f"whose name has “{filter.search}”")
    if filter.attention:
        parts.append("that need attention")
    return f"Only Pages {', '.join(parts)}." if parts else ""


def unbroken(text: str) -> str:
    """A day or a time that stays on one line, however narrow its column is."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def describe_period(period: Period) -> str:
    """ "26 Oct – 22 Nov 2026, days in UTC; compared with 28 Sep – 25 Oct 2026"."""
    text = f"{span(period.since, period.until)}, days in UTC"
    if period.previous_since is None or period.previous_until is None:
        return text
    return f"{text}; compared with {span(period.previous_since, period.previous_until)}"
