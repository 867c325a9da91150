"""The sandbox's posts over HTTP: listings, Reels, figures, and every way of being refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.facebook.sandbox_kit import (
    APP_ID,
    APP_SECRET,
    BEN,
    SCOPES,
    Facebook,
    error_of,
    facebook,
)

METRICS = (
    "post_media_view,post_clicks,post_clicks_by_type,post_reactions_by_type_total,"
    "post_activity_by_action_type,post_video_views,post_video_view_time"
)
VIEWERS = "post_total_media_view_unique"
FIELDS = (
    "id,created_time,message,permalink_url,status_type,is_published,parent_id,shares,"
    "attachments{media_type,type,unshimmed_url,subattachments.limit(1){media_type}},"
    f"insights.metric({METRICS}).period(lifetime)"
)
REEL_FIELDS = "id,post_id,created_time,description,permalink_url,length"
BOOSTS, DELETES, FEW_POSTS = "Bäckerei Morgenrot", "Blumen Sommer", "Blumen Sommer"


@pytest.fixture(scope="module")
def fb() -> Iterator[Facebook]:
    """A sandbox in which nothing ends."""
    with facebook() as found:
        yield found


@pytest.fixture(scope="module")
def pages(fb: Facebook) -> dict[str, dict[str, Any]]:
    """Anna's Pages with their tokens, by name."""
    return by_name(fb)


@pytest.fixture
def own() -> Iterator[Facebook]:
    """A sandbox of the test's own, to be disturbed."""
    with facebook() as found:
        yield found


def by_name(fb: Facebook, person: str | None = None, **params: str) -> dict[str, dict[str, Any]]:
    """A person's Pages with their tokens, by name."""
    token = fb.long_token(**({"person": person} if person else {}), **params)
    return {page["name"]: page for page in fb.list_pages(token, "id,name,access_token")}


