"""Tables of programs that get page access tokens: what they may have, and what they got."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import THIS_COMPUTER_KEY, Base


class TokenAllowance(Base):
    """A program that may have the page access tokens of a Page, or of the Pages of a tag."""

    __tablename__ = "token_allowances"
    __table_args__ = (
        CheckConstraint(
            "(page_id IS NULL) <> (tag_id IS NULL)", name="token_allowances_page_or_tag"
        ),
        Index(
            "token_allowances_page",
            "consumer",
            "permission",
            "page_id",
            unique=True,
            sqlite_where=text("page_id IS NOT NULL"),
            postgresql_where=text("page_id IS NOT NULL"),
        ),
        Index(
            "token_allowances_tag",
            "consumer",
            "permission",
            "tag_id",
            unique=True,
            sqlite_where=text("tag_id IS NOT NULL"),
            postgresql_where=text("tag_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    consumer: Mapped[str]  # the program's name
    permission: Mapped[str]  # Facebook's name of it
    page_id: Mapped[str | None] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), index=True
    )
    tag_id: Mapped[int | None] = mapped_column(
        ForeignKey("tags.id", ondelete="CASCADE"), index=True
    )
    allowed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(default=THIS_COMPUTER_KEY)


class TokenHandout(Base):
    """How often a program got, or was refused, the token of a Page in one hour."""

    __tablename__ = "token_handouts"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    consumer: Mapped[str] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True, index=True)  # its beginning, UTC
    handed_out_count: Mapped[int]
    refused_count: Mapped[int]
    last_at: Mapped[datetime]
