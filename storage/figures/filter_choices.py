"""What a filter can be set to, and how many Pages that leaves: accounts, categories and tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.db.text import storable
from storage.figures.filters import MAX_SEARCH
from storage.models import Grant, Page, PageGrant, PageTag, Tag
from storage.models.folding import fold

# Longer lists are searched, not listed.
MAX_LISTED = 1_000
MAX_FOUND = 50


@dataclass(frozen=True)
class Choice:
    """One thing to filter by. ``value`` names it for good; ``label`` is its name, hostile text."""

    value: str
    label: str
    pages_count: int


@dataclass(frozen=True)
class Choices:
    """What can be chosen, by name. ``count`` is how many there are in all.

    Where there are more than MAX_LISTED, ``shown`` holds the first MAX_FOUND that a search finds,
    and none without a search.
    """

    shown: tuple[Choice, ...]
    count: int

    @property
    def is_searched(self) -> bool:
        """Whether there are too many to list."""
        return self.count > MAX_LISTED


def list_accounts(session: Session, search: str = "") -> Choices:
    """The accounts that hold a Page, or once held one, by name; ``value`` is the account's id."""
    statement = (
        select(Grant.account_id, Grant.account_name, func.count(PageGrant.page_id))
        .join(PageGrant, PageGrant.grant_id == Grant.id)
        .group_by(Grant.id, Grant.account_id, Grant.account_name)
        .order_by(Grant.account_name, Grant.account_id)
    )
    return _choices(session, statement, search, Grant.account_name)


def list_categories(session: Session, search: str = "") -> Choices:
    """The categories of Pages as Facebook writes them, by name; ``value`` is the same."""
    statement = (
        select(Page.category, Page.category, func.count())
        .where(Page.category.is_not(None))
        .group_by(Page.category)
        .order_by(Page.category)
    )
    return _choices(session, statement, search, Page.category)


def list_tags(session: Session, search: str = "") -> Choices:
    """The tags, also those on no Page, by name; ``value`` is the tag's name."""
    statement = (
        select(Tag.name, Tag.name, func.count(PageTag.page_id))
        .outerjoin(PageTag, PageTag.tag_id == Tag.id)
        .group_by(Tag.id, Tag.name, Tag.name_folded)
        .order_by(Tag.name_folded)
    )
    return _choices(session, statement, search, Tag.name)


def find_account_name(session: Session, account_id: str) -> str | None:
    """The name of an account that is, or once was, connected; None for any other id."""
    wanted = Grant.account_id == storable(account_id)
    return session.scalar(select(Grant.account_name).where(wanted))


def has_category(session: Session, category: str) -> bool:
    """Whether any Page is of this category, written exactly so."""
    found = select(Page.id).where(Page.category == storable(category)).limit(1)
    return session.scalar(found) is not None


def find_tag(session: Session, name: str) -> tuple[int, str] | None:
    """Id and name of a tag by its name, without regard to case and accents; None: no such."""
    folded = fold(storable(name)[:MAX_SEARCH])
    found = session.execute(select(Tag.id, Tag.name).where(Tag.name_folded == folded)).first()
    return None if found is None else (found[0], found[1])


def _choices(
    session: Session,
    statement: Select[str, str, int] | Select[str | None, str | None, int],
    search: str,
    name: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
) -> Choices:
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if count <= MAX_LISTED:
        return Choices(_read(session.execute(statement)), count)
    found = [row for row in session.execute(select(name).distinct()).scalars() if row]
    words = fold(storable(search)[:MAX_SEARCH]).split()
    if not words:
        return Choices((), count)
    # Names are folded here: only Pages and tags keep theirs folded, and these lists are short.
    matches = sorted(each for each in found if all(word in fold(each) for word in words))
    wanted = statement.where(name.in_(matches[:MAX_FOUND])).limit(MAX_FOUND)
    return Choices(_read(session.execute(wanted)), count)


def _read(
    rows: Iterable[Row[str, str, int] | Row[str | None, str | None, int]],
) -> tuple[Choice, ...]:
    choices = [Choice(row[0] or "", row[1] or "", row[2]) for row in rows]
    # Here, since databases differ in where they put accents.
    return tuple(sorted(choices, key=lambda choice: (fold(choice.label), choice.value)))
