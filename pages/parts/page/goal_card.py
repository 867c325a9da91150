"""A Page's card "Goal and milestones": a form for the goal, round figures reached and to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import streamlit as st

from fb.installation import Installation
from pages.parts.page import outlook_text
from pages.text.formats import count, signed, weekday
from pages.ui import flash
from storage import metrics
from storage.filtering import Metric
from storage.metrics import DailyChange, Forecast, Milestone, Refusal
from storage.notes.goals import GoalRow, remove_goal, set_goal

MOST_MILESTONES = 4
_PROBLEM = "goal-problem"


@dataclass(frozen=True)
class Card:
    """What the card is drawn from. ``changes`` are those of the period, for best and worst day."""

    page_id: str
    metric: Metric
    by_day: Mapping[date, int | None]
    changes: Sequence[DailyChange]
    outlook: Forecast | Refusal
    milestones: Sequence[Milestone]
    goal: GoalRow | None
    today: date

    @property
    def figure(self) -> int | None:
        """The newest figure that is known."""
        known = [day for day, figure in self.by_day.items() if figure is not None]
        return self.by_day[max(known)] if known else None


def render(installation: Installation, card: Card) -> None:
    """Draw the goal, the milestones, and the best and worst day of the period."""
    st.header("Goal and milestones", anchor=False)
    if card.figure is not None or card.goal is not None:  # else there is nothing to measure one by
        _goal(installation, card)
    st.markdown(_milestones(card))
    if card.changes:  # without one nobody knows whether any day gained or lost
        st.markdown(_days(card.changes))


def _goal(installation: Installation, card: Card) -> None:
    if card.goal is not None:
        every = metrics.list_daily_changes(card.by_day)
        newest = every[-1].day if every else card.today
        pace = metrics.goal_pace(
            target=card.goal.target,
            figure=card.figure,
            days_left=(card.goal.due_day - newest).days,
            actual_per_day=outlook_text.pace_per_day(every),
        )
        if pace is not None:
            label, colour = outlook_text.goal_state(pace)
            st.badge(label, color=cast(Any, colour))
        st.markdown(outlook_text.goal(card.goal, pace))
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.warning(problem, icon=":material/error_outline:")
    _form(installation, card)


def _form(installation: Installation, card: Card) -> None:
    noun, goal = card.metric, card.goal
    suggested = metrics.next_milestone(card.figure) if card.figure is not None else 1_000
    label = "Change goal" if goal else "Set a goal"
    with st.popover(label, icon=":material/flag:", key="goal"):
        with st.form(f"goal-form-{noun}", border=False):
            target = st.number_input(
                f"{noun.capitalize()} to reach",
                min_value=1,
                max_value=outlook_text.LARGEST_TARGET,
                value=goal.target if goal else suggested,
                step=1,
                key=f"goal-target-{noun}-{card.page_id}",
            )
            due_day = st.date_input(
                "By the end of (UTC)",
                value=goal.due_day if goal else card.today + timedelta(days=90),
                min_value=min(card.today, goal.due_day if goal else card.today),
                max_value=card.today + timedelta(days=366 * outlook_text.MOST_YEARS_AHEAD),
                format="YYYY-MM-DD",
                key=f"goal-day-{noun}-{card.page_id}",
            )
            is_sent = st.form_submit_button("Save goal", type="primary", key="goal-save")
        is_removed = goal is not None and st.button(
            "Remove goal", type="tertiary", icon=":material/delete:", key="goal-remove"
        )
    if is_sent:
        _save(installation, card, target, due_day)
    elif is_removed:
        with installation.database.writing() as session:
            remove_goal(session, card.page_id, noun)
        flash.leave("Goal removed.")
        st.rerun()


def _save(installation: Installation, card: Card, target: int | None, due_day: date | None) -> None:
    problem = outlook_text.why_not(target, due_day, card.figure, card.today)
    if problem is not None or target is None or due_day is None:
        st.session_state[_PROBLEM] = problem
    else:
        with installation.database.writing() as session:
            row = GoalRow(target, due_day)
            set_goal(session, card.page_id, card.metric, row, installation.now())
        flash.leave("Goal saved.")
    st.rerun()


def _milestones(card: Card) -> str:
    """A list in Markdown: next first, then those reached, newest first."""
    if card.figure is None:
        return f"Facebook gives no count of {card.metric} for this Page."
    target = metrics.next_milestone(card.figure)
    arrival = outlook_text.arrival_in_short(card.outlook, target)
    lines = [f"- Next: **{count(target)}** {card.metric} · {arrival}"]
    lines += [
        f"- {count(each.figure)} {outlook_text.milestone(each)}"
        for each in [*reversed(card.milestones)][:MOST_MILESTONES]
    ]
    if not card.milestones:
        lines.append("- None was reached since the first snapshot.")
    return "\n".join(lines)


def _days(changes: Sequence[DailyChange]) -> str:
    best, worst = metrics.find_best_day(changes), metrics.find_worst_day(changes)
    said = [
        f"{name} day: **{signed(each.change)}** on {weekday(each.day)}"
        if each
        else f"{name} day: none {verb}"
        for name, each, verb in (("Best", best, "gained"), ("Worst", worst, "lost"))
    ]
    return "In this period:\n" + "\n".join(f"- {each}" for each in said)
