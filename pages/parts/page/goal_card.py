"""Goal card of a Page: the goal and its form, and milestones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

import streamlit as st

from fb.installation import Installation
from pages.parts.page import outlook_text
from pages.records import PageFigures
from pages.text.formats import count
from pages.ui import flash
from pages.ui.signed_in import may, me
from storage.metrics.changes import list_daily_changes
from storage.metrics.goals import goal_pace
from storage.metrics.milestones import next_milestone
from storage.notes.goals import GoalRow, remove_goal, set_goal

MAX_MILESTONES = 4
_PROBLEM = "goal-problem"


def render(installation: Installation, figures: PageFigures, today: date) -> None:
    """Draw the goal and the milestones."""
    st.header("Goal and milestones", anchor=False)
    newest = _newest_figure(figures)
    if newest is not None or figures.goal is not None:  # without a figure no goal can be measured
        _goal(installation, figures, newest, today)
    st.markdown(_milestones(figures, newest))


def _newest_figure(figures: PageFigures) -> int | None:
    by_day = figures.history.of(figures.view.metric)
    days = [day for day, figure in by_day.items() if figure is not None]
    return by_day[max(days)] if days else None


def _goal(
    installation: Installation, figures: PageFigures, newest: int | None, today: date
) -> None:
    goal = figures.goal
    if goal is not None:
        every = list_daily_changes(figures.history.of(figures.view.metric))
        newest_day = every[-1].day if every else today
        pace = goal_pace(
            target=goal.target,
            figure=newest,
            days_left=(goal.due_day - newest_day).days,
            actual_per_day=outlook_text.pace_per_day(every),
        )
        if pace is not None:
            label, colour = outlook_text.goal_state(pace)
            st.badge(label, color=cast(Any, colour))
        st.markdown(outlook_text.goal(goal, pace))
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.warning(problem, icon=":material/error_outline:")
    if may("operator"):
        _form(installation, figures, newest, today)
    elif goal is None:
        st.caption("No goal is set.")


def _form(
    installation: Installation, figures: PageFigures, newest: int | None, today: date
) -> None:
    noun, goal, page_id = figures.view.metric, figures.goal, figures.profile.id
    suggested = next_milestone(newest) if newest is not None else 1_000
    label = "Change goal" if goal else "Set a goal"
    with st.popover(label, icon=":material/flag:", key="goal"):
        with st.form(f"goal-form-{noun}", border=False):
            target = st.number_input(
                f"{noun.capitalize()} to reach",
                min_value=1,
                max_value=outlook_text.MAX_TARGET,
                value=goal.target if goal else suggested,
                step=1,
                key=f"goal-target-{noun}-{page_id}",
            )
            due_day = st.date_input(
                "By the end of",
                value=goal.due_day if goal else today + timedelta(days=90),
                min_value=min(today, goal.due_day if goal else today),
                max_value=today + timedelta(days=366 * outlook_text.MAX_YEARS_AHEAD),
                format="YYYY-MM-DD",
                key=f"goal-day-{noun}-{page_id}",
            )
            is_sent = st.form_submit_button("Save goal", type="primary", key="goal-save")
        is_removed = goal is not None and st.button(
            "Remove goal", type="tertiary", icon=":material/delete:", key="goal-remove"
        )
    if is_sent:
        _save(installation, figures, newest, target, due_day)
    elif is_removed:
        with installation.database.writing() as session:
            remove_goal(session, page_id, noun, installation.now(), by=me())
        flash.leave("Goal removed.")
        st.rerun()


def _save(
    installation: Installation,
    figures: PageFigures,
    newest: int | None,
    target: int | None,
    due_day: date | None,
) -> None:
    now = installation.now()
    problem = outlook_text.why_not(target, due_day, newest, now.date())
    if problem is not None or target is None or due_day is None:
        st.session_state[_PROBLEM] = problem
    else:
        with installation.database.writing() as session:
            row = GoalRow(target, due_day)
            set_goal(session, figures.profile.id, figures.view.metric, row, now, by=me())
        flash.leave("Goal saved.")
    st.rerun()


def _milestones(figures: PageFigures, newest: int | None) -> str:
    """A Markdown list: the next milestone, then the reached ones, newest first."""
    metric = figures.view.metric
    if newest is None:
        return f"Facebook gives no count of {metric} for this Page."
    target = next_milestone(newest)
    arrival = outlook_text.arrival_in_short(figures.outlook, target)
    lines = [f"- Next: **{count(target)}** {metric} · {arrival}"]
    lines += [
        f"- {count(each.figure)} {outlook_text.milestone(each)}"
        for each in [*reversed(figures.milestones)][:MAX_MILESTONES]
    ]
    if not figures.milestones:
        lines.append("- None was reached since the figures begin.")
    return "\n".join(lines)
