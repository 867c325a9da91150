"""People and the account menu: what administrators can do, and everybody's way out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pages.text import people_text
from storage.jobs.events import list_events
from storage.models import PersonRow
from storage.people.person import THIS_COMPUTER, Person, Role, find_person
from storage.sign_in.people import (
    admit,
    change_role,
    find_by_address,
    let_in,
    list_people,
    remove,
)
from storage.sign_in.sessions import begin_session, list_sessions
from tests.screens.conftest import HOSTILE, NOW, SIGN_IN, Stage, open_dialog, press, words_of

BEN = "ben@agency.example"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


def add(stage: Stage, address: str = BEN, role: Role = "viewer") -> int:
    with stage.installation.database.writing() as session:
        return let_in(session, address, role, NOW, by=THIS_COMPUTER)


def come(stage: Stage, address: str = BEN, name: str = "Ben Ortiz") -> int:
    """Sign in as the sign-in service would."""
    with stage.installation.database.writing() as session:
        facts = {"issuer": "https://id.agency.example", "first_admin": None, "domains": ()}
        id = admit(session, subject=address, address=address, name=name, now=NOW, **facts)  # type: ignore[arg-type]
        begin_session(session, id, CHROME)
    return id


def role_of(stage: Stage, id: int) -> str:
    with stage.installation.database.reading() as session:
        return session.scalars(select(PersonRow.role).where(PersonRow.id == id)).one()


def newest_event(stage: Stage) -> tuple[str, str | None]:
    with stage.installation.database.reading() as session:
        (event,) = list_events(session, limit=1)
    return event.kind, event.by


def administer(stage: Stage) -> Person:
    """Sign in as an administrator who comes last in the table: the first row is chosen at first."""
    return stage.sign_in("admin", "zoe@agency.example")


def test_without_a_sign_in_there_is_a_sentence_and_no_menu(stage: Stage) -> None:
    at = stage.open("people")
    assert "Nobody signs in here" in words_of(at)
    assert "Sign out" not in words_of(at)
    assert not [box for box in at.get("popover") if "Your account" in str(box.proto)]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_is_for_administrators(stage: Stage, role: Role) -> None:
    stage.sign_in(role)
    said = words_of(stage.open("people"))
    assert "This is for administrators" in said
    assert "Let somebody in" not in said


def test_people_are_listed_and_domains_are_said(stage: Stage) -> None:
    stage.restart({**SIGN_IN, "SIGN_IN_DOMAINS": "agency.example"})
    administer(stage)
    add(stage)
    come(stage, name=HOSTILE)
    at = stage.open("people")
    table = at.dataframe[0].value
    assert list(table["address"]) == [BEN, "zoe@agency.example"]
    assert list(table["role"]) == ["Viewer", "Administrator"]
    assert list(table["sessions"]) == [1, 1]
    said = words_of(at)
    assert "2 people are let in." in said
    assert "come in as viewers by themselves" in said
    assert "<b>x</b>" not in "".join(header.value for header in at.header)
    assert "Chrome on Windows" in words_of(at)
    assert not at.exception


def test_somebody_is_let_in(stage: Stage) -> None:
    by = administer(stage)
    at = stage.open("people")
    open_dialog(at, lambda at: at.button(key="let-in").click())
    at.text_input(key="let-in-address").set_value("no address")
    at.button(key="let-in-yes").click().run()
    assert people_text.REFUSALS["address"] in words_of(at)
    open_dialog(at, lambda at: at.button(key="let-in").click())
    at.text_input(key="let-in-address").set_value("Ben@Agency.example ")
    at.radio(key="let-in-role").set_value("operator")
    at.button(key="let-in-yes").click().run()
    assert not at.exception
    with stage.installation.database.reading() as session:
        id = find_by_address(session, BEN)
    assert id is not None
    assert role_of(stage, id) == "operator"
    assert newest_event(stage) == ("let_in", by.key)


def test_a_role_is_changed(stage: Stage) -> None:
    by = administer(stage)
    ben = add(stage)
    at = stage.open("people")
    assert not [button for button in at.button if button.label.startswith("Make ")]
    at.selectbox(key=f"role-{ben}-viewer").set_value("operator").run()
    press(at, "Make operator")
    assert role_of(stage, ben) == "operator"
    assert newest_event(stage) == ("role_changed", by.key)
    assert "is operator now" in at.toast[0].value


def test_the_last_administrator_stays_one_and_it_is_said_why(stage: Stage) -> None:
    ann = administer(stage).id
    at = stage.open("people")
    at.selectbox(key=f"role-{ann}-admin").set_value("viewer").run()
    press(at, "Make viewer")
    assert people_text.REFUSALS["last_admin"] in words_of(at)
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ann}").click("Remove…"))
    at.button(key="remove-yes").click().run()
    assert people_text.REFUSALS["last_admin"] in words_of(at)
    assert role_of(stage, int(str(ann))) == "admin"


def test_a_person_is_removed_after_it_is_said_what_happens(stage: Stage) -> None:
    by = administer(stage)
    ben = add(stage)
    come(stage)
    at = stage.open("people")
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ben}").click("Remove…"))
    said = words_of(at)
    assert "signed out everywhere within three seconds" in said
    assert "stays recorded under their name" in said
    at.button(key="remove-yes").click().run()
    with stage.installation.database.reading() as session:
        assert [each.id for each in list_people(session)] == [by.id]
        assert list_sessions(session, ben) == []
    assert newest_event(stage) == ("person_removed", by.key)


def test_cancelling_changes_nothing(stage: Stage) -> None:
    administer(stage)
    ben = add(stage)
    come(stage)
    at = stage.open("people")
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ben}").click("Remove…"))
    at.button(key="remove-no").click().run()
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ben}").click("Free the sign-in…"))
    at.button(key="free-no").click().run()
    assert newest_event(stage)[0] == "let_in"


def test_a_sign_in_is_freed(stage: Stage) -> None:
    by = administer(stage)
    ben = add(stage)
    come(stage)
    at = stage.open("people")
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ben}").click("Free the sign-in…"))
    assert "account at the sign-in service was made anew" in words_of(at)
    at.button(key="free-yes").click().run()
    assert newest_event(stage) == ("binding_freed", by.key)
    at = stage.open("people")
    assert at.menu_button(key=f"person-more-{ben}").options == ["Remove…"]
    assert "Has not signed in yet." in words_of(at)


def test_somebody_is_signed_out_everywhere(stage: Stage) -> None:
    by = administer(stage)
    ben = add(stage)
    come(stage)
    come(stage)
    at = stage.open("people")
    at.menu_button(key=f"person-more-{ben}").click("Sign out everywhere").run()
    with stage.installation.database.reading() as session:
        assert list_sessions(session, ben) == []
    assert newest_event(stage) == ("signed_out_everywhere", by.key)


def test_a_press_on_somebody_removed_meanwhile_says_so(stage: Stage) -> None:
    administer(stage)
    ben = add(stage)
    at = stage.open("people")
    at.selectbox(key=f"role-{ben}-viewer").set_value("operator").run()
    open_dialog(at, lambda at: at.menu_button(key=f"person-more-{ben}").click("Remove…"))
    with stage.installation.database.writing() as session:
        remove(session, ben, NOW, by=THIS_COMPUTER)
    at.button(key="remove-yes").click().run()
    assert not at.exception
    assert newest_event(stage)[1] == THIS_COMPUTER.key


def test_an_administrator_lowered_meanwhile_changes_nobody(stage: Stage) -> None:
    ann = administer(stage).id
    ben = add(stage, role="admin")
    at = stage.open("people")
    at.selectbox(key=f"role-{ben}-admin").set_value("viewer").run()
    with stage.installation.database.writing() as session:
        change_role(session, int(str(ann)), "operator", NOW, by=THIS_COMPUTER)
    at.button(key=f"change-role-{ben}").click().run()
    assert "This is for administrators" in words_of(at)
    assert role_of(stage, ben) == "admin"


def test_hundreds_are_searched_and_paged(stage: Stage) -> None:
    administer(stage)
    with stage.installation.database.writing() as session:
        session.add_all(
            PersonRow(
                address=f"p{number:03}@agency.example",
                name=f"Person {number}",
                role="viewer",
                added_by="x",
                added_at=NOW,
            )
            for number in range(200)
        )
    at = stage.open("people")
    assert "1–25 of 201" in words_of(at)
    at.pagination[0].set_value(9).run()
    assert list(at.dataframe[0].value["address"]) == ["zoe@agency.example"]
    at.text_input(key="q").set_value("person 19").run()
    assert len(at.dataframe[0].value) == 12
    at.text_input(key="q").set_value("nobody").run()
    assert "Nobody here has such a name or address." in words_of(at)
    assert len(stage.open("people", {"q": "P007@"}).dataframe[0].value) == 1


def test_a_keyboard_chooses_by_the_whole_address(stage: Stage) -> None:
    administer(stage)
    for address in (f"a-{BEN}", BEN):
        add(stage, address)
    at = stage.open("people", {"q": BEN.title()})
    assert list(at.dataframe[0].value["address"]) == [BEN, f"a-{BEN}"]
    assert at.header[0].value.replace("\u2060", "") == BEN


@pytest.mark.parametrize("role", ["viewer", "admin"])
@pytest.mark.parametrize("screen", ["overview", "setup"])
def test_the_account_menu_is_on_every_screen(stage: Stage, role: Role, screen: str) -> None:
    person = stage.sign_in(role)
    at = stage.open(screen, popover="own-account")
    said = words_of(at)
    assert people_text.MAY[role] in said
    assert "ann@" in said
    assert "**A browser** (this one)" in said
    assert "Sign out everywhere" in said
    press(at, "Sign out")
    assert "You are signed out" in words_of(at)
    with stage.installation.database.reading() as session:
        assert find_person(session, str(person.session_id)) is None
    assert newest_event(stage) == ("signed_out", person.key)


def test_signing_out_everywhere_ends_the_other_browsers_too(stage: Stage) -> None:
    stage.sign_in("viewer")
    person = stage.sign_in("viewer")
    at = stage.open("overview", popover="own-account")
    press(at, "Sign out everywhere")
    assert "You are signed out" in words_of(at)
    with stage.installation.database.reading() as session:
        assert list_sessions(session, int(str(person.id))) == []
    assert newest_event(stage) == ("signed_out_everywhere", person.key)


def test_a_closed_account_menu_asks_nothing(stage: Stage) -> None:
    stage.sign_in("viewer")
    assert "Sign out" not in words_of(stage.open("overview"))
