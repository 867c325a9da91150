"""Metric ledger, a section of Setup: Facebook's daily metrics with meaning and status."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import insights, runner
from pages.text import insights_text
from pages.text.formats import at_about, counted, moment, plain
from storage.insights.metric_ledger import LedgerMetric, list_ledger
from storage.jobs.runs import INSIGHTS, RunRecord


def render_ledger(installation: Installation) -> None:
    """Draw the table, the result of the last fetch, and the button that fetches now."""
    with installation.database.reading() as session:
        rows = list_ledger(session)
    st.header("Metric ledger", anchor=False)
    st.markdown(
        "The daily figures that Facebook gives besides fans and followers. Facebook retires names "
        "from time to time: one that it refuses is marked that day, its history stays, and one "
        "that it answers again comes back. Nobody has to change anything."
    )
    _fetching(installation)
    st.dataframe(
        _frame(rows),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={
            "label": st.column_config.TextColumn("Metric", width=180),
            "status": st.column_config.TextColumn("Status", width=150),
            "probed": st.column_config.DatetimeColumn(
                "Last probe (UTC)", width=135, format="D MMM YYYY, HH:mm"
            ),
            "meaning": st.column_config.TextColumn("Meaning", width=450),
            "unit": st.column_config.TextColumn("Unit", width=95),
            "name": st.column_config.TextColumn("Facebook's name", width=230),
            "instead": st.column_config.TextColumn("In its place", width=190),
        },
        alt="Facebook's daily metrics with meaning and status, live ones first",
    )


def _frame(rows: list[LedgerMetric]) -> pd.DataFrame:
    labels = {row.name: row.label for row in rows}
    probed = [row.probed_at.replace(tzinfo=None) if row.probed_at else None for row in rows]
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
            runner.start(installation, insights.JOB, runner.MANUAL)
            st.rerun()
        if run is not None:
            text = insights_text.progress(run.steps_done, run.steps_total)
        else:
            text = last_time(runner.find_outcome(installation, INSIGHTS), installation)
        st.caption(plain(text), width="content")


def last_time(outcome: RunRecord | None, installation: Installation) -> str:
    """The result of the last fetch, in a sentence."""
    if outcome is None or outcome.finished_at is None:
        return "Not fetched yet: it follows after the day's snapshot."
    when = moment(outcome.finished_at)
    if outcome.limited_until is not None and outcome.limited_until > installation.now():
        until = at_about(outcome.limited_until, installation.now())
        return f"Facebook asked to slow down on {when}; it allows the rest from about {until}."
    if outcome.status == "failed":
        return f"Facebook did not answer on {when}. It is asked again within hours."
    if outcome.status != "done":
        return f"Cut short on {when}. It goes on by itself."
    gave = outcome.pages_total - outcome.pages_failed
    return f"Fetched {when}: {gave:,d} of {counted(outcome.pages_total, 'Page')} answered."
