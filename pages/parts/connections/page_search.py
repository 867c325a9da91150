"""Where is my Page?: a search for any Page, with the reason where it is not fully connected.

One sentence and one action for each: Pages ever saved, and those that Facebook named on a trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from fb.accounts import disconnect
from fb.accounts.custody import has_task
from fb.installation import Installation
from pages.text import phrases
from pages.text.formats import counted, cut, plain
from pages.ui import archive, connection_text, flash, links, polling, viewer
from pages.ui.moved import dialog as moved
from pages.ui.moved import moved_text
from pages.ui.signed_in import may, me
from storage.accounts.connection_states import ConnectionState
from storage.accounts.page_moves import MovedPage
from storage.figures.page_search import FoundPage, SeenBy, find_pages

TITLE = "Where is my Page?"
MAX_ROWS = 20
MAX_NAME = 60
WIDTH = 420
_WIDTHS = (1.2, 7, 1.5)  # of a row's badge, sentence and action
MESSAGES = "pages_messaging"
NOT_SEEN = (
    "No Page of this name or ID was ever connected here. Facebook lists a Page only for an account "
    "that has a role on it, and only if it is ticked in Facebook's dialog: connect such an account."
)
ASK_AN_ADMIN = "Ask an admin of the Page to widen the role."

Action = Literal[
    "open", "renew", "connect_again", "unfreeze", "bring_back", "open_new", "take_along"
]
# What a viewer may do, too: the rest takes an operator.
_OPENING: tuple[Action, ...] = ("open", "open_new")
_LABELS: Mapping[Action, str] = {
    "open": "Open",
    "renew": "Renew",
    "connect_again": "Connect again",
    "unfreeze": "Unfreeze",
    "bring_back": "Bring back",
    "open_new": "Open",
    "take_along": moved.TAKE_ALONG,
}


@dataclass(frozen=True)
class Answer:
    """Where a Page is: its badge, a sentence (Markdown) and the action that helps.

    ``grant_id`` is of the account that the action is about; None for those about the Page.
    """

    label: str
    icon: str
    colour: phrases.Colour
    sentence: str
    action: Action
    grant_id: int | None = None


@viewer.fragment
def render(installation: Installation) -> None:
    """Draw the search field, and a row for each Page found, at most MAX_ROWS."""
    search = st.text_input(
        TITLE,
        placeholder="Name or ID of a Page",
        icon=":material/search:",
        live="300ms",
        width=WIDTH,
        key="page-search",
    ).strip()
    if not search:
        return
    with installation.database.reading() as session:
        found = find_pages(session, search, limit=MAX_ROWS + 1)
    with st.container(border=True, key="page-search-rows"):
        if not found:
            st.markdown(NOT_SEEN)
        for page in found[:MAX_ROWS]:
            _row(installation, page)
        if len(found) > MAX_ROWS:
            st.caption(f"The first {counted(MAX_ROWS, 'Page')} by name. Type more of the name.")


def _row(installation: Installation, page: FoundPage) -> None:
    answer = describe(page if may("operator") else _without_causes(page))
    badge, text, action = st.columns(_WIDTHS, vertical_alignment="center")
    badge.badge(answer.label, icon=answer.icon, color=answer.colour)
    text.markdown(f"**{plain(cut(page.name, MAX_NAME))}** – {answer.sentence}")
    if answer.action in _OPENING or may("operator"):
        with action:
            _act(installation, page, answer)


def _act(installation: Installation, page: FoundPage, answer: Answer) -> None:
    label = _LABELS[answer.action]
    if answer.action in ("renew", "connect_again"):
        if installation.can_open_tokens:
            link = links.connect_link(label, filled=False, renew=answer.grant_id)
            st.html(link, width="content")
    elif st.button(label, key=f"page-search-{answer.action}-{page.id}"):
        if answer.action == "open":
            polling.go_to("page", {"id": page.id})
        elif answer.action == "open_new" and page.move is not None:
            polling.go_to("page", {"id": page.move.new_id})
        elif answer.action == "take_along":
            moved.confirm(installation, page.id)
        elif answer.action == "bring_back":
            archive.bring_back(installation, [page.id])
        elif answer.grant_id is not None:
            disconnect.thaw(installation, answer.grant_id, by=me())
            name = plain(page.holders[0].account_name)
            flash.leave(f"{name} is no longer frozen.")
            st.rerun()


def _without_causes(page: FoundPage) -> FoundPage:
    """The Page without the codes that say why Facebook ended an account's access."""
    holders = (
        replace(each, grant_reason_code=None, grant_reason_subcode=None) for each in page.holders
    )
    return replace(page, holders=tuple(holders))


