"""Roles on Overview, Page, Compare and Posts: what is drawn, and a press on what was drawn before.

Everything that takes a press, a choice or a text is listed, so that whatever is new on one of these
screens has to be judged here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from pages.text.formats import cut, plain
from pages.ui import signed_in
from pages.ui.export import menu
from pages.ui.export.menu import Offer
from storage.accounts.archive import archive_pages
from storage.db.installation import bump_data_version
from storage.jobs.events import list_events
from storage.models import Base, Grant, PersonRow, SignInSession
from storage.notes.goals import GoalRow, set_goal
from storage.notes.notes import NoteDraft, add_note
from storage.notes.saved_views import save_view
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER, NotAllowed, Role
from tests.present import ago
from tests.screens.conftest import HOSTILE, NOW, SIGN_IN, Stage, open_dialog, words_of
from tests.screens.figures import TODAY, connect, fill, give_insights, give_page, rising
from tests.screens.post_rows import give_posts

DAY = ago(3).isoformat()
CONNECT = "/oauth/start"
GRANTED = ["pages_show_list", "pages_read_engagement", "read_insights"]
FOR_OPERATORS = {"setup", "imports", "connect"}  # screens
OF_SANDBOX = "Use my own Facebook app"
Press = Callable[[AppTest], object]

PERIOD = {"button_group period", "menu_button more-periods", "selectbox comparison"}
FRAME = {"popover own-account", "popover Copy link", "popover sandbox-controls"}
OVERVIEW = {
    *(PERIOD | FRAME | {"popover views", "popover filter", "popover export"}),
    *("popover notes-overview", "popover digest-copy", "popover best-posts", "popover columns-box"),
    *("button_group metric", "button_group view", "button_group movers", "button_group show"),
    *("vega_lite_chart growth-overview", "selectbox day-overview", "expander 1 note"),
    *("text_input q", "selectbox sort", "dataframe pages-table"),
}
FILES = {f"download_button export-series-{each}" for each in ("csv", "xlsx")} | {
    "download_button export-chart"
}
REPORT = {"download_button export-report"}
TABLE = {f"download_button export-table-{each}" for each in ("csv", "xlsx")}
HEADING = {"expander report-heading", "file_uploader heading-logo-0", "button Save"}
MANAGE_TAGS = {
    *("popover tags-bulk", "selectbox tag-chosen", "button tag-add", "button tag-remove"),
    *("text_input tag-name-0", "expander tag-manage", "text_input tag-rename-1-0"),
    *("button Rename", "button tag-delete"),
}


def form(chart: str, page_id: str | None, day: str) -> set[str]:
    """What a form for a note has. ``day``: "newest" or "chosen"."""
    of = f"{chart}-{page_id}-new-{day}-0"
    kinds = (("text_input", "text"), ("date_input", "day"), ("selectbox", "whom"))
    return {"button Add note", *(f"{kind} note-{name}-{of}" for kind, name in kinds)}


@dataclass(frozen=True)
class Case:
    """A screen with its open popovers, and what is on it for all and for operators alone."""

    screen: str
    query: Mapping[str, str]
    popovers: Sequence[str]
    for_all: set[str]
    for_operators: set[str]
    for_admins: frozenset[str] = frozenset()
    ticked: Sequence[str] = ()


CASES = {
    "overview": Case(
        "overview",
        {"day": DAY, "saved": "Mine", "metric": "Fans"},
        ("views", "notes-overview", "export", "tags-bulk", "day-note-0", "filter"),
        {
            *(OVERVIEW | FILES | REPORT | TABLE),
            *(f"multiselect filter-{each}" for each in ("account", "state", "tag")),
            *("toggle view-start-1-False", "toggle notes-on-overview"),
        },
        {
            *(HEADING | MANAGE_TAGS | {"text_input heading-title-None-0"}),
            *(form("overview", None, "newest") | form("overview", None, "chosen")),
            *("button refresh-now", "popover day-note-0", "button Create and add to all 3 Pages"),
            *("button note-edited-2", "button note-deleted-2", "text_input view-name-0"),
            *("button Save this view", "button view-update", "button Delete this view…"),
        },
    ),
    "ticked": Case(
        "overview",
        {},
        ("tags-bulk", "export-ticked"),
        {
            *(OVERVIEW | {"button ticked-clear", "popover export-ticked"}),
            *(f"download_button export-ticked-table-{each}" for each in ("csv", "xlsx")),
        },
        {
            *(MANAGE_TAGS | {"button Create and add to these 2 Pages"}),
            *("button refresh-now", "button ticked-archive"),
        },
        ticked=("1", "2"),
    ),
    "page": Case(
        "page",
        {"id": "1", "day": DAY, "insight-day": DAY},
        ("tags-page", "notes-page", "export", "day-note-0", "insight-day-note-0"),
        {
            *(PERIOD | FRAME | FILES | REPORT | {"popover export", "popover notes-page"}),
            *("button_group figure", "button_group chart", "toggle forecast", "toggle post-days"),
            *("toggle notes-on-page", "vega_lite_chart growth-page", "selectbox day-page"),
            *("vega_lite_chart growth-insights", "selectbox insight", "selectbox day-insights"),
            *("toggle daily-sources", "expander 2 notes"),
        },
        {
            "expander page-access",
            *(HEADING | {"text_input heading-title-1-0"} | form("insights", "1", "chosen")),
            *(form("page", "1", "newest") | form("page", "1", "chosen")),
            *("popover day-note-0", "popover insight-day-note-0", "popover tags-page"),
            *(f"button note-{each}-{id}" for each in ("edited", "deleted") for id in (1, 2)),
            *("multiselect tags-of-1", "text_input tag-page-name-0"),
            *("button Create and add to this Page", "button archive-page", "popover goal"),
            *("number_input goal-target-fans-1", "date_input goal-day-fans-1", "button goal-save"),
            *("button goal-remove", "button fetch-insights", "button forget-access-1"),
        },
        for_admins=frozenset({"button erase-page"}),
    ),
    "compare": Case(
        "compare",
        {"ids": "1,2", "day": DAY},
        ("export", "day-note-0"),
        {
            *(PERIOD | FRAME | FILES | TABLE | {"popover export", "multiselect compare-picker"}),
            *("button_group figure", "button_group scale", "vega_lite_chart growth-compare"),
            *("selectbox day-compare", "expander 2 notes"),
        },
        {"popover day-note-0", *form("compare", None, "chosen")},
    ),
    "posts": Case(
        "posts",
        {},
        ("export-posts",),
        {
            *(PERIOD | FRAME | {"popover filter", "popover export-posts", "button_group age"}),
            *("multiselect kind", "text_input text", "toggle gone", "selectbox order"),
            *("dataframe posts-table", "button open-1_2000", "button open-1_1000"),
            *("button open-1_200", "download_button export-posts-table-csv"),
            "download_button export-posts-table-xlsx",
        },
        set(),
    ),
    "post": Case("posts", {"post": "1_2000"}, (), FRAME | {"button all-posts"}, set()),
}


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Three Pages, the first with posts, views, a tag, a note and a goal; and a saved view."""
    stage.sign_in("viewer")
    fill(stage, 3)
    with stage.installation.database.writing() as session:
        session.execute(update(Grant).values(granted_permissions=GRANTED))
        tag_page(
            session, create_tag(session, "Brand", NOW, by=THIS_COMPUTER), "1", NOW, by=THIS_COMPUTER
        )
        add_note(session, NoteDraft(ago(3), "Of one", "1"), NOW, by=THIS_COMPUTER)
        add_note(session, NoteDraft(ago(3), "Of all"), NOW, by=THIS_COMPUTER)
        set_goal(session, "1", "fans", GoalRow(99_999, ago(-60)), NOW, by=THIS_COMPUTER)
        save_view(session, "Mine", "metric=Followers", NOW, by=THIS_COMPUTER)
    give_posts(stage, "1", {20: 420, 10: 90, 2: 7})
    give_insights(stage, "page_media_view", {ago(n): 10 for n in range(1, 60)}, page_id="1")
    return stage


