"""Sessions: they end by age, without use, and by whoever ends them; nothing brings one back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.db.clock import read_clock
from storage.jobs.events import list_events
from storage.models import SignInSession
from storage.people.person import (
    IDLE_SECONDS,
    SESSION_SECONDS,
    THIS_COMPUTER,
    NotAllowed,
    find_person,
    require,
)
from storage.sign_in.people import change_role, remove
from storage.sign_in.sessions import (
    ENDED_SECONDS,
    MAX_BROWSER,
    begin_session,
    end_session,
    end_sessions,
    find_by_secret,
    find_roles,
    list_sessions,
    note_use,
    sign_in,
    sign_out,
)
from tests.integration.sign_in.sign_in_rows import (
    ANN,
    BEN,
    add_person,
    come,
    enter,
    kinds_of,
    pass_time,
)
from tests.present import NOW

pytestmark = pytest.mark.both_databases

# The database's clock goes on while a test runs.
SLACK_SECONDS = 60
HALF_SECONDS = IDLE_SECONDS // 2


def test_a_session_is_found_by_its_secret_only(session: Session) -> None:
    ann = add_person(session, role="operator")
    secret = begin_session(session, ann, "a browser")
    person = find_by_secret(session, secret)
    assert person is not None
    assert (person.id, person.role, person.address, person.name) == (ann, "operator", ANN, ANN)
    row = session.scalars(select(SignInSession)).one()
    assert secret not in (row.id, row.secret_hash)
    for other in ("", secret[:-1], row.id, row.secret_hash, "\x00"):
        assert find_by_secret(session, other) is None


def test_a_session_ends_without_use(session: Session) -> None:
    person = enter(session, add_person(session))
    pass_time(session, seconds=IDLE_SECONDS - SLACK_SECONDS)
    assert find_person(session, str(person.session_id)) is not None
    pass_time(session, seconds=SLACK_SECONDS)
    assert find_person(session, str(person.session_id)) is None


def test_use_moves_the_end_but_brings_no_session_back(session: Session) -> None:
    id = str(enter(session, add_person(session)).session_id)
    for _ in range(2):
        pass_time(session, seconds=IDLE_SECONDS - SLACK_SECONDS)
        note_use(session, id)
    assert find_person(session, id) is not None
    pass_time(session, seconds=IDLE_SECONDS)
    note_use(session, id)
    assert find_person(session, id) is None


def test_use_is_that_of_one_session(session: Session) -> None:
    ann = add_person(session)
    used, other = (str(enter(session, ann).session_id) for _ in range(2))
    pass_time(session, seconds=HALF_SECONDS)
    note_use(session, used)
    pass_time(session, seconds=HALF_SECONDS)
    assert (find_person(session, other), find_roles(session, [used, other])) == (
        None,
        {used: "viewer"},
    )


def test_a_session_ends_by_age_however_much_it_is_used(session: Session) -> None:
    id = str(enter(session, add_person(session)).session_id)
    for _ in range(SESSION_SECONDS // HALF_SECONDS):
        note_use(session, id)
        assert find_person(session, id) is not None
        pass_time(session, seconds=HALF_SECONDS)
    note_use(session, id)
    assert find_person(session, id) is None


def test_the_clock_of_the_database_decides(session: Session) -> None:
    # NOW is this machine's in tests, and some day of the sandbox's: neither is asked.
    sign_in(session, add_person(session), "a browser", NOW - timedelta(days=400), replaces=None)
    row = session.scalars(select(SignInSession)).one()
    at = read_clock(session)
    assert abs(at - row.started_at) < timedelta(seconds=SLACK_SECONDS)
    assert abs(at + timedelta(seconds=SESSION_SECONDS) - row.ends_at) < timedelta(
        seconds=SLACK_SECONDS
    )


def test_signing_out_ends_this_session_once(session: Session) -> None:
    ann = add_person(session)
    person, other = enter(session, ann), enter(session, ann)
    for _ in range(2):
        sign_out(session, person, NOW)
    assert find_person(session, str(person.session_id)) is None
    assert find_person(session, str(other.session_id)) is not None
    assert kinds_of(session) == ["let_in", "signed_out"]
    assert list_events(session)[0].by == person.key
    with pytest.raises(NotAllowed) as refused:
        require(session, person, "viewer")
    assert refused.value.needed is None


def test_nobody_signs_out_who_never_signed_in(session: Session) -> None:
    sign_out(session, THIS_COMPUTER, NOW)
    assert kinds_of(session) == []


def test_a_new_sign_in_ends_the_session_of_the_same_browser(session: Session) -> None:
    ann, ben = add_person(session), add_person(session, BEN)
    first = sign_in(session, ann, "a browser", NOW, replaces=None)
    other = sign_in(session, ann, "a browser", NOW, replaces="not a secret")
    assert len({first, other}) == 2
    second = sign_in(session, ben, "a browser", NOW, replaces=first)
    assert find_by_secret(session, first) is None
    assert find_by_secret(session, other) is not None
    person = find_by_secret(session, second)
    assert person is not None
    assert person.id == ben
    told = [(event.kind, event.by) for event in list_events(session)]
    assert told[:2] == [("signed_in", f"person:{ben}"), ("signed_out", f"person:{ann}")]


def test_whoever_was_removed_meanwhile_is_not_signed_in(session: Session) -> None:
    ann = add_person(session)
    remove(session, ann, NOW, by=THIS_COMPUTER)
    with pytest.raises(NotAllowed):
        sign_in(session, ann, "a browser", NOW, replaces=None)


def test_ending_says_how_many_held(session: Session) -> None:
    ann, ben = add_person(session), add_person(session, BEN)
    enter(session, ann)
    pass_time(session, seconds=IDLE_SECONDS)
    one, _, others = enter(session, ann), enter(session, ann), enter(session, ben)
    assert end_session(session, str(one.session_id))
    assert not end_session(session, str(one.session_id))
    assert end_sessions(session, ann) == 1
    assert end_sessions(session, ann) == 0
    assert [each.id for each in list_sessions(session, ben)] == [others.session_id]


def test_a_role_that_is_lowered_counts_at_once(session: Session) -> None:
    ann = add_person(session, role="operator")
    person = enter(session, ann)
    require(session, person, "operator")
    change_role(session, ann, "viewer", NOW, by=THIS_COMPUTER)
    with pytest.raises(NotAllowed) as refused:
        require(session, person, "operator")
    assert refused.value.needed == "operator"
    require(session, person, "viewer")
    assert find_roles(session, [str(person.session_id)]) == {person.session_id: "viewer"}
    change_role(session, ann, "admin", NOW, by=THIS_COMPUTER)
    require(session, person, "admin")


def test_a_session_is_no_right_of_somebody_else(session: Session) -> None:
    ann, ben = add_person(session, role="admin"), add_person(session, BEN)
    by, other = enter(session, ann), enter(session, ben)
    forged = type(by)(by.name, "admin", other.id, by.session_id)
    with pytest.raises(NotAllowed):
        require(session, forged, "viewer")


def test_sessions_are_listed_the_last_used_first(session: Session) -> None:
    ann = add_person(session)
    come(session)
    first = enter(session, ann, "Lynx\x00" + "x" * MAX_BROWSER)
    pass_time(session, seconds=HALF_SECONDS)
    second = enter(session, ann)
    assert [each.id for each in list_sessions(session, ann)] == [
        second.session_id,
        first.session_id,
    ]
    note_use(session, str(first.session_id))
    newest, _ = list_sessions(session, ann)
    assert newest.id == first.session_id
    assert newest.started_at < newest.seen_at
    assert newest.browser.startswith("Lynx\ufffdxx")
    assert len(newest.browser) == MAX_BROWSER


def test_sessions_long_over_are_deleted(session: Session) -> None:
    ann = add_person(session)
    enter(session, ann)
    pass_time(session, seconds=SESSION_SECONDS + ENDED_SECONDS - SLACK_SECONDS)
    enter(session, ann)
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 2
    pass_time(session, seconds=SLACK_SECONDS)
    enter(session, ann)
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 2
