"""Who connects: a trip to Facebook is its person's, also where two people share a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from fb.login.attempt import AttemptGone
from fb.login.save import discard, leave_out, save
from fb.login.start import ReturnRefused
from storage.jobs.events import list_events
from storage.models import Attempt, Grant, PersonRow
from storage.people.person import NotAllowed, Person
from storage.sign_in.sessions import end_session
from tests.integration.facebook.traveller import Scene, Traveller, opened_scene
from tests.people import sign_in


@dataclass
class Browser:
    """A browser that Ann and Ben share: both have its cookies."""

    scene: Scene
    ann: Traveller
    ben: Traveller

    def count_accounts(self) -> int:
        with self.scene.installation.database.reading() as session:
            return len(session.scalars(select(Grant.id)).all())


@pytest.fixture
def browser(tmp_path: Path, live_database_url: str) -> Iterator[Browser]:
    with opened_scene(tmp_path, live_database_url) as scene:
        with scene.installation.database.writing() as session:
            ann, ben = (sign_in(session, f"{name}@agency.example") for name in ("ann", "ben"))
        yield Browser(scene, *(replace(scene.traveller, by=person) for person in (ann, ben)))


Press = Callable[[Traveller, str], object]
PRESSES: tuple[Press, ...] = (
    lambda who, id: save(
        who.installation,
        id,
        who.cookies,
        who.installation.now(),
        page_ids=frozenset(),
        digest="",
        by=who.by,
    ),
    lambda who, id: discard(who.installation, id, who.cookies, who.installation.now(), by=who.by),
    lambda who, id: leave_out(who.installation, id, who.cookies, frozenset(["1"]), by=who.by),
)


def test_a_trip_goes_on_only_for_whoever_began_it(browser: Browser) -> None:
    answer = browser.ann.answer(browser.ann.set_out())
    with pytest.raises(ReturnRefused) as refused:
        browser.ben.come_back(answer)
    assert refused.value.kind == "other_person"
    attempt_id = browser.ann.come_back(answer)
    view = browser.ann.wait(attempt_id)
    assert view.preview is not None
    seen = browser.ben.look(attempt_id)
    assert (seen.status, seen.account_name, seen.preview) == ("other_person", None, None)
    for press in PRESSES:
        with pytest.raises(AttemptGone) as gone:
            press(browser.ben, attempt_id)
        assert gone.value.status == "other_person"
    assert browser.count_accounts() == 0
    with browser.scene.installation.database.reading() as session:
        assert session.scalars(select(Attempt.unticked)).all() == [None]
    browser.ann.save(attempt_id, view.preview)
    with browser.scene.installation.database.reading() as session:
        (event,) = [each for each in list_events(session) if each.kind == "connected"]
    assert event.by == browser.ann.by.key


def test_a_trip_goes_on_after_its_person_has_signed_in_anew(browser: Browser) -> None:
    answer = browser.ann.answer(browser.ann.set_out())
    before = browser.ann.by
    with browser.scene.installation.database.writing() as session:
        end_session(session, before.session_id or "")
        browser.ann.by = sign_in(session, before.address)
    attempt_id = browser.ann.come_back(answer)
    assert browser.ann.wait(attempt_id).status == "ready"


@pytest.mark.parametrize("loses", ["role", "session"])
def test_whoever_lost_role_or_session_meanwhile_saves_nothing(browser: Browser, loses: str) -> None:
    attempt_id, preview = browser.ann.travel()
    answer = browser.ann.answer(browser.ann.set_out())
    lose(browser, browser.ann.by, loses)
    acts: tuple[Callable[[], object], ...] = (
        lambda: browser.ann.save(attempt_id, preview),
        lambda: browser.ann.look(attempt_id),
        lambda: browser.ann.come_back(answer),
        browser.ann.set_out,
        *(partial(press, browser.ann, attempt_id) for press in PRESSES),
    )
    for act in acts:
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.needed == ("operator" if loses == "role" else None)
    assert browser.count_accounts() == 0
    with browser.scene.installation.database.reading() as session:
        assert sorted(session.scalars(select(Attempt.status))) == ["open", "ready"]


def lose(browser: Browser, person: Person, what: str) -> None:
    with browser.scene.installation.database.writing() as session:
        if what == "session":
            end_session(session, person.session_id or "")
        else:
            lowered = update(PersonRow).where(PersonRow.id == person.id)
            session.execute(lowered.values(role="viewer"))