def draw(stage: Stage, name: str, **state: Any) -> AppTest:
    """Open a case with its popovers, and with ``state`` in the session."""
    case = CASES[name]
    at = stage.open(case.screen, case.query, ticked=case.ticked)
    for key, value in {**dict.fromkeys(case.popovers, True), **state}.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception
    return at


def controls_of(at: AppTest) -> set[str]:
    """Everything on a screen that takes a press, a choice or a text: "kind key", or its label."""
    listed = set()
    for node in at.main:
        proto: Any = node.proto
        if isinstance(node, Block):
            if node.type not in ("popover", "expander"):
                continue
            proto = proto.popover if node.type == "popover" else proto
        elif not getattr(proto, "id", ""):
            continue
        key = str(node.key or proto.label)
        key = proto.label if key.startswith("FormSubmitter") else key
        key = key.replace(DAY, "chosen").replace(NOW.date().isoformat(), "newest")
        # Without the numbers of redrawn tables and charts.
        key = re.sub(r"(growth-[a-z]+|-table)-[0-9].*", r"\1", key)
        listed.add(f"{node.type} {key}")
    return listed


def targets_of(at: AppTest) -> set[str]:
    """The screens that links lead to, without those of the sandbox's own line."""
    return {str(each.proto.page) for each in at.page_link if each.proto.label != OF_SANDBOX}


