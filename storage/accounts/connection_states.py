"""Connection state: computes in SQL how well a Page is connected, from all of its grants.

Each grant that holds or held the Page has one of these states for it, best first. The best one
counts, since one working grant is enough to read a Page.

    connected      a page access token under a working grant, and everything may be read
    works_in_part  the same, but without the ANALYZE task, or the Page is not published
    needs_renewal  Facebook ended the grant, or its encryption key was lost
    frozen         an operator paused the grant
    missing        the account's last list no longer had the Page; its token is erased
    no_access      Facebook sent no token for the Page, or refuses this Page alone
    disconnected   an operator disconnected it; only the history is kept
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Text, case, cast, func, literal_column, or_, select

from storage.models import Grant, Page, PageGrant

ConnectionState = Literal[
    "connected",
    "works_in_part",
    "needs_renewal",
    "frozen",
    "missing",
    "no_access",
    "disconnected",
]
# Best first: the index of a state is its rank.
CONNECTION_STATES: tuple[ConnectionState, ...] = get_args(ConnectionState)

# A full-control role of the New Pages Experience includes what ANALYZE allows.
# https://developers.facebook.com/docs/pages-api/overview#tasks
TASKS_THAT_ANALYZE = ("ANALYZE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_FULL_CONTROL")
# Documented for /feed, and taken for /published_posts where Facebook refuses it:
# https://developers.facebook.com/docs/graph-api/reference/page/feed
_TASKS_THAT_LIST = ("CREATE_CONTENT", "MANAGE", "MODERATE", "FULL_CONTROL")
TASKS_THAT_LIST_POSTS = frozenset(
    prefix + task for task in _TASKS_THAT_LIST for prefix in ("", "PROFILE_PLUS_")
)


# Cached: a screen needs it several times.
@cache
def connection_rank() -> ColumnElement[int]:
    """Return SQL for the index of a Page's best state in CONNECTION_STATES.

    For statements that select from Page: a correlated subquery, two index look-ups a row.
    """
    best = (
        select(func.min(grant_rank()))
        .select_from(PageGrant)
        .join(Grant, Grant.id == PageGrant.grant_id)
        .where(PageGrant.page_id == Page.id)
        .correlate(Page)
        .scalar_subquery()
    )
    return func.coalesce(best, _rank("disconnected"))


def may_analyze(tasks: Sequence[str]) -> bool:
    """Return whether an account with these tasks on a Page may read its insights."""
    return any(task in TASKS_THAT_ANALYZE for task in tasks)


def may_list_posts(tasks: Sequence[str]) -> bool:
    """Return whether an account with these tasks on a Page may list what it published."""
    return not TASKS_THAT_LIST_POSTS.isdisjoint(tasks)


def grant_rank() -> ColumnElement[int]:
    """Return SQL for the rank of one page grant, in a statement with PageGrant, Grant and Page."""
    return case(
        (Grant.status == "disconnected", _rank("disconnected")),
        (PageGrant.status == "left_out", _rank("disconnected")),
        (PageGrant.status == "missing", _rank("missing")),
        (PageGrant.status != "ok", _rank("no_access")),
        (Grant.status == "needs_renewal", _rank("needs_renewal")),
        (PageGrant.sealed_page_token.is_(None), _rank("no_access")),
        (Grant.status == "frozen", _rank("frozen")),
        else_=_readable_rank(),
    )


def _readable_rank() -> ColumnElement[int]:
    # Searched as text: the databases have no common JSON operator. The quotes delimit the names.
    tasks: ColumnElement[Any] = cast(PageGrant.tasks, Text)
    analyzes = (tasks.contains(f'"{task}"', autoescape=True) for task in TASKS_THAT_ANALYZE)
    is_part = or_(Page.is_published.is_(False), ~or_(*analyzes))
    return case((is_part, _rank("works_in_part")), else_=_rank("connected"))


def _rank(state: ConnectionState) -> ColumnElement[int]:
    return literal_column(str(CONNECTION_STATES.index(state)))
