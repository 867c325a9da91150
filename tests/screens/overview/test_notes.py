"""Notes on screens: the popover's list and form, what charts draw, and texts that mean harm."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from pages import activity
from pages.text import formats
from storage.db.installation import bump_data_version
from storage.jobs.events import list_events, record_event
from storage.models import Note
from storage.notes.notes import (
    NoteDraft,
    NoteRow,
    add_note,
    list_notes,
)
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, press, words_of
from tests.screens.figures import TODAY, day_of, fill, give_page, rising

HOSTILE = "<b>x</b> :material/delete: www.evil.com **y** [z](http://evil.com)"
THAT_DAY = ago(14)


def give_note(stage: Stage, text: str, day: date = THAT_DAY, **whom: Any) -> int:
    with stage.installation.database.writing() as session:
        return add_note(session, NoteDraft(day, text, **whom), NOW, by=THIS_COMPUTER)


def stored(stage: Stage) -> list[NoteRow]:
    """Every note that is for all Pages, or for Page 1 and its tags."""
    with stage.installation.database.reading() as session:
        return list_notes(session, since=ago(3_000), until=ago(-400), page_id="1")


def open_notes(
    stage: Stage, screen: str = "overview", query: dict[str, str | list[str]] | None = None
) -> AppTest:
    query = query or ({"id": "1"} if screen == "page" else None)
    return stage.open(screen, query, popover=f"notes-{screen}")


def events(stage: Stage) -> list[tuple[str, str]]:
    """What Activity tells, oldest first: the kind of each event and its sentence."""
    with stage.installation.database.reading() as session:
        return [(each.kind, activity.event(each)) for each in list_events(session)[::-1]]


def field_of(at: AppTest, kind: str, key: str) -> Any:
    """The widget of the form whose key begins so: the rest says where and for which turn."""
    (found,) = [each for each in at.get(kind) if (each.key or "").startswith(key)]
    return found


def drawn(at: AppTest) -> list[str]:
    """The labels of the notes on the first chart, rules alone included."""
    return [
        row["label"]
        for layer in charts_of(at)[0]["layer"]
        for row in layer.get("data", {}).get("values", [])
        if "label" in row
    ]


def said(at: AppTest) -> str:
    return words_of(at).replace("\\", "").replace("\u2060", "")


def test_a_note_is_written_and_drawn_and_an_empty_one_refused(stage: Stage) -> None:
    fill(stage, 3)
    at = open_notes(stage)
    assert "No notes in this period." in said(at)
    field_of(at, "text_input", "note-text").set_value(" \n ")
    at = press(at, "Add note")
    assert at.error[0].value == "Write what happened on that day."
    assert stored(stage) == []
    field_of(at, "text_input", "note-text").set_value("  Autumn\ncampaign ")
    field_of(at, "date_input", "note-day").set_value(THAT_DAY)
    at = press(at, "Add note")
    assert not at.exception
    (row,) = stored(stage)
    assert (row.day, row.text, row.page_id, row.tag_id) == (THAT_DAY, "Autumn campaign", None, None)
    assert [toast.value for toast in at.toast] == ["Note added."]
    said_of_it = f"A note of {formats.day(THAT_DAY)} for all Pages was written: “Autumn campaign”"
    assert events(stage)[-1] == ("noted", said_of_it)
    assert drawn(at) == ["Autumn campaign"]
    assert field_of(at, "text_input", "note-text").value == "", "the form begins anew"
    assert formats.weekday(THAT_DAY) in said(at)


def test_a_note_for_one_page_stands_on_its_chart_alone(stage: Stage) -> None:
    fill(stage, 3)
    at = open_notes(stage, "page")
    field_of(at, "text_input", "note-text").set_value("Shop moved")
    at = press(at, "Add note")
    assert not at.exception
    (row,) = stored(stage)
    assert row.page_id == "1"
    assert drawn(at) == ["Shop moved"]
    assert drawn(stage.open("page", {"id": "2"})) == []


def test_a_note_for_a_tag_stands_where_the_tag_is(stage: Stage) -> None:
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, "Brand", NOW, by=THIS_COMPUTER)
        tag_page(session, tag_id, "1", NOW, by=THIS_COMPUTER)
    at = open_notes(stage)
    field_of(at, "text_input", "note-text").set_value("Relaunch")
    field_of(at, "selectbox", "note-whom").set_value(f"tag {tag_id}")
    at = press(at, "Add note")
    assert drawn(at) == []
    assert drawn(stage.open("overview", {"tag": "Brand"})) == ["Relaunch"]
    assert drawn(stage.open("page", {"id": "1"})) == ["Relaunch"]
    assert drawn(stage.open("page", {"id": "2"})) == []
    at = open_notes(stage, query={"tag": "Brand"})
    assert "For Pages tagged “Brand”" in said(at)
    assert field_of(at, "selectbox", "note-whom").value == f"tag {tag_id}"


def test_a_note_is_changed(stage: Stage) -> None:
    fill(stage, 3)
    note = give_note(stage, "Befor", page_id="1")
    at = open_notes(stage, "page")
    at.button(key=f"note-edited-{note}").click().run()
    assert field_of(at, "text_input", "note-text").value == "Befor"
    field_of(at, "text_input", "note-text").set_value("After")
    field_of(at, "selectbox", "note-whom").set_value("all")
    at = press(at, "Save note")
    assert not at.exception
    (row,) = stored(stage)
    assert (row.id, row.text, row.day, row.page_id) == (note, "After", THAT_DAY, None)
    assert [toast.value for toast in at.toast] == ["Note changed."]
    changed = f"The note of {formats.day(THAT_DAY)} for all Pages was changed: “After”"
    assert events(stage)[-1] == ("note_changed", changed)


def test_notes_can_be_left_off_the_charts(stage: Stage) -> None:
    fill(stage, 3)
    give_note(stage, "Campaign")
    at = open_notes(stage)
    assert drawn(at) == ["Campaign"]
    at.toggle(key="notes-on-overview").set_value(False).run()
    assert not at.exception
    assert at.query_params["notes"] in ("hidden", ["hidden"])
    assert drawn(at) == []
    assert "Campaign" in said(at), "the list stays"
    assert drawn(stage.open("overview", {"notes": "nonsense"})) == ["Campaign"]
    at = stage.open("overview", {"notes": "hidden"})
    assert drawn(at) == []
    at.query_params.clear()  # as the navigation leads to the next screen
    at.run()
    assert at.query_params["notes"] == "hidden"


def test_any_text_is_plain(stage: Stage) -> None:
    fill(stage, 3)
    give_note(stage, HOSTILE)
    at = open_notes(stage)
    assert HOSTILE in said(at)
    for at_work in ("<b>x</b>", ":material/delete:", "**y**", "www.evil.com"):
        assert at_work not in words_of(at), "a text is at work"
    assert len(drawn(at)[0]) <= 24


def test_what_befell_the_pages_is_noted_by_itself(stage: Stage) -> None:
    grant_id = fill(stage, 2)
    days = [number for number in range(-40, TODAY + 1) if number not in (4, 5)]
    give_page(stage, "9", rising(500, 1, days), grant_id=grant_id, name="With a hole")
    with stage.installation.database.writing() as session:
        record_event(session, "connected", {"added": 2}, NOW - timedelta(days=7), grant_id=grant_id)
        bump_data_version(session)
    at = open_notes(stage)
    assert "Connected: Anna Keller, 2 Pages" in said(at)
    assert "Connected: an account gave this dashboard access" in said(at)
    assert drawn(at) == ["Connected"]
    at = open_notes(stage, "page", {"id": "9"})
    assert f"No figures {formats.span(day_of(4), day_of(5))}" in said(at)
    assert drawn(at) == ["Connected"], "the gap is a grey band already"


def test_many_notes_are_listed_in_part_and_say_so(stage: Stage) -> None:
    fill(stage, 2)
    for number in range(14):
        give_note(stage, f"Note {number:02d}", THAT_DAY + timedelta(days=number))
    at = open_notes(stage)
    assert "And 4 older notes: choose a shorter period to see them here." in said(at)
    # Once in the popover, and once under the chart, where all are.
    assert (said(at).count("Note 13"), said(at).count("Note 03")) == (2, 1)
    assert len(drawn(at)) == 14


def test_a_note_that_somebody_else_deleted_says_so(stage: Stage) -> None:
    fill(stage, 2)
    note = give_note(stage, "Gone soon")
    at = open_notes(stage)
    at.button(key=f"note-edited-{note}").click().run()
    with stage.installation.database.writing() as session:
        session.execute(delete(Note).where(Note.id == note))  # since the screen was drawn
    at = press(at, "Save note")
    assert at.error[0].value == "Somebody else has deleted this note. Nothing was saved."
