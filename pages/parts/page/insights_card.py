"""Insights card of a Page: one of Facebook's daily metrics, or the reason why there is none.

While insights are fetched a fragment shows the progress, and reruns the screen at the end.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from fb.jobs import insights, runner
from pages.cache import get_version
from pages.charts import insights_chart
from pages.charts.chart_parts import palette
from pages.charts.timeline import Point
from pages.queries import (
    find_insight_status,
    has_unfollows,
    list_insight_days,
    list_insight_metrics,
    load_notes,
)
from pages.records import InsightStatus
from pages.text import insights_text
from pages.text.formats import count, plain, signed
from pages.text.periods import Period
from pages.ui import day_panel, growth_chart, viewer
from pages.ui.day_panel import INSIGHTS as NAME
from pages.ui.notes import note_text, popover
from pages.ui.polling import poll
from pages.ui.signed_in import may, me
from storage.accounts.page_profile import PageProfile
from storage.insights.values import InsightDay, PageMetric
from storage.jobs.runs import INSIGHTS

CHART_HEIGHT = 260
KEY = "insight"
WATCHING_SECONDS = 1.5
# After a press the button stays off until a run begins, or for this long.
PATIENCE_SECONDS = 8.0
_STARTED = "insights-asked"


def render(
    installation: Installation, session: Session, profile: PageProfile, period: Period
) -> None:
    """Draw the card for the days of ``period``, read as Pacific days."""
    status = find_insight_status(session, profile.id)
    if status.answer is not None and not may("operator"):
        # A trace is for whoever asks Facebook about it.
        status = replace(status, answer=replace(status.answer, trace_id=None))
    version = get_version(session)
    with st.container(border=True, key="insights-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Views and engagement", anchor=False, width="content")
            metrics = list_insight_metrics(session, profile.id, status.asked_at)
            metric = _choose(metrics) if metrics else None
            _fetch_button(installation, version, status)
        _watch(installation, version)
        if metric is None:
            limited_until = find_limited_until(installation)
            st.caption(insights_text.why_nothing(status.access, status.answer, limited_until))
            return
        _draw(installation, session, profile, status, metric, period)


def _choose(metrics: Sequence[PageMetric]) -> PageMetric:
    """Draw the choice of the metric, kept in the URL; the first one by default."""
    by_label = {metric.label: metric for metric in metrics}
    if st.session_state.get(KEY) not in by_label:
        st.session_state.pop(KEY, None)  # a metric of another Page
    label = st.selectbox(
        "Metric",
        list(by_label),
        label_visibility="collapsed",
        width=240,
        key=KEY,
        bind="query-params",
    )
    return by_label.get(label or "", metrics[0])


def _fetch_button(installation: Installation, version: str, status: InsightStatus) -> None:
    if status.access != "ok" or not installation.can_open_tokens or not may("operator"):
        return
    is_pressed = st.button(
        "Fetch now",
        icon=":material/download:",
        type="tertiary",
        key="fetch-insights",
        disabled=_is_under_way(installation, version),
    )
    if is_pressed and runner.ask(installation, insights.JOB, by=me()):
        st.session_state[_STARTED] = (time.monotonic(), version)
        st.rerun()


def _is_under_way(installation: Installation, version: str) -> bool:
    """Whether insights are fetched, or were requested a moment ago without any new data yet."""
    if runner.find_active(installation, INSIGHTS) is not None:
        return True
    started_at, started_version = st.session_state.get(_STARTED, (0.0, None))
    return bool(started_version == version and time.monotonic() - started_at < PATIENCE_SECONDS)


def _watch(installation: Installation, version: str) -> None:
    """Draw the progress of fetching, wherever it was started; nothing otherwise."""
    if not _is_under_way(installation, version):
        return

    @poll(WATCHING_SECONDS)
    def watch() -> None:
        run = runner.find_active(installation, INSIGHTS)
        with installation.database.reading() as session:
            newest_version = get_version(session)
        if run is None and not _is_under_way(installation, newest_version):
            st.session_state.pop(_STARTED, None)
            st.rerun()
        done, total = (run.steps_done, run.steps_total) if run is not None else (0, 0)
        st.progress(
            min(done / total, 1.0) if total else 0.0, text=insights_text.progress(done, total)
        )

    watch()


def find_limited_until(installation: Installation) -> datetime | None:
    """Until when Facebook asked to wait in the newest run; None where it did not."""
    outcome = runner.find_outcome(installation, INSIGHTS)
    return outcome.limited_until if outcome is not None else None


def _draw(
    installation: Installation,
    session: Session,
    profile: PageProfile,
    status: InsightStatus,
    metric: PageMetric,
    period: Period,
) -> None:
    since, until = period.since, period.until
    rows = list_insight_days(session, profile.id, status.asked_at, metric.name, since, until)
    st.caption(plain(metric.meaning))
    values = [(row.day, row.value) for row in rows]
    takeaway = insights_text.summary(values, metric.unit, metric.kind, since, until)
    if rows:
        points = insights_chart.points_of(dict(values), since, until)
        alt = f"{metric.label} of {plain(profile.name)}. {takeaway}"
        _render_days(installation, profile.id, metric, points, alt)
    st.caption(" ".join(_notes(installation, session, status, metric, rows, period, takeaway)))


@viewer.fragment
def _render_days(
    installation: Installation, page_id: str, metric: PageMetric, points: list[Point], alt: str
) -> None:
    """Draw the chart, and what happened on the chosen day.

    A fragment: a click on a day draws nothing else anew.
    """
    point = day_panel.find_chosen(NAME, points)
    colours = palette(st.context.theme.type)
    chart = insights_chart.insight_chart(
        points, metric.label, metric.kind, metric.retired_on, colours
    )
    growth_chart.draw(chart, colours, NAME, height=CHART_HEIGHT, alt=alt)
    day_panel.render_list(NAME, points, lambda each: f", {count(each.value)}")
    if point is None:
        return
    today = installation.now().date()
    of_notes = popover.chart_of(NAME, points[0].day, points[-1].day, today, page_id=page_id)
    with installation.database.reading() as session:
        notes = load_notes(session, of_notes.since, of_notes.until, page_id=page_id)
    texts = ["Pacific time"]
    texts.append("no figure" if point.value is None else f"{count(point.value)} {metric.unit}")
    if point.change is not None:
        texts.append(f"{plain(signed(point.change))} on the day before")
    with st.container(key="insight-day-panel", gap="small"):
        day_panel.render_day(points, point, [" · ".join(texts)], note_text.merge(notes))
        day_panel.render_form(installation, of_notes, point.day)


def _notes(
    installation: Installation,
    session: Session,
    status: InsightStatus,
    metric: PageMetric,
    rows: Sequence[InsightDay],
    period: Period,
    takeaway: str,
) -> list[str]:
    """The sentences below the chart, in order."""
    first_day, last_day = max(period.since, metric.since), min(period.until, metric.until)
    missing = (last_day - first_day).days + 1 - sum(row.day <= last_day for row in rows)
    sentences: list[str | None] = [takeaway]
    if metric.status == "retired":
        sentences.append(insights_text.retired(metric.retired_on, metric.replaced_by))
    sentences.append(insights_text.missing(max(missing, 0)) if rows else None)
    if metric.name == "page_daily_follows_unique" and not has_unfollows(session):
        sentences.append(insights_text.NO_UNFOLLOWS)
    sentences.append(insights_text.DAYS)
    if rows:
        sentences.append(insights_text.source(rows[-1].fetched_at))
    limited_until = find_limited_until(installation)
    sentences.append(insights_text.stale(status.access, status.answer, limited_until))
    return [sentence for sentence in sentences if sentence]
