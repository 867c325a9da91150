"""Notes on both databases: what they may say, whom they concern, and what follows by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.db.errors import NoteRefused
from storage.db.installation import get_data_version
from storage.jobs.events import list_events, record_event
from storage.models import Import, InsightMetric, Snapshot
from storage.models.base import THIS_COMPUTER_KEY
from storage.notes.notes import (
    MAX_TEXT,
    NoteDraft,
    add_note,
    change_note,
    delete_note,
    find_note,
    list_notes,
)
from storage.notes.outages import list_outages
from storage.notes.tags import create_tag, tag_page
from storage.notes.timeline_events import (
    Consent,
    Imported,
    Scope,
    list_consents,
    list_imports,
    list_retired,
)
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import LONG_AGO, add_grant, add_page, day, hold
from tests.integration.storage_rows import NOW
from tests.people import ADA, BEN, CLEO

pytestmark = pytest.mark.both_databases

TODAY_NOON = datetime.combine(day(20), time(12), tzinfo=UTC)
ALL = Scope()


def add(session: Session, text: str, number: int = 0, **whom: Any) -> int:
    return add_note(session, NoteDraft(day(number), text, **whom), TODAY_NOON, by=THIS_COMPUTER)


def texts(session: Session, page_id: str | None = None, tag_id: int | None = None) -> list[str]:
    tag_ids = () if tag_id is None else (tag_id,)
    found = list_notes(session, since=day(0), until=day(9), page_id=page_id, tag_ids=tag_ids)
    return [row.text for row in found]


def at(number: int, hour: int = 12) -> datetime:
    return datetime.combine(day(number), time(hour), tzinfo=UTC)


def test_a_note_concerns_the_charts_of_its_scope(database: Database) -> None:
    with database.writing() as session:
        for page_id in ("1", "2"):
            add_page(session, page_id)
        brand, other = (
            create_tag(session, "Brand", NOW, by=THIS_COMPUTER),
            create_tag(session, "Other", NOW, by=THIS_COMPUTER),
        )
        tag_page(session, brand, "1", NOW, by=THIS_COMPUTER)
        add(session, "all")
        add(session, "brand", tag_id=brand)
        add(session, "other", tag_id=other)
        add(session, "one", page_id="1")
        add(session, "two", page_id="2")
    with database.reading() as session:
        assert texts(session) == ["all"]
        assert texts(session, tag_id=brand) == ["all", "brand"]
        both = list_notes(session, since=day(0), until=day(9), tag_ids=(brand, other))
        assert [row.text for row in both] == ["all", "brand", "other"]
        assert texts(session, page_id="1") == ["all", "brand", "one"]
        assert texts(session, page_id="2") == ["all", "two"]
        assert texts(session, page_id="no such page") == ["all"]


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        (" \n\t\x07", 0, "empty"),
        ("x" * (MAX_TEXT + 1), 0, "too_long"),
        ("x", 20 + 367, "too_far"),
        ("x", -9000, "too_early"),
    ],
)
def test_a_note_that_can_not_be_is_refused(
    session: Session, text: str, number: int, reason: str
) -> None:
    with pytest.raises(NoteRefused) as refused:
        add(session, text, number)
    assert refused.value.reason == reason
    kept = add(session, "kept")
    with pytest.raises(NoteRefused):
        change_note(session, kept, NoteDraft(day(number), text), TODAY_NOON, by=THIS_COMPUTER)
    assert texts(session) == ["kept"]


@pytest.mark.parametrize("whom", [{"page_id": "9"}, {"tag_id": 9}])
def test_a_note_for_what_is_gone_is_refused(database: Database, whom: dict[str, Any]) -> None:
    with database.writing() as session, pytest.raises(NoteRefused, match="gone"):
        add(session, "x", **whom)


def test_a_note_may_be_up_to_a_year_ahead_and_as_old_as_facebook(database: Database) -> None:
    with database.writing() as session:
        add(session, "x" * MAX_TEXT, 20 + 366)
        add(session, "it began", (date(2004, 2, 4) - day(0)).days)
        found = list_notes(session, since=date(2004, 2, 4), until=day(20 + 366))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("<script>مرحبا</script> :material/delete: 👩‍👩‍👧",) * 2,
        ("a\0b\ud800", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_any_text_is_kept_on_one_line(database: Database, text: str, kept: str) -> None:
    with database.writing() as session:
        add(session, text)
    with database.reading() as session:
        assert texts(session) == [kept]


def test_a_note_is_changed_and_deleted(session: Session) -> None:
    add_page(session, "1")
    note = add(session, "before", page_id="1")
    assert change_note(session, note, NoteDraft(day(3), "after"), TODAY_NOON, by=THIS_COMPUTER)
    (row,) = list_notes(session, since=day(0), until=day(9))
    assert (row.day, row.text, row.page_id) == (day(3), "after", None)
    assert find_note(session, note) == row
    assert delete_note(session, note, TODAY_NOON, by=THIS_COMPUTER)
    assert find_note(session, note) is None
    assert not delete_note(session, note, TODAY_NOON, by=THIS_COMPUTER)
    assert not change_note(session, note, NoteDraft(day(3), "x"), TODAY_NOON, by=THIS_COMPUTER)


def test_every_write_is_recorded_with_its_author_and_seen(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1", name="Café")
        versions = [get_data_version(session)]
        note = add_note(session, NoteDraft(day(1), "A", "1"), NOW, by=ADA)
        versions.append(get_data_version(session))
        change_note(session, note, NoteDraft(day(2), "B"), NOW, by=BEN)
        versions.append(get_data_version(session))
        change_note(session, note, NoteDraft(day(2), "B"), NOW, by=CLEO)
        delete_note(session, note, NOW, by=THIS_COMPUTER)
        versions.append(get_data_version(session))
        events = list_events(session)[::-1]
    assert versions == sorted(set(versions))
    assert [(each.kind, each.by, each.page_name, each.note_text) for each in events] == [
        ("noted", "Ada", "Café", None),
        ("note_changed", "Ben", None, None),
        ("note_deleted", THIS_COMPUTER_KEY, None, None),
    ]
    assert events[0].facts == {"day": str(day(1)), "scope": "page"}
    assert events[1].facts == {"day": str(day(2)), "scope": "all"}


def test_consents_concern_the_pages_that_the_account_holds(session: Session) -> None:
    anna = add_grant(session, "a", account_name="Anna Keller")
    ben = add_grant(session, "b", account_name="Ben Ortiz")
    add_page(session, "1")
    add_page(session, "2")
    hold(session, anna, "1")
    tag = create_tag(session, "T", NOW, by=THIS_COMPUTER)
    tag_page(session, tag, "2", NOW, by=THIS_COMPUTER)
    record_event(session, "connected", {"added": 2}, at(1), grant_id=anna)
    record_event(session, "connected", {"added": 5}, at(2), grant_id=ben)
    record_event(session, "renewed", {"added": 0}, at(3, 23), grant_id=anna)
    record_event(session, "frozen", {}, at(3), grant_id=anna)
    record_event(session, "renewed", {}, at(4, 0), grant_id=anna)
    anna_s = [
        Consent(day(1), "connected", "Anna Keller", 2),
        Consent(day(3), "renewed", "Anna Keller", 0),
    ]
    ben_s = Consent(day(2), "connected", "Ben Ortiz", 5)

    def ask(scope: Scope) -> list[Consent]:
        return list_consents(session, scope, since=day(0), until=day(3))

    assert ask(ALL) == [anna_s[0], ben_s, anna_s[1]]
    assert ask(Scope(page_id="1")) == anna_s
    assert ask(Scope(page_id="2")) == []
    assert ask(Scope(tag_ids=(tag,))) == []
    tag_page(session, tag, "1", NOW, by=THIS_COMPUTER)
    assert ask(Scope(tag_ids=(tag,))) == anna_s


def test_what_was_before_a_page_came_does_not_concern_it(database: Database) -> None:
    with database.writing() as session:
        anna = add_grant(session, "a", account_name="Anna Keller")
        add_page(session, "1", first_seen_at=at(3))
        hold(session, anna, "1")
        for number in (1, 3, 5):
            record_event(session, "renewed", {"added": 1}, at(number), grant_id=anna)
        found = list_consents(session, Scope(page_id="1"), since=day(0), until=day(9))
    assert [(each.day, each.is_first) for each in found] == [(day(3), True), (day(5), False)]


def test_an_outage_is_a_run_of_days_without_any_snapshot(session: Session) -> None:
    add_page(session, "1", {0: 5, 1: 5, 4: 5, 5: 5, 8: 5, 9: 5})
    add_page(session, "2", {1: 5, 2: 5, 9: 5})
    add_page(session, "3")
    tag = create_tag(session, "T", NOW, by=THIS_COMPUTER)
    tag_page(session, tag, "2", NOW, by=THIS_COMPUTER)

    def ask(scope: Scope, since: int, until: int) -> list[tuple[date, date]]:
        found = list_outages(session, scope, since=day(since), until=day(until))
        return [(outage.since, outage.until) for outage in found]

    assert ask(ALL, -5, 9) == [(day(3), day(3)), (day(6), day(7))]
    assert ask(Scope(page_id="1"), -5, 9) == [(day(2), day(3)), (day(6), day(7))]
    assert ask(Scope(tag_ids=(tag,)), -5, 9) == [(day(3), day(8))]
    assert ask(Scope(page_id="3"), -5, 9) == [], "nobody has ever counted it"
    assert ask(ALL, 7, 9) == [(day(7), day(7))], "it began before the period"
    assert ask(ALL, 0, 10) == ask(ALL, 0, 9), "today's snapshot is to come"
    assert ask(ALL, 0, 11)[-1] == (day(10), day(11))
    assert ask(ALL, 12, 14) == [(day(12), day(14))]
    assert ask(ALL, -9, -2) == []


def test_an_import_concerns_the_pages_in_its_file(session: Session) -> None:
    for page_id in ("1", "2"):
        add_page(session, page_id, {0: 5})
    tags = [create_tag(session, name, NOW, by=THIS_COMPUTER) for name in ("A", "B")]
    for tag, page_id in zip(tags, ("1", "2"), strict=True):
        tag_page(session, tag, page_id, NOW, by=THIS_COMPUTER)
    facts = {"equal_count": 0, "conflicting_count": 0, "refused_count": 0, "new_count": 1}
    done = {"file_name": "fans.csv", "imported_at": at(3), "undone_at": None}
    undone = {"file_name": "wrong.csv", "imported_at": at(4), "undone_at": at(5)}
    rows = [{**facts, **row} for row in (done, undone)]
    first, _ = session.scalars(insert(Import).returning(Import.id), rows)
    session.execute(
        insert(Snapshot).values(
            page_id="1",
            day=day(-3),
            fans_count=4,
            fans_source=f"import:{first}",
            fetched_at=LONG_AGO,
        )
    )
    imported = [Imported(day(3), "fans.csv")]

    def ask(scope: Scope, until: int = 9) -> list[Imported]:
        return list_imports(session, scope, since=day(0), until=day(until))

    assert ask(ALL) == ask(Scope(page_id="1")) == ask(Scope(tag_ids=(tags[0],))) == imported
    assert ask(Scope(page_id="2")) == ask(Scope(tag_ids=(tags[1],))) == []
    assert ask(ALL, until=2) == []


def test_a_metric_that_facebook_ended_is_told_on_its_day(session: Session) -> None:
    row = session.scalar(select(InsightMetric).order_by(InsightMetric.position).limit(1))
    assert row is not None
    row.retired_on, row.replaced_by = day(3), "Something else"
    session.flush()
    found = list_retired(session, since=day(0), until=day(9))
    assert [(each.day, each.replaced_by) for each in found] == [(day(3), "Something else")]
    assert list_retired(session, since=day(4), until=day(9)) == []
