"""Roles: every use case refuses whoever may not do it any more, and changes nothing then.

The use cases are found by their parameter ``by``, so that a new one can't be forgotten here.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from sqlalchemy import make_url, update
from sqlalchemy.orm import Session

import fb
import storage
from fb.accounts import check, disconnect, erase, keys, removal
from fb.graph import oauth
from fb.installation import Installation, create_own_sandbox, open_installation
from fb.jobs import runner, sandbox_history
from fb.login import attempt, preview, save, start
from fb.sandbox.serve import serve
from fb.sandbox.world.platform import NONE, RATE_LIMIT
from fb.settings import read_settings
from fb.warnings import calendar_feed, sender
from fb.warnings.target import SendFailed
from fb.warnings.webhook import WebhookSettings
from storage.accounts import allowances, archive, attempts
from storage.accounts import keys as stored_keys
from storage.accounts.grants import get_grant
from storage.accounts.keys import KeyReport
from storage.accounts.page_moves import remember_move
from storage.accounts.vault import Vault
from storage.csv_import import importer
from storage.csv_import.plan import ImportCounts
from storage.export import report_headings, tables
from storage.figures import moved_history
from storage.figures.filters import EVERY_PAGE
from storage.jobs.runs import INSIGHTS
from storage.ledger.ledger_keys import attach_vault
from storage.models import PersonRow
from storage.notes import goals, notes, saved_views, tags
from storage.people.person import ROLES, NotAllowed, Person, Role
from storage.sign_in import people
from storage.sign_in.sessions import end_session
from storage.warnings import channels, feeds
from tests.integration.conftest import SANDBOX, Templates, copy_sqlite
from tests.integration.facebook.traveller import Traveller
from tests.integration.figures.figure_rows import add_page, day
from tests.integration.killing import dump
from tests.integration.notes.csv_files import file_of
from tests.integration.storage_rows import BINDING, LATER, NOW, OTHER_KEY, add_grant
from tests.people import sign_in

PAGE, OLD, NEW, LEFT, CAME = "11", "12", "13", "14", "15"
HOOK = WebhookSettings("https://127.0.0.1/hook", "a key")
# What takes a person and asks for no role, and why.
OF_NO_ROLE = {
    "storage.people.person.require": "asks for it",
    "storage.jobs.events.record_event": "records what a use case has done",
    "storage.sign_in.sessions.sign_out": "whoever is signed in may sign out",
}


@dataclass
class Office:
    """A sandbox installation with something to do for every use case, and who does it.

    ``ann`` began two trips to Facebook: one is at its preview, of the other ``answer`` came back.
    """

    installation: Installation
    ann: Person
    ended_id: str  # of a session of hers
    cookies: Mapping[str, str]
    ready_id: str
    digest: str
    answer: Mapping[str, Sequence[str]]
    grant_id: int
    ids: Mapping[str, int]

    def set_role(self, role: Role) -> None:
        with self.installation.database.writing() as session:
            session.execute(update(PersonRow).where(PersonRow.id == self.ann.id).values(role=role))

    def look(self) -> object:
        """Everything that a use case may change."""
        with self.installation.database.reading() as session:
            return dump(session), self.installation.sandbox.trouble


Act = Callable[[Office, Person], object]
OnRows = Callable[[Session, Office, Person], object]


def writing(act: OnRows) -> Act:
    """A use case of storage, in a transaction of its own."""

    def act_in_transaction(office: Office, by: Person) -> object:
        with office.installation.database.writing() as session:
            return act(session, office, by)

    return act_in_transaction


def give_up_a_lost_key(office: Office, by: Person) -> None:
    installation = office.installation
    whole = installation.keys
    installation.keys = KeyReport(ok=False, unopenable=("lost",))
    try:
        keys.give_up(installation, "lost", by=by)
    finally:
        installation.keys = whole


def rotate(office: Office, by: Person) -> None:
    database, settings = office.installation.database, office.installation.settings
    vault = Vault([OTHER_KEY, *settings.encryption_keys])
    attach_vault(database, vault)
    stored_keys.rotate_keys(database, vault, NOW, by=by)


def send_test(office: Office, by: Person) -> None:
    with suppress(SendFailed):  # nothing listens there
        sender.send_test(office.installation, "webhook", by=by)


def get_ready(office: Office, by: Person) -> None:
    with office.installation.database.reading() as session:
        attempt.get_ready_attempt(
            session, office.installation, office.ready_id, office.cookies, by=by
        )


def erase_account(office: Office, by: Person) -> None:
    shown = erase.load_erasure(office.installation, "account", "1")
    assert shown is not None
    erase.erase(office.installation, shown, by=by)


NOTE = notes.NoteDraft(NOW.date(), "Campaign")
FILE = file_of([(PAGE, day(3), 5, None)])
COUNTS = ImportCounts(1, 0, 0, 0)
JOB = runner.Job(INSIGHTS, lambda _: True, lambda *_: None)

OF_VIEWERS: Mapping[str, Act] = {
    "storage.notes.saved_views.set_start_view": writing(
        lambda s, o, by: saved_views.set_start_view(s, o.ids["view"], by=by)
    ),
    "storage.export.tables.record_export": writing(
        lambda s, o, by: tables.record_export(s, "table", "csv", NOW, None, viewers_may=True, by=by)
    ),
}
OF_OPERATORS: Mapping[str, Act] = {
    "storage.notes.goals.set_goal": writing(
        lambda s, o, by: goals.set_goal(
            s, PAGE, "followers", goals.GoalRow(9, NOW.date()), NOW, by=by
        )
    ),
    "storage.notes.goals.remove_goal": writing(
        lambda s, o, by: goals.remove_goal(s, PAGE, "fans", NOW, by=by)
    ),
    "storage.notes.saved_views.save_view": writing(
        lambda s, o, by: saved_views.save_view(s, "new", "q=b", NOW, by=by)
    ),
    "storage.notes.saved_views.delete_view": writing(
        lambda s, o, by: saved_views.delete_view(s, o.ids["view"], by=by)
    ),
    "storage.notes.tags.create_tag": writing(
        lambda s, o, by: tags.create_tag(s, "new", NOW, by=by)
    ),
    "storage.notes.tags.rename_tag": writing(
        lambda s, o, by: tags.rename_tag(s, o.ids["tag"], "new", NOW, by=by)
    ),
    "storage.notes.tags.delete_tag": writing(
        lambda s, o, by: tags.delete_tag(s, o.ids["tag"], NOW, by=by)
    ),
    "storage.notes.tags.tag_pages": writing(
        lambda s, o, by: tags.tag_pages(
            s, o.ids["tag"], filter=EVERY_PAGE, until=NOW.date(), now=NOW, by=by
        )
    ),
    "storage.notes.tags.untag_pages": writing(
        lambda s, o, by: tags.untag_pages(
            s, o.ids["tag"], filter=EVERY_PAGE, until=NOW.date(), now=NOW, by=by
        )
    ),
    "storage.notes.tags.tag_page": writing(
        lambda s, o, by: tags.tag_page(s, o.ids["tag"], CAME, NOW, by=by)
    ),
    "storage.notes.tags.untag_page": writing(
        lambda s, o, by: tags.untag_page(s, o.ids["tag"], PAGE, NOW, by=by)
    ),
    "storage.notes.tags.set_tags_of": writing(
        lambda s, o, by: tags.set_tags_of(s, PAGE, [], NOW, by=by)
    ),
    "storage.notes.notes.add_note": writing(lambda s, o, by: notes.add_note(s, NOTE, NOW, by=by)),
    "storage.notes.notes.change_note": writing(
        lambda s, o, by: notes.change_note(s, o.ids["note"], NOTE, NOW, by=by)
    ),
    "storage.notes.notes.delete_note": writing(
        lambda s, o, by: notes.delete_note(s, o.ids["note"], NOW, by=by)
    ),
    "storage.export.report_headings.save_heading": writing(
        lambda s, o, by: report_headings.save_heading(
            s, None, report_headings.Heading("Ours"), NOW, by=by
        )
    ),
    "storage.figures.moved_history.take_along": writing(
        lambda s, o, by: moved_history.take_along(s, OLD, NOW, by=by)
    ),
    "storage.figures.moved_history.undo_move": writing(
        lambda s, o, by: moved_history.undo_move(s, LEFT, NOW, by=by)
    ),
    "storage.csv_import.importer.import_figures": writing(
        lambda s, o, by: importer.import_figures(s, FILE, "more.csv", NOW, by=by)
    ),
    "storage.csv_import.importer.add_import": writing(
        lambda s, o, by: importer.add_import(s, "more.csv", COUNTS, NOW, by=by)
    ),
    "storage.csv_import.importer.undo_import": writing(
        lambda s, o, by: importer.undo_import(s, o.ids["import"], NOW, by=by)
    ),
    "storage.accounts.archive.archive_pages": writing(
        lambda s, o, by: archive.archive_pages(s, [PAGE], NOW, by=by)
    ),
    "storage.accounts.archive.unarchive_pages": writing(
        lambda s, o, by: archive.unarchive_pages(s, [LEFT], NOW, by=by)
    ),
    "storage.accounts.attempts.create_attempt": writing(
        lambda s, o, by: attempts.create_attempt(
            s, id="a2", nonce_hash="n2", binding=BINDING, now=NOW, by=by
        )
    ),
    "fb.accounts.check.check_now": lambda o, by: check.check_now(o.installation, o.grant_id, by=by),
    "fb.accounts.disconnect.forget_page": lambda o, by: disconnect.forget_page(
        o.installation, o.grant_id, PAGE, by=by
    ),
    "fb.accounts.disconnect.freeze": lambda o, by: disconnect.freeze(
        o.installation, o.grant_id, by=by
    ),
    "fb.accounts.disconnect.thaw": lambda o, by: disconnect.thaw(
        o.installation, o.ids["frozen"], by=by
    ),
    "fb.accounts.disconnect.disconnect": lambda o, by: disconnect.disconnect(
        o.installation, o.grant_id, revoke=True, by=by
    ),
    "fb.login.start.start_attempt": lambda o, by: start.start_attempt(o.installation, NOW, by=by),
    "fb.login.start.accept_return": lambda o, by: start.accept_return(
        o.installation, o.answer, o.cookies, NOW, by=by
    ),
    "fb.login.attempt.get_ready_attempt": get_ready,
    "fb.login.preview.get_view": lambda o, by: preview.get_view(
        o.installation, o.ready_id, o.cookies, by=by
    ),
    "fb.login.save.leave_out": lambda o, by: save.leave_out(
        o.installation, o.ready_id, o.cookies, frozenset(["1"]), by=by
    ),
    "fb.login.save.discard": lambda o, by: save.discard(
        o.installation, o.ready_id, o.cookies, NOW, by=by
    ),
    "fb.login.save.save": lambda o, by: save.save(
        o.installation, o.ready_id, o.cookies, NOW, page_ids=frozenset(), digest=o.digest, by=by
    ),
    "fb.jobs.runner.ask": lambda o, by: runner.ask(o.installation, JOB, by=by),
    "fb.jobs.sandbox_history.make_history": lambda o, by: sandbox_history.make_history(
        o.installation, by=by
    ),
    "fb.jobs.sandbox_history.fast_forward": lambda o, by: sandbox_history.fast_forward(
        o.installation, 1, by=by
    ),
    "fb.jobs.sandbox_history.set_trouble": lambda o, by: sandbox_history.set_trouble(
        o.installation, RATE_LIMIT, by=by
    ),
}
OF_ADMINS: Mapping[str, Act] = {
    "storage.accounts.allowances.allow": writing(
        lambda s, o, by: allowances.allow(s, "bot", "more", NOW, page_id=PAGE, by=by)
    ),
    "storage.accounts.allowances.withdraw": writing(
        lambda s, o, by: allowances.withdraw(s, 1, NOW, by=by)
    ),
    "storage.accounts.keys.rotate_keys": rotate,
    "storage.warnings.channels.set_channel": writing(
        lambda s, o, by: channels.set_channel(s, o.installation.vault, "slack", "{}", NOW, by=by)
    ),
    "storage.warnings.channels.remove_channel": writing(
        lambda s, o, by: channels.remove_channel(s, "webhook", NOW, by=by)
    ),
    "storage.warnings.channels.switch_topic": writing(
        lambda s, o, by: channels.switch_topic(s, "week", NOW, is_on=True, by=by)
    ),
    "storage.warnings.feeds.add_feed": writing(
        lambda s, o, by: feeds.add_feed(s, "another", NOW, by=by)
    ),
    "storage.warnings.feeds.revoke_feed": writing(
        lambda s, o, by: feeds.revoke_feed(s, feeds.hash_secret("a feed"), NOW, by=by)
    ),
    "storage.sign_in.people.let_in": writing(
        lambda s, o, by: people.let_in(s, "cleo@agency.example", "viewer", NOW, by=by)
    ),
    "storage.sign_in.people.change_role": writing(
        lambda s, o, by: people.change_role(s, o.ids["ben"], "operator", NOW, by=by)
    ),
    "storage.sign_in.people.remove": writing(
        lambda s, o, by: people.remove(s, o.ids["ben"], NOW, by=by)
    ),
    "storage.sign_in.people.free_binding": writing(
        lambda s, o, by: people.free_binding(s, o.ids["ben"], NOW, by=by)
    ),
    "storage.sign_in.people.sign_out_everywhere": writing(
        lambda s, o, by: people.sign_out_everywhere(s, o.ids["ben"], NOW, by=by)
    ),
    "fb.warnings.sender.set_up": lambda o, by: sender.set_up(o.installation, HOOK, by=by),
    "fb.warnings.sender.remove": lambda o, by: sender.remove(o.installation, "webhook", by=by),
    "fb.warnings.sender.send_test": send_test,
    "fb.warnings.sender.switch_topic": lambda o, by: sender.switch_topic(
        o.installation, "week", is_on=True, by=by
    ),
    "fb.warnings.calendar_feed.make_feed": lambda o, by: calendar_feed.make_feed(
        o.installation, by=by
    ),
    "fb.warnings.calendar_feed.revoke_feed": lambda o, by: calendar_feed.revoke_feed(
        o.installation, feeds.hash_secret("a feed"), by=by
    ),
    "fb.accounts.erase.erase": erase_account,
    "fb.accounts.removal.remove": lambda o, by: removal.remove(
        o.installation, removal.read_pasted(o.installation, "1"), by=by
    ),
    "fb.accounts.keys.give_up": give_up_a_lost_key,
    "fb.jobs.sandbox_history.start_over": lambda o, by: sandbox_history.start_over(
        o.installation, by=by
    ),
}
USE_CASES: Mapping[Role, Mapping[str, Act]] = {
    "viewer": OF_VIEWERS,
    "operator": OF_OPERATORS,
    "admin": OF_ADMINS,
}
READS = ("fb.login.attempt.get_ready_attempt", "fb.login.preview.get_view")


@contextmanager
def opened(root: Path, database_url: str) -> Iterator[Installation]:
    """A sandbox installation on a database."""
    report = read_settings({"DATABASE_URL": database_url}, root)
    assert report.settings is not None
    sandbox = create_own_sandbox(report.settings, lambda: NOW)
    with serve(sandbox, prefix="/sandbox") as url:
        settings = replace(report.settings, graph_url=url, dialog_url=url)
        startup = open_installation(report, settings=settings, now=sandbox.now, sandbox=sandbox)
        assert startup.installation is not None
        try:
            yield startup.installation
        finally:
            startup.installation.close()


def furnish(installation: Installation) -> Office:
    """Store something of every kind, and set out for Facebook twice."""
    database, ids = installation.database, {}
    with database.writing() as session:
        ann, ended = (sign_in(session, "ann@agency.example", "admin") for _ in "12")
        assert ended.session_id is not None
        end_session(session, ended.session_id)
        ids["ben"] = people.admit(
            session,
            issuer="https://id.agency.example",
            subject="b",
            address="ben@agency.example",
            name="Ben",
            first_admin=None,
            domains=["agency.example"],
            now=NOW,
        )
        for page_id in (OLD, NEW, LEFT, CAME):
            add_page(session, page_id, {1: 10, 2: 11})
        grant_id = add_grant(session, installation.vault, "1", [PAGE])
        add_grant(session, installation.vault, "2", ["16"])
        ids["frozen"] = add_grant(session, installation.vault, "3", ["17"])
        for old_id, new_id in ((OLD, NEW), (LEFT, CAME)):
            remember_move(session, old_id, new_id, NOW)
        moved_history.take_along(session, LEFT, NOW, by=ann)
        ids["tag"] = tags.create_tag(session, "Brand", NOW, by=ann)
        tags.tag_page(session, ids["tag"], PAGE, NOW, by=ann)
        ids["note"] = notes.add_note(session, replace(NOTE, text="Before"), NOW, by=ann)
        goals.set_goal(session, PAGE, "fans", goals.GoalRow(9, NOW.date()), NOW, by=ann)
        ids["view"] = saved_views.save_view(session, "one", "q=a", NOW, by=ann).id
        past = file_of([(PAGE, day(1), 5, None)])
        ids["import"] = importer.import_figures(session, past, "past.csv", NOW, by=ann) or 0
        allowances.allow(session, "bot", "pages_messaging", NOW, page_id=PAGE, by=ann)
        feeds.add_feed(session, "a feed", NOW, by=ann)
    disconnect.freeze(installation, ids["frozen"], by=ann)
    sender.set_up(installation, HOOK, by=ann)
    removal.request_deletion(installation, "account", "2", LATER)
    traveller = Traveller(installation, installation.settings.graph_url, by=ann)
    ready_id, shown = traveller.travel()
    answer = traveller.answer(traveller.set_out())
    return Office(
        installation,
        ann,
        ended.session_id,
        traveller.cookies,
        ready_id,
        shown.digest,
        answer,
        grant_id,
        ids,
    )


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> Iterator[Office]:
    root = tmp_path_factory.mktemp("office")
    with opened(root, copy_sqlite(templates, SANDBOX, root / "stored")) as installation:
        yield furnish(installation)


@pytest.fixture
def office(furnished: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A copy of the furnished office, on SQLite. No job of it begins."""
    installation = furnished.installation
    path = make_url(installation.settings.database_url).database
    assert path is not None
    with installation.database.writing():  # nothing is half written
        shutil.copy(path, tmp_path / "copy.db")
        with suppress(FileNotFoundError):
            shutil.copy(f"{path}-wal", tmp_path / "copy.db-wal")
    settings = replace(installation.settings, database_url=f"sqlite:///{tmp_path / 'copy.db'}")
    report = read_settings({}, tmp_path)
    startup = open_installation(
        report, settings=settings, now=installation.now, sandbox=installation.sandbox
    )
    assert startup.installation is not None
    monkeypatch.setattr(startup.installation.worker, "submit", lambda *_: None)
    yield replace(furnished, installation=startup.installation)
    startup.installation.close()
    installation.sandbox.trouble = NONE


