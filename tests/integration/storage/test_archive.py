"""Archived Pages: no total, list or job knows them, their history stays, and they come back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.accounts.archive import archive_pages, list_archived, unarchive_pages
from storage.accounts.page_profile import find_page_profile
from storage.accounts.page_tokens import (
    has_insight_token,
    list_cut_off_pages,
    list_insight_tokens,
    list_page_tokens,
)
from storage.accounts.pages import PageDetails, upsert_pages
from storage.accounts.pictures import list_pictures_due, upsert_picture_sources
from storage.db.engine import Database
from storage.db.installation import get_data_version
from storage.export.csv_xlsx import Format
from storage.export.tables import ExportQuery, export_daily_figures, export_page_table
from storage.figures import filter_choices, health
from storage.figures.comparison import find_matches, list_alike, list_compared_pages
from storage.figures.filters import EVERY_PAGE, METRICS, Filter
from storage.figures.line import load_line, load_line_before
from storage.figures.period_ends import count_first_days, find_newest_day, load_period_ends
from storage.figures.snapshots import list_pages_without_snapshot
from storage.figures.table import load_table, make_summary
from storage.figures.totals import list_movers, make_totals
from storage.figures.unusual import list_wide_days
from storage.jobs.events import list_events
from storage.models import Event, Page, Snapshot
from storage.models import UnusualDay as UnusualRow
from storage.notes.tags import count_pages, create_tag, list_tags, tag_page, tag_pages
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import add_grant, add_page, day, fetched_at, hold
from tests.integration.storage_rows import LATER, NOW
from tests.people import ADA

pytestmark = pytest.mark.both_databases

FILTERS = (EVERY_PAGE, Filter(categories=("Café",)), Filter(attention=True), Filter(search="page"))
SINCE, UNTIL = day(10), day(20)
CSV: Format = "csv"


def add_world(session: Session) -> int:
    """Three Pages that count, one of them cut off; returns the tag of the first two."""
    anna, ben = add_grant(session, "1"), add_grant(session, "2", "needs_renewal")
    cleo = add_grant(session, "3", granted_permissions=["read_insights"])
    for number, grant_id in enumerate((anna, ben, cleo), start=1):
        page_id = f"{number}"
        figures = {n: 100 * number + n for n in range(-3, 20) if (n + number) % 7}
        add_page(session, page_id, figures, figures, category="Café")
        hold(session, grant_id, page_id)
    add_page(session, "4", {}, category="Shop")
    tag_id = create_tag(session, "Client", NOW, by=THIS_COMPUTER)
    for page_id in ("1", "2"):
        tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    return tag_id


def add_left(session: Session, tag_id: int) -> list[str]:
    """Pages that are to be archived: larger, newer and in more trouble than every other."""
    anna, ben, cleo = (health_id for health_id in sorted(health.find_grant_health(session)))
    days = {n: 9_000 + 50 * n for n in range(-10, 22)}
    ids = ["90", "91", "92", "93"]
    for page_id in ids:
        facts: dict[str, Any] = {"category": "Café", "first_seen_at": fetched_at(15)}
        add_page(session, page_id, days, days, name=f"A page {page_id}", **facts)
        tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
        for metric in METRICS:
            row = UnusualRow(page_id=page_id, day=day(18), metric=metric, direction="fell")
            session.add(row)
    hold(session, anna, "90")
    hold(session, ben, "91")
    hold(session, cleo, "92")
    hold(session, anna, "93", "role_lost")
    session.flush()
    return ids


def answers(session: Session, tag_id: int) -> dict[str, Any]:
    """Everything that is asked of many Pages."""
    found: dict[str, Any] = {}
    for number, filter in enumerate((*FILTERS, Filter(tag_ids=(tag_id,)))):
        for metric in METRICS:
            ends, before = load_period_ends(session, filter, (SINCE, UNTIL), (day(0), day(9)))
            query = ExportQuery(SINCE, UNTIL, metric, filter)
            calm = Filter(tag_ids=filter.tag_ids, categories=filter.categories)
            found[f"{number} {metric}"] = [
                ends.page_ids,
                make_totals(ends, None),
                make_summary(ends, metric),
                list_movers(ends, metric, "number"),
                load_line(session, ends, metric, filter),
                load_line_before(session, ends, before, metric, filter),
                load_table(session, ends, metric, filter, sort="connection"),
                load_table(session, ends, metric, filter, sort="fans"),
                count_first_days(session, calm, metric),
                find_newest_day(session, calm, metric, UNTIL),
                list_wide_days(session, since=SINCE, until=UNTIL, metric=metric, filter=filter),
                export_daily_figures(session, query, CSV),
                export_page_table(session, query, CSV, sort="name", descending=False),
            ]
        found[f"{number} count"] = count_pages(session, filter=filter, until=UNTIL)
    of_grants = health.find_grant_health(session).values()
    found["accounts"] = [(each.pages, each.usable_count, each.sole_held) for each in of_grants]
    found["trouble"] = [(each.missing, each.no_access, each.role_lost) for each in of_grants]
    found["connections"] = health.count_connections(session)
    found["lost"] = health.list_role_lost(session)
    found["cut off"] = health.count_cut_off(session), list_cut_off_pages(session)
    found["choices"] = [
        ask(session)
        for ask in (
            filter_choices.list_accounts,
            filter_choices.list_categories,
            filter_choices.list_tags,
        )
    ]
    found["tags"] = list_tags(session)
    found["tokens"] = list_page_tokens(session), list_insight_tokens(session)
    found["lacking"] = list_pages_without_snapshot(session, day(25))
    found["pictures"] = list_pictures_due(session, LATER, limit=9)
    found["matches"] = find_matches(session, "page")
    found["alike"] = list_alike(session, None, until=UNTIL), list_alike(session, "1", until=UNTIL)
    return found


def test_an_archived_page_counts_nowhere_and_comes_back(database: Database) -> None:
    with database.writing() as session:
        tag_id = add_world(session)
        before = answers(session, tag_id)
        ids = add_left(session, tag_id)
        upsert_picture_sources(session, dict.fromkeys(ids, "https://a.example/b.png"), NOW)
        with_all = answers(session, tag_id)
        # Each of them is asked of these Pages too: what did not change would prove nothing.
        same = [name for name, answer in before.items() if answer == with_all[name]]
        assert not same
        version = get_data_version(session)
        assert archive_pages(session, [*ids, "unknown"], LATER, by=THIS_COMPUTER) == 4
        assert get_data_version(session) > version
        assert answers(session, tag_id) == before
        assert list_archived(session, ["1", *ids]) == set(ids)
        assert unarchive_pages(session, ids, LATER, by=THIS_COMPUTER) == 4
        assert answers(session, tag_id) == with_all


def test_the_archive_is_listed_with_its_last_figures(database: Database) -> None:
    archived = Filter(archived=True)
    with database.writing() as session:
        tag_id = add_world(session)
        ids = add_left(session, tag_id)
        archive_pages(session, ids[:2], LATER, by=THIS_COMPUTER)
        (ends,) = load_period_ends(session, archived, (SINCE, UNTIL))
        rows = load_table(session, ends, "fans", archived).rows
        assert [(row.page_id, row.fans) for row in rows] == [("90", 10_000), ("91", 10_000)]
        assert load_line(session, ends, "fans", archived)[-1].total == 20_000
        both = Filter(archived=True, tag_ids=(tag_id,), search="91")
        assert count_pages(session, filter=both, until=UNTIL) == 1
        # One that is named by its id is shown, exported and compared.
        profile = find_page_profile(session, "90")
        assert profile is not None
        assert profile.archived_at == LATER
        assert [page.page_id for page in list_compared_pages(session, ["90", "1"])] == ["90", "1"]
        query = ExportQuery(SINCE, UNTIL, "fans", page_ids=("90",))
        assert export_daily_figures(session, query, CSV).count(b"A page 90") == 11
        # A tag for all Pages of a view does not reach them.
        other = create_tag(session, "Other", NOW, by=THIS_COMPUTER)
        assert (
            tag_pages(session, other, filter=EVERY_PAGE, until=UNTIL, now=NOW, by=THIS_COMPUTER)
            == 6
        )


def test_archiving_twice_is_one_event_and_loses_nothing(database: Database) -> None:
    with database.writing() as session:
        ids = add_left(session, add_world(session))
        figures = session.scalar(select(func.count()).select_from(Snapshot))
        session.execute(update(Page).values(graph_version="v1"))
        assert archive_pages(session, ids[:1], NOW, by=ADA) == 1
        assert archive_pages(session, ids[:1], LATER, by=THIS_COMPUTER) == 0
        assert archive_pages(session, ids, LATER, by=THIS_COMPUTER) == 3
        assert unarchive_pages(session, ["1"], LATER, by=THIS_COMPUTER) == 0
        assert unarchive_pages(session, [], LATER, by=THIS_COMPUTER) == 0
        assert session.scalar(select(func.count()).select_from(Snapshot)) == figures
        # Facebook describes it again: it stays archived, since when it was.
        upsert_pages(session, [PageDetails(id="90", name="New name")], LATER)
        profile = find_page_profile(session, "90")
        assert profile is not None
        assert (profile.name, profile.archived_at) == ("New name", NOW)
        assert unarchive_pages(session, ids, LATER, by=THIS_COMPUTER) == 4
        kinds = ("archived", "unarchived")
        events = [each for each in list_events(session) if each.kind in kinds]
        told = [(each.kind, each.facts, each.page_name) for each in reversed(events)]
        assert told == [
            ("archived", {"pages": 1}, "New name"),
            ("archived", {"pages": 3}, None),
            ("unarchived", {"pages": 4}, None),
        ]
        assert session.scalar(select(Event.by).where(Event.kind == "archived").limit(1)) == "Ada"


def test_with_every_page_archived_nothing_is_read(database: Database) -> None:
    with database.writing() as session:
        add_world(session)
        archive_pages(session, ["1", "2", "3", "4"], NOW, by=THIS_COMPUTER)
        (ends,) = load_period_ends(session, EVERY_PAGE, (SINCE, UNTIL))
        assert make_totals(ends, None).pages_count == 0
        assert load_line(session, ends, "fans", EVERY_PAGE)[-1].total is None
        assert not list_page_tokens(session)
        assert not has_insight_token(session)
        assert not health.get_freshness(session, UNTIL).has_readable
