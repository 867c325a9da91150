"""Sections of Setup on Facebook's Graph API: version, refused fields, usage, and the metric ledger.

They show stored observations from the answers to other calls, and make no call themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import insights, runner
from pages.text import insights_text
from pages.text.formats import at_about, cell_day, count, counted, local, moment, plain, zones_of
from pages.text.wording import as_code
from pages.ui.signed_in import me
from storage.insights.metric_ledger import LedgerMetric, list_ledger
from storage.jobs.observations import DROPPED_FIELD, GRAPH_VERSION, USAGE, list_observations
from storage.jobs.runs import INSIGHTS, RunRecord

MAX_USAGE_ROWS = 10


def render_status(installation: Installation) -> None:
    """Draw the section."""
    with installation.database.reading() as session:
        observations = [(row.key, row.value, row.observed_at) for row in list_observations(session)]
    versions = [(value, at) for key, value, at in observations if key == GRAPH_VERSION]
    usage = [(value, at) for key, value, at in observations if key.startswith(USAGE)]
    st.header("Facebook's Graph API", anchor=False)
    requested = installation.settings.graph_version
    if versions:
        value, seen_at = versions[0]
        served = as_code(str(value.get("served", "")))
        st.markdown(
            f"Version asked for: {as_code(requested)} · served: {served} ({moment(seen_at)})"
        )
    else:
        st.markdown(f"Version asked for: {as_code(requested)}. Facebook has not answered yet.")
    render_troubles(installation)
    if usage:
        _render_usage(usage)
    elif versions:
        st.caption("Facebook has reported no use of its limits, which means next to none.")


def render_troubles(installation: Installation, *, shows_values: bool = True) -> None:
    """Draw what Facebook no longer gives: the version asked for, and fields.

    ``shows_values``: with the version that the settings say, and how to change it.
    """
    with installation.database.reading() as session:
        observations = [(row.key, row.value, row.observed_at) for row in list_observations(session)]
    requested = installation.settings.graph_version
    for key, value, observed_at in sorted(observations, key=lambda row: row[0] != GRAPH_VERSION):
        served = str(value.get("served", ""))
        if key == GRAPH_VERSION and served != requested:
            _render_other_version(requested, served, shows_values=shows_values)
        elif key.startswith(DROPPED_FIELD):
            _render_dropped_field(str(value.get("field", "")), observed_at)


def _render_other_version(requested: str, served: str, *, shows_values: bool) -> None:
    st.warning(
        f"{as_code(requested)} was asked for and {as_code(served)} answered: the one asked for "
        "has most likely ended. Set `FACEBOOK_GRAPH_VERSION` to the one served."
        if shows_values
        else "The version asked for has most likely ended. An administrator sets the one served.",
        title="Facebook serves another version",
        icon=":material/sync_problem:",
    )


def _render_dropped_field(name: str, refused_at: datetime) -> None:
    st.warning(
        f"Facebook refused it on {moment(refused_at)}; it was left out, and everything else goes "
        "on.",
        title=f"Facebook no longer knows the field {as_code(name)}",
        icon=":material/data_alert:",
    )


def _render_usage(usage: list[tuple[dict[str, Any], datetime]]) -> None:
    highest = sorted(usage, key=lambda row: -highest_percent(row[0]))[:MAX_USAGE_ROWS]
    zone = zones_of(at for _, at in highest)
    st.caption("How much of Facebook's limits is used, in percent. At 100 it refuses for a while.")
    st.dataframe(
        pd.DataFrame(
            {
                "limit": [_limit(value) for value, _ in highest],
                **{
                    name: pd.array([value.get(f"{name}_percent") for value, _ in highest], "Int64")
                    for name in ("call_count", "cpu", "time")
                },
                "seen": pd.to_datetime([local(at) for _, at in highest]),
            }
        ),
        column_config={
            "limit": st.column_config.TextColumn("Limit of", width=220),
            "call_count": _percent_column("Calls"),
            "cpu": _percent_column("Processor"),
            "time": _percent_column("Time"),
            "seen": st.column_config.DatetimeColumn(
                f"Seen ({zone})", width=130, format=cell_day(year=False, clock=True)
            ),
        },
        hide_index=True,
        width="content",
        placeholder="–",
        alt="How much of Facebook's limits is used, highest first",
    )


def highest_percent(usage: Mapping[str, Any]) -> int:
    """The highest of the three percentages; 0 where Facebook gave none."""
    return max(int(usage.get(f"{name}_percent") or 0) for name in ("call_count", "cpu", "time"))


def _limit(usage: Mapping[str, Any]) -> str:
    kind, scope = str(usage.get("kind", "")), str(usage.get("scope", ""))
    return "This app" if kind == "app" else f"{kind.capitalize()} {scope}".strip()


def _percent_column(label: str) -> Any:
    return st.column_config.ProgressColumn(
        label, width=110, min_value=0, max_value=100, format="%d%%"
    )


def render_ledger(installation: Installation) -> None:
    """Draw the table, the result of the last fetch, and the button that fetches now."""
    with installation.database.reading() as session:
        rows = list_ledger(session)
    st.header("Facebook's daily metrics", anchor=False)
    st.markdown(
        "The daily figures that Facebook gives besides fans and followers. Facebook retires names "
        "from time to time: one that it refuses is marked that day, its history stays, and one "
        "that it answers again comes back. Nobody has to change anything."
    )
    _fetching(installation)
    retired = [row for row in rows if row.status == "retired"]
    labels = {row.name: row.label for row in rows}
    _table([row for row in rows if row.status != "retired"], labels)
    if retired:
        with st.expander(f"{counted(len(retired), 'retired metric')}", key="retired-metrics"):
            _table(retired, labels)


def _table(rows: list[LedgerMetric], labels: Mapping[str, str]) -> None:
    zone = zones_of(row.probed_at for row in rows)
    st.dataframe(
        _frame(rows, labels),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            "label": st.column_config.TextColumn("Metric", width=180),
            "status": st.column_config.TextColumn("Status", width=150),
            "probed": st.column_config.DatetimeColumn(
                f"Last asked ({zone})", width=135, format=cell_day(clock=True)
            ),
            "meaning": st.column_config.TextColumn("Meaning", width=450),
            "unit": st.column_config.TextColumn("Unit", width=95),
            "name": st.column_config.TextColumn("Facebook's name", width=230),
            "instead": st.column_config.TextColumn("In its place", width=190),
        },
        alt="Facebook's daily metrics with meaning and status",
    )


def _frame(rows: list[LedgerMetric], labels: Mapping[str, str]) -> pd.DataFrame:
    probed = [local(row.probed_at) if row.probed_at else None for row in rows]
    return pd.DataFrame(
        {
            "label": [row.label for row in rows],
            "status": [
                insights_text.status(row.status, row.retired_on, row.probed_at) for row in rows
            ],
            "probed": pd.to_datetime(pd.Series(probed, dtype="datetime64[s]")),
            "meaning": [row.meaning for row in rows],
            "unit": [row.unit for row in rows],
            "name": [row.name for row in rows],
            "instead": [labels.get(row.replaced_by or "") for row in rows],
        }
    )


def _fetching(installation: Installation) -> None:
    run = runner.find_active(installation, INSIGHTS)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_pressed = st.button(
            "Fetch now",
            icon=":material/download:",
            key="fetch-insights",
            disabled=run is not None or not installation.can_open_tokens,
        )
        if is_pressed:
            # False when another tab was faster.
            runner.ask(installation, insights.JOB, by=me())
            st.rerun()
        if run is not None:
            text = insights_text.progress(run.steps_done, run.steps_total)
        else:
            text = last_time(runner.find_outcome(installation, INSIGHTS), installation)
        st.caption(plain(text), width="content")


def last_time(outcome: RunRecord | None, installation: Installation) -> str:
    """The result of the last fetch, in a sentence."""
    if outcome is None or outcome.finished_at is None:
        return "Not fetched yet: it follows after the day's fans and followers."
    when = moment(outcome.finished_at)
    if outcome.limited_until is not None and outcome.limited_until > installation.now():
        until = at_about(outcome.limited_until, installation.now())
        return f"Facebook asked to slow down on {when}; it allows the rest from about {until}."
    if outcome.status == "failed":
        return f"Facebook did not answer on {when}. It is asked again within hours."
    if outcome.status != "done":
        return f"Cut short on {when}. It goes on by itself."
    gave = outcome.pages_total - outcome.pages_failed
    return f"Fetched {when}: {count(gave)} of {counted(outcome.pages_total, 'Page')} answered."
