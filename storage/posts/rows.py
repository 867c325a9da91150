"""Post rows: a post as it was read from Facebook, and the figures of one reading."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

# "shared_post": another post passed on. Stories are not posts.
PostKind = Literal[
    "photo", "album", "video", "reel", "link", "text", "shared_post", "event", "other"
]
MAX_MESSAGE = 2_000


@dataclass(frozen=True)
class PostFigures:
    """Lifetime figures of one post at one moment; None where Facebook told none, never 0.

    ``watch_ms`` are milliseconds. Reactions, comments, shares and clicks include those on reshares.
    """

    views: int | None = None
    viewers: int | None = None
    clicks: int | None = None
    link_clicks: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    video_views: int | None = None
    watch_ms: int | None = None

    @property
    def is_told(self) -> bool:
        """Whether Facebook told any figure."""
        return any(getattr(self, each.name) is not None for each in fields(self))


@dataclass(frozen=True)
class ReadPost:
    """A post as Facebook listed it; ``figures``: None where they were not asked or not told.

    ``id`` is "<page id>_<post id>", ``message`` the whole text.
    """

    id: str
    page_id: str
    published_at: datetime
    kind: PostKind
    message: str | None
    permalink: str | None
    figures: PostFigures | None = None