def list_posts(
    fb: Facebook, page: dict[str, Any], edge: str = "published_posts", **params: Any
) -> Any:
    """The answer to one listing, which must succeed."""
    answer = fb.get(f"{page['id']}/{edge}", page["access_token"], **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal_of(fb: Facebook, page: dict[str, Any], **params: Any) -> tuple[int, str]:
    """Code and message of a refused listing."""
    error = error_of(fb.get(f"{page['id']}/published_posts", page["access_token"], **params))
    return error["code"], error["message"]


def values_of(post: dict[str, Any]) -> dict[str, Any]:
    """The lifetime values of a post by metric."""
    rows = post["insights"]["data"]
    assert {row["period"] for row in rows} <= {"lifetime"}
    assert all(row["id"] == f"{post['id']}/insights/{row['name']}/lifetime" for row in rows)
    return {row["name"]: row["values"][0]["value"] for row in rows}


# Listings


def walk(fb: Facebook, page: dict[str, Any], limit: int) -> list[str]:
    """The ids of all posts by cursors."""
    ids: list[str] = []
    params: dict[str, Any] = {"fields": "id", "limit": limit}
    while True:
        body = list_posts(fb, page, **params)
        ids += [post["id"] for post in body["data"]]
        params["after"] = body["paging"]["cursors"]["after"]
        if "next" not in body["paging"]:
            assert list_posts(fb, page, **params) == {"data": []}, "the last page has a cursor, too"
            return ids


@settings(max_examples=5)
@given(limit=st.integers(4, 100))
def test_joined_pages_are_the_whole_list(
    fb: Facebook, pages: dict[str, dict[str, Any]], limit: int
) -> None:
    ids = walk(fb, pages[FEW_POSTS], limit)
    assert len(set(ids)) == len(ids) > 100
    assert ids == walk(fb, pages[FEW_POSTS], 100)


def test_a_listing_is_the_newest_first_in_portions_of_25(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    page = pages[BOOSTS]
    body = list_posts(fb, page, fields=FIELDS)
    times = [post["created_time"] for post in body["data"]]
    assert len(times) == 25
    assert times == sorted(times, reverse=True)
    onward = requests.get(body["paging"]["next"], timeout=10).json()["data"]
    assert onward[0]["created_time"] <= times[-1]
    assert "/reel/" not in str([post["permalink_url"] for post in body["data"]])
    code, message = refusal_of(fb, page, limit=101)
    assert (code, "limit" in message) == (100, True)
    assert refusal_of(fb, page, after="bm9uZQZDZD")[0] == 100
    assert list_posts(fb, pages["K"]) == {"data": []}


def test_a_cursor_outlives_its_post(own: Facebook) -> None:
    page = by_name(own)[DELETES]
    before = walk(own, page, 100)
    cursors = {}
    for number in range(1, 8):
        answer = list_posts(own, page, fields="id", limit=number)
        cursors[before[number - 1]] = answer["paging"]["cursors"]["after"]
    own.sandbox.advance(15)
    now = walk(own, page, 100)
    gone = [post_id for post_id in cursors if post_id not in now]
    assert gone, "none of the newest seven was deleted within 15 days"
    rest = list_posts(own, page, fields="id", limit=3, after=cursors[gone[0]])["data"]
    assert [post["id"] for post in rest] == [
        post_id for post_id in before[before.index(gone[0]) + 1 :] if post_id in now
    ][:3]
    error = error_of(own.get(gone[0], page["access_token"], fields="id"))
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert own.get(now[0], page["access_token"], fields="id").json() == {"id": now[0]}


# Figures


def test_figures_have_the_shapes_of_v26(fb: Facebook, pages: dict[str, dict[str, Any]]) -> None:
    posts = [
        post
        for name in (BOOSTS, "Pizzaria Bella Massa", "Harbour Books")
        for post in list_posts(fb, pages[name], fields=FIELDS, limit=50)["data"]
    ]
    found = [(post, values_of(post)) for post in posts if post["insights"]["data"]]
    for post, values in found:
        reactions = values["post_reactions_by_type_total"]
        activity = values["post_activity_by_action_type"]
        assert sum(reactions.values() if reactions else []) == activity.get("like", 0)
        assert post.get("shares", {}).get("count") == activity.get("share"), "absent, never 0"
        assert sum(values["post_clicks_by_type"].values()) == values["post_clicks"]
        assert values["post_clicks"] <= values["post_media_view"]
    empty = [values["post_reactions_by_type_total"] for _, values in found]
    assert {str(each) for each in empty if not each} == {"{}", "[]"}
    kinds = {str(post.get("attachments", {}).get("data", [{}])[0].get("type")) for post in posts}
    assert kinds >= {"photo", "album", "share", "None"}


def test_without_a_period_some_metrics_answer_days_behind_the_total(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    page = pages[BOOSTS]
    post = list_posts(fb, page, fields="insights.metric(post_media_view,post_video_views)")["data"][
        9
    ]
    rows = [(row["name"], row["period"]) for row in post["insights"]["data"]]
    assert rows == [
        ("post_media_view", "lifetime"),
        ("post_video_views", "lifetime"),
        ("post_video_views", "day"),
    ]


def test_one_post_tells_its_paid_views(fb: Facebook, pages: dict[str, dict[str, Any]]) -> None:
    page = pages[BOOSTS]
    paid = []
    for post in list_posts(fb, page, fields="insights.metric(post_media_view).period(lifetime)")[
        "data"
    ]:
        asked = {"metric": "post_media_view", "period": "lifetime", "breakdown": "is_from_ads"}
        answer = fb.get(f"{post['id']}/insights", page["access_token"], **asked).json()
        unpaid, ads = answer["data"][0]["values"]
        assert (unpaid["is_from_ads"], ads["is_from_ads"]) == ("0", "1")
        assert unpaid["value"] + ads["value"] == values_of(post)["post_media_view"]
        paid.append(ads["value"])
    assert 0 in paid
    assert max(paid) > 0
    bare = post["id"].partition("_")[2]
    assert fb.get(bare, page["access_token"]).json()["id"] == post["id"]
    error = error_of(fb.get(f"{bare}/insights", page["access_token"], metric="post_media_view"))
    assert error["message"] == "(#100) Tried accessing nonexisting field (insights)"


def test_a_0_of_viewers_stands_beside_views(fb: Facebook, pages: dict[str, dict[str, Any]]) -> None:
    fields = f"insights.metric(post_media_view,{VIEWERS}).period(lifetime)"
    values = values_of(list_posts(fb, pages["Café Lindenhof"], fields=fields)["data"][9])
    assert values["post_media_view"] > 0 == values[VIEWERS]
    values = values_of(list_posts(fb, pages["Teestube Zimt"], fields=fields)["data"][9])
    assert values["post_media_view"] > values[VIEWERS] > 0


def test_figures_grow_with_the_clock_and_a_past_day_stays(own: Facebook) -> None:
    page = by_name(own)[BOOSTS]
    fields = "created_time,insights.metric(post_media_view).period(lifetime)"

    def read(day: str = "") -> dict[str, int | None]:
        params = {"fields": fields, "access_token": page["access_token"]}
        url = f"{own.url}{day}/v26.0/{page['id']}/published_posts"
        posts = requests.get(url, params=params, timeout=10).json()["data"]
        return {post["id"]: values_of(post).get("post_media_view") for post in posts}

    today, past = read(), read("/at/2026-10-01")
    own.sandbox.advance(3)
    later = read()
    assert read("/at/2026-10-01") == past
    assert not set(past) & set(list(today)[:10]), "what was not yet published then"
    newest = next(post_id for post_id, views in today.items() if views is not None)
    assert (later[newest] or 0) > (today[newest] or 0)


def test_some_new_and_all_old_posts_have_no_figures_and_no_error(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    fields = "created_time,insights.metric(post_media_view).period(lifetime)"
    body = list_posts(fb, pages["Stonebridge Coffee Roasters"], fields=fields, limit=100)
    empty = [post["created_time"] for post in body["data"] if not post["insights"]["data"]]
    assert empty
    assert min(empty) > "2026-11-21T14:02"
    old = list_posts(fb, pages["Optik Keller"], fields=fields, limit=100)["data"]
    assert {
        bool(post["insights"]["data"]) for post in old if post["created_time"] < "2024-11-22"
    } == {False}


# Reels


def test_reels_are_in_a_list_of_their_own(fb: Facebook, pages: dict[str, dict[str, Any]]) -> None:
    page = pages[BOOSTS]
    first = list_posts(fb, page, "video_reels", fields=REEL_FIELDS, limit=2)
    second = list_posts(fb, page, "video_reels", limit=2, after=first["paging"]["cursors"]["after"])
    reels = first["data"]
    assert len({reel["id"] for reel in [*reels, *second["data"]]}) == 4
    assert reels[0]["permalink_url"] == f"/reel/{reels[0]['id']}/"
    name = f"{page['id']}_{reels[0]['post_id']}"
    answer = fb.get(f"{name}/insights", page["access_token"], metric=METRICS, period="lifetime")
    assert [row["name"] for row in answer.json()["data"]] == METRICS.split(",")
    assert name not in walk(fb, page, 100)
    assert list_posts(fb, pages["Padaria Pão da Vila"], "video_reels") == {"data": []}


def test_one_page_refuses_the_figures_of_its_reels(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    page = pages["Café do Porto"]
    reel = list_posts(fb, page, "video_reels", fields=REEL_FIELDS)["data"][0]
    path = f"{page['id']}_{reel['post_id']}/insights"
    assert error_of(fb.get(path, page["access_token"], metric="post_media_view"))["code"] == 100


# Refusals


def test_one_field_or_metric_refuses_the_whole_listing(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    page = pages[BOOSTS]
    assert refusal_of(fb, page, fields="id,type") == (
        100,
        "(#100) Tried accessing nonexisting field (type)",
    )
    for field in ("reactions.summary(true).limit(0)", "comments.summary(true)", "likes"):
        code, message = refusal_of(fb, page, fields=f"id,{field}")
        assert (code, "pages_read_user_content" in message) == (10, True)
    for name in ("post_impressions", "page_follows", "post_media_views"):
        code, message = refusal_of(fb, page, fields=f"id,insights.metric(post_clicks,{name})")
        assert (code, message) == (100, "(#100) The value must be a valid insights metric")
    assert refusal_of(fb, page, fields="id,insights")[0] == 3001


def test_viewers_of_small_pages_are_withheld(
    fb: Facebook, pages: dict[str, dict[str, Any]]
) -> None:
    small = pages["Harbour Books"]
    fields = f"insights.metric({METRICS},{VIEWERS}).period(lifetime)"
    assert refusal_of(fb, small, fields=fields)[0] == 200
    post = list_posts(fb, small, fields=FIELDS)["data"][9]
    assert len(values_of(post)) == len(METRICS.split(","))
    path = f"{post['id']}/insights"
    assert error_of(fb.get(path, small["access_token"], metric=VIEWERS))["code"] == 200


@pytest.mark.parametrize(
    ("name", "limit"), [("Riverside Animal Shelter", 10), ("Tierpark Waldau", 5)]
)
def test_two_pages_give_little_at_once(
    fb: Facebook, pages: dict[str, dict[str, Any]], name: str, limit: int
) -> None:
    code, message = refusal_of(fb, pages[name], fields=FIELDS, limit=limit + 1)
    assert (code, message[:22]) == (1, "Please reduce the amou")
    assert len(list_posts(fb, pages[name], fields=FIELDS, limit=limit)["data"]) == limit
    assert len(list_posts(fb, pages[name], fields="id,message", limit=100)["data"]) == 100


def test_a_page_token_with_a_task_is_needed_to_list(fb: Facebook) -> None:
    bens = by_name(fb, BEN)
    page = bens["Bluebird Bakery"]
    assert refusal_of(fb, page, fields="id")[0] == 200
    assert refusal_of(fb, page | {"access_token": fb.long_token()}, fields="id")[0] == 190
    mine = list_posts(fb, by_name(fb)["Bluebird Bakery"], fields="id")["data"][9]["id"]
    answer = fb.get(f"{mine}/insights", page["access_token"], metric="post_media_view")
    assert answer.json()["data"]
    other = fb.get(mine, bens["Harbour Books"]["access_token"], fields="id")
    assert error_of(other)["error_subcode"] == 33


def test_without_figures_a_listing_is_no_refusal(
    own: Facebook, pages: dict[str, dict[str, Any]], fb: Facebook
) -> None:
    """No task ANALYZE, fewer than 100 likes, or no read_insights: empty, not 0."""
    poor = by_name(own, no="read_insights")
    for sandbox, page in (
        (fb, pages["Kletterhalle Gipfel"]),
        (fb, pages["Neueröffnung: Kaffeewagen Nr. 7"]),
        (own, poor[BOOSTS]),
    ):
        posts = list_posts(sandbox, page, fields=FIELDS)["data"]
        assert posts
        assert [values_of(post) for post in posts] == [{}] * len(posts)
    assert refusal_of(own, by_name(own, no="pages_read_engagement")[BOOSTS], fields="id")[0] == 10


def test_a_retired_metric_loses_the_posts(own: Facebook) -> None:
    page = by_name(own)[BOOSTS]
    own.sandbox.trouble = "a retired metric"
    assert refusal_of(own, page, fields=FIELDS)[0] == 100
    rest = FIELDS.replace("post_clicks,", "")
    assert list_posts(own, page, fields=rest)["data"]


def test_the_posts_of_a_page_that_moved_are_under_its_new_id(own: Facebook) -> None:
    page = by_name(own)[BOOSTS]
    numbers = [post_id.partition("_")[2] for post_id in walk(own, page, 100)]
    own.sandbox.trouble = "a Page moved to a new id"
    old = own.get(f"{page['id']}_{numbers[0]}", page["access_token"])
    assert error_of(old)["code"] == refusal_of(own, page)[0] == 21
    moved = by_name(own)[BOOSTS]
    assert walk(own, moved, 100) == [f"{moved['id']}_{number}" for number in numbers]


def test_with_the_permission_posts_tell_their_own_counts(own: Facebook) -> None:
    """Without those on reshares: never more than the insights."""
    scopes = f"{SCOPES},pages_read_user_content"
    page = by_name(own, scope=scopes)[BOOSTS]
    fields = f"{FIELDS},reactions.summary(true).limit(0),comments.filter(stream).summary(true)"
    fewer = []
    for post in list_posts(own, page, fields=fields)["data"]:
        activity = values_of(post).get("post_activity_by_action_type", {})
        counted = post["reactions"]["summary"]["total_count"]
        assert post["reactions"]["data"] == post["comments"]["data"] == []
        fewer.append(activity and activity.get("like", 0) - counted)
    assert max(fewer) > 0 <= min(fewer)


# Meta's own SDK


@pytest.fixture
def sdk_page(
    fb: Facebook, pages: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> Page:
    """A Page of the SDK with its own token."""
    monkeypatch.setattr(FacebookSession, "GRAPH", fb.url)
    page = pages[BOOSTS]
    session = FacebookSession(APP_ID, APP_SECRET, page["access_token"])
    return Page(page["id"], api=FacebookAdsApi(session, api_version="v26.0"))


def test_the_sdk_walks_the_posts_with_every_field_it_knows(sdk_page: Page) -> None:
    fields = [value for name, value in vars(PagePost.Field).items() if not name.startswith("_")]
    posts = list(sdk_page.get_published_posts(fields=fields, params={"limit": 100}))
    assert len(posts) > 400
    assert all(isinstance(post, PagePost) and post["is_published"] for post in posts)
    one = PagePost(posts[3]["id"], api=sdk_page.get_api()).api_get(fields=fields)
    assert one["created_time"] == posts[3]["created_time"]


def test_the_sdk_reads_figures_of_posts_and_reels(sdk_page: Page) -> None:
    names = ["post_media_view", "post_reactions_by_type_total"]
    reels = sdk_page.get_video_reels(fields=["id", "post_id", "length", "permalink_url"])
    assert isinstance(reels[0], AdVideo)
    post = sdk_page.get_published_posts(fields=["id"], params={"limit": 10})[9]
    for post_id in (post["id"], f"{sdk_page['id']}_{reels[0]['post_id']}"):
        rows = get_insights(PagePost(post_id, api=sdk_page.get_api()), names)
        assert [row["name"] for row in rows] == names
        assert rows[0]["values"][0]["value"] > 0
    with pytest.raises(FacebookRequestError) as caught:
        get_insights(PagePost(post["id"], api=sdk_page.get_api()), ["post_impressions"])
    assert caught.value.api_error_code() == 100


def get_insights(post: PagePost, names: list[str]) -> list[Any]:
    """Lifetime figures by the SDK, which says of every list that it may be none of objects."""
    with pytest.warns(UserWarning, match="value of metric"):
        return list(post.get_insights(params={"metric": names, "period": "lifetime"}))
