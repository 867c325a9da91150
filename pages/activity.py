"""Activity: all refreshes with their results, and the events of accounts, tags, notes, imports.

Texts of the tables are plain and not escaped: table cells are not Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import runner
from pages.text.formats import UNKNOWN, clock, counted, day, moment, one_line
from pages.text.phrases import why_ended
from pages.text.wording import for_error
from pages.ui.notes import note_text
from pages.ui.polling import poll
from pages.ui.tags import tag_text
from storage.jobs.events import EventRecord, count_events, list_events
from storage.jobs.runs import (
    SNAPSHOTS,
    Failure,
    RunRecord,
    count_runs,
    find_run,
    list_failures,
    list_runs,
)

RUN_ROWS = 25
EVENT_ROWS = 25
FAILURE_ROWS = 100
MAX_LINKS = 3
EVERY_SECONDS = 2.0
_RESULT = "run-result"
# By `storage.models.JobRun.started_by`.
RUN_KINDS: Mapping[str, str] = {
    "manual": "Refresh now",
    "daily": "Daily refresh",
    "command": "Refresh by command line",
    "history": "Sandbox history",
    "fast_forward": "Sandbox fast-forward",
}
RUN_WHO: Mapping[str, str] = {
    "manual": "Operator",
    "daily": "Dashboard",
    "command": "Command line",
    "history": "Sandbox",
    "fast_forward": "Sandbox",
}
ACCOUNT_EVENTS: Mapping[str, str] = {
    "connected": "{name} was connected: {saved}",
    "renewed": "{name}'s access was renewed: {saved}",
    "disconnected": "{name} was disconnected; the history stays",
    "needs_renewal": "Facebook ended {name}'s access",
    "frozen": "{name} was frozen: no refresh until it is unfrozen",
    "thawed": "{name} was unfrozen",
}


def render(installation: Installation) -> None:
    """Draw the screen."""
    st.title("Activity", anchor=False)
    _running(installation)
    _selected_run(installation)
    _refreshes(installation)
    _events(installation)


def _running(installation: Installation) -> None:
    if runner.find_active(installation, SNAPSHOTS) is None:
        return

    @poll(EVERY_SECONDS)
    def watch() -> None:
        progress = runner.find_active(installation, SNAPSHOTS)
        if progress is None:
            st.rerun()
        at, total = progress.pages_done + progress.pages_failed, progress.pages_total
        what = RUN_KINDS.get(progress.started_by, "Refresh")
        st.progress(
            min(at / max(total, 1), 1.0),
            text=f"{what} of {day(progress.day)}: {at:,d} of {counted(total, 'Page')}, "
            f"started {moment(progress.started_at)}",
        )

    watch()


def _refreshes(installation: Installation) -> None:
    st.header("Refreshes", anchor=False)
    with installation.database.reading() as session:
        total = count_runs(session, SNAPSHOTS)
    if not total:
        st.markdown("No refresh yet. The first one runs when Pages are connected, then every day.")
        return
    table = st.container()
    number = 1
    if total > RUN_ROWS:
        number = st.pagination(-(-total // RUN_ROWS), key="runs-page")
    with installation.database.reading() as session:
        runs = list_runs(session, SNAPSHOTS, limit=RUN_ROWS, offset=(number - 1) * RUN_ROWS)
    with table:
        first = (number - 1) * RUN_ROWS + 1
        st.caption(
            f"{first:,d}–{first + len(runs) - 1:,d} of {total:,d}, newest first. "
            "A result opens the list of what could not be read."
        )
        _buttons_for_failed(runs)
        _run_table(installation, runs)


def _run_table(installation: Installation, runs: list[RunRecord]) -> None:
    active = runner.find_active(installation, SNAPSHOTS)
    active_id = active.id if active else None
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([run.started_at.replace(tzinfo=None) for run in runs]),
                "result": [_result_cell(run, active_id) for run in runs],
                "what": [RUN_KINDS.get(run.started_by, run.started_by) for run in runs],
                "day": pd.to_datetime([run.day for run in runs]),
                "who": [RUN_WHO.get(run.started_by, UNKNOWN) for run in runs],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                "Started (UTC)", width=150, format="D MMM YYYY, HH:mm"
            ),
            "result": st.column_config.ButtonColumn(
                "Result",
                width=300,
                type="tertiary",
                alignment="left",
                key=_RESULT,
            ),
            "what": st.column_config.TextColumn("What", width=210),
            "day": st.column_config.DateColumn("Figures of", width=120, format="D MMM YYYY"),
            "who": st.column_config.TextColumn("Who", width=130),
        },
        hide_index=True,
        width="content",
        height="content",
        placeholder=UNKNOWN,
        alt="Refreshes, newest first, with their results",
    )
    # After the table: in a new session a press is available only after the table is drawn.
    _open_pressed(runs, active_id)


def _open_pressed(runs: list[RunRecord], active_id: int | None) -> None:
    """Open the refresh whose result was pressed, if it is still in that row."""
    press = st.session_state.get(_RESULT)
    if press and press["row"] < len(runs):
        run = runs[press["row"]]
        if _result_cell(run, active_id) == press["label"]:
            _open(run.id)


def _open(run_id: int) -> None:
    st.query_params["run"] = str(run_id)
    st.rerun()  # the failures are drawn above the table


def _buttons_for_failed(runs: list[RunRecord]) -> None:
    """Draw buttons for refreshes with failures: a keyboard can't press a button in a table."""
    for run in [run for run in runs if run.pages_failed][:MAX_LINKS]:
        is_pressed = st.button(
            f"{moment(run.started_at)}: {result(run, None)}",
            type="tertiary",
            icon=":material/error:",
            key=f"failed-run-{run.id}",
        )
        if is_pressed:
            _open(run.id)