def html_of(at: AppTest) -> str:
    return "".join(str(each.value) for each in at.get("html") if not isinstance(each, Block))


@pytest.mark.parametrize("name", CASES)
def test_each_role_finds_what_it_may_do_and_nothing_else(filled: Stage, name: str) -> None:
    case = CASES[name]
    expected = case.for_all | FRAME
    roles: tuple[tuple[Role, set[str]], ...] = (
        ("viewer", set()),
        ("operator", case.for_operators),
        ("admin", case.for_operators | case.for_admins),
    )
    for role, more in roles:
        filled.sign_in(role)
        at = draw(filled, name)
        assert controls_of(at) | FRAME == expected | more, role
        assert role != "viewer" or not targets_of(at) & FOR_OPERATORS


# --- A press on what was drawn before a role was taken away


def click(key: str) -> Press:
    return lambda at: at.button(key=key).click()


def send(form: str, label: str, **texts: str) -> Press:
    """Fill in texts by the keys of their fields, and press the button of the form."""

    def fill_in(at: AppTest) -> None:
        for key, text in texts.items():
            at.text_input(key=key).input(text)
        at.button(key=f"FormSubmitter:{form}-{label}").click()

    return fill_in


def note(form: str, label: str) -> Press:
    return send(f"note-form-{form}", label, **{f"note-text-{form}": "Campaign"})


@dataclass(frozen=True)
class Action:
    """A press on an open case; ``opens`` is the key of the button of its dialog, if it has one."""

    case: str
    press: Press
    state: Mapping[str, Any] = field(default_factory=dict)
    opens: str | None = None


NEWEST = NOW.date().isoformat()
ACTIONS = {
    "add a note": Action("overview", note(f"overview-None-new-{NEWEST}-0", "Add note")),
    "add a note for a day": Action("compare", note(f"compare-None-new-{DAY}-0", "Add note")),
    "add a note for an insight": Action("page", note(f"insights-1-new-{DAY}-0", "Add note")),
    "change a note": Action("overview", note("overview-None-2-0", "Save note"), {"note-edited": 2}),
    "delete a note": Action("page", click("really-delete-2"), {"note-deleted": 2}),
    "tag": Action("overview", click("tag-add")),
    "untag": Action("ticked", click("tag-remove")),
    "create a tag": Action(
        "ticked", send("tag-new", "Create and add to these 2 Pages", **{"tag-name-0": "New"})
    ),
    "rename a tag": Action("overview", send("tag-rename", "Rename", **{"tag-rename-1-0": "Other"})),
    "delete a tag": Action("overview", click("tag-really-delete"), {"tag-deleted": 1}),
    "choose tags of a Page": Action(
        "page", lambda at: at.multiselect(key="tags-of-1").set_value([])
    ),
    "create a tag for a Page": Action(
        "page",
        send("tag-new-for-page", "Create and add to this Page", **{"tag-page-name-0": "New"}),
    ),
    "archive a Page": Action("page", click("archive-yes"), opens="archive-page"),
    "archive Pages": Action("ticked", click("archive-yes"), opens="ticked-archive"),
    "set a goal": Action("page", click("goal-save")),
    "remove a goal": Action("page", click("goal-remove")),
    "save a view": Action(
        "overview", send("view-save", "Save this view", **{"view-name-0": "Other"})
    ),
    "replace a view": Action("overview", click("view-replace"), {"view-name-taken": "Mine"}),
    "update a view": Action("overview", click("view-update")),
    "delete a view": Action("overview", click("view-really-delete"), {"view-deleting": 1}),
    "head reports": Action("page", send("heading", "Save", **{"heading-title-1-0": "Ours"})),
    "refresh": Action("overview", click("refresh-now")),
    "fetch views": Action("page", click("fetch-insights")),
}


