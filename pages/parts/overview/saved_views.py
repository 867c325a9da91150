"""Saved views of Overview: the control that opens and saves them, and the start screen.

A view is Overview's URL parameters without the page number. Its name is in the URL too, so that a
link names it; a link with the name alone opens the view as it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.queries import find_authors, find_saved_view, list_saved_views
from pages.text.formats import cut, plain
from pages.text.periods import COMPARISONS, CUSTOM, DEFAULT_LABEL, LABELS
from pages.ui import flash, period_bar, popovers, return_url, url_controls, viewer
from pages.ui.copy_link import PERIOD_NAMES
from pages.ui.filter_box import MAX_PARAMETER
from pages.ui.return_url import FILTER_NAMES
from pages.ui.return_url import SAVED as PARAMETER
from pages.ui.signed_in import may, me
from storage.db.errors import ViewRefused
from storage.notes.saved_views import (
    MAX_NAME,
    MAX_VIEWS,
    View,
    delete_view,
    save_view,
    set_start_view,
)

_STATE_NAMES = tuple(
    name for name in (*PERIOD_NAMES, *return_url.NAMES) if name not in ("page", PARAMETER)
)
AGAIN, PLAIN = "Back to how it was saved", "Every Page, as at first"
MAX_LABEL = 30
WIDTH = 340
# As links in a list; the height holds about ten of them.
_STYLE = """<style>
.pk-views { max-height: 18rem; overflow-y: auto; }
.pk-views a { display: block; padding: 0.3rem 0.5rem; border-radius: 0.5rem; color: inherit;
  text-decoration: none; overflow-wrap: anywhere; }
.pk-views a:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
.pk-views a[aria-current] { font-weight: 600; }
.pk-views small { display: block; font-weight: 400; }
.pk-ways a { text-decoration: underline; }
</style>"""
_BEGUN = "session-begun"
_TAKEN, _DELETING, _TURN = "view-name-taken", "view-deleting", "view-turn"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Controls:
    """Overview's bound controls: their values without URL parameters, and those they may have."""

    defaults: Mapping[str, object]
    choices: Mapping[str, Sequence[str]]


def arrive(session: Session, controls: Controls) -> None:
    """Open the view that the URL names, or the start view; call it before any control is drawn.

    Only in the first run of a session, and without parameters that say what to show: those win.
    Later a step back in the browser's history, or the navigation, leads to Overview as it is.
    """
    if _BEGUN in st.session_state:
        return
    st.session_state[_BEGUN] = True
    stated = {str(name) for name in st.query_params}
    if stated & {"id", return_url.PARAMETER, *_STATE_NAMES}:
        return
    if PARAMETER in stated:
        view = find_named(session)
    else:
        view = next((view for view in list_saved_views(session, of=me()) if view.is_start), None)
    if view is None:
        return
    pairs = read_query(view.query)
    address: dict[str, list[str]] = {PARAMETER: [view.name]}
    for name, value in pairs:
        address.setdefault(name, []).append(value[:MAX_PARAMETER])
    # One step in the browser's history, with the controls' parameters too: Streamlit forbids
    # writing them once the controls are drawn, and adds a step for each that it writes itself.
    st.query_params.update(address)
    url_controls.change(**values_of(pairs, controls))


def begin_elsewhere() -> None:
    """Note that the session has begun on another screen."""
    st.session_state[_BEGUN] = True


def find_named(session: Session) -> View | None:
    """The view that the URL names; None for none, or one that is not here."""
    name = st.query_params.get(PARAMETER, "")[:MAX_PARAMETER]
    return find_saved_view(session, name, of=me()) if name else None


def render(installation: Installation, session: Session, controls: Controls) -> None:
    """Draw the control, labelled with the view on the screen.

    Viewers open views and choose their start screen: without a view they have no control.
    """
    view = find_named(session)
    name = st.query_params.get(PARAMETER, "")[:MAX_PARAMETER]
    if may("operator") or list_saved_views(session, of=me()):
        _popover(installation, view, read_state(controls))
    if name and view is None:
        whom = plain(cut(name, MAX_LABEL))
        st.caption(f"The view “{whom}” that this link asks for is not here.", width="content")