def _result_cell(run: RunRecord, active_id: int | None) -> str:
    return (":material/error: " if run.pages_failed else "") + result(run, active_id)


def result(run: RunRecord, active_id: int | None) -> str:
    """The result of a run; "running" without being the active run means interrupted."""
    was_cut_off = run.status == "running" and run.id != active_id
    return run_result(
        "interrupted" if was_cut_off else run.status,
        total=run.pages_total,
        done=run.pages_done,
        failed=run.pages_failed,
        limited_until=run.limited_until,
        reason_code=run.reason_code,
    )


def _selected_run(installation: Installation) -> None:
    run_id = st.query_params.get("run", "")
    if not (run_id.isascii() and run_id.isdigit() and len(run_id) < 18):
        return
    with installation.database.reading() as session:
        run = find_run(session, int(run_id))
        failures = list_failures(session, int(run_id), limit=FAILURE_ROWS) if run else []
    if run is None or run.kind != SNAPSHOTS:
        st.caption("That refresh is not known here.")
        return
    with st.container(border=True, key="chosen-run"):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.header(f"Refresh of {moment(run.started_at)}", anchor=False, width="content")
            if st.button("Close", type="tertiary", icon=":material/close:", key="close-run"):
                st.query_params.pop("run", None)
                st.rerun()
        if not failures:
            st.markdown(f"{result(run, run.id)}. No Page was refused.")
            return
        more = "" if len(failures) == run.pages_failed else f" The first {len(failures):,d} are:"
        st.markdown(f"{run.pages_failed:,d} of {counted(run.pages_total, 'Page')} not read.{more}")
        _failures(failures)


def _failures(failures: list[Failure]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "page": [one_line(failure.page_name) for failure in failures],
                "why": [
                    page_failure(
                        failure.kind,
                        failure.account_name,
                        code=failure.code,
                        subcode=failure.subcode,
                        trace_id=failure.trace_id,
                    )
                    for failure in failures
                ],
                "account": [one_line(failure.account_name or "") or None for failure in failures],
            }
        ),
        column_config={
            "page": st.column_config.TextColumn("Page", width=260),
            "why": st.column_config.TextColumn("Why", width=640),
            "account": st.column_config.TextColumn("Read through", width=180),
        },
        hide_index=True,
        width="content",
        placeholder=UNKNOWN,
        alt="Pages that could not be read, with the reason for each",
    )