def rows_of(stage: Stage) -> dict[str, list[Any]]:
    """Everything in the database but who is signed in."""
    with stage.installation.database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
            if table.name not in (PersonRow.__tablename__, SignInSession.__tablename__)
        }


def draw_for(stage: Stage, action: Action) -> AppTest:
    at = draw(stage, action.case, **action.state)
    if action.opens is not None:
        key = action.opens
        open_dialog(at, lambda at: at.button(key=key).click())
    return at


def test_whoever_lost_the_role_changes_nothing_by_what_is_still_drawn(
    filled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a fragment or a dialog, which runs alone: the screen is the operator's of before."""
    refused: list[Role | None] = []
    make = NotAllowed.__init__

    def note(refusal: NotAllowed, needed: Role | None) -> None:
        refused.append(needed)
        make(refusal, needed)

    monkeypatch.setattr(NotAllowed, "__init__", note)
    before = filled.sign_in("operator")
    monkeypatch.setattr(signed_in, "find_person", lambda _session, _id: before)
    with filled.installation.database.writing() as session:
        session.execute(update(PersonRow).values(role="viewer"))
    rows = rows_of(filled)
    for name, action in ACTIONS.items():
        at = draw_for(filled, action)
        assert refused == [], name
        action.press(at)
        at.run()
        assert refused == ["operator"], name
        refused.clear()
        assert rows_of(filled) == rows, name


@pytest.mark.parametrize(
    "name", ["delete a note", "delete a tag", "archive Pages", "save a view", "set a goal"]
)
def test_what_is_drawn_goes_with_the_role(filled: Stage, name: str) -> None:
    filled.sign_in("operator")
    at = draw_for(filled, ACTIONS[name])
    filled.sign_in("viewer")
    rows = rows_of(filled)
    ACTIONS[name].press(at)
    at.run()
    assert not at.exception
    assert rows_of(filled) == rows
    case = CASES[ACTIONS[name].case]
    assert controls_of(at) | FRAME == case.for_all | FRAME


def test_what_operators_do_is_theirs(filled: Stage) -> None:
    ann = filled.sign_in("operator")
    for name in ("add a note", "create a tag", "archive a Page"):
        at = draw_for(filled, ACTIONS[name])
        ACTIONS[name].press(at)
        at.run()
        assert not at.exception, name
    with filled.installation.database.reading() as session:
        newest = list_events(session)[:3]
    assert {(event.kind, event.by) for event in newest} == {
        (kind, ann.key) for kind in ("noted", "tagged", "archived")
    }


# --- What is of one person


def test_viewers_choose_their_own_start_screen(filled: Stage) -> None:
    filled.sign_in("viewer")
    at = draw(filled, "overview")
    at.toggle(key="view-start-1-False").set_value(True).run()
    assert not at.exception
    assert filled.open("overview").query_params["saved"] == "Mine"
    filled.sign_in("viewer", "ben@agency.example")
    assert "saved" not in filled.open("overview").query_params


def test_views_and_notes_name_who_made_them_by_the_name_of_now(filled: Stage) -> None:
    filled.sign_in("operator")
    for name in ("add a note", "save a view"):
        at = draw_for(filled, ACTIONS[name])
        ACTIONS[name].press(at)
        at.run()
    filled.sign_in("viewer", "ben@agency.example")
    for shown in ("Ann", HOSTILE):
        with filled.installation.database.writing() as session:
            session.execute(update(PersonRow).where(PersonRow.id == 1).values(name=shown))
        at = draw(filled, "overview")
        views = html.unescape(html_of(at))
        assert views.count("Saved by") == 1
        assert f"Other<small>Saved by {cut(shown, 30)}" in views
        assert f"For all Pages, written by {plain(cut(shown, 30))}" in [
            each.value for each in at.caption
        ]
    assert "<b>" not in html_of(at)
    filled.user = {}
    filled.restart({})
    at = draw(filled, "overview")
    assert "Saved by" not in html_of(at)
    assert "written by" not in words_of(at)


# --- Exports


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Offer]:
    """What the Export popovers offer, by key."""
    offers: dict[str, Offer] = {}
    monkeypatch.setattr(menu, "_button", lambda offer, _key: offers.update({offer.key: offer}))
    return offers


