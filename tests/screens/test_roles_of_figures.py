"""Roles on Overview, Page, Compare and Posts: what is drawn, and a press on what was drawn before.

Everything that takes a press, a choice or a text is listed, so that whatever is new on one of these
screens has to be judged here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from fb.jobs import runner
from pages.ui import signed_in
from pages.ui.export import menu
from pages.ui.export.menu import Offer
from storage.accounts.archive import archive_pages
from storage.db.installation import bump_data_version
from storage.jobs.events import list_events
from storage.models import Base, Grant, PersonRow
from storage.notes.goals import GoalRow, set_goal
from storage.notes.notes import NoteDraft, add_note
from storage.notes.saved_views import list_views, save_view
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER, NotAllowed, Person, Role
from tests.present import ago
from tests.screens.conftest import NOW, SIGN_IN, Stage, links_of, open_dialog, press, words_of
from tests.screens.figures import connect, fill, give_insights, give_page, rising
from tests.screens.post_rows import give_posts

DAY = ago(3).isoformat()
GRANTED = ["pages_show_list", "pages_read_engagement", "read_insights"]
FOR_OPERATORS = {"setup", "imports", "connect"}  # screens
OF_SANDBOX = "Use my own Facebook app"

PERIOD = {"button_group period", "menu_button more-periods", "selectbox comparison"}
FRAME = {"popover Copy link", "popover sandbox-controls"}
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
            *("toggle daily-sources", "expander page-access", "expander 2 notes"),
        },
        {
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
        tag_page(session, create_tag(session, "Brand", NOW), "1", NOW)
        add_note(session, NoteDraft(ago(3), "Of one", "1"), NOW)
        add_note(session, NoteDraft(ago(3), "Of all"), NOW)
        set_goal(session, "1", "fans", GoalRow(99_999, ago(-60)), NOW)
        save_view(session, "Mine", "metric=Followers", NOW)
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
