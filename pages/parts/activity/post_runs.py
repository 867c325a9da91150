"""Posts: the newest readings of posts, a line each, with what came of them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from fb.installation import Installation
from fb.jobs import runner
from pages.text.formats import cell_day, count, counted, local, zones_of
from storage.jobs.runs import POSTS, RunRecord, list_runs

RUN_ROWS = 10


def render(installation: Installation, tell: Callable[[RunRecord, int | None], str]) -> None:
    """Draw the table; nothing before the first reading. ``tell`` puts a result into words."""
    with installation.database.reading() as session:
        runs = list_runs(session, POSTS, limit=RUN_ROWS)
    if not runs:
        return
    st.header("Posts", anchor=False)
    st.caption(
        "Posts are read once a day. A figure at 1, 3, 7, 28 or 90 days can be read in time only: "
        "what was missed stays unknown."
    )
    active = runner.find_active(installation, POSTS)
    _table(runs, lambda run: result(run, tell(run, active.id if active else None)))


def _table(runs: list[RunRecord], tell: Callable[[RunRecord], str]) -> None:
    zone = zones_of(run.started_at for run in runs)
    st.dataframe(
        pd.DataFrame(
            {
                "at": pd.to_datetime([local(run.started_at) for run in runs]),
                "result": [tell(run) for run in runs],
                "new": [count(run.posts_new) for run in runs],
                "readings": [count(run.values_count) for run in runs],
                "written": [count(run.steps_done) for run in runs],
                "missed": [count(run.steps_total - run.steps_done) for run in runs],
                "refused": [count(run.pages_failed) for run in runs],
            }
        ),
        column_config={
            "at": st.column_config.DatetimeColumn(
                f"Started ({zone})", width=150, format=cell_day(clock=True)
            ),
            "result": st.column_config.TextColumn("Result"),
            "new": st.column_config.TextColumn("New posts", alignment="right"),
            "readings": st.column_config.TextColumn(
                "Readings", help="Posts whose figures Facebook told", alignment="right"
            ),
            "written": st.column_config.TextColumn(
                "At a fixed age",
                help="Figures of posts that were just 1, 3, 7, 28 or 90 days old",
                alignment="right",
            ),
            "missed": st.column_config.TextColumn(
                "Missed",
                help="Figures at such an age that were not read in time",
                alignment="right",
            ),
            "refused": st.column_config.TextColumn(
                "Pages refused", help="Pages whose posts could not be read", alignment="right"
            ),
        },
        hide_index=True,
        height="content",
        alt="Readings of posts, newest first, with their results",
    )


def result(run: RunRecord, text: str) -> str:
    """The result of a run; ``text`` is what is said of a run of any kind."""
    if run.status == "done" and run.pages_done + run.pages_failed < run.pages_total:
        done, total = count(run.pages_done), counted(run.pages_total, "Page")
        return f"{done} of {total}; the rest waits for the next day, for Facebook's limits"
    return text