def list_exports(stage: Stage) -> list[str | None]:
    with stage.installation.database.reading() as session:
        return [event.by for event in list_events(session) if event.kind == "exported"]


def test_a_file_is_recorded_for_whoever_made_it(filled: Stage, offers: dict[str, Offer]) -> None:
    ann = filled.sign_in("viewer")
    draw(filled, "posts")
    filled.sign_in("viewer", "ben@agency.example")
    offers["table-csv"].make()
    assert list_exports(filled) == [ann.key]


def test_a_setting_keeps_files_to_operators(stage: Stage, offers: dict[str, Offer]) -> None:
    stage.restart({**SIGN_IN, "VIEWERS_MAY_EXPORT": "no"})
    fill(stage, 2)
    give_posts(stage, "1", {20: 420, 10: 90, 2: 7})
    stage.sign_in("operator")
    draw(stage, "compare")
    stage.sign_in("viewer")
    with pytest.raises(NotAllowed):
        offers["series-csv"].make()
    assert list_exports(stage) == []
    offers.clear()
    for name in ("overview", "ticked", "page", "compare", "posts"):
        assert not {each for each in controls_of(draw(stage, name)) if "export" in each}
    assert "Tick Pages to open or compare them." in words_of(draw(stage, "overview"))
    assert not offers


# --- Screens without figures, and the archive


def test_a_viewer_without_pages_reads_that_an_operator_connects(stage: Stage) -> None:
    roles: tuple[Role, ...] = ("viewer", "operator")
    for role in roles:
        stage.sign_in(role)
        for screen in ("overview", "compare", "posts", "page"):
            at = stage.open(screen, {"id": "104"} if screen == "page" else {})
            assert (CONNECT in html_of(at)) == (role == "operator"), screen
            assert ("operator" in words_of(at)) == (role == "viewer"), screen
            assert role == "operator" or not targets_of(at) & FOR_OPERATORS


def test_a_viewer_finds_no_way_to_import_on_the_first_day(stage: Stage) -> None:
    stage.sign_in("viewer")
    give_page(stage, "1", rising(1000, 1, days=[TODAY]), grant_id=connect(stage))
    give_page(stage, "2", name="Without figures")
    roles: tuple[tuple[Role, set[str]], ...] = (
        ("viewer", set()),
        ("operator", {"setup", "imports"}),
    )
    for role, found in roles:
        stage.sign_in(role)
        assert targets_of(stage.open("overview")) & FOR_OPERATORS == found
        at = stage.open("page", {"id": "2"})
        assert targets_of(at) & FOR_OPERATORS == found - {"setup"}
        # Activity has the runs that read posts, for operators alone.
        assert ("activity" in targets_of(stage.open("posts"))) == (role == "operator")


def test_viewers_see_the_archive_and_bring_nothing_back(stage: Stage) -> None:
    stage.sign_in("viewer")
    fill(stage, 2)
    with stage.installation.database.writing() as session:
        archive_pages(session, ["1"], NOW, by=THIS_COMPUTER)
        bump_data_version(session)
    roles: tuple[tuple[Role, int], ...] = (("viewer", 0), ("operator", 1))
    for role, count in roles:
        person = stage.sign_in(role)
        at = stage.open("page", {"id": "1"})
        assert "Archived since" in words_of(at)
        assert words_of(at).count("Bring back") == count
        at = stage.open("overview", {"archived": "yes"}, ticked=["1"])
        assert words_of(at).count("Bring back") == count
    at.button(key="ticked-unarchive").click().run()
    assert not at.exception
    with stage.installation.database.reading() as session:
        assert list_events(session)[0].by == person.key


def test_what_takes_an_operator_is_a_sentence_for_viewers(stage: Stage) -> None:
    stage.sign_in("viewer")
    ended = connect(stage, status="needs_renewal", reason_code=190, reason_subcode=460)
    give_page(stage, "1", rising(1000, 1), grant_id=ended)
    at = stage.open("overview")
    assert "Refreshed today" in words_of(at)
    assert "popover views" not in controls_of(at), "there is no view to open"
    at = stage.open("page", {"id": "1"})
    assert "No goal is set." in words_of(at)
    labels = [each.proto.label for each in at.page_link]
    assert "See Connections" in labels
    assert "Renew" not in labels
