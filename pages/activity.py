"""Activity: all refreshes with their results, readings of posts, and what was done.

Texts of the tables are plain and not escaped: table cells are not Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import runner
from pages.parts.activity import events_list, limits, outage_list, post_runs
from pages.text import people_text, warning_text
from pages.text.formats import (
    UNKNOWN,
    cell_day,
    clock,
    count,
    counted,
    day,
    local,
    moment,
    one_line,
    zones_of,
)
from pages.text.permissions import permission
from pages.text.phrases import ERASED_ACCOUNT, ERASED_PAGE, why_ended
from pages.text.progress_text import with_time_left
from pages.text.wording import for_error
from pages.ui import archive, signed_in
from pages.ui.moved import moved_text
from pages.ui.notes import note_text
from pages.ui.polling import describe_left, poll
from pages.ui.tags import tag_text
from storage.jobs.events import EventRecord
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
    "renewed": "The access of {name} was renewed: {saved}",
    "disconnected": "{name} was disconnected; the history stays",
    "deauthorized": "{name} removed the app at Facebook; the history stays",
    "needs_renewal": "Facebook ended the access of {name}",
    "key_given_up": "The access of {name} was erased: its encryption key is lost",
    "frozen": "{name} was frozen: no refresh until it is unfrozen",
    "thawed": "{name} was unfrozen",
}
TOKEN_EVENTS: Mapping[str, str] = {
    "token_allowed": "The program {program} may use access of {name} ({use})",
    "token_withdrawn": "The program {program} may no longer use access of {name} ({use})",
    "token_handed_out": "The program {program} got access of {name} ({use}), first of the hour",
}
KEY_EVENTS: Mapping[str, str] = {
    "keys_rotated": "The encryption keys were rotated: {values} sealed anew",
    "ledger_begun": "The chain of entries begins here, and covers those before it ({entries})",
    "ledger_rekeyed": "The chain goes on under a new key: the one before can't be opened",
}
WARNING_EVENTS: Mapping[str, str] = {
    "channel_set": "Warnings {way} were set up",
    "channel_removed": "Warnings {way} were switched off",
    "warnings_sent": "{warnings} sent {way}",
    "warnings_failed": "Warnings {way} could not be sent: {why}",
    "topic_switched": "Messages on {topic} were switched {on}",
    "feed_made": "A secret calendar address was made",
    "feed_revoked": "A secret calendar address was revoked",
}
# By the fact "what" of an export: the key of its button.
EXPORTS: Mapping[str, str] = {
    "table": "The table",
    "series": "Daily figures",
    "chart": "The chart",
    "report": "A report",
    "ledger": "What was done",
}
# By the fact "job" of a run that somebody asked for.
ASKED_RUNS: Mapping[str, str] = {
    "snapshots": "A refresh",
    "insights": "Views and engagement",
    "posts": "A reading of posts",
}
KEPT_EVENTS = (
    "What was done is kept for good and without names: they are looked up when it is shown, and "
    "gone with what is erased. Whether an entry was changed or taken out: python -m fb ledger "
    "verify."
)


def render(installation: Installation) -> None:
    """Draw the screen."""
    st.title("Activity", anchor=False)
    has_runs = signed_in.may("operator")
    if has_runs:
        limits.render(installation)
        _running(installation)
        _selected_run(installation)
        _refreshes(installation)
        outage_list.render(installation)
        post_runs.render(installation, result)
    events_list.render(installation, event)
    settings = installation.settings
    st.caption(
        f"{kept(settings.keep_runs_days, settings.keep_attempts_days)} {KEPT_EVENTS}"
        if has_runs
        else KEPT_EVENTS
    )


def kept(runs_days: int, attempts_days: int) -> str:
    """How long what is shown here beside the events is kept, and where that is set."""
    return (
        f"Refreshes are kept for {counted(runs_days, 'day')}, sign-ins at Facebook for "
        f"{counted(attempts_days, 'day')} (KEEP_RUNS_DAYS, KEEP_ATTEMPTS_DAYS)."
    )


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
        text = (
            f"{what} of {day(progress.day)}: {count(at)} of {counted(total, 'Page')}, "
            f"started {moment(progress.started_at)}"
        )
        left = describe_left((progress.id, progress.started_at), at, total)
        st.progress(min(at / max(total, 1), 1.0), text=with_time_left(text, left))

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
            f"{count(first)}–{count(first + len(runs) - 1)} of {count(total)}, newest first. "
            "A result opens the list of what could not be read."
        )
        _buttons_for_failed(runs)
        _run_table(installation, runs)


def _run_table(installation: Installation, runs: list[RunRecord]) -> None:
    active = runner.find_active(installation, SNAPSHOTS)
    active_id = active.id if active else None
    zone = zones_of(run.started_at for run in runs)
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([local(run.started_at) for run in runs]),
                "result": [_result_cell(run, active_id) for run in runs],
                "what": [RUN_KINDS.get(run.started_by, run.started_by) for run in runs],
                "day": pd.to_datetime([run.day for run in runs]),
                "who": [RUN_WHO.get(run.started_by, UNKNOWN) for run in runs],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                f"Started ({zone})", width=150, format=cell_day(clock=True)
            ),
            "result": st.column_config.ButtonColumn(
                "Result",
                type="tertiary",
                alignment="left",
                key=_RESULT,
            ),
            "what": st.column_config.TextColumn("What"),
            "day": st.column_config.DateColumn("Figures of", width=120, format=cell_day()),
            "who": st.column_config.TextColumn("Who", width=130),
        },
        hide_index=True,
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
        more = (
            "" if len(failures) == run.pages_failed else f" The first {count(len(failures))} are:"
        )
        st.markdown(
            f"{count(run.pages_failed)} of {counted(run.pages_total, 'Page')} not read.{more}"
        )
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
            "page": st.column_config.TextColumn("Page"),
            "why": st.column_config.TextColumn("Why", width=640),
            "account": st.column_config.TextColumn("Read through", width=180),
        },
        hide_index=True,
        placeholder=UNKNOWN,
        alt="Pages that could not be read, with the reason for each",
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
        return f"{count(done + failed)} of {count(total)}"
    if limited_until is not None:
        return (
            f"{count(done)} of {count(total)}; Facebook allows the rest from {clock(limited_until)}"
        )
    if reason_code is not None:
        return f"{count(done)} of {count(total)}; Facebook asked to slow down and named no time"
    if status == "interrupted":
        return f"Interrupted after {count(done)} of {counted(total, 'Page')}"
    if status == "stopped":
        return f"Stopped after {count(done)} of {count(total)}"
    if failed:
        return f"{count(failed)} of {count(total)} failed"
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
    if kind == "PageMoved":
        return "Facebook gave this Page a new id: see “Where is my Page?” on Connections."
    if kind == "NotFound":
        return f"The Page no longer exists at Facebook, or {name} may not see it."
    return for_error(kind, code=code, subcode=subcode, trace_id=trace_id).sentence


def _saved(facts: Mapping[str, Any]) -> str:
    parts = [
        f"{count(int(facts[key]))} {word}"
        for key, word in (("added", "added"), ("kept", "kept"), ("missing", "missing"))
        if facts.get(key)
    ]
    return ", ".join(parts) or "no Page"


def event(record: EventRecord) -> str:
    """An event as plain text for a cell, with the present names of what it is about."""
    kind, facts = record.kind, record.facts
    if kind in tag_text.EVENTS:
        return tag_text.event(kind, int(facts.get("pages") or 0), record.tag_name)
    if kind in note_text.EVENTS:
        return note_text.event(record)
    if kind in ("imported", "import_undone"):
        what = f"{counted(int(facts.get('days') or 0), 'day')} of past figures"
        verb = "were imported from" if kind == "imported" else "were removed again: undone was"
        return f"{what} {verb} {record.file_name or 'a file'}"
    if kind in ("goal_set", "goal_removed"):
        return _goal_event(record)
    if kind in archive.EVENTS:
        return archive.event(kind, int(facts.get("pages") or 0), record.page_name)
    if kind in moved_text.EVENTS:
        name = record.page_name or ERASED_PAGE
        return moved_text.event(kind, int(facts.get("days") or 0), name)
    if kind in TOKEN_EVENTS:
        return _token_event(record)
    if kind in KEY_EVENTS:
        values = counted(int(facts.get("values") or 0), "value")
        return KEY_EVENTS[kind].format(values=values, entries=count(int(facts.get("entries") or 0)))
    if kind in WARNING_EVENTS:
        return _warning_event(record)
    if kind in people_text.EVENTS:
        return people_text.event(
            kind, facts, name=record.person_name, by=events_list.find_who(record)
        )
    if kind == "run_asked":
        return _asked_event(record)
    if kind == "exported":
        return _export_event(record)
    if kind == "report_headed":
        of = f" of “{record.tag_name}”" if record.tag_name else ""
        return f"Title and logo of reports{of} were changed"
    days = counted(int(facts.get("days") or 0), "day")
    if kind == "page_erased":
        return f"A Page was erased with {days} of figures"
    if kind == "account_erased":
        pages = counted(int(facts.get("pages") or 0), "Page")
        return f"An account was erased with {pages} and {days} of figures"
    name = record.account_name or ERASED_ACCOUNT
    if kind == "page_access_forgotten":
        page = record.page_name or ERASED_PAGE
        text = f"access to {page} through {name} was erased"
    elif kind == "deauthorized" and facts.get("scope") == "page":
        page = record.page_name or ERASED_PAGE
        text = f"{page} removed the app at Facebook: access through {name} ended"
    else:
        sentence = ACCOUNT_EVENTS.get(kind, f"{{name}}: {kind.replace('_', ' ')}")
        text = sentence.format(name=name, saved=_saved(facts))
    return text[:1].upper() + text[1:]


def _asked_event(record: EventRecord) -> str:
    what = ASKED_RUNS.get(str(record.facts.get("job")), "A run")
    verb = "were" if record.facts.get("job") == "insights" else "was"
    of = f" for {record.page_name}" if record.page_name else ""
    return f"{what} {verb} asked for by hand{of}"


def _export_event(record: EventRecord) -> str:
    what = EXPORTS.get(str(record.facts.get("what")), "A file")
    of = f" of {record.page_name or ERASED_PAGE}" if record.facts.get("scope") == "page" else ""
    return f"{what}{of} was exported ({str(record.facts.get('format')).upper()})"


def _warning_event(record: EventRecord) -> str:
    facts = record.facts
    warnings = int(facts.get("count") or 0)
    return WARNING_EVENTS[record.kind].format(
        way=warning_text.WAYS.get(str(facts.get("channel")), ""),
        warnings=f"{counted(warnings, 'warning')} {'was' if warnings == 1 else 'were'}",
        why=warning_text.why(str(facts.get("reason")), facts.get("status")),
        topic=warning_text.TOPICS.get(str(facts.get("topic")), ("", ""))[1],
        on="on" if facts.get("is_on") else "off",
    )


def _token_event(record: EventRecord) -> str:
    name = record.tag_name and f"Pages with the tag “{record.tag_name}”"
    return TOKEN_EVENTS[record.kind].format(
        program=record.facts.get("consumer"),
        use=permission(str(record.facts.get("permission"))).title.lower(),
        name=name or record.page_name or ERASED_PAGE,
    )


def _goal_event(record: EventRecord) -> str:
    name = record.page_name or ERASED_PAGE
    if record.kind == "goal_removed":
        return f"The goal of {name} was removed"
    target = f"{count(int(record.facts.get('target') or 0))} {record.facts.get('metric')}"
    by = day(date.fromisoformat(str(record.facts.get("due_day"))))
    return f"The goal of {name} was set: {target} by {by}"