def label_of(view: View | None, shown: Pairs) -> str:
    """The label of the control: the name of the view on the screen, and whether it is changed."""
    if view is None:
        return "Views"
    changed = "" if shown == read_query(view.query) else ", changed"
    return f"{plain(cut(view.name, MAX_LABEL))}{changed}"


def read_query(query: str) -> Pairs:
    """The parameters of a saved view, in order; names that Overview does not have are dropped."""
    return tuple(sorted(pair for pair in parse_qsl(query) if pair[0] in _STATE_NAMES))


def read_state(controls: Controls) -> Pairs:
    """What Overview shows now, as URL parameters in order, without what is as at first.

    The controls' values count before the URL, which is one step behind in the run after a change.
    """
    pairs: list[tuple[str, str]] = []
    defaults = _defaults(controls)
    for name in _STATE_NAMES:
        is_address = name in FILTER_NAMES or name not in st.session_state
        value = st.query_params.get_all(name) if is_address else st.session_state[name]
        values = list(value) if isinstance(value, list | tuple) else [value]
        default = defaults.get(name)
        if value != default and values != [default]:
            pairs += [(name, str(each)) for each in values if each not in (None, "")]
    if ("period", CUSTOM) not in pairs:
        pairs = [pair for pair in pairs if pair[0] not in (period_bar.SINCE, period_bar.UNTIL)]
    return tuple(sorted(pairs))


