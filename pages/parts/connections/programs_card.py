"""Card of the programs that use page access: what each may have, what it got, and who allows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import streamlit as st
from sqlalchemy.orm import Session

from fb.accounts.custody import NEEDED_TASKS
from fb.installation import Installation
from pages.queries import search_pages, search_tags
from pages.text import permissions
from pages.text.formats import count, counted, cut, listed, plain, when
from pages.ui import flash, popovers, viewer
from pages.ui.signed_in import may, me
from storage.accounts.allowances import (
    CONSUMER_NAME,
    Allowance,
    Use,
    allow,
    list_allowances,
    list_uses,
    withdraw,
)

SINCE = timedelta(hours=24)
MAX_OPTIONS = 200
MAX_NAME = 40
MAX_REFUSED = 5
WIDTH = 380
_PAGE, _TAG = "page ", "tag "
_TURN = "programs-turn"
NONE_YET = (
    "No program may use page access yet. A Messenger bot, say, asks under its name for the Pages "
    "that it is allowed here, and every answer is counted."
)
WHAT = (
    "A program gets the access of the Pages that it is allowed, and nothing else. Every answer is "
    "counted. No access is ever shown on a screen."
)
BAD_NAME = "Use small letters, digits and hyphens, at most 20, like messenger-bot."


@viewer.fragment
def render(installation: Installation) -> None:
    """Draw the card."""
    now = installation.now()
    with installation.database.reading() as session:
        allowances, uses = list_allowances(session), list_uses(session, now - SINCE)
    refused = list_refused(allowances, uses)
    with st.container(border=True, key="programs"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.header("Programs", anchor=False, width="content")
            if may("admin"):
                _form(installation)
        st.caption(WHAT if allowances or refused else NONE_YET)
        for consumer in dict.fromkeys(each.consumer for each in allowances):
            own = [each for each in uses if each.consumer == consumer and each.handed_out_count]
            st.markdown(f"**{plain(consumer)}** · {describe_uses(own, installation)}")
            for allowance in allowances:
                if allowance.consumer == consumer:
                    _allowed(installation, allowance)
        for use in refused[:MAX_REFUSED]:
            _refused(installation, use)


def _allowed(installation: Installation, allowance: Allowance) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(describe_allowance(allowance), width="content")
        if may("admin") and st.button("Withdraw", type="tertiary", key=f"withdraw-{allowance.id}"):
            with installation.database.writing() as session:
                withdraw(session, allowance.id, installation.now(), by=me())
            flash.leave(f"{plain(allowance.consumer)} may no longer do this.", ":material/block:")
            st.rerun()


def _refused(installation: Installation, use: Use) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(describe_refused(use), width="content")
        key = f"allow-{use.consumer}-{use.permission}-{use.page_id}"
        if may("admin") and st.button("Allow", icon=":material/check:", key=key):
            _allow(installation, use.consumer, use.permission, f"{_PAGE}{use.page_id}")


@viewer.fragment
def _form(installation: Installation) -> None:
    turn = st.session_state.get(_TURN, 0)  # a new one, closed, after each allowance
    key = f"allow-program-{turn}"
    box = st.popover("Allow a program", icon=":material/key:", key=key, on_change="rerun")
    if not popovers.is_drawn(box, key):
        return
    with installation.database.reading() as session, box, st.container(width=WIDTH):
        consumer = st.text_input(
            "Name of the program", placeholder="messenger-bot", key=f"program-name-{turn}"
        )
        permission = st.selectbox(
            "What it may do",
            list(NEEDED_TASKS),
            format_func=lambda name: permissions.permission(name).title,
            key=f"program-permission-{turn}",
        )
        whom = _choose_whom(session, turn)
        is_pressed = st.button("Allow", type="primary", key=f"program-allow-{turn}")
    if not is_pressed:
        return
    name = consumer.strip()
    if not CONSUMER_NAME.fullmatch(name):
        box.error(BAD_NAME)
    elif whom is None:
        box.error("Choose a tag or a Page. A tag also holds for the Pages that it gets later.")
    else:
        _allow(installation, name, permission, whom)


def _choose_whom(session: Session, turn: int) -> str | None:
    """Draw the choice of a tag or Page. A typed text is searched for by the server."""
    typed_key = f"program-typed-{turn}"
    search = st.session_state.get(typed_key, "")
    tags = search_tags(session, search, MAX_OPTIONS)
    pages = search_pages(session, search, MAX_OPTIONS)
    names = {f"{_TAG}{tag.id}": f"Pages with the tag {cut(tag.name, MAX_NAME)}" for tag in tags}
    names |= {f"{_PAGE}{page.page_id}": cut(page.name, MAX_NAME) for page in pages.pages}
    chosen = st.selectbox(
        "For which Pages",
        list(names),
        index=None,
        format_func=lambda option: names.get(option, option),
        placeholder="A tag or a Page",
        key=f"program-whom-{turn}",
    )
    if pages.are_cut or search:
        st.text_input("Find a tag or a Page by its name", key=typed_key)
    return chosen


def _allow(installation: Installation, consumer: str, permission: str, whom: str) -> None:
    page_id = whom.removeprefix(_PAGE) if whom.startswith(_PAGE) else None
    tag_id = int(whom.removeprefix(_TAG)) if whom.startswith(_TAG) else None
    with installation.database.writing() as session:
        is_new = allow(
            session,
            consumer,
            permission,
            installation.now(),
            page_id=page_id,
            tag_id=tag_id,
            by=me(),
        )
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    flash.leave(f"{plain(consumer)} is allowed{'' if is_new else ' this already'}.")
    st.rerun()


def list_refused(allowances: Iterable[Allowance], uses: Iterable[Use]) -> list[Use]:
    """The uses that were refused, newest first; without what was allowed for the Page since."""
    allowed = {(each.consumer, each.permission, each.page_id) for each in allowances}
    return [
        use
        for use in uses
        if use.refused_count and (use.consumer, use.permission, use.page_id) not in allowed
    ]


def describe_allowance(allowance: Allowance) -> str:
    """ "Messages · Pages with the tag Shops (12 Pages)", as Markdown."""
    title = permissions.permission(allowance.permission).title
    name = plain(cut(allowance.name, MAX_NAME))
    if allowance.tag_id is None:
        return f"{title} · {name}"
    return f"{title} · Pages with the tag {name} ({counted(allowance.pages_count, 'Page')})"


def describe_uses(uses: Sequence[Use], installation: Installation) -> str:
    """What a program got in the last 24 hours, as Markdown."""
    if not uses:
        return "asked for nothing in the last 24 hours"
    total = sum(use.handed_out_count for use in uses)
    names = [plain(cut(use.page_name, MAX_NAME)) for use in uses[:3]]
    if len(uses) > len(names):
        names = [*names[:2], counted(len(uses) - 2, "other Page")]
    last = when(max(use.last_at for use in uses), installation.now())
    times = "once" if total == 1 else f"{count(total)} times"
    return f"got access {times} in the last 24 hours, for {listed(names)}; last {last}"


def describe_refused(use: Use) -> str:
    """What a program asked for and may not have, as Markdown."""
    title = permissions.permission(use.permission).title
    page, times = plain(cut(use.page_name, MAX_NAME)), counted(use.refused_count, "time")
    return f"**{plain(use.consumer)}** asked for {page} ({title}) and was refused, {times}"