def find_use_cases() -> set[str]:
    """The names of all functions of storage and fb that are told who acts."""
    names = set()
    for package in (storage, fb):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.migrations\.|__main__", found.name):  # these run on import
                names |= set(_iterate_use_cases(importlib.import_module(found.name)))
    return names


def _iterate_use_cases(module: ModuleType) -> Iterator[str]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            by = inspect.signature(function).parameters.get("by")
            if by is not None and by.annotation in ("Person", "Person | None"):
                yield f"{module.__name__}.{name}"


def test_every_use_case_has_its_role_here() -> None:
    listed = {name for acts in USE_CASES.values() for name in acts}
    assert listed == find_use_cases() - set(OF_NO_ROLE)


def _refusal_of(act: Callable[[], object]) -> Role | Literal["done"] | None:
    """Which role it takes, or "done"; None where the session has ended."""
    try:
        act()
    except NotAllowed as refused:
        return refused.needed
    return "done"


@pytest.mark.both_databases
def test_whoever_lost_their_role_or_session_changes_nothing(
    tmp_path: Path, database_url: str
) -> None:
    with opened(tmp_path, database_url) as installation:
        office = furnish(installation)
        wrong = {}
        for role, acts in USE_CASES.items():
            callers: dict[Person, Role | None] = {
                replace(office.ann, session_id=office.ended_id): None,
                replace(office.ann, id=office.ids["ben"]): None,  # a session of somebody else
            }
            if role != "viewer":
                below = ROLES[ROLES.index(role) - 1]
                office.set_role(below)
                # As it was read before, and as it is.
                callers |= {replace(office.ann, role=each): role for each in (role, below)}
            before = office.look()
            for name, act in acts.items():
                needed = [_refusal_of(partial(act, office, by)) for by in callers]
                is_unchanged = office.look() == before
                if needed != list(callers.values()) or not is_unchanged:
                    wrong[name] = needed, is_unchanged
                    before = office.look()
        assert wrong == {}


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role, acts in USE_CASES.items() for name in acts]
)
def test_the_role_is_enough(office: Office, role: Role, name: str) -> None:
    office.set_role(role)
    before = office.look()
    USE_CASES[role][name](office, replace(office.ann, role=role))
    assert (office.look() != before) == (name not in READS)