def describe(page: FoundPage) -> Answer:
    """Where a Page is, why, and what to do about it."""
    if page.move is not None:
        return _describe_moved(page, page.move)
    if page.archived_at is not None:
        sentence = archive.banner(page.archived_at)
        return Answer("Archived", archive.ICON, "gray", sentence, "bring_back")
    connection, holders = page.connection, page.holders
    by_dialog = [each for each in page.seen_by if each.kind == "not_ticked"]
    if connection is None or (connection == "missing" and by_dialog):
        return _describe_seen((by_dialog or page.seen_by)[0])
    label = phrases.CONNECTIONS[connection]
    icon, colour = connection_text.BADGES[connection]
    why = connection_text.reason(connection, page.is_published, holders) or ""
    grant_id = holders[0].grant_id if holders else None
    match connection:
        case "connected" | "works_in_part":
            return _describe_read(page, why)
        case "frozen":
            return Answer(label, icon, colour, why, "unfreeze", grant_id)
        case "no_access" if holders[0].status == "role_lost":
            label, grant_id = "Role lost", None
        case "disconnected" if connection_text.is_left_out(holders):
            label = "Left out"
            kept = (each for each in holders if each.grant_status != "disconnected")
            grant_id = next(each.grant_id for each in kept if each.status == "left_out")
    sentence = f"{why} {connection_text.advice(connection, holders)}".rstrip()
    renews: Action = "renew" if connection == "needs_renewal" else "connect_again"
    action: Action = "open" if grant_id is None else renews
    return Answer(label, icon, colour, sentence, action, grant_id)


def _describe_moved(page: FoundPage, move: MovedPage) -> Answer:
    """Describe a Page that has another id now."""
    sentence = moved_text.describe_old(move)
    if move.taken_at is not None:
        return Answer("Moved", moved.ICON, "gray", sentence, "open_new")
    if move.new_name is not None:
        return Answer("Moved", moved.ICON, "orange", sentence, "take_along")
    grant_id = page.holders[0].grant_id if page.holders else None
    return Answer("Moved", moved.ICON, "orange", sentence, "connect_again", grant_id)


def _describe_seen(seen: SeenBy) -> Answer:
    """Describe a Page that Facebook named, and did not give access to."""
    label, sentence = connection_text.SEEN[seen.kind]
    said = sentence.format(name=plain(seen.account_name))
    icon, colour = connection_text.BADGES["no_access"]
    return Answer(label, icon, colour, said, "connect_again", seen.grant_id)


def _describe_read(page: FoundPage, why: str) -> Answer:
    """Describe a Page that is read: whether its accounts' roles are wide enough."""
    readers = [each for each in page.holders if each.connection == page.connection]
    who = phrases.named_accounts([each.account_name for each in readers])
    sentences = [f"Read through {who}.", why]
    is_answered = any(has_task(each.tasks, MESSAGES) for each in readers)
    if not is_answered:
        sentences.append("Messages need the Messages permission on the Page.")
    if not is_answered or (why and page.is_published is not False):
        sentences.append(ASK_AN_ADMIN)
    state: ConnectionState = "connected" if is_answered and not why else "works_in_part"
    icon, colour = connection_text.BADGES[state]
    sentence = " ".join(filter(None, sentences))
    return Answer(phrases.CONNECTIONS[state], icon, colour, sentence, "open")
