"""What notes and tags say: automatic notes, whom a note is for, refusals, and events."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from pages import activity
from pages.charts.timeline import Note
from pages.ui.notes import note_text
from pages.ui.tags import tag_text
from storage.figures.unusual import Direction, UnusualDay
from storage.notes.notes import NoteRow
from storage.notes.timeline_events import Consent, Imported, Outage, Retired

DAY = date(2026, 11, 8)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Consent(DAY, "connected", "Anna Keller", 57), "Connected: Anna Keller, 57 Pages"),
        (Consent(DAY, "connected", "Anna Keller", 1), "Connected: Anna Keller, 1 Page"),
        (Consent(DAY, "renewed", "Ben Ortiz", 0), "Renewed: Ben Ortiz"),
        (Consent(DAY, "renewed", "Ben Ortiz", 12), "Renewed: Ben Ortiz, 12 Pages added"),
        (Consent(DAY, "renewed", "Ben Ortiz", 12, is_first=True), "Connected: Ben Ortiz"),
        (Consent(DAY, "connected", "", 0), "Connected: An account"),
    ],
)
def test_a_consent_says_who_and_how_many(found: Consent, text: str) -> None:
    assert note_text.consent(found).text == text
    assert note_text.consent(found).day == DAY


def test_an_outage_says_its_days_and_stands_on_the_first() -> None:
    long = note_text.outage(Outage(DAY, date(2026, 11, 10)))
    assert long == Note(DAY, "No snapshot 8 Nov – 10 Nov 2026", "outage")
    assert note_text.outage(Outage(DAY, DAY)).text == "No snapshot 8 Nov 2026"


def test_a_retired_metric_says_what_takes_its_place() -> None:
    assert note_text.retired(Retired(DAY, "Views", None)).text == "Retired by Facebook: Views"
    with_next = note_text.retired(Retired(DAY, "Views", "page_media_view"))
    assert with_next.text == "Retired by Facebook: Views, replaced by page_media_view"


def test_a_platform_wide_day_says_how_many_of_how_many_and_why() -> None:
    assert note_text.platform_wide(UnusualDay(DAY, 14, 0, 9)).text == (
        "9 of 14 Pages fell beyond their own noise on the same day: "
        "most likely a clean-up by Facebook"
    )
    assert get_args(Direction) == ("rose", "fell")


def test_every_automatic_kind_is_explained() -> None:
    notes = [
        note_text.consent(Consent(DAY, "connected", "A", 1)),
        note_text.consent(Consent(DAY, "renewed", "A", 1)),
        note_text.outage(Outage(DAY, DAY)),
        note_text.imported(Imported(DAY, "a.csv")),
        note_text.retired(Retired(DAY, "Views", None)),
        note_text.platform_wide(UnusualDay(DAY, 9, 0, 9)),
    ]
    assert {note.kind for note in notes} == set(note_text.MEANINGS)


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


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        ("tagged", {"tag": "A", "pages": 57}, "57 Pages were tagged “A”"),
        ("tagged", {"tag": "A", "pages": 1}, "1 Page was tagged “A”"),
        ("untagged", {"tag": "A", "pages": 2}, "2 Pages were taken out of “A”"),
        ("tag_renamed", {"tag": "A", "new": "B"}, "The tag “A” is now called “B”"),
        ("tag_deleted", {"tag": "A", "pages": 0}, "The tag “A” was deleted; it had no Pages"),
        ("tag_deleted", {"tag": "A", "pages": 2}, "The tag “A” was deleted; its 2 Pages stay"),
        ("tag_deleted", {"tag": "A", "pages": 1}, "The tag “A” was deleted; its 1 Page stays"),
    ],
)
def test_activity_tells_what_was_done_with_a_tag(
    kind: str, facts: dict[str, object], text: str
) -> None:
    assert activity.event(kind, None, facts) == text


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