def values_of(pairs: Pairs, controls: Controls) -> dict[str, Any]:
    """The values of the bound controls for these parameters; what can't be is as at first."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    values: dict[str, Any] = {"q": "", "show": None, **_defaults(controls), "page": 1}
    allowed = {**controls.choices, "period": LABELS, period_bar.COMPARISON: COMPARISONS}
    for name in values:
        some = [each for each in given.get(name, ()) if each in allowed.get(name, ())]
        if name == "q":
            values[name] = given.get("q", [""])[-1][:MAX_PARAMETER]
        elif some:
            values[name] = some if isinstance(values[name], list | tuple) else some[-1]
    if values["period"] == CUSTOM:
        for name in (period_bar.SINCE, period_bar.UNTIL):
            values[name] = _day(given.get(name, [""])[-1])
    return values


def refusal(refused: ViewRefused) -> str:
    """Why a view was not saved, and what to do; plain text."""
    return {
        "empty": "Write a name for the view.",
        "too_long": f"A view's name has at most {MAX_NAME} characters.",
        "too_many": f"There are {MAX_VIEWS} views, which is the most. Delete one first.",
        "query_too_long": "This view has too many parts to be saved. Choose fewer in Filter.",
        "taken": f"There is a view “{refused.taken_by}” already.",
    }[refused.reason]


def _defaults(controls: Controls) -> dict[str, object]:
    return {"period": DEFAULT_LABEL, period_bar.COMPARISON: COMPARISONS[0], **controls.defaults}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def address_of(view: View | None) -> str:
    """The address of a view; for None that of Overview as it is without any, not even the first."""
    pairs = () if view is None else read_query(view.query)
    return "/?" + urlencode([(PARAMETER, "" if view is None else view.name), *pairs])


@viewer.fragment
def _popover(installation: Installation, view: View | None, shown: Pairs) -> None:
    popover = st.popover(
        label_of(view, shown), icon=":material/bookmark:", key="views", on_change="rerun"
    )
    if not popovers.is_drawn(popover, "views"):
        return
    with (
        installation.database.reading() as session,
        popover,
        st.container(width=WIDTH, key="views-open"),
    ):
        views = list_saved_views(session, of=me())
        authors = find_authors(session, me(), (each.by for each in views))
        _choose(views, view, shown, authors)
        if may("operator"):
            _save(installation, shown)
        if view is not None:
            _manage(installation, view, shown)


def _choose(
    views: Sequence[View], view: View | None, shown: Pairs, authors: Mapping[str, str]
) -> None:
    """Draw links to the views, and the ways back from what is on the screen.

    ``authors``: names by key, of the views that people saved.
    They are anchors: the browser keeps each as one step of its history, and can open it in a tab.
    """
    if not views:
        st.caption("Keep what you look at often: filter, period, order and the rest, under a name.")
    at = None if view is None else view.id
    links = [
        _link(address_of(each), _name(each), is_current=each.id == at, author=authors.get(each.by))
        for each in views
    ]
    ways = []
    if view is not None and shown != read_query(view.query):
        ways.append(_link(address_of(view), AGAIN))
    if view is not None or shown:
        ways.append(_link(address_of(None), PLAIN))
    lists = [
        f"<div class='{names}'>{''.join(anchors)}</div>"
        for names, anchors in (("pk-views", links), ("pk-views pk-ways", ways))
        if anchors
    ]
    if lists:
        st.html(_STYLE + "".join(lists))


def _link(href: str, label: str, *, is_current: bool = False, author: str | None = None) -> str:
    current = " aria-current='page'" if is_current else ""
    saved = f"<small>Saved by {escape(cut(author, MAX_LABEL))}</small>" if author else ""
    return f"<a href='{escape(href, quote=True)}'{current}>{escape(label)}{saved}</a>"


def _name(view: View) -> str:
    return f"{view.name} (start screen)" if view.is_start else view.name


def _save(installation: Installation, shown: Pairs) -> None:
    with st.form("view-save", border=False):
        turn = st.session_state.get(_TURN, 0)
        name = st.text_input(
            "Save this view as",
            max_chars=MAX_NAME,
            placeholder="A client, a weekly check",
            key=f"view-name-{turn}",
        )
        is_sent = st.form_submit_button("Save this view")
    if is_sent:
        st.session_state.pop(_TAKEN, None)
        _store(installation, name, shown)
    taken = st.session_state.get(_TAKEN)
    if taken is not None:
        st.error(plain(f"There is a view “{taken}” already. Write another name, or replace it."))
        if st.button(plain(f"Replace “{cut(taken, MAX_LABEL)}”"), key="view-replace"):
            _store(installation, taken, shown, replaces=True)


def _store(installation: Installation, name: str, shown: Pairs, *, replaces: bool = False) -> None:
    try:
        with installation.database.writing() as session:
            query, now = urlencode(shown), installation.now()
            view = save_view(session, name, query, now, replaces=replaces, by=me())
    except ViewRefused as refused:
        if refused.reason == "taken":
            st.session_state[_TAKEN] = name
        else:
            st.error(plain(refusal(refused)))
        return
    st.session_state.pop(_TAKEN, None)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.query_params[PARAMETER] = view.name
    flash.leave(f"The view “{plain(view.name)}” was saved.")
    st.rerun()


def _manage(installation: Installation, view: View, shown: Pairs) -> None:
    """Draw what can be done with the view on the screen: begin with it, and delete it."""
    label = plain(f"Save the changes to “{cut(view.name, MAX_LABEL)}”")
    is_changed = may("operator") and shown != read_query(view.query)
    if is_changed and st.button(label, key="view-update"):
        _store(installation, view.name, shown, replaces=True)
    key = f"view-start-{view.id}-{view.is_start}"
    is_start = st.toggle(
        "Start with this view",
        value=view.is_start,
        key=key,
        help="Overview opens with it when its address says nothing else.",
    )
    if is_start != view.is_start:
        with installation.database.writing() as session:
            set_start_view(session, view.id if is_start else None, by=me())
        st.rerun()
    if may("operator"):
        _delete(installation, view)


def _delete(installation: Installation, view: View) -> None:
    if st.session_state.get(_DELETING) != view.id:
        if st.button("Delete this view…", type="tertiary", icon=":material/delete:"):
            st.session_state[_DELETING] = view.id
            st.rerun(scope="fragment")
        return
    st.markdown(f"Delete the view “{plain(view.name)}”? No Page and no figure goes with it.")
    with st.container(horizontal=True):
        if st.button("Delete", key="view-really-delete"):
            with installation.database.writing() as session:
                delete_view(session, view.id, by=me())
            st.session_state.pop(_DELETING, None)
            st.query_params.pop(PARAMETER, None)
            flash.leave(f"The view “{plain(view.name)}” was deleted.", ":material/delete:")
            st.rerun()
        if st.button("Keep", type="tertiary", key="view-keep"):
            st.session_state.pop(_DELETING, None)
            st.rerun(scope="fragment")
