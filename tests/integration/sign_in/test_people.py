"""People: who comes in, who stays out, and that an administrator is always left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.jobs.events import list_events
from storage.models import PersonRow, SignInSession
from storage.people.person import THIS_COMPUTER, NotAllowed, Person, find_person, key_of
from storage.sign_in.people import (
    MAX_ADDRESS,
    NotAdmitted,
    PersonRefused,
    change_role,
    find_by_address,
    free_binding,
    has_admin,
    let_in,
    list_people,
    remove,
    sign_out_everywhere,
)
from storage.sign_in.sessions import list_sessions, sign_in
from tests.integration.sign_in.sign_in_rows import ANN, BEN, add_person, come, enter, kinds_of
from tests.present import NOW

ROUNDS = 10


def role_of(session: Session, person_id: int) -> str:
    return session.scalars(select(PersonRow.role).where(PersonRow.id == person_id)).one()


def refusal(act: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    with pytest.raises((PersonRefused, NotAdmitted)) as refused:
        act(*arguments, **named)
    return str(refused.value)


@pytest.mark.both_databases
def test_the_first_administrator_comes_in_by_setting_once(session: Session) -> None:
    assert not has_admin(session)
    ann = come(session, first_admin=ANN)
    assert role_of(session, ann) == "admin"
    assert has_admin(session)
    assert kinds_of(session) == ["let_in"]
    change_role(session, add_person(session, BEN), "admin", NOW, by=THIS_COMPUTER)
    change_role(session, ann, "viewer", NOW, by=THIS_COMPUTER)
    assert come(session, first_admin=ANN) == ann
    assert role_of(session, ann) == "viewer", "there is another one by now"
    assert refusal(come, session, "cleo@agency.example", "s3", first_admin="cleo@agency.example")


def test_somebody_let_in_before_becomes_the_first_administrator(session: Session) -> None:
    ann = add_person(session)
    assert come(session, first_admin=ANN) == ann
    assert role_of(session, ann) == "admin"
    (event, _) = list_events(session)
    assert (event.kind, event.facts, event.by) == (
        "role_changed",
        {"person": ann, "role": "admin"},
        key_of(ann),
    )


def test_case_and_spaces_of_an_address_are_no_difference(session: Session) -> None:
    ann = add_person(session, "  ANN@Agency.EXAMPLE\n")
    assert come(session, ANN.title()) == ann == find_by_address(session, f" {ANN.upper()}")
    assert [each.address for each in list_people(session)] == [ANN]


def test_an_address_with_a_letter_that_folds_is_another(session: Session) -> None:
    add_person(session, "kim@agency.example")
    assert refusal(come, session, "\N{KELVIN SIGN}im@agency.example") == "stranger"


def test_whoever_has_an_address_of_a_domain_comes_in_as_a_viewer(session: Session) -> None:
    ann = come(session, domains=("agency.example",))
    assert role_of(session, ann) == "viewer"
    (event,) = list_events(session)
    assert (event.kind, event.facts) == ("let_in", {"person": ann, "role": "viewer"})


def test_a_stranger_stays_out(session: Session) -> None:
    for address in (
        *("ann@else.example", "ann@sub.agency.example", "ann@notagency.example", ""),
        *("agency.example", "@agency.example", "ann@else.example@agency.example"),
        "an n@agency.example",
    ):
        assert refusal(come, session, address, domains=("agency.example",)) == "stranger", address
    assert list_people(session) == []


@pytest.mark.both_databases
def test_an_address_of_another_sign_in_stays_out_until_it_is_freed(session: Session) -> None:
    ann = add_person(session)
    come(session)
    assert refusal(come, session, subject="s2") == "other_subject"
    assert refusal(come, session, issuer="https://else.example") == "other_subject"
    person = enter(session, ann)
    free_binding(session, ann, NOW, by=THIS_COMPUTER)
    assert find_person(session, str(person.session_id)) is None
    assert come(session, subject="s2") == ann
    assert refusal(come, session) == "other_subject"
    assert kinds_of(session) == ["let_in", "binding_freed"]


def test_there_is_nothing_to_free_before_the_first_sign_in(session: Session) -> None:
    ann = add_person(session)
    assert refusal(free_binding, session, ann, NOW, by=THIS_COMPUTER) == "unbound"


def test_a_new_address_at_the_sign_in_service_is_the_same_person(session: Session) -> None:
    ann = add_person(session)
    come(session)
    assert come(session, "ann.new@agency.example", name="  Ann\n New ") == ann
    (listed,) = list_people(session)
    assert (listed.address, listed.name) == (ANN, "Ann New")


@pytest.mark.both_databases
@pytest.mark.parametrize("subject", ["s1", "s2"])
def test_a_removed_person_stays_out_until_they_are_let_in(session: Session, subject: str) -> None:
    ann = add_person(session, role="operator")
    come(session)
    person = enter(session, ann)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    assert find_person(session, str(person.session_id)) is None
    assert refusal(come, session, domains=("agency.example",)) == "removed"
    assert refusal(come, session, "a@agency.example", domains=("agency.example",)) == "removed"
    assert refusal(come, session, subject="s2", domains=("agency.example",)) == "removed"
    assert list_people(session) == []
    assert find_by_address(session, ANN) is None
    assert refusal(remove, session, ann, NOW, by=THIS_COMPUTER) == "unknown"
    assert let_in(session, ANN, "viewer", NOW, by=THIS_COMPUTER) == ann
    assert come(session, subject=subject) == ann
    assert role_of(session, ann) == "viewer"
    assert find_person(session, str(person.session_id)) is None, "what has ended stays so"


@pytest.mark.both_databases
def test_a_removed_person_can_be_let_in_under_another_address(session: Session) -> None:
    ann = add_person(session)
    come(session)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    again = add_person(session, "ann.new@agency.example")
    assert come(session, "ann.new@agency.example") == again != ann


def test_what_is_no_address_is_not_let_in(session: Session) -> None:
    for address in (
        *("", "ann", "ann@", "@agency.example", "ann@localhost", "an n@agency.example", "ann@."),
        *("a@b@c.example", "an\u202en@agency.example", "a" * MAX_ADDRESS + "@agency.example"),
    ):
        why = refusal(let_in, session, address, "viewer", NOW, by=THIS_COMPUTER)
        assert why == "address", address


def test_nothing_is_changed_twice(session: Session) -> None:
    ann = add_person(session)
    assert refusal(let_in, session, ANN.upper(), "admin", NOW, by=THIS_COMPUTER) == "taken"
    assert refusal(change_role, session, ann, "viewer", NOW, by=THIS_COMPUTER) == "same"
    assert refusal(change_role, session, 999, "viewer", NOW, by=THIS_COMPUTER) == "unknown"
    assert kinds_of(session) == ["let_in"]


@pytest.mark.both_databases
def test_the_last_administrator_is_neither_lowered_nor_removed(session: Session) -> None:
    ann, ben = add_person(session, role="admin"), add_person(session, BEN)
    for by in (enter(session, ann), THIS_COMPUTER):
        assert refusal(change_role, session, ann, "operator", NOW, by=by) == "last_admin"
        assert refusal(remove, session, ann, NOW, by=by) == "last_admin"
    change_role(session, ben, "admin", NOW, by=THIS_COMPUTER)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    assert refusal(remove, session, ben, NOW, by=THIS_COMPUTER) == "last_admin"
    add_person(session, ANN)
    assert refusal(change_role, session, ben, "viewer", NOW, by=THIS_COMPUTER) == "last_admin"


@pytest.mark.both_databases
@pytest.mark.parametrize("is_removal", [False, True])
def test_of_two_administrators_at_each_other_one_stays(
    database: Database, is_removal: bool
) -> None:
    with database.writing() as session:
        ids = [add_person(session, address, "admin") for address in (ANN, BEN)]
    begin = threading.Barrier(2)

    def strike(by: Person, other: int) -> str:
        begin.wait()
        try:
            with database.writing() as session:
                if is_removal:
                    remove(session, other, NOW, by=by)
                else:
                    change_role(session, other, "viewer", NOW, by=by)
        except (PersonRefused, NotAllowed) as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as threads:
        for number in range(ROUNDS):
            with database.writing() as session:
                people = [enter(session, id) for id in ids]
            # The command line is stopped by the rule itself, a person by their role before it.
            by = people if number % 2 else [THIS_COMPUTER, THIS_COMPUTER]
            outcomes = sorted(threads.map(strike, by, reversed(ids)))
            assert outcomes == sorted(["done", "NotAllowed" if number % 2 else "PersonRefused"])
            with database.writing() as session:
                assert has_admin(session)
                (left,) = [each.id for each in list_people(session) if each.role == "admin"]
                (other,) = {*ids} - {left}
                if is_removal:
                    add_person(session, ANN if other == ids[0] else BEN, "admin")
                else:
                    change_role(session, other, "admin", NOW, by=THIS_COMPUTER)


@pytest.mark.both_databases
def test_of_two_accounts_with_one_address_at_once_one_comes_in(database: Database) -> None:
    begin = threading.Barrier(2)

    def arrive(subject: str) -> str:
        begin.wait()
        try:
            with database.writing() as session:
                come(session, subject=subject, domains=("agency.example",))
        except NotAdmitted as refused:
            return refused.reason
        return "in"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(arrive, ("s1", "s2"))) == ["in", "other_subject"]
    with database.reading() as session:
        assert len(list_people(session)) == 1


@pytest.mark.both_databases
def test_whoever_signs_in_while_they_are_removed_is_out(database: Database) -> None:
    begin = threading.Barrier(2)

    def arrive(address: str) -> None:
        begin.wait()
        with suppress(NotAdmitted), database.writing() as session:
            sign_in(session, come(session, address, address), "a browser", NOW, replaces=None)

    def take_away(person_id: int) -> None:
        begin.wait()
        with database.writing() as session:
            remove(session, person_id, NOW, by=THIS_COMPUTER)

    with ThreadPoolExecutor(2) as threads:
        for number in range(ROUNDS):
            address = f"ann-{number}@agency.example"
            with database.writing() as session:
                id = add_person(session, address)
            done = [threads.submit(arrive, address), threads.submit(take_away, id)]
            for each in done:
                each.result()
            with database.reading() as session:
                assert list_sessions(session, id) == []
                held = select(SignInSession.id).where(SignInSession.ended_at.is_(None))
                assert session.scalars(held).all() == []


def test_only_administrators_change_people(session: Session) -> None:
    ann, ben = add_person(session, role="admin"), add_person(session, BEN, "operator")
    by = enter(session, ben)
    for act in (
        lambda: let_in(session, "cleo@agency.example", "viewer", NOW, by=by),
        lambda: change_role(session, ben, "admin", NOW, by=by),
        lambda: remove(session, ann, NOW, by=by),
        lambda: free_binding(session, ann, NOW, by=by),
        lambda: sign_out_everywhere(session, ann, NOW, by=by),
    ):
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.needed == "admin"
    assert kinds_of(session) == ["let_in", "let_in"]


@pytest.mark.both_databases
def test_everybody_signs_themselves_out_everywhere(session: Session) -> None:
    ann, ben = add_person(session, role="admin"), add_person(session, BEN)
    enter(session, ann)
    by, _ = enter(session, ben), enter(session, ben)
    assert sign_out_everywhere(session, ben, NOW, by=by) == 2
    assert (list_sessions(session, ben), len(list_sessions(session, ann))) == ([], 1)
    newest, *_ = list_events(session)
    assert (newest.kind, newest.facts, newest.by) == (
        "signed_out_everywhere",
        {"person": ben, "sessions": 2},
        by.key,
    )


@pytest.mark.both_databases
def test_the_list_has_who_was_seen_and_their_sessions(session: Session) -> None:
    ben, ann = add_person(session, BEN), add_person(session, role="admin")
    come(session)
    by, _ = enter(session, ann), enter(session, ann)
    first, second = list_people(session)
    assert (first.id, first.role, first.has_signed_in, first.sessions_count) == (
        ann,
        "admin",
        True,
        2,
    )
    assert first.seen_at is not None
    assert (second.id, second.has_signed_in, second.seen_at, second.sessions_count) == (
        ben,
        False,
        None,
        0,
    )
    sign_out_everywhere(session, ann, NOW, by=by)
    listed, _ = list_people(session)
    assert (listed.sessions_count, listed.seen_at) == (0, first.seen_at)