def _events(installation: Installation) -> None:
    st.header("Accounts, tags, notes and imports", anchor=False)
    with installation.database.reading() as session:
        total = count_events(session)
    if not total:
        st.markdown("No account was connected yet.")
        return
    table = st.container()
    number = 1
    if total > EVENT_ROWS:
        number = st.pagination(-(-total // EVENT_ROWS), key="events-page")
    first = (number - 1) * EVENT_ROWS
    with installation.database.reading() as session:
        events = list_events(session, limit=EVENT_ROWS, offset=first)
    with table:
        if total > EVENT_ROWS:
            last = first + len(events)
            st.caption(f"{first + 1:,d}–{last:,d} of {total:,d}, newest first.")
        _event_table(events)


def _event_table(events: list[EventRecord]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([each.at.replace(tzinfo=None) for each in events]),
                "what": [
                    one_line(event(each.kind, each.account_name, each.facts)) for each in events
                ],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                "When (UTC)", width=150, format="D MMM YYYY, HH:mm"
            ),
            "what": st.column_config.TextColumn("What happened", width=780),
        },
        hide_index=True,
        width="content",
        height="content",
        alt="What happened to accounts, tags, notes and imports, newest first",
    )


def run_result(
    status: str,
    *,
    total: int,
    done: int,
    failed: int,
    limited_until: datetime | None = None,
    reason_code: int | None = None,
) -> str:
    """ "140 Pages", "2 of 140 failed", "812 of 6,000; Facebook allows the rest from 14:40 UTC"…

    ``limited_until`` and ``reason_code`` as in `storage.models.JobRun`: a code without a time is a
    rate limit for which Facebook named none.
    """
    if status == "running":
        return f"{done + failed:,d} of {total:,d}"
    if limited_until is not None:
        return f"{done:,d} of {total:,d}; Facebook allows the rest from {clock(limited_until)}"
    if reason_code is not None:
        return f"{done:,d} of {total:,d}; Facebook asked to slow down and named no time"
    if status == "interrupted":
        return f"Interrupted after {done:,d} of {counted(total, 'Page')}"
    if status == "stopped":
        return f"Stopped after {done:,d} of {total:,d}"
    if failed:
        return f"{failed:,d} of {total:,d} failed"
    if status == "failed":
        return "Failed"
    return counted(done, "Page")


def page_failure(
    kind: str,
    account_name: str | None,
    *,
    code: int | None = None,
    subcode: int | None = None,
    trace_id: str | None = None,
) -> str:
    """Why one Page could not be read, as plain text for a cell."""
    name = account_name or "The account"
    if kind == "AccessEnded":
        return why_ended(name, code, subcode)
    if kind == "PermissionMissing":
        return f"Facebook no longer lets {name} read this Page's figures."
    if kind == "NotFound":
        return f"The Page no longer exists at Facebook, or {name} may not see it."
    return for_error(kind, code=code, subcode=subcode, trace_id=trace_id).sentence


def _saved(facts: Mapping[str, Any]) -> str:
    parts = [
        f"{int(facts[key]):,d} {word}"
        for key, word in (("added", "added"), ("kept", "kept"), ("missing", "missing"))
        if facts.get(key)
    ]
    return ", ".join(parts) or "no Page"


def event(kind: str, account_name: str | None, facts: Mapping[str, Any]) -> str:
    """An event as plain text for a cell; ``facts`` depend on its kind."""
    if kind in tag_text.EVENTS:
        return tag_text.event(kind, facts)
    if kind in note_text.EVENTS:
        return note_text.event(kind, facts)
    if kind in ("imported", "import_undone"):
        what = f"{counted(int(facts.get('days', 0)), 'day')} of past figures"
        verb = "were imported from" if kind == "imported" else "were removed again: undone was"
        return f"{what} {verb} {facts.get('file', 'a file')}"
    sentence = ACCOUNT_EVENTS.get(kind, f"{{name}}: {kind.replace('_', ' ')}")
    return sentence.format(name=account_name or "An account", saved=_saved(facts))
