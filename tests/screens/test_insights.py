"""Views and engagement on a Page's screen, and the ledger on Setup: figures, marks, reasons."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from streamlit.testing.v1 import AppTest

from pages.text import formats
from storage.db.installation import bump_data_version
from storage.insights.metric_ledger import retire_metrics
from storage.insights.values import StateRow, upsert_states
from storage.jobs.runs import INSIGHTS, finish_run, start_run
from storage.models import Grant, InsightMetric, PageGrant
from storage.notes.notes import NoteDraft, add_note
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, press, words_of
from tests.screens.figures import connect, give_insights, give_page, rising

NEWEST = ago(1)
GRANTED = ["pages_show_list", "pages_read_engagement", "read_insights"]


@pytest.fixture
def stage_with_page(stage: Stage) -> Stage:
    """One Page whose insights may be read; nobody has asked yet."""
    give_page(stage, "104", rising(1000, 10), grant_id=connect(stage, granted_permissions=GRANTED))
    return stage


def give_state(stage: Stage, state: str, code: int | None, trace_id: str | None = None) -> None:
    with stage.installation.database.writing() as session:
        upsert_states(session, [StateRow("104", state, code, trace_id, NOW, None)])


def days(count: int, value: int = 10) -> dict[date, int]:
    """The newest ``count`` days, each with the same figure."""
    return {NEWEST - timedelta(days=number): value for number in range(count)}


def insight_spec(at: AppTest) -> dict[str, Any]:
    """The chart of the card: the one whose days are Pacific."""
    (spec,) = [spec for spec in charts_of(at) if "Day (Pacific)" in json.dumps(spec)]
    return spec


def test_figures_with_their_days_source_and_meaning(stage_with_page: Stage) -> None:
    give_insights(stage_with_page, "page_media_view", days(90))
    at = stage_with_page.open("page", {"id": "104"})
    said = words_of(at)
    assert "How often anything of the Page was shown or played" in said
    assert f"270 views on 27 days ({formats.span(ago(27), NEWEST)}), on average 10 a day." in said
    assert "they end at midnight Pacific time (07:00 or 08:00 UTC)" in said
    assert f"Source: Facebook Insights, fetched {formats.moment(NOW)}." in said
    assert "no figure from Facebook" not in said
    assert insight_spec(at)["layer"][0]["mark"]["type"] == "rect"


def test_the_metric_of_the_address_is_shown_and_a_made_up_one_is_not(
    stage_with_page: Stage,
) -> None:
    give_insights(stage_with_page, "page_media_view", days(90))
    give_insights(stage_with_page, "page_total_media_view_unique", days(90, 4))
    at = stage_with_page.open("page", {"id": "104", "insight": "Viewers"})
    assert "On average 4 viewers a day" in words_of(at)
    at = stage_with_page.open("page", {"id": "104", "insight": "Nonsense <b>"})
    assert "270 views" in words_of(at)


def test_missing_days_are_gaps_and_said(stage_with_page: Stage) -> None:
    values = days(90)
    for number in (3, 4):
        del values[NEWEST - timedelta(days=number)]
    give_insights(stage_with_page, "page_media_view", values)
    said = words_of(stage_with_page.open("page", {"id": "104"}))
    assert "2 days have no figure from Facebook." in said
    assert "250 views on 25 days" in said


def test_days_that_nobody_asked_for_are_not_missing(stage_with_page: Stage) -> None:
    since = NEWEST - timedelta(days=9)
    give_insights(stage_with_page, "page_media_view", days(10), since)
    said = words_of(stage_with_page.open("page", {"id": "104"}))
    assert "100 views on 10 days" in said
    assert "no figure from Facebook" not in said


def test_a_retired_metric_bears_its_mark(stage_with_page: Stage) -> None:
    give_insights(stage_with_page, "page_views_total", days(90))
    with stage_with_page.installation.database.writing() as session:
        retire_metrics(session, ["page_views_total"], day=ago(2), now=NOW)
        session.execute(
            update(InsightMetric)
            .where(InsightMetric.name == "page_views_total")
            .values(replaced_by="page_media_view")
        )
    at = stage_with_page.open("page", {"id": "104"})
    said = words_of(at)
    assert f"Facebook retired this metric on {formats.day(ago(2))}." in said
    assert "What was fetched before stays." in said
    assert "In its place: Views." in said
    (mark,) = insight_spec(at)["layer"][2:]
    assert mark["data"]["values"] == [{"day": f"{ago(2)}T00:00:00", "iso": f"{ago(2)}"}]
    assert mark["layer"][1]["mark"]["text"] == "Retired by Facebook"


def test_followers_lost_are_shown_only_while_facebook_gives_them(stage_with_page: Stage) -> None:
    give_insights(stage_with_page, "page_daily_follows_unique", days(90))
    stage = stage_with_page
    assert "followers lost are not known" in words_of(stage.open("page", {"id": "104"}))
    with stage.installation.database.writing() as session:
        session.execute(
            update(InsightMetric)
            .where(InsightMetric.name == "page_daily_unfollows_unique")
            .values(status="live")
        )
    give_insights(stage, "page_daily_unfollows_unique", days(90, 2))
    assert "followers lost are not known" not in words_of(stage.open("page", {"id": "104"}))
    at = stage.open("page", {"id": "104", "insight": "Unfollows"})
    assert "On average 2 people a day" in words_of(at)


@pytest.mark.parametrize(
    ("state", "code", "sentence"),
    [
        ("empty", None, "has no figures for this Page"),
        ("refused", 1234, "Facebook refused with code 1234 (trace AbC)."),
    ],
)
def test_a_reason_in_words_when_there_is_nothing(
    stage_with_page: Stage, state: str, code: int | None, sentence: str
) -> None:
    give_state(stage_with_page, state, code, None if code is None else "AbC")
    at = stage_with_page.open("page", {"id": "104"})
    assert sentence in words_of(at)
    assert "fetch-insights" in {button.key for button in at.button}


def test_viewers_are_told_the_reason_without_the_trace(stage_with_page: Stage) -> None:
    stage_with_page.sign_in("viewer")
    give_state(stage_with_page, "refused", 1234, "AbC")
    said = words_of(stage_with_page.open("page", {"id": "104"}))
    assert "Facebook refused with code 1234." in said
    assert "AbC" not in said


def test_not_fetched_yet_and_how_far_it_is(stage_with_page: Stage) -> None:
    stage = stage_with_page
    assert "Not fetched yet." in words_of(stage.open("page", {"id": "104"}))
    with stage.installation.database.writing() as session:
        run_id = start_run(
            session,
            kind=INSIGHTS,
            started_by="daily",
            day=NOW.date(),
            pages_total=1,
            steps_total=504,
            now=NOW,
        )
    at = stage.open("page", {"id": "104"})
    (bar,) = at.get("progress")
    assert bar.proto.text == "Fetching from Facebook, newest days first… 0%"
    assert next(b for b in at.button if b.key == "fetch-insights").disabled
    with stage.installation.database.writing() as session:
        finish_run(session, run_id, status="done", now=NOW)
    assert not stage.open("page", {"id": "104"}).get("progress")


def test_without_permission_or_task_it_says_which(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10), grant_id=connect(stage))
    at = stage.open("page", {"id": "104"})
    assert "only with the permission `read_insights`" in words_of(at)
    assert "fetch-insights" not in {button.key for button in at.button}
    with stage.installation.database.writing() as session:
        session.execute(update(PageGrant).values(tasks=["MESSAGING"]))
        session.execute(update(Grant).values(granted_permissions=GRANTED))
        bump_data_version(session)
    assert "the role on the Page lacks them" in words_of(stage.open("page", {"id": "104"}))


def test_a_page_that_nobody_holds_any_more_keeps_its_history(stage: Stage) -> None:
    give_page(stage, "104", rising(1000, 10))
    give_insights(stage, "page_media_view", days(90))
    said = words_of(stage.open("page", {"id": "104"}))
    assert "270 views" in said
    assert "No working connection gives access to this Page" in said
    assert "What was fetched before stays." in said


def test_the_ledger_says_what_is_live_and_what_died(stage: Stage) -> None:
    at = stage.open("setup")
    assert "Facebook's daily metrics" in [header.value for header in at.header]
    table, retired = (each.value.set_index("name") for each in at.dataframe[-2:])
    assert table.loc["page_media_view", "status"] == "Live"
    assert "page_fans" not in table.index, "what died is a click away"
    assert at.expander[-1].label == f"{len(retired)} retired metrics"
    assert retired.loc["page_fans", "status"] == "Retired 15 Nov 2025"
    assert retired.loc["page_fans", "instead"] == "Followers by Facebook's day"
    assert table.loc["page_daily_unfollows_unique", "status"] == "Unconfirmed"
    assert table.loc["page_media_view", "unit"] == "views"
    assert "Not fetched yet" in words_of(at)


def test_a_new_name_needs_no_code(stage_with_page: Stage) -> None:
    with stage_with_page.installation.database.writing() as session:
        session.execute(
            insert(InsightMetric).values(
                name="page_waves",
                position=99,
                label="Waves",
                unit="waves",
                kind="count",
                meaning="Hello.",
                status="live",
            )
        )
    give_insights(stage_with_page, "page_waves", days(90))
    assert "270 waves" in words_of(stage_with_page.open("page", {"id": "104"}))


def test_a_day_of_the_metric_beside_a_day_of_the_fans(stage_with_page: Stage) -> None:
    stage, day = stage_with_page, ago(3)
    give_insights(stage, "page_media_view", {**days(90), day: 1_234})
    with stage.installation.database.writing() as session:
        add_note(session, NoteDraft(day, "Prize draw", "104"), NOW, by=THIS_COMPUTER)
    at = stage.open("page", {"id": "104", "day": f"{ago(5)}"})
    assert at.selectbox(key="day-insights").value is None, "its days are others"
    at.selectbox(key="day-insights").set_value(f"{day}").run()
    assert {**at.query_params}.keys() >= {"day", "insight-day"}
    title = f"**{formats.weekday(day)}** · Pacific time · 1,234 views · +1,224 on the day before"
    (panel,) = [each.value for each in at.markdown if "on the day before" in each.value]
    panel = panel.replace("\u2060", "").replace("\\", "")
    assert panel.startswith(title)
    assert "Prize draw" in panel
    rule = next(each for each in insight_spec(at)["layer"] if "params" in each)
    assert rule["params"][1]["value"] == [{"iso": f"{day}"}], "the chart marks it"
    at.session_state["insight-day-note-0"] = True
    at.run()
    (text,) = [each for each in at.text_input if (each.key or "").startswith("note-text")]
    text.set_value("Reel goes round")
    at = press(at, "Add note")
    assert not at.exception
    assert "Reel goes round" in next(
        each.value for each in at.markdown if "on the day before" in each.value
    )
    at.selectbox(key="day-insights").set_value(None).run()
    assert "insight-day" not in at.query_params
    assert "day" in at.query_params, "the other chart keeps its day"
