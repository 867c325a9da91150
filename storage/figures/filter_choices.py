"""Filter choices: lists the accounts, categories and tags by which Pages can be filtered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.db.text import storable
from storage.figures.filters import MAX_SEARCH
from storage.models import Grant, Page, PageGrant, PageTag, Tag
from storage.models.folding import fold

# Longer lists are searched instead of listed.
MAX_LISTED = 1_000
MAX_FOUND = 50


@dataclass(frozen=True)
class Choice:
    """One value of a filter. ``value`` identifies it; ``label`` is its name, untrusted text.

    ``pages_count`` is without archived Pages.
    """

    value: str
    label: str
    pages_count: int


@dataclass(frozen=True)
class Choices:
    """The choices of one filter, by name. ``count`` is the number of all of them.

    With more than MAX_LISTED, ``shown`` holds the first MAX_FOUND matches of a search, and nothing
    without a search.
    """

    shown: tuple[Choice, ...]
    count: int

    @property
    def is_searched(self) -> bool:
        """Return whether there are too many to list."""
        return self.count > MAX_LISTED


def list_accounts(session: Session, search: str = "") -> Choices:
    """Return the accounts that hold or once held a Page; ``value`` is the account's id."""
    statement = (
        select(Grant.account_id, Grant.account_name, func.count(case((_is_counted(), 1))))
        .join(PageGrant, PageGrant.grant_id == Grant.id)
        .join(Page, Page.id == PageGrant.page_id)
        .group_by(Grant.id, Grant.account_id, Grant.account_name)
        .order_by(Grant.account_name, Grant.account_id)
    )
    return _choices(session, statement, search, Grant.account_name)


def list_categories(session: Session, search: str = "") -> Choices:
    """Return the categories of Pages as Facebook writes them; ``value`` equals ``label``."""
    statement = (
        select(Page.category, Page.category, func.count(case((_is_counted(), 1))))
        .where(Page.category.is_not(None))
        .group_by(Page.category)
        .order_by(Page.category)
    )
    return _choices(session, statement, search, Page.category)


def list_tags(session: Session, search: str = "") -> Choices:
    """Return the tags, also those without Pages; ``value`` is the tag's name."""
    statement = (
        select(Tag.name, Tag.name, func.count(case((_is_counted(), 1))))
        .outerjoin(PageTag, PageTag.tag_id == Tag.id)
        .outerjoin(Page, Page.id == PageTag.page_id)
        .group_by(Tag.id, Tag.name, Tag.name_folded)
        .order_by(Tag.name_folded)
    )
    return _choices(session, statement, search, Tag.name)


def find_account_name(session: Session, account_id: str) -> str | None:
    """Return the name of an account, also of a disconnected one; None for an unknown id."""
    is_account = Grant.account_id == storable(account_id)
    return session.scalar(select(Grant.account_name).where(is_account))


def has_category(session: Session, category: str) -> bool:
    """Return whether any Page has this category, in exactly this spelling."""
    pages = select(Page.id).where(Page.category == storable(category)).limit(1)
    return session.scalar(pages) is not None


def find_tag(session: Session, name: str) -> tuple[int, str] | None:
    """Return id and name of the tag with this name, ignoring case and accents; None without any."""
    folded = fold(storable(name)[:MAX_SEARCH])
    tag = session.execute(select(Tag.id, Tag.name).where(Tag.name_folded == folded)).first()
    return None if tag is None else (tag[0], tag[1])


def _is_counted() -> ColumnElement[bool]:
    """Return the condition that the Page of a row exists and is not archived."""
    return Page.id.is_not(None) & Page.archived_at.is_(None)


def _choices(
    session: Session,
    statement: Select[str, str, int] | Select[str | None, str | None, int],
    search: str,
    name: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
) -> Choices:
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if count <= MAX_LISTED:
        return Choices(_sorted_choices(session.execute(statement)), count)
    names = [row for row in session.execute(select(name).distinct()).scalars() if row]
    words = fold(storable(search)[:MAX_SEARCH]).split()
    if not words:
        return Choices((), count)
    # Folded in Python: accounts and categories have no folded column, and the lists are short.
    matches = sorted(each for each in names if all(word in fold(each) for word in words))
    matching = statement.where(name.in_(matches[:MAX_FOUND])).limit(MAX_FOUND)
    return Choices(_sorted_choices(session.execute(matching)), count)


def _sorted_choices(
    rows: Iterable[Row[str, str, int] | Row[str | None, str | None, int]],
) -> tuple[Choice, ...]:
    choices = [Choice(row[0] or "", row[1] or "", row[2]) for row in rows]
    # Sorted in Python, since the databases order accents differently.
    return tuple(sorted(choices, key=lambda choice: (fold(choice.label), choice.value)))
