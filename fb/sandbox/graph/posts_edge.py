"""Posts edge: answers ``/{page}/published_posts``, ``/{page}/video_reels`` and single posts.

Reels are in ``video_reels`` only, with a video id and a post id of their own.

https://developers.facebook.com/docs/graph-api/reference/page/feed
https://developers.facebook.com/docs/graph-api/reference/page-post
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from fb.sandbox.graph import fields, graph_errors, paging, post_insights
from fb.sandbox.graph.access import Access
from fb.sandbox.graph.call import Answer, Call
from fb.sandbox.graph.fields import Field
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.graph.post_nodes import OF_PEOPLE, render_post, render_reel
from fb.sandbox.world.posts import REEL, Post, find_post, iterate_posts
from fb.sandbox.world.world import Page

_MAX_LIMIT = 100
_LISTING_TASKS = ("MANAGE", "CREATE_CONTENT", "MODERATE", "PROFILE_PLUS_FULL_CONTROL")
_EXPANSIONS = OF_PEOPLE | {"attachments", "insights"}
# How many posts with expansions these Pages give in one answer.
_MOST_ROWS = {"Riverside Animal Shelter": 10, "Tierpark Waldau": 5}
_REFUSES_FIGURES_OF_REELS = "Café do Porto"


def answer(call: Call, access: Access, page: Page, edge: str) -> Answer:
    """Answer a listing, the newest first."""
    _check_role(access, page)
    is_reels = edge == "video_reels"
    if is_reels:
        text = call.params.get("fields") or fields.DEFAULT_VIDEO_FIELDS
        requested = fields.get_fields(text, fields.VIDEO_FIELDS)
    else:
        requested = _get_post_fields(call, access, page)
    limit = paging.read_limit(call.params.get("limit", str(paging.DEFAULT_LIMIT)))
    if limit > _MAX_LIMIT:
        message = f"The 'limit' parameter should not exceed {_MAX_LIMIT}"
        raise graph_errors.parameter_invalid(message)
    is_large = not is_reels and any(one.name in _EXPANSIONS for one in requested)
    if is_large and limit > _MOST_ROWS.get(page.name, _MAX_LIMIT):
        raise graph_errors.too_much_data()
    moment = call.moment
    posts = _list_after(call, page, moment, is_reels=is_reels)
    rows = list(islice(posts, limit))
    is_last = next(posts, None) is None
    render = render_reel if is_reels else render_post
    body: dict[str, Any] = {"data": [render(call, access, page, post, requested) for post in rows]}
    if rows:
        path, ends = f"{page.id}/{edge}", (rows[0].number, rows[-1].number)
        body["paging"] = paging.make_paging(call, path, *ends, limit, is_last=is_last)
    return Answer(body)


def answer_post(
    call: Call, access: Access, page: Page, number: str, rest: tuple[str, ...]
) -> Answer:
    """Answer for one post or Reel: the node itself, or its insights."""
    moment, post = call.moment, find_post(page, number)
    if post is None or not post.is_visible(moment):
        raise graph_errors.object_unknown(call.segments[0], call.method)
    is_whole_id = "_" in call.segments[0]
    if rest == ():
        _check_role(access, page)
        return Answer(render_post(call, access, page, post, _get_post_fields(call, access, page)))
    if rest != ("insights",):
        raise graph_errors.path_unknown("/".join(rest))
    if not is_whole_id or (post.kind == REEL and page.name == _REFUSES_FIGURES_OF_REELS):
        raise graph_errors.field_unknown("insights")
    if access.page is not page:
        message = "This method must be called with a Page Access Token"
        raise GraphError(message, 190, subcode=2069032)
    if not access.may("pages_read_engagement"):
        raise graph_errors.permission_missing("pages_read_engagement")
    names = post_insights.read_names(call.params.get("metric", ""))
    post_insights.check_metrics(call, access, page, names)
    breakdown = post_insights.read_names(call.params.get("breakdown", ""))
    rows = post_insights.render(
        call,
        access,
        page,
        post,
        names,
        period=call.params.get("period"),
        breakdown=",".join(breakdown) or None,
    )
    return Answer({"data": rows, "paging": {}} if rows else {"data": []})


def _check_role(access: Access, page: Page) -> None:
    if access.page is not page:
        raise graph_errors.page_token_required()
    if not access.may("pages_read_engagement"):
        raise graph_errors.permission_missing("pages_read_engagement")
    role = access.find_role(page)
    if role is None or not set(_LISTING_TASKS) & set(role.tasks):
        raise graph_errors.task_missing()


def _get_post_fields(call: Call, access: Access, page: Page) -> tuple[Field, ...]:
    """Return the requested fields. One that is refused refuses the whole listing."""
    text = call.params.get("fields") or fields.DEFAULT_POST_FIELDS
    requested = fields.get_fields(text, fields.POST_FIELDS)
    for one in requested:
        if one.name in OF_PEOPLE and not access.may("pages_read_user_content"):
            raise graph_errors.permission_missing("pages_read_user_content")
        if one.name == "insights":
            post_insights.check_metrics(call, access, page, post_insights.names_of(one))
        if one.name == "attachments":
            _check_attachment_fields(one)
    return requested


def _check_attachment_fields(attachments: Field) -> None:
    for one in attachments.subfields:
        if one.name not in fields.ATTACHMENT_FIELDS:
            raise graph_errors.field_unknown(one.name)
        if one.name == "subattachments":
            _check_attachment_fields(one)


def _list_after(call: Call, page: Page, moment: datetime, *, is_reels: bool) -> Iterator[Post]:
    """Yield the posts or the Reels behind the cursor; its own post may be deleted meanwhile."""
    posts = (post for post in iterate_posts(page, moment) if (post.kind == REEL) == is_reels)
    after = call.params.get("after")
    if not after:
        return posts
    last = find_post(page, paging.read_cursor(after))
    if last is None:
        raise paging.cursor_invalid()
    return (post for post in posts if _order(post) < _order(last))


def _order(post: Post) -> tuple[datetime, str]:
    return post.created_at, post.number
