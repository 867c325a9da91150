"""Posts by Page: how often Pages publish, who is silent, and what is not covered."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from storage.accounts.archive import archive_pages
from storage.figures.filters import EVERY_PAGE, Filter
from storage.people.person import THIS_COMPUTER
from storage.posts.page_posts import (
    Coverage,
    Rhythms,
    find_coverage,
    has_posts,
    list_post_days,
    load_rhythms,
)
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.posts.post_rows import UTC_ZONE, at, list_state, post, store


def publish(session: Session, page_id: str, *numbers: int) -> None:
    """A post at noon of each of these days."""
    store(session, [post(str(n), at(n), page_id=page_id) for n in numbers], at(max(numbers), 13))


def rhythms(session: Session, until: int = 0, filter: Filter = EVERY_PAGE) -> Rhythms:
    return load_rhythms(session, filter, day(until), UTC_ZONE)


@pytest.mark.both_databases
def test_rhythm_is_of_28_days_and_at_least_where_listings_do_not_reach(session: Session) -> None:
    for page_id in "1234567":
        add_page(session, page_id)
    list_state(session, "1")
    publish(session, "1", -28, -27, -14, 0, 1)
    list_state(session, "2", -20)
    publish(session, "2", -19, -3)
    list_state(session, "3", -40)
    publish(session, "3", -20)
    list_state(session, "4", until=-2)
    publish(session, "4", -40)
    list_state(session, "5")
    list_state(session, "6", None, state="no_permission")
    archive_pages(session, ["7"], at(0), by=THIS_COMPUTER)
    list_state(session, "7")
    answer = rhythms(session)
    assert set(answer.by_page) == {"1", "2", "3", "4", "5"}, "those that were listed"
    assert answer.by_page["1"].posts_count == 3
    assert answer.by_page["1"].per_week == 0.75
    assert answer.by_page["1"].last_at == at(0)
    assert {id for id, each in answer.by_page.items() if each.is_covered} == {"1", "3", "5"}
    assert (answer.by_page["4"].posts_count, answer.by_page["4"].last_at) == (0, at(-40))
    assert answer.by_page["5"].last_at is None
    assert answer.silent_ids == {"3", "5"}, "of 4 nothing is known since two days"
    assert (answer.posts_count, answer.posting_count) == (6, 3)
    assert set(rhythms(session, filter=Filter(page_ids=("2",))).by_page) == {"2"}
    assert rhythms(session, 1).by_page["1"].posts_count == 3


def test_a_page_is_silent_after_fourteen_days(session: Session) -> None:
    for page_id, last in (("1", -13), ("2", -14)):
        add_page(session, page_id)
        list_state(session, page_id)
        publish(session, page_id, last)
    assert rhythms(session).silent_ids == {"2"}


@pytest.mark.both_databases
def test_coverage_counts_pages_by_what_lacks(session: Session) -> None:
    states = {
        "1": {},
        "2": {"since": -20},
        "3": {"since": -27},
        "4": {"since": None, "state": "no_role_for_posts"},
        "5": {"state": "too_few_likes", "reels_state": "refused"},
        "6": {"state": "access_ended"},
        "7": {"state": "no_permission"},
        "9": {"since": -10},
    }
    for page_id in "123456789":
        add_page(session, page_id)
    for page_id, facts in states.items():
        list_state(session, page_id, **facts)  # type: ignore[arg-type]  # fields by name
    archive_pages(session, ["9"], at(0), by=THIS_COMPUTER)
    assert find_coverage(session, EVERY_PAGE, day(-27), day(0)) == Coverage(
        pages_count=8,
        unread=2,
        reels_refused=1,
        later=1,
        later_than=day(-20),
        too_few_likes=1,
        no_permission=1,
        no_role=1,
        access_ended=1,
        incomplete=0,
    )
    assert find_coverage(session, EVERY_PAGE, day(-20), day(0)).later == 0
    assert find_coverage(session, Filter(page_ids=("2",)), day(-20), day(0)).pages_count == 1


def test_a_page_of_700_posts_a_year_may_be_incomplete(session: Session) -> None:
    for page_id, since, step in (("1", -400, 12), ("2", -400, 15), ("3", -90, 12)):
        add_page(session, page_id)
        list_state(session, page_id, since)
        hours = range(0, 24 * 365 if since < -365 else 24 * 90, step)
        times = [at(-h // 24, h % 24) for h in hours]
        store(session, [post(f"{t}", t, page_id=page_id) for t in times], at(0, 13))
    pages = {id: Filter(page_ids=(id,)) for id in "123"}
    incomplete = {
        id: find_coverage(session, each, day(-27), day(0)).incomplete for id, each in pages.items()
    }
    assert incomplete == {"1": 1, "2": 0, "3": 1}, "730, 584, and 180 in 90 days"


def test_days_with_posts_are_those_of_the_zone(session: Session) -> None:
    assert not has_posts(session)
    add_page(session, "1")
    store(session, [post("a", at(0, 1)), post("b", at(1, 2)), post("c", at(1, 23))], at(2))
    assert has_posts(session)
    assert list_post_days(session, "1", day(0), day(1), UTC_ZONE) == {day(0): 1, day(1): 2}
    new_york = ZoneInfo("America/New_York")
    assert list_post_days(session, "1", day(0), day(1), new_york) == {day(0): 1, day(1): 1}
    assert list_post_days(session, "unknown", day(0), day(1), UTC_ZONE) == {}
