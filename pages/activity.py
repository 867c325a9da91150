"""What the dashboard did and what became of it: every refresh, and what befell or was done with
accounts, tags, notes and imports."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import runner
from pages.parts.activity import activity_text
from pages.text.formats import UNKNOWN, counted, day, moment, one_line
from pages.ui.polling import poll
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


def render(installation: Installation) -> None:
    """Draw the screen."""
    st.title("Activity", anchor=False)
    _running(installation)
    _chosen_run(installation)
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
        what = activity_text.RUN_KINDS.get(progress.started_by, "Refresh")
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
                "what": [
                    activity_text.RUN_KINDS.get(run.started_by, run.started_by) for run in runs
                ],
                "day": pd.to_datetime([run.day for run in runs]),
                "who": [activity_text.RUN_WHO.get(run.started_by, UNKNOWN) for run in runs],
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
    # After the table: a new session knows a press by its key only once the table is drawn.
    _open_pressed(runs, active_id)


def _open_pressed(runs: list[RunRecord], active_id: int | None) -> None:
    """Open the refresh whose result was pressed, if it still stands in the row that was pressed."""
    press = st.session_state.get(_RESULT)
    if press and press["row"] < len(runs):
        run = runs[press["row"]]
        if _result_cell(run, active_id) == press["label"]:
            _open(run.id)


def _open(run_id: int) -> None:
    st.query_params["run"] = str(run_id)
    st.rerun()  # the list stands above what was pressed


def _buttons_for_failed(runs: list[RunRecord]) -> None:
    """The way to the lists without a mouse: cells can't be pressed by key."""
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
    """What became of a run, in a few plain words; one that stopped without a word was cut off."""
    was_cut_off = run.status == "running" and run.id != active_id
    return activity_text.run_result(
        "interrupted" if was_cut_off else run.status,
        total=run.pages_total,
        done=run.pages_done,
        failed=run.pages_failed,
        limited_until=run.limited_until,
        reason_code=run.reason_code,
    )


def _chosen_run(installation: Installation) -> None:
    chosen = st.query_params.get("run", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 18):
        return
    with installation.database.reading() as session:
        run = find_run(session, int(chosen))
        failures = list_failures(session, int(chosen), limit=FAILURE_ROWS) if run else []
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
                    activity_text.page_failure(
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
        _event_frame(events),
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


def _event_frame(events: list[EventRecord]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": pd.to_datetime([event.at.replace(tzinfo=None) for event in events]),
            "what": [
                one_line(activity_text.event(e.kind, e.account_name, e.facts)) for e in events
            ],
        }
    )
