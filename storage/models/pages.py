"""Facebook's Pages, what it said of them before, and their pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, folded_name


class Page(Base):
    """One Facebook Page, as Facebook described it last. What Facebook left out is NULL."""

    __tablename__ = "pages"
    __table_args__ = (
        # The order of every list of Pages.
        Index("pages_by_name", "name_folded", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # For search and order: see storage/models/folding.py. Follows from ``name`` in every insert; an
    # upsert has to name it among the columns it overwrites. Compared byte by byte everywhere.
    name_folded: Mapped[str] = mapped_column(
        Text().with_variant(Text(collation="C"), "postgresql"), default=folded_name
    )
    category: Mapped[str | None]
    about: Mapped[str | None]
    website: Mapped[str | None]
    link: Mapped[str | None]
    username: Mapped[str | None]
    phone: Mapped[str | None]
    emails: Mapped[list[str] | None]
    location: Mapped[dict[str, Any] | None]
    verification_status: Mapped[str | None]
    is_published: Mapped[bool | None]
    is_new_page_experience: Mapped[bool | None]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    described_at: Mapped[datetime]
    graph_version: Mapped[str | None]


class PageChange(Base):
    """What Facebook said of a Page until ``changed_at``, when it was first seen to say otherwise.

    ``field`` is a column of ``pages``; ``was`` holds its value then under "value".
    """

    __tablename__ = "page_changes"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]


class Picture(Base):
    """A Page's picture. ``content`` is NULL until fetched, and when there is none worth keeping."""

    __tablename__ = "pictures"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    source_url: Mapped[str | None]  # Facebook's signed link: dies within a month, carries no token
    source_path: Mapped[str | None]  # the link's path: changes with the picture, not its signature
    source_at: Mapped[datetime | None]  # when Facebook gave it
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
