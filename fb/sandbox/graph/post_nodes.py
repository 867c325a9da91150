"""Post nodes: render posts and Reels as Graph does, with the requested fields in their order."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fb.sandbox.graph import paging, post_insights
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Call
from fb.sandbox.graph.fields import Field
from fb.sandbox.world.post_figures import count_figures, count_on_post_itself
from fb.sandbox.world.posts import ALBUM, EVENT, LINK, PHOTO, REEL, SHARE, TEXT, VIDEO, Post
from fb.sandbox.world.world import Page

# Fields that need pages_read_user_content.
OF_PEOPLE = frozenset({"reactions", "comments", "likes"})


def render_post(
    call: Call, access: Access, page: Page, post: Post, requested: tuple[Field, ...]
) -> dict[str, Any]:
    """Return a post's node. Fields that are not set are left out; ``id`` is always included."""
    node: dict[str, Any] = {}
    for one in requested:
        value: Any
        if one.name == "insights":
            period = one.modifiers.get("period")
            names = post_insights.names_of(one)
            rows = post_insights.render(call, access, page, post, names, period=period)
            value = {"data": rows}
        elif one.name in OF_PEOPLE:
            value = _render_people(call, post, one)
        else:
            special = _SPECIAL.get(one.name)
            value = special(call, page, post, one) if special else None
        if value is not None:
            node[one.name] = value
    node.setdefault("id", post.id)
    return node


def _render_people(call: Call, post: Post, requested: Field) -> dict[str, Any]:
    """Return who reacted or commented: nobody, and how many there are if asked."""
    reactions, comments = count_on_post_itself(post, count_figures(post, call.moment))
    if "summary" not in requested.modifiers:
        return {"data": []}
    if requested.name == "comments":
        return {"data": [], "summary": {"order": "ranked", "total_count": comments}}
    return {"data": [], "summary": {"total_count": reactions}}


def render_reel(
    call: Call, access: Access, page: Page, post: Post, requested: tuple[Field, ...]
) -> dict[str, Any]:
    """Return the node of a Reel's video."""
    facts = {
        "post_id": post.number,
        "created_time": _text_of(post.created_at),
        "updated_time": _text_of(post.created_at),
        "description": post.message,
        "permalink_url": f"/reel/{post.video_id}/",  # without a host, as for every video
        "length": 8 + post.seed % 80 + 0.25,
        "published": True,
    }
    asked = {one.name: facts.get(one.name) for one in requested}
    return {name: value for name, value in asked.items() if value is not None} | {
        "id": post.video_id
    }


def _render_attachments(
    call: Call, page: Page, post: Post, requested: Field
) -> dict[str, Any] | None:
    if post.kind == TEXT:
        return None
    facts = _describe_attachment(page, post)
    if post.kind == ALBUM:
        photo = _describe_item(page, post, "photo", "photo")
        facts["subattachments"] = {"data": [photo] * (2 + post.seed % 5)}
    return {"data": [_select(facts, requested)]}


def _select(facts: dict[str, Any], requested: Field) -> dict[str, Any]:
    if not requested.subfields:
        return facts
    node: dict[str, Any] = {}
    for one in requested.subfields:
        value = facts.get(one.name)
        if one.name == "subattachments" and value is not None:
            limit = paging.read_limit(one.modifiers.get("limit", str(paging.DEFAULT_LIMIT)))
            value = {"data": [_select(each, one) for each in value["data"][:limit]]}
        if value is not None:
            node[one.name] = value
    return node


def _describe_attachment(page: Page, post: Post) -> dict[str, Any]:
    """Photos and videos have Facebook's own address, links the one they lead to."""
    if post.kind == LINK:
        link = f"https://www.shop.example/{post.seed % 40}"
        facts = _describe_item(page, post, "link", "share") | {"unshimmed_url": link}
        return facts | {"url": f"https://l.facebook.com/l.php?u={link}", "title": "Our shop"}
    media_type, kind = _ATTACHMENTS[post.kind]
    return _describe_item(page, post, media_type, kind)


def _describe_item(page: Page, post: Post, media_type: str, kind: str) -> dict[str, Any]:
    address = f"https://www.facebook.com/{page.id}/{media_type}s/{post.number}/"
    return {"media_type": media_type, "type": kind, "url": address, "unshimmed_url": address}


def _permalink(call: Call, page: Page, post: Post, _: Field) -> str:
    if post.kind == REEL:
        return f"https://www.facebook.com/reel/{post.video_id}/"
    return f"https://www.facebook.com/{page.id}/posts/{post.number}"


def _shares(call: Call, page: Page, post: Post, _: Field) -> dict[str, int] | None:
    """Return the count; the field is missing without any, and on Reels."""
    count = count_figures(post, call.moment).shares
    return {"count": count} if count and post.kind != REEL else None


def _text_of(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+0000"


# media_type and type of attachments; texts have none.
_ATTACHMENTS = {
    PHOTO: ("photo", "photo"),
    ALBUM: ("album", "album"),
    VIDEO: ("video", "video_inline"),
    REEL: ("video", "video_inline"),
    SHARE: ("link", "share"),
    EVENT: ("event", "event"),
}
# How a post was made, which does not say what it is.
_STATUS_TYPES = {
    PHOTO: "added_photos",
    ALBUM: "added_photos",
    VIDEO: "added_video",
    REEL: "added_video",
    LINK: "shared_story",
    SHARE: "shared_story",
    EVENT: "created_event",
    TEXT: "mobile_status_update",
}
_SPECIAL: dict[str, Callable[[Call, Page, Post, Field], Any]] = {
    "id": lambda _, page, post, field: post.id,
    "created_time": lambda _, page, post, field: _text_of(post.created_at),
    "updated_time": lambda _, page, post, field: _text_of(post.published_at),
    "backdated_time": lambda _, page, post, field: (
        _text_of(post.backdated_at) if post.backdated_at else None
    ),
    "message": lambda _, page, post, field: post.message,
    "permalink_url": _permalink,
    "status_type": lambda _, page, post, field: _STATUS_TYPES[post.kind],
    "is_published": lambda _, page, post, field: True,
    "is_hidden": lambda _, page, post, field: False,
    "is_expired": lambda _, page, post, field: False,
    "parent_id": lambda _, page, post, field: (
        f"100064{post.seed}_{post.number[-12:]}" if post.kind == SHARE and post.seed % 3 else None
    ),
    "from": lambda _, page, post, field: {"name": page.name, "id": page.id},
    "shares": _shares,
    "attachments": _render_attachments,
}
