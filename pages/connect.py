"""Connect: the return from Facebook, the progress of the fetch, the preview, and the result.

A Streamlit script can be cut off or run twice at any moment. So the answer is accepted, saved or
discarded by one conditional UPDATE each, and the database decides what happens once. Progress is
polled by fragments, which rerun the script at the end; the work goes on in another thread, also
when the tab is closed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from fb.installation import Installation
from fb.jobs import pictures, runner, sandbox_history
from fb.login import preview as login_preview
from fb.login import save as login
from fb.login import start
from fb.login.attempt import AttemptGone
from fb.login.preview import AttemptView
from pages.parts.connect import preview
from pages.text import phrases, wording
from pages.text.formats import count, counted, day, local_day, plain
from pages.text.progress_text import with_time_left
from pages.ui import flash, links, message_page, polling
from pages.ui.polling import poll
from pages.ui.signed_in import me
from storage.jobs.runs import SNAPSHOTS, find_last_run

log = logging.getLogger(__name__)

# Parameters of a return from Facebook; the last one comes only from a wrong response type.
_RETURN_NAMES = ("code", "state", *start.ERROR_NAMES, "access_token")
_REFUSED = "refused-return"
EVERY_SECONDS = 1.0
_DONE, _NOW, _LATER = ":material/check:", ":material/progress_activity:", ":material/more_horiz:"


def render(installation: Installation) -> None:
    """Draw the screen of a return from Facebook, or of ``?attempt=<id>``."""
    if not installation.can_open_tokens:
        # Before the answer is consumed, so that it is still valid when the right key is back.
        message_page.render(phrases.wrong_key(installation.keys.account_names))
        return
    parameters = {name: tuple(st.query_params.get_all(name)) for name in st.query_params}
    if any(name in parameters for name in _RETURN_NAMES) or "attempt" not in parameters:
        _take_return(installation, parameters)
    else:
        _show(installation, parameters["attempt"][0])


def _cookies() -> Mapping[str, str]:
    return st.context.cookies.to_dict()


def _take_return(installation: Installation, parameters: Mapping[str, Sequence[str]]) -> None:
    try:
        attempt_id = start.accept_return(
            installation, parameters, _cookies(), installation.now(), by=me()
        )
    except start.ReturnRefused as refusal:
        if refusal.kind != "used" or refusal.attempt_id is None:
            _refuse(refusal, parameters)
            return
        attempt_id = refusal.attempt_id
    _swap_address(parameters, {"attempt": attempt_id})
    _show(installation, attempt_id)


def _refuse(refusal: start.ReturnRefused, parameters: Mapping[str, Sequence[str]]) -> None:
    """Draw the reason, and remove the answer from the URL: its code may still be valid.

    The session keeps the reason, because the URL no longer has it.
    """
    message = wording.for_refusal(refusal.kind, refusal.code)
    if parameters:
        log.info("a return from Facebook was refused: %s", refusal.kind)
        if refusal.kind != "wrong_key":  # with a wrong key the answer stays valid for later
            st.session_state[_REFUSED] = message
            _swap_address(parameters, {})
    else:
        message = st.session_state.get(_REFUSED, message)
    message_page.render(message)


def _swap_address(
    parameters: Mapping[str, Sequence[str]], new_parameters: Mapping[str, str]
) -> None:
    """Replace the URL's parameters, so that a reload never sends the code again.

    Streamlit can only push a URL, not replace one. Each answer is replaced once per session: after
    Back its URL is left alone, so that another Back leaves it. Its code is consumed already.
    """
    answer = repr(sorted((name, list(values)) for name, values in parameters.items()))
    mark = f"left-{hashlib.sha256(answer.encode()).hexdigest()[:16]}"
    if mark not in st.session_state:
        st.session_state[mark] = True
        st.query_params.from_dict(new_parameters)


def _show(installation: Installation, attempt_id: str) -> None:
    def look() -> AttemptView:
        return login_preview.get_view(installation, attempt_id, _cookies(), by=me())

    if f"pressed-{attempt_id}" in st.session_state:
        _save(installation, attempt_id)
        return
    view = look()
    if view.status == "reading":
        _watch_fetch(attempt_id, look)
    elif view.status == "ready" and view.preview is not None:
        _check(installation, attempt_id, view)
    elif view.status == "saved":
        _after_save(installation, attempt_id, view)
    else:
        words = wording.for_attempt(view.status, failure=view.failure)
        message_page.render(words, renew=view.renews)
        if view.status == "interrupted":
            _watch_for_life(look)


def _watch_for_life(look: Callable[[], AttemptView]) -> None:
    """Show how it goes on, if the process was only kept from writing, by a long import perhaps."""

    @poll(EVERY_SECONDS)
    def watch() -> None:
        if look().status != "interrupted":
            st.rerun()

    watch()


def _check(installation: Installation, attempt_id: str, view: AttemptView) -> None:
    shown = view.preview
    assert shown is not None  # a ready attempt has one
    if not shown.pages:
        words = phrases.no_page(shown.account_name, shown.declined)
        message_page.render(words, renew=view.renews)
        preview.missing_notice(shown)
        preview.missing_hint(shown)
        with st.bottom.container(horizontal=True):
            _discard_button(installation, attempt_id)
        return
    if st.session_state.pop(f"overtaken-{attempt_id}", False):
        st.warning(wording.OVERTAKEN.sentence, title=wording.OVERTAKEN.title)
    ticked = preview.render(
        shown,
        attempt_id=attempt_id,
        until=view.preview_expires_at,
        renews=view.renews,
        leave_out=partial(_leave_out, installation, attempt_id),
    )
    with st.bottom.container(horizontal=True, vertical_alignment="center"):
        is_pressed = st.button(
            f"Save {counted(len(ticked), 'Page')}",
            type="primary",
            icon=":material/check:",
            disabled=not (ticked and preview.is_agreed(shown, attempt_id)),
            key="save",
        )
        # The digest of the preview that was on the screen when Save was pressed, in the run before.
        # A new session, after a restart, only has this run's.
        digest = st.session_state.get(f"drawn-{attempt_id}", shown.digest)
        st.session_state[f"drawn-{attempt_id}"] = shown.digest
        if is_pressed and ticked:
            st.session_state[f"pressed-{attempt_id}"] = ticked, digest, shown.account_name
            st.rerun()
        chooser = links.connect_link(wording.CHOOSER.label, filled=False, renew=view.renews)
        st.html(chooser, width="content")
        _discard_button(installation, attempt_id)


def _discard_button(installation: Installation, attempt_id: str) -> None:
    if st.button("Discard", type="tertiary", key="discard"):
        with suppress(AttemptGone):  # ended meanwhile: the next run shows how
            login.discard(installation, attempt_id, _cookies(), installation.now(), by=me())
        st.rerun()


def _leave_out(installation: Installation, attempt_id: str, page_ids: frozenset[str]) -> None:
    with suppress(AttemptGone):  # ended meanwhile: the next run shows how
        login.leave_out(installation, attempt_id, _cookies(), page_ids, by=me())


def _save(installation: Installation, attempt_id: str) -> None:
    """Say that it is being saved, then save once, in the run after the one that said so.

    If another tab or the expiry was first, the next run shows that.
    """
    ticked, digest, account_name = st.session_state[f"pressed-{attempt_id}"]
    st.title("Saving your Pages", anchor=False)
    with st.container(border=True):
        st.markdown(f"{_NOW} Saving {counted(len(ticked), 'Page')} of {plain(account_name)}")
    if not polling.is_drawn(f"saving-{attempt_id}"):
        return
    del st.session_state[f"pressed-{attempt_id}"]
    try:
        outcome = login.save(
            installation,
            attempt_id,
            _cookies(),
            installation.now(),
            page_ids=ticked,
            digest=digest,
            by=me(),
        )
    except login.PreviewOvertaken:
        st.session_state[f"overtaken-{attempt_id}"] = True
    except AttemptGone:
        pass  # the next run shows how it ended
    else:
        _follow_up(installation, reads_figures=bool(outcome["reads_figures"]))
        st.session_state[f"saved-{attempt_id}"] = True
    st.rerun()


def _follow_up(installation: Installation, *, reads_figures: bool) -> None:
    """Start the next job: the sandbox's history after its first Save, else the pictures.

    An account whose figures can't be read has no history either: it is left to the next Save.
    """
    with installation.database.reading() as session:
        is_first = find_last_run(session, SNAPSHOTS) is None
    if installation.sandbox is not None and is_first and reads_figures:
        sandbox_history.make_history(installation, by=me())
    else:
        runner.start(installation, pictures.JOB)


def _after_save(installation: Installation, attempt_id: str, view: AttemptView) -> None:
    """Open Overview in the session that has saved; draw a link to it in others."""
    if sandbox_history.find_progress(installation) is not None:
        _watch_history(installation)
        return
    if st.session_state.pop(f"saved-{attempt_id}", False):
        flash.leave(phrases.saved(view.outcome or {}))
        polling.go_to("overview")
    now = installation.now()
    message_page.render(
        wording.for_attempt("saved", outcome=view.outcome, ended_at=view.ended_at, now=now)
    )


def _watch_fetch(attempt_id: str, look: Callable[[], AttemptView]) -> None:
    st.title("Reading your Pages from Facebook", anchor=False)

    @poll(EVERY_SECONDS)
    def watch() -> None:
        now = look()
        if now.status != "reading":
            st.rerun()
        _progress(attempt_id, now)

    watch()


def _progress(attempt_id: str, view: AttemptView) -> None:
    who = f"Signed in to Facebook as {plain(view.account_name)}. " if view.account_name else ""
    st.caption(f"{who}You can leave this screen; the work goes on.")
    read, total = view.pages_read or 0, view.pages_total
    if total:
        left = polling.describe_left(attempt_id, read, total)
        text = with_time_left(f"{count(read)} of {counted(total, 'Page')} read", left)
        st.progress(min(read / total, 1.0), text=text)
    else:
        st.markdown(f"{counted(read, 'Page')} read so far" if read else "Waiting for Facebook…")
    with st.container(border=True):
        for icon, text in steps(view):
            st.markdown(f"{icon} {text}")
    if view.is_slow:
        st.caption(wording.SLOW)


def _watch_history(installation: Installation) -> None:
    st.title("Making the sandbox's history", anchor=False)

    @poll(EVERY_SECONDS)
    def watch() -> None:
        now = sandbox_history.find_progress(installation)
        if now is None:
            st.rerun()
        st.caption("The real daily refresh runs once for each day. You can leave this screen.")
        days = counted(now.steps_total, "day")
        left = polling.describe_left((now.id, now.started_at), now.steps_done, now.steps_total)
        text = f"Making {days} of history… {count(now.steps_done)} of {count(now.steps_total)}"
        text = with_time_left(text, left)
        st.progress(min(now.steps_done / max(now.steps_total, 1), 1.0), text=text)

    watch()


def steps(view: AttemptView) -> list[tuple[str, str]]:
    """The three steps of a fetch, each with the icon of its state and its text."""
    order = ("exchange", "identity", "listing")
    at = order.index(view.step) if view.step in order else 0
    until = f", valid until {day(local_day(view.access_until))}" if view.access_until else ""
    texts = (
        "Facebook confirmed the sign-in" if at > 0 else "Asking Facebook to confirm the sign-in",
        f"Long-lived access received{until}" if at > 1 else "Asking for long-lived access",
        "Reading Pages",
    )
    icons = [_DONE if index < at else _NOW if index == at else _LATER for index in range(3)]
    return list(zip(icons, texts, strict=True))
