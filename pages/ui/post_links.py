"""Links to posts: to one post, and what they are called."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pages.text.formats import day
from pages.text.posts_text import KINDS, excerpt
from pages.ui import links
from storage.accounts.page_profile import PageProfile
from storage.posts.details import PostDetail


def name_of(detail: PostDetail, zone: ZoneInfo, length: int) -> str:
    """The beginning of a post's text, or "Photo of 12 Nov 2026"; unescaped, on one line."""
    if detail.message and detail.message.strip():
        return excerpt(detail.message, length)
    return f"{KINDS[detail.kind]} of {day(detail.published_at.astimezone(zone).date())}"


def draw(
    detail: PostDetail, label: str, *, width: Literal["content", "stretch"] = "content"
) -> None:
    """Draw a link to one post. ``label`` is Markdown."""
    links.draw("posts", label, query_params={"post": detail.id}, width=width)


def query_of_page(profile: PageProfile) -> dict[str, str]:
    """The URL parameters of the posts of one Page: a filter of the screen Posts."""
    archived = {} if profile.archived_at is None else {"archived": "yes"}
    return {"of": profile.id, **archived}
