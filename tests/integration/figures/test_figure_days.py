"""Where the figures of a filter's Pages begin and end, and the Overview of one Page's long past."""

from __future__ import annotations

import pytest

from pages.queries import load_overview
from pages.records import Listing, Overview, View
from pages.text import formats
from pages.text.periods import get_period
from storage.db.engine import Database
from storage.db.installation import bump_data_version
from storage.figures.filters import EVERY_PAGE, Filter, Metric
from storage.figures.period_ends import count_first_days, find_newest_day
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import (
    LONG_AGO,
    ORIGIN,
    add_grant,
    add_page,
    day,
    hold,
)
from tests.present import TODAY

pytestmark = pytest.mark.both_databases

LAST = (TODAY - ORIGIN).days


def test_first_days_are_counted_and_the_newest_is_found_by_filter(database: Database) -> None:
    with database.writing() as session:
        old, new = add_grant(session, "91"), add_grant(session, "92")
        add_page(session, "a", {-50: 1, 3: 2}, {0: 1})
        add_page(session, "b", {-5: None, 0: 5, 3: 5})  # a day without a figure does not begin it
        add_page(session, "c", {0: 7, 9: 7}, {9: None})
        add_page(session, "d", {9: None})  # Facebook gives no count
        add_page(session, "e")
        for page_id in "abd":
            hold(session, old, page_id)
        hold(session, new, "c")
        tag_id = create_tag(session, "Lone", LONG_AGO, by=THIS_COMPUTER)
        tag_page(session, tag_id, "d", LONG_AGO, by=THIS_COMPUTER)

    def ask(filter: Filter, metric: Metric = "fans", until: int = 20) -> tuple[object, object]:
        with database.reading() as session:
            counts = count_first_days(session, filter, metric)
            return counts, find_newest_day(session, filter, metric, day(until))

    assert ask(EVERY_PAGE) == ({day(-50): 1, day(0): 2}, day(9))
    assert ask(EVERY_PAGE, "followers") == ({day(0): 1}, day(0))
    assert ask(EVERY_PAGE, until=8) == ({day(-50): 1, day(0): 2}, day(3))
    assert ask(Filter(account_ids=("91",))) == ({day(-50): 1, day(0): 1}, day(3))
    assert ask(Filter(account_ids=("92",)), until=8) == ({day(0): 1}, day(0))
    assert ask(Filter(tag_ids=(tag_id,))) == ({}, None)


def ask_overview(database: Database, label: str, filter: Filter = EVERY_PAGE) -> Overview:
    with database.reading() as session:
        view = View(get_period(label, TODAY), filter=filter)
        return load_overview(session, view, Listing(), "number", TODAY)


def give_one_a_past(database: Database) -> int:
    """Four Pages since 60 days ago, one of them 45 days longer, and one without a count.

    Returns the tag of the Page with the long past.
    """
    with database.writing() as session:
        for number, name in enumerate("abcd"):
            first = LAST - (105 if name == "a" else 60)
            figures = {n: 1_000 + 10 * number + n - first for n in range(first, LAST + 1)}
            add_page(session, name, figures, figures)
        add_page(session, "e", {LAST: None})
        tag_id = create_tag(session, "Only a", LONG_AGO, by=THIS_COMPUTER)
        tag_page(session, tag_id, "a", LONG_AGO, by=THIS_COMPUTER)
        bump_data_version(session)
    return tag_id


def test_one_pages_long_past_spoils_nobodys_overview(database: Database) -> None:
    give_one_a_past(database)
    shown = ask_overview(database, "12 months")
    period, begin = shown.view.period, day(LAST - 60)
    assert (period.since, period.until) == (day(LAST - 59), TODAY)
    assert period.limits == f"Figures of most Pages begin on {formats.day(begin)}."
    assert (period.previous, shown.previous) == (None, None)
    assert (shown.totals.pages_count, shown.totals.fans.pages) == (5, 4)
    # The total is of all Pages, the change that of most of them since that day.
    assert shown.totals.fans_total == (1_000 + 105) + (1_010 + 60) + (1_020 + 60) + (1_030 + 60)
    assert shown.totals.fans.net == 4 * 60
    assert shown.line[0].day == begin
    assert {mover.net for mover in shown.movers.up} == {60}
    assert [row.net for row in shown.table.page.rows] == [60] * 4 + [None]


def test_a_filter_has_a_begin_of_its_own(database: Database) -> None:
    tag_id = give_one_a_past(database)
    alone = ask_overview(database, "12 months", Filter(tag_ids=(tag_id,)))
    assert alone.view.period.since == day(LAST - 104)
    assert alone.view.period.limits == f"Figures begin on {formats.day(day(LAST - 105))}."
    assert alone.totals.fans.net == 105


def test_days_that_only_one_page_has_are_no_days_to_compare_with(database: Database) -> None:
    give_one_a_past(database)
    assert ask_overview(database, "28 days").previous is not None
    # The 45 days before belong to one Page alone.
    assert ask_overview(database, "90 days").previous is None


def test_figures_of_one_account_end_although_another_goes_on(database: Database) -> None:
    with database.writing() as session:
        gone, live = add_grant(session, "91"), add_grant(session, "92")
        add_page(session, "a", {n: 1_000 + n for n in range(LAST - 60, LAST - 9)})
        add_page(session, "b", {n: 1_000 + n for n in range(LAST - 60, LAST + 1)})
        hold(session, gone, "a")
        hold(session, live, "b")
        bump_data_version(session)
    shown = ask_overview(database, "28 days", Filter(account_ids=("91",)))
    ended = day(LAST - 10)
    assert (shown.view.period.until, shown.newest_days["fans"]) == (ended, ended)
    assert shown.totals.fans.net == 18
    assert shown.week is not None
    assert (shown.week.period.since, shown.week.period.until) == (day(LAST - 16), ended)
