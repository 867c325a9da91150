"""Tables ``pages``, ``page_changes`` and ``pictures``: Facebook's Pages as it describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, folded_name


class Page(Base):
    """One Facebook Page, as Facebook described it last. A detail that Facebook left out is NULL."""

    __tablename__ = "pages"
    __table_args__ = (
        # The order of every list of Pages.
        Index("pages_by_name", "name_folded", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    # For search and order: see storage/models/folding.py. Every insert derives it from ``name``; an
    # upsert must name it among its columns. Both databases compare it byte by byte.
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
    """The value that a detail of a Page had until ``changed_at``, when a new one was first seen.

    ``field`` is a column of ``pages``; ``was`` is {"value": the earlier value}.
    """

    __tablename__ = "page_changes"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime] = mapped_column(primary_key=True)
    was: Mapped[dict[str, Any]]


class Picture(Base):
    """A Page's picture. ``content`` is NULL until it is fetched, and for a silhouette."""

    __tablename__ = "pictures"

    page_id: Mapped[str] = mapped_column(
        ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True
    )
    source_url: Mapped[
        str | None
    ]  # Facebook's signed link: expires within a month, carries no token
    source_path: Mapped[str | None]  # the link's path: changes with the picture only
    source_at: Mapped[datetime | None]  # when Facebook gave it
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    fetched_at: Mapped[datetime | None]