def test_viewers_export_only_where_the_settings_let_them(office: Office) -> None:
    record = tables.record_export
    by = replace(office.ann, role="viewer")
    office.set_role("viewer")
    with office.installation.database.writing() as session:
        record(session, "table", "csv", NOW, None, viewers_may=True, by=by)
        with pytest.raises(NotAllowed):
            record(session, "table", "csv", NOW, None, viewers_may=False, by=by)
    office.set_role("operator")
    with office.installation.database.writing() as session:
        record(session, "table", "csv", NOW, None, viewers_may=False, by=by)


def test_facebook_is_told_only_by_whoever_may_and_a_role_lost_meanwhile_stops_the_rest(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation, by = office.installation, replace(office.ann, role="operator")
    revoked: list[object] = []

    def revoke(client: object, account_id: str, token: str) -> None:
        revoked.append(account_id)
        office.set_role("viewer")

    monkeypatch.setattr(oauth, "revoke", revoke)
    expected: tuple[tuple[Role, list[object]], ...] = (("viewer", []), ("operator", ["1"]))
    for role, told in expected:
        office.set_role(role)
        with pytest.raises(NotAllowed):
            disconnect.disconnect(installation, office.grant_id, revoke=True, by=by)
        assert revoked == told
    with installation.database.reading() as session:
        assert get_grant(session, office.grant_id).status == "ok"
