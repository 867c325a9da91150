"""What notes and tags say: automatic notes, whom a note is for, refusals, and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, get_args

import pytest

from pages import activity
from pages.charts.note_marks import MAX_LABEL_LENGTH
from pages.charts.timeline import Note
from pages.parts.activity.events_list import KINDS
from pages.ui.notes import note_text
from pages.ui.tags import tag_text
from storage.figures.unusual import Direction, UnusualDay
from storage.jobs.events import EVENT_KINDS, EventRecord
from storage.notes.notes import NoteRow
from storage.notes.outages import Outage
from storage.notes.timeline_events import Consent, Imported, Retired

DAY = date(2026, 11, 8)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Consent(DAY, "connected", "Anna Keller", 57), "Connected: Anna Keller, 57 Pages"),
        (Consent(DAY, "connected", "Anna Keller", 1), "Connected: Anna Keller, 1 Page"),
        (Consent(DAY, "renewed", "Ben Ortiz", 0), "Renewed: Ben Ortiz"),
        (Consent(DAY, "renewed", "Ben Ortiz", 12), "Renewed: Ben Ortiz, 12 Pages added"),
        (Consent(DAY, "renewed", "Ben Ortiz", 12, is_first=True), "Connected: Ben Ortiz"),
        (Consent(DAY, "connected", None, 0), "Connected: an account that was erased"),
    ],
)
def test_a_consent_says_who_and_how_many(found: Consent, text: str) -> None:
    assert note_text.consent(found).text == text
    assert note_text.consent(found).day == DAY


def test_an_outage_says_its_days_and_why_and_stands_on_the_first() -> None:
    why, last = "Pagekeeper was not running", date(2026, 11, 10)
    text = f"No figures 8 Nov – 10 Nov 2026: {why}"
    found = note_text.outage(Outage(DAY, last, "not_running"))
    assert found == Note(DAY, text, "outage", "No figures", last, why)
    text = "No figures 8 Nov 2026: Facebook refused"
    assert note_text.outage(Outage(DAY, DAY, "TooMuchData")).text == text


def test_reasons_of_several_outages_have_their_days() -> None:
    def why(*outages: Outage) -> str:
        return note_text.why_missing(outages, DAY, date(2026, 11, 20))

    off = Outage(date(2026, 11, 1), date(2026, 11, 10), "not_running")
    assert why() == why(Outage(date(2026, 11, 1), date(2026, 11, 7), "unknown")) == ""
    assert why(off, replace(off, since=DAY, until=DAY)) == "Pagekeeper was not running"
    limit = Outage(date(2026, 11, 19), date(2026, 11, 22), "RateLimited")
    said = "Pagekeeper was not running on 3, Facebook's limit was reached on 2"
    assert why(limit, off) == said
    others = [Outage(DAY, DAY, cause) for cause in ("frozen", "left_out", "unknown")]
    assert why(limit, off, *others).endswith("the account was frozen on 1, other reasons on 2")


def test_a_retired_metric_says_what_takes_its_place() -> None:
    assert note_text.retired(Retired(DAY, "Views", None)).text == "Retired by Facebook: Views"
    with_next = note_text.retired(Retired(DAY, "Views", "page_media_view"))
    assert with_next.text == "Retired by Facebook: Views, replaced by page_media_view"


def test_a_platform_wide_day_says_how_many_of_how_many_and_why() -> None:
    assert note_text.platform_wide(UnusualDay(DAY, 14, 0, 9)).text == (
        "9 of 14 Pages fell far more than usual on the same day: most likely a clean-up by Facebook"
    )
    assert get_args(Direction) == ("rose", "fell")


def test_every_automatic_kind_is_explained() -> None:
    notes = [
        note_text.consent(Consent(DAY, "connected", "A", 1)),
        note_text.consent(Consent(DAY, "renewed", "A", 1)),
        note_text.outage(Outage(DAY, DAY, "unknown")),
        note_text.imported(Imported(DAY, "a.csv")),
        note_text.retired(Retired(DAY, "Views", None)),
        note_text.platform_wide(UnusualDay(DAY, 9, 0, 9)),
    ]
    assert {note.kind for note in notes} == set(note_text.MEANINGS)
    assert all(0 < len(note.label) <= MAX_LABEL_LENGTH for note in notes), "a word for the chart"


def test_whom_a_note_is_for() -> None:
    assert note_text.whom(NoteRow(1, DAY, "x"), "7") == "all Pages"
    of_page = NoteRow(1, DAY, "x", page_id="7", page_name="Café")
    assert note_text.whom(of_page, "7") == "this Page"
    assert note_text.whom(of_page, None) == "Café"
    of_tag = NoteRow(1, DAY, "x", tag_id=1, tag_name="Brand")
    assert note_text.whom(of_tag, None) == "Pages tagged “Brand”"


@pytest.mark.parametrize("reason", ["empty", "too_long", "too_far", "too_early", "gone", "deleted"])
def test_every_refusal_of_a_note_has_a_sentence(reason: str) -> None:
    assert note_text.refusal(reason).endswith(".")


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = {"account_name": "Anna"}
A = {"tag_name": "A"}
CAFE = {"page_name": "Café"}


@pytest.mark.parametrize(
    ("kind", "facts", "names", "text"),
    [
        ("connected", {"added": 2, "kept": 1}, ANNA, "Anna was connected: 2 added, 1 kept"),
        ("connected", {}, {}, "An account that was erased was connected: no Page"),
        ("needs_renewal", {}, {}, "Facebook ended the access of an account that was erased"),
        ("tagged", {"pages": 57}, A, "57 Pages were tagged “A”"),
        ("tagged", {"pages": 1}, A, "1 Page was tagged “A”"),
        ("tagged", {"pages": 1}, {}, "1 Page was given a tag that was deleted"),
        ("untagged", {"pages": 2}, A, "2 Pages were taken out of “A”"),
        ("tag_renamed", {}, A, "The tag “A” was renamed"),
        ("tag_renamed", {}, {}, "A tag was renamed"),
        ("tag_deleted", {"pages": 0}, A, "The tag “A” was deleted; it had no Pages"),
        ("tag_deleted", {"pages": 0}, {}, "A tag was deleted; it had no Pages"),
        ("tag_deleted", {"pages": 2}, {}, "A tag was deleted; its 2 Pages stay"),
        ("tag_deleted", {"pages": 1}, {}, "A tag was deleted; its 1 Page stays"),
        ("noted", {"scope": "page"}, {}, "A note for a Page that was erased was written"),
        ("noted", {"scope": "page"}, CAFE | {"note_text": "x"}, "A note for Café was written: “x”"),
        ("note_changed", {"scope": "tag"}, A, "The note for Pages tagged “A” was changed"),
        ("note_deleted", {"scope": "tag"}, {}, "The note for a tag that was deleted was deleted"),
        (
            "goal_set",
            {"metric": "fans", "target": 5000, "due_day": "2027-03-01"},
            CAFE,
            "The goal of Café was set: 5,000 fans by 1 Mar 2027",
        ),
        ("goal_removed", {}, {}, "The goal of a Page that was erased was removed"),
        ("imported", {"days": 2}, {}, "2 days of past figures were imported from a file"),
        ("exported", {"what": "table", "format": "csv"}, {}, "The table was exported (CSV)"),
        (
            "exported",
            {"what": "report", "format": "html", "scope": "page"},
            CAFE,
            "A report of Café was exported (HTML)",
        ),
        (
            "deauthorized",
            {"scope": "account"},
            {"account_name": "Anna"},
            "Anna removed the app at Facebook; the history stays",
        ),
        (
            "deauthorized",
            {"scope": "page"},
            {"account_name": "Anna", **CAFE},
            "Café removed the app at Facebook: access through Anna ended",
        ),
        (
            "deauthorized",
            {"scope": "page"},
            {},
            "A Page that was erased removed the app at Facebook: access through an account that "
            "was erased ended",
        ),
        ("exported", {"what": "ledger", "format": "csv"}, {}, "What was done was exported (CSV)"),
        (
            "keys_rotated",
            {"values": 57},
            {},
            "The encryption keys were rotated: 57 values sealed anew",
        ),
        (
            "ledger_begun",
            {"entries": 1200},
            {},
            "The chain of entries begins here, and covers those before it (1,200)",
        ),
        (
            "ledger_rekeyed",
            {"entries": 9},
            {},
            "The chain goes on under a new key: the one before can't be opened",
        ),
        ("page_erased", {"days": 400}, {}, "A Page was erased with 400 days of figures"),
        (
            "account_erased",
            {"pages": 1, "days": 1},
            {},
            "An account was erased with 1 Page and 1 day of figures",
        ),
    ],
)
def test_activity_tells_what_was_done(
    kind: str, facts: dict[str, Any], names: dict[str, Any], text: str
) -> None:
    assert activity.event(EventRecord(NOON, kind, facts, **names)) == text


@pytest.mark.parametrize(
    ("count", "is_filtered", "text"),
    [
        (140, False, "all 140 Pages"),
        (1, False, "the one Page"),
        (57, True, "these 57 Pages"),
        (1, True, "this Page"),
        (0, True, "these 0 Pages"),
    ],
)
def test_which_pages_a_change_concerns(count: int, is_filtered: bool, text: str) -> None:
    assert tag_text.which(count, is_filtered=is_filtered) == text


def test_every_kind_of_event_is_in_one_choice_of_the_filter() -> None:
    assert sorted(chain.from_iterable(KINDS.values())) == sorted(EVENT_KINDS)
