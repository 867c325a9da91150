"""Who did it: events with people's present names, by person, and sign-ins for administrators."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from pages.parts.activity.events_list import find_who
from storage.export.ledger_file import export_ledger
from storage.jobs.events import (
    EVERY_EVENT,
    PEOPLE_KINDS,
    EventFilter,
    EventRecord,
    count_events,
    list_doers,
    list_events,
    record_event,
)
from storage.people.person import THIS_COMPUTER, command_line, load_people_names
from storage.sign_in.people import (
    change_role,
    free_binding,
    let_in,
    remove,
    sign_out_everywhere,
)
from storage.sign_in.sessions import find_by_secret, sign_in, sign_out
from tests.integration.sign_in.sign_in_rows import ANN, BEN, add_person, come, enter
from tests.present import NOW

pytestmark = pytest.mark.both_databases

HOSTILE = "=1+1 <b>*x*</b>\u202e"


def rows_of(session: Session, filter: EventFilter) -> list[dict[str, str]]:
    content = export_ledger(session, filter, lambda event: event.kind, find_who)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def do_everything(session: Session) -> int:
    """One event of each kind on people, and one of another; returns whom they are about."""
    ann = add_person(session)
    come(session)
    change_role(session, ann, "operator", NOW, by=THIS_COMPUTER)
    person = find_by_secret(session, sign_in(session, ann, "a browser", NOW, replaces=None))
    assert person is not None
    record_event(session, "feed_made", {}, NOW, by=person)
    sign_out(session, person, NOW)
    sign_out_everywhere(session, ann, NOW, by=THIS_COMPUTER)
    free_binding(session, ann, NOW, by=THIS_COMPUTER)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    return ann


def test_sign_ins_and_people_are_left_out_unless_they_are_asked_for(session: Session) -> None:
    do_everything(session)
    assert {event.kind for event in list_events(session)} == {*PEOPLE_KINDS, "feed_made"}
    for filter in (EventFilter(), EventFilter(kinds=PEOPLE_KINDS), EventFilter(by=("person:1",))):
        kinds = [event.kind for event in list_events(session, filter)]
        assert {*kinds} <= {"feed_made"}
        assert count_events(session, filter) == len(kinds) == len(rows_of(session, filter))
    assert count_events(session, EventFilter()) == 1
    assert list_doers(session, has_people=False) == ["person:1"]
    assert list_doers(session, has_people=True) == ["person:1", THIS_COMPUTER.key]


def test_names_are_the_present_ones_and_stay_known_after_a_removal(session: Session) -> None:
    ann = do_everything(session)
    let_in(session, ANN, "viewer", NOW, by=THIS_COMPUTER)
    come(session, name="Ann Before")
    come(session, name=HOSTILE)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    (event,) = list_events(session, EventFilter())
    assert (event.by, event.by_name) == (f"person:{ann}", HOSTILE)
    removal, *_ = list_events(session)
    assert (removal.kind, removal.by_name, removal.person_name) == ("person_removed", None, HOSTILE)
    (row,) = rows_of(session, EventFilter())
    assert row["by"] == f"person:{ann}"
    assert row["who"].startswith("'=1+1"), "no formula in a spreadsheet"
    assert "\u202e" not in row["who"]
    assert find_who(event) == "=1+1 <b>*x*</b>"


def test_events_are_found_by_who_did_them(session: Session) -> None:
    ann, ben = (enter(session, add_person(session, address)) for address in (ANN, BEN))
    for number, by in enumerate((ann, ben, ann, command_line("root"), None)):
        record_event(session, "feed_made", {}, NOW + timedelta(seconds=number), by=by)
    for keys, count in (
        ((ann.key,), 2),
        ((ann.key, ben.key), 3),
        (("command line (root)",), 1),
        (("person:999",), 0),
        (("person:1'--",), 0),
    ):
        filter = EventFilter(by=keys)
        assert count_events(session, filter) == len(list_events(session, filter)) == count
    assert list_doers(session, has_people=False) == ["command line (root)", ann.key, ben.key]
    assert count_events(session, EVERY_EVENT) == 7


def test_who_did_not_sign_in_is_said_as_it_is_stored() -> None:
    def who(by: str | None, name: str | None = None, kind: str = "noted") -> str:
        return find_who(EventRecord(NOW, kind, {}, by, name))

    assert who("this computer") == "This computer"
    assert who("command line (root)") == "Command line (root)"
    assert who(None) == "Dashboard"
    assert who(None, kind="page_moved") == "Facebook"
    assert who("person:1", "ann@agency.example") == "ann@agency.example"
    assert who("person:1", "ann\nlee") == "ann lee"


def test_two_people_of_one_name_are_told_apart(session: Session) -> None:
    come(session, ANN, "s1", name="Ann Lee", domains=("agency.example",))
    come(session, BEN, "s2", name="Ann Lee", domains=("agency.example",))
    come(session, "cleo@agency.example", "s3", name="Cleo", domains=("agency.example",))
    assert load_people_names(session, [f"person:{id}" for id in (1, 2, 3)]) == {
        "person:1": f"Ann Lee ({ANN})",
        "person:2": f"Ann Lee ({BEN})",
        "person:3": "Cleo",
    }
