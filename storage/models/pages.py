"""Facebook's Pages, what it said of them before, and their pictures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, folded_name


class Page(Base):
    """One Facebook Page, as Facebook described it last. What Facebook left out is NULL."""

    __tablename__ = "pages"
    __table_args__ = (
        # Covers "which Pages, by name", with which every figure of Overview begins.
        Index("pages_by_name", "name_folded", "id", "position"),
        Index("pages_by_connection", "connection", "position"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # For search and order: see storage/folding.py. Follows from ``name`` in every insert; an upsert
    # has to name it among the columns it overwrites. Compared byte by byte on every database.
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
    # Its place in every column of ``day_columns``: from 0, without holes, never given away again.
    position: Mapped[int | None] = mapped_column(unique=True, index=True)
    # The first day with a figure; None before it.
    fans_since: Mapped[date | None]
    followers_since: Mapped[date | None]
    # The place of its best state in CONNECTION_STATES, 6 while nobody holds it: see
    # storage/kept_connections.py, which keeps it.
    connection: Mapped[int] = mapped_column(server_default="6")


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
