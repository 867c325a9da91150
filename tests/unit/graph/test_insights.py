"""What an answer with daily figures says, whose days they are, and which days to ask for next."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fb.graph.errors import FacebookError, Refused, UnreadableAnswer
from fb.graph.insights import (
    InsightRequest,
    fetch_insights,
    last_finished_day,
    pacific_day,
    read_values,
)
from fb.jobs.insight_page import KEPT_DAYS, count_steps, find_next_days, grow
from storage.insights.values import Span
from tests.unit.graph.scripted_graph import Call, Scripted, batch_of, error

NEWEST = date(2026, 11, 21)
OLDEST = NEWEST - timedelta(days=KEPT_DAYS - 1)
REQUEST = InsightRequest(
    "104", ("page_media_view", "page_follows"), date(2026, 11, 1), date(2026, 11, 3), "EAA1"
)


def series(name: str, *values: tuple[str, Any], **facts: Any) -> dict[str, Any]:
    """One metric of an answer, as Facebook writes it."""
    listed = [{"value": value, "end_time": end_time} for end_time, value in values]
    entry = {"name": name, "period": "day", "values": listed, "id": f"104/insights/{name}/day"}
    return entry | facts


@pytest.mark.parametrize(
    ("end_time", "day"),
    [
        ("2026-11-02T08:00:00+0000", date(2026, 11, 1)),
        ("2026-07-02T07:00:00+0000", date(2026, 7, 1)),
        # The clocks go forward on 8 March and back on 1 November 2026.
        ("2026-03-08T08:00:00+0000", date(2026, 3, 7)),
        ("2026-03-09T07:00:00+0000", date(2026, 3, 8)),
        ("2026-11-01T07:00:00+0000", date(2026, 10, 31)),
        ("2026-01-01T08:00:00+0000", date(2025, 12, 31)),
        ("2026-11-02T00:00:00-0800", date(2026, 11, 1)),
        ("2026-11-02T00:00:00+0000", None),
        ("2026-11-02T08:30:00+0000", None),
        ("2026-11-02T08:00:00", None),
        ("yesterday", None),
        (None, None),
        (1793606400, None),
    ],
)
def test_the_day_that_ends_at_midnight_pacific(end_time: object, day: date | None) -> None:
    assert pacific_day(end_time) == day


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 22, 14, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 7, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 7, 22, 8, tzinfo=UTC), date(2026, 7, 21)),
    ],
)
def test_a_day_that_is_not_over_is_not_asked_for(now: datetime, day: date) -> None:
    assert last_finished_day(now) == day


def test_figures_are_whole_numbers_of_asked_metrics_and_days() -> None:
    body = {
        "data": [
            series(
                "page_media_view",
                ("2026-11-02T08:00:00+0000", 12),
                ("2026-11-03T08:00:00+0000", {"US": 3}),
                ("2026-11-04T08:00:00+0000", 0),
                ("2026-11-05T08:00:00+0000", 99),
            ),
            series("page_media_view", ("2026-11-02T08:00:00+0000", 70), period="week"),
            series("page_follows", ("2026-11-02T08:00:00+0000", None)),
            series("page_fans", ("2026-11-02T08:00:00+0000", 5)),
            series(
                "page_follows",
                ("2026-11-02T08:00:00+0000", True),
                ("2026-11-03T08:00:00+0000", 7.5),
            ),
        ]
    }
    assert read_values(body, REQUEST) == {
        "page_media_view": {date(2026, 11, 1): 12, date(2026, 11, 3): 0}
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": ["x"]},
        {"data": [series("page_follows", id="999/insights/page_follows/day")]},
        {"data": [{"name": "page_follows", "values": 3}]},
    ],
)
def test_what_is_of_another_shape_or_page_is_unreadable(body: dict[str, Any]) -> None:
    assert isinstance(read_values(body, REQUEST), UnreadableAnswer)


def test_an_empty_list_is_no_figures() -> None:
    assert read_values({"data": []}, REQUEST) == {}


def test_fifty_pages_a_call_and_no_page_of_paging(scripted: Scripted) -> None:
    seen: list[Call] = []

    def handle(call: Call) -> Any:
        seen.append(call)
        page_id = call.path.split("/")[0]
        if page_id == "3":
            return error(100, "(#100) The value must be a valid insights metric")
        entry = series("page_follows", ("2026-11-02T08:00:00+0000", int(page_id)))
        entry["id"] = f"{page_id}/insights/page_follows/day"
        return 200, {"data": [entry], "paging": {"next": "https://graph.example/x?access_token=E"}}

    client, script = scripted(batch_of(handle))
    requests = [
        InsightRequest(str(n), ("page_follows",), REQUEST.since, REQUEST.until, f"EAA{n}")
        for n in range(1, 61)
    ]
    answers = fetch_insights(client, requests)
    assert len(script.calls) == 2
    assert len(seen) == 60
    first = seen[0]
    assert first.path == "1/insights"
    assert first.token == "EAA1"
    assert first.parameters["since"] == "2026-11-01"
    assert first.parameters["until"] == "2026-11-04"
    assert first.parameters["period"] == "day"
    items = json.loads(script.calls[0].parameters["batch"])
    assert dict(parse_qsl(urlsplit(items[0]["relative_url"]).query))["metric"] == "page_follows"
    assert answers[0] == {"page_follows": {date(2026, 11, 1): 1}}
    assert isinstance(answers[2], Refused)
    assert not isinstance(answers[3], FacebookError)


def test_a_request_hides_its_token() -> None:
    assert "EAA1" not in repr(REQUEST)


def run_through(span: Span | None, newest: date = NEWEST) -> tuple[Span, list[Span]]:
    """Ask until nothing lacks; every day has a figure."""
    asked: list[Span] = []
    is_fresh = False
    while (days := find_next_days(span, newest, is_fresh=is_fresh)) is not None:
        is_fresh = is_fresh or days.until >= newest
        span = grow(span, days, days.until, newest)
        asked.append(days)
    assert span is not None
    return span, asked


def test_the_first_run_takes_two_years_newest_first() -> None:
    span, asked = run_through(None)
    assert span == Span(OLDEST, NEWEST)
    assert asked[0] == Span(NEWEST - timedelta(days=89), NEWEST)
    assert [days.until for days in asked] == sorted((d.until for d in asked), reverse=True)
    assert all((days.until - days.since).days < 90 for days in asked)
    assert len(asked) == 9


def test_the_next_run_takes_what_lacks_and_three_days_again() -> None:
    tomorrow = NEWEST + timedelta(days=1)
    _, asked = run_through(Span(OLDEST + timedelta(days=1), NEWEST), tomorrow)
    assert asked == [Span(NEWEST - timedelta(days=2), tomorrow)]


def test_a_run_that_was_cut_short_goes_on_where_it_stopped() -> None:
    half = Span(date(2026, 6, 1), NEWEST)
    _, asked = run_through(half)
    assert asked[0] == Span(NEWEST - timedelta(days=2), NEWEST)
    assert asked[1].until == half.since


@given(st.integers(0, 1500), st.integers(0, 900))
def test_no_day_is_ever_left_out(age: int, length: int) -> None:
    until = NEWEST - timedelta(days=age)
    span, asked = run_through(Span(until - timedelta(days=length), until))
    assert span.until == NEWEST
    assert span.since <= OLDEST
    covered = {until - timedelta(days=n) for n in range(length + 1)}
    for days in asked:
        assert 0 <= (days.until - days.since).days < 90
        covered |= {
            days.since + timedelta(days=n) for n in range((days.until - days.since).days + 1)
        }
    assert {OLDEST + timedelta(days=n) for n in range(KEPT_DAYS)} <= covered


def test_days_that_brought_nothing_are_asked_for_again() -> None:
    asked = Span(NEWEST - timedelta(days=3), NEWEST)
    before = Span(OLDEST, NEWEST - timedelta(days=1))
    assert grow(before, asked, NEWEST - timedelta(days=2), NEWEST) == before
    assert grow(before, asked, None, NEWEST) == before
    assert grow(None, asked, None, NEWEST) == Span(asked.since, asked.since)


def test_steps_are_counted_before_they_are_made() -> None:
    assert count_steps({}, ["a", "b"], NEWEST) == 9
    assert count_steps({"a": Span(OLDEST, NEWEST)}, ["a"], NEWEST) == 1
    assert count_steps({"a": Span(OLDEST, NEWEST)}, ["a", "b"], NEWEST) == 10
