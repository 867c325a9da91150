"""One Page's screen in depth: forecast, milestones, goal, calendar, sources, and odd histories."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from streamlit import dataframe_util
from streamlit.testing.v1 import AppTest

from pages import queries
from pages.text import formats
from storage.csv_import.importer import add_import
from storage.csv_import.plan import ImportCounts
from storage.db.installation import bump_data_version
from storage.models import PageChange, Snapshot
from storage.notes.goals import GoalRow, find_goal
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, words_of
from tests.screens.figures import TODAY, connect, day_of, give_page

ID = "104"


def give(stage: Stage, fans: dict[int, int | None], **facts: Any) -> None:
    give_page(stage, ID, fans, grant_id=connect(stage), name="Optik Keller", **facts)


def days(*figures: int | None) -> dict[int, int | None]:
    """The figures of the days that end today."""
    return {TODAY - age: figure for age, figure in enumerate(reversed(figures))}


def line(start: int, step: int, count: int) -> dict[int, int | None]:
    return days(*(start + step * number for number in range(count)))


def fields_of(spec: dict[str, Any]) -> str:
    return json.dumps(spec["layer"])


def opened(stage: Stage, **query: str) -> AppTest:
    return stage.open("page", {"id": ID, **query})


def test_a_forecast_is_drawn_when_it_is_asked_for(stage: Stage) -> None:
    give(stage, line(1_000, 10, 60))
    at = opened(stage)
    assert "In 8 of 10 cases" not in fields_of(charts_of(at)[0])
    assert "Forecast:" not in words_of(at)
    at.toggle(key="forecast").set_value(True).run()
    assert "In 8 of 10 cases" in fields_of(charts_of(at)[0])
    assert f"Forecast: most likely 2,180 fans on {formats.day(ago(-59))}" in words_of(at)


def test_milestones_are_listed_with_their_days(stage: Stage) -> None:
    give(stage, line(1_000, 10, 60))
    at = opened(stage)
    said = words_of(at)
    assert "Next: **2,000** fans" in said
    assert f"1,500 on {formats.day(ago(9))}" in said
    best = next(tile for tile in at.metric if tile.label == "Best day")
    assert (best.value, best.delta) == ("+10", formats.weekday(ago(0), year=False))
    assert best.help.endswith("The Page lost on no day of the period.")
    assert "Best day:" not in said  # once on a screen is enough


def test_a_goal_is_set_changed_and_removed(stage: Stage) -> None:
    give(stage, line(1_000, 10, 60))
    at = opened(stage)
    at.number_input(key=f"goal-target-fans-{ID}").set_value(2_590)
    at.date_input(key=f"goal-day-fans-{ID}").set_value(ago(-30))
    at.button(key="goal-save").click().run()
    assert f"2,590 by {formats.day(ago(-30))}: needs 33 a day, gains 10 a day." in words_of(at)
    with stage.installation.database.reading() as session:
        assert find_goal(session, ID, "fans") == GoalRow(2_590, ago(-30))
        assert find_goal(session, ID, "followers") is None
    at.button(key="goal-remove").click().run()
    assert "needs 33 a day" not in words_of(at)
    with stage.installation.database.reading() as session:
        assert find_goal(session, ID, "fans") is None


def test_the_calendar_shows_every_day_with_a_change(stage: Stage) -> None:
    fans = line(1_000, 10, 400)
    del fans[TODAY - 5], fans[TODAY - 6]
    give(stage, fans)
    at = opened(stage)
    calendar = at.get("vega_lite_chart")[1]
    assert "up on" in calendar.proto.alt
    said = words_of(at)
    assert "Grey: 1 change of several days" in said


def test_a_figure_tells_where_it_came_from(stage: Stage) -> None:
    give(stage, line(1_000, 10, 20))
    with stage.installation.database.writing() as session:
        counts = ImportCounts(new=1, equal=0, conflicting=0, refused=0)
        at = NOW - timedelta(days=19)
        id = add_import(session, "=cmd|'fans'.csv", counts, at, by=THIS_COMPUTER)
        session.execute(
            update(Snapshot)
            .where(Snapshot.day == day_of(TODAY - 1))
            .values(fans_source=f"import:{id}", graph_version=None)
        )
        bump_data_version(session)
    screen = opened(stage)
    assert not {"source", "fetched", "version"} & set(screen.dataframe[0].value)
    screen.toggle(key="daily-sources").set_value(True).run()
    table = screen.dataframe[0].value
    assert table["source"].tolist()[:2] == [
        "Facebook",
        f"Import of =cmd|'fans'.csv, {formats.day(ago(19))}",
    ]
    assert table["version"].tolist()[0] == "v26.0"
    assert table["fetched"].tolist()[0].isoformat() == f"{ago(0)}T06:05:00"


def test_facts_say_since_when(stage: Stage) -> None:
    give(stage, line(1_000, 10, 20), about="Now", first_seen_at=NOW - timedelta(days=90))
    with stage.installation.database.writing() as session:
        row = {"page_id": ID, "field": "about", "changed_at": NOW - timedelta(days=19)}
        session.execute(insert(PageChange).values(**row, was={"value": "**Then**"}))
        bump_data_version(session)
    said = words_of(opened(stage))
    assert f"since {formats.day(ago(19))}, before" in said
    assert "\\*\\*Then\\*\\*" in said
    assert (
        f"Nothing else has changed since the Page was first read, on {formats.day(ago(90))}."
        in said
    )


def test_unusual_days_are_marked(stage: Stage) -> None:
    wavy = [1_000 + 10 * n + (2 if n % 2 else 0) for n in range(60)]
    wavy[-5:] = [figure - 400 for figure in wavy[-5:]]
    give(stage, days(*wavy))
    at = opened(stage)
    table = at.dataframe[0].value
    assert table["mark"].tolist()[4] == "Fell"
    assert [mark for mark in table["mark"].tolist() if mark] == ["Fell"]
    assert "1 unusual day (triangle)" in words_of(at)
    assert "Unusual for this Page" in fields_of(charts_of(at)[0])
    before = {"period": "Custom", "since": f"{ago(40)}", "until": f"{ago(10)}"}
    assert "mark" not in opened(stage, **before).dataframe[0].value


def test_a_long_table_is_cut_and_says_so(stage: Stage) -> None:
    give(stage, line(1_000, 1, 800))
    query = {"period": "Custom", "since": f"{ago(782)}", "until": f"{ago(0)}"}
    at = opened(stage, **query)
    assert len(at.dataframe[0].value) == 31
    assert "The newest 31 of 784 days." in words_of(at)
    assert "drawn week by week" in words_of(at)
    at = opened(stage, chart="Daily change", **query)
    assert "The last 370 days of the period." in words_of(at)


def test_answers_are_asked_once_per_version(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    give(stage, line(1_000, 10, 20))
    at = opened(stage)

    def fail(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(queries, "get_page_history", fail)
    assert not at.run().exception


@pytest.mark.parametrize(("step", "written"), [(0, "0"), (5, "+5")])
def test_an_unchanged_day_is_a_zero_without_a_sign(stage: Stage, step: int, written: str) -> None:
    give(stage, line(1_000, step, 20))
    (table,) = opened(stage).get("dataframe")
    column = json.loads(table.proto.columns)["change"]
    assert column["type_config"].get("format") is None  # Streamlit would ignore the texts
    texts = table.proto.arrow_data.styler.display_values
    shown = dataframe_util.convert_arrow_bytes_to_pandas_df(texts)
    assert set(shown["change"]) == {written, "–"}  # of the first day nothing is known


def test_without_a_count_one_sentence_stands_in_place_of_empty_cards(stage: Stage) -> None:
    give(stage, days(*[None] * 20))
    at = opened(stage)
    said = words_of(at)
    assert "Facebook gives no count of this Page's fans and followers." in said
    assert "What Facebook says about this Page" in said
    assert not at.metric
    assert not at.dataframe
    assert "Forecast" not in [toggle.label for toggle in at.toggle]
    assert "Set a goal" not in [popover.proto.popover.label for popover in at.get("popover")]
