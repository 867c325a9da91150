"""Tables of what operators add: tags, notes, goals, saved views, headings of reports."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER_KEY, Base, folded_name


class Tag(Base):
    """A group of Pages made by operators: a brand, a client, a country."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=folded_name, unique=True
    )
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)


class PageTag(Base):
    __tablename__ = "page_tags"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Note(Base):
    """An operator's note on a day: for one Page, for the Pages of a tag, or for all (neither)."""

    __tablename__ = "notes"
    __table_args__ = (
        CheckConstraint("page_id IS NULL OR tag_id IS NULL", name="notes_have_one_scope"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    day: Mapped[date] = mapped_column(index=True)
    text: Mapped[str]
    page_id: Mapped[str | None] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)


class Goal(Base):
    """The number of people that a Page should reach by the end of ``due_day`` (UTC)."""

    __tablename__ = "goals"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    metric: Mapped[str] = mapped_column(primary_key=True)  # "fans" | "followers"
    target: Mapped[int] = mapped_column(BigInteger)
    due_day: Mapped[date]
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)


class SavedView(Base):
    """A view of Overview under a name: filter, period, metric, columns, order and search.

    ``query`` are Overview's URL parameters as text. Whose start screen it is: `StartView`.
    """

    __tablename__ = "saved_views"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str]
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=folded_name, unique=True
    )
    query: Mapped[str]
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)


class ReportHeading(Base):
    """Title and logo of the reports of a tag; without a tag, of all others. The newest counts."""

    __tablename__ = "report_headings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    tag_id: Mapped[int | None] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str | None]
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    logo_type: Mapped[str | None]  # "image/png" | "image/jpeg"
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)
