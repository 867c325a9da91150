"""The day of a chart: figure, Pages that moved, notes, and a note written for it."""

from __future__ import annotations

from datetime import date, timedelta

from streamlit.testing.v1 import AppTest

from pages.text import formats
from storage.notes.notes import NoteDraft, add_note, list_notes
from storage.people.person import THIS_COMPUTER
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, links_of, press, words_of
from tests.screens.figures import TODAY, day_of, fill, give_page

DAY = ago(3)


def note(stage: Stage, day: date, text: str) -> None:
    with stage.installation.database.writing() as session:
        add_note(session, NoteDraft(day, text), NOW, by=THIS_COMPUTER)


def said(at: AppTest) -> str:
    return words_of(at).replace("\\", "").replace("\u2060", "")


def give_jump(stage: Stage) -> None:
    """A Page that gains 5 people a day, and 700 on DAY."""
    grant_id = fill(stage, 3)
    figures: dict[int, int | None] = {}
    for number in range(-40, TODAY + 1):
        figures[number] = 5_000 + 5 * number + (695 if day_of(number) >= DAY else 0)
    give_page(stage, "9", figures, grant_id=grant_id, name="Jumped")


def test_a_day_tells_its_figure_its_movers_and_its_notes(stage: Stage) -> None:
    give_jump(stage)
    note(stage, DAY, "Prize draw")
    note(stage, DAY - timedelta(days=1), "Another day")
    without = stage.open("overview")
    assert f"**{formats.weekday(DAY)}** ·" not in said(without)
    at = stage.open("overview", {"day": f"{DAY}"})
    assert f"**{formats.weekday(DAY)}** ·" in said(at)
    assert said(at).count("Prize draw") == 2, "in the list of notes, and on the day"
    assert said(at).count("Another day") == 1
    (link, *_) = [each for each in links_of(at) if "Jumped" in each and "700" in each]
    assert link
    assert at.selectbox(key="day-overview").value == f"{DAY}"
    rule = next(each for each in charts_of(at)[0]["layer"] if "params" in each)
    assert rule["params"][1]["value"] == [{"iso": f"{DAY}"}], "the chart marks it"
    at.selectbox(key="day-overview").set_value(None).run()
    assert "day" not in at.query_params
    assert said(at).count("Prize draw") == 1


def test_a_day_of_the_list_and_of_the_address_and_one_out_of_reach(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("overview")
    at.selectbox(key="day-overview").set_value(f"{DAY}").run()
    assert at.query_params["day"] in (f"{DAY}", [f"{DAY}"])
    at.query_params["day"] = f"{ago(4)}"  # as the browser's Back does
    at.run()
    assert at.selectbox(key="day-overview").value == f"{ago(4)}"
    for day in (f"{ago(500)}", "nonsense", ""):
        at = stage.open("overview", {"day": day})
        assert at.selectbox(key="day-overview").value is None
        assert "day" not in at.query_params


def test_in_a_chart_of_weeks_a_day_is_its_week(stage: Stage) -> None:
    grant_id = fill(stage, 1)
    figures: dict[int, int | None] = {n: 900 + n for n in range(TODAY - 300, TODAY + 1)}
    give_page(stage, "9", figures, grant_id=grant_id, name="Old")
    note(stage, ago(4), "In that week")
    at = stage.open("overview", {"period": "12 months", "day": f"{ago(5)}"})
    assert f"**Week of {formats.span(ago(6), ago(0))}**" in said(at)
    assert said(at).count("In that week") == 2
    assert at.selectbox(key="day-overview").value == f"{ago(0)}"


def test_a_note_is_written_for_the_day(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("overview", {"day": f"{DAY}"})
    at.session_state["day-note-0"] = True
    at.run()
    (text,) = [each for each in at.text_input if (each.key or "").startswith("note-text")]
    text.set_value("Spring sale")
    at = press(at, "Add note")
    assert not at.exception
    with stage.installation.database.reading() as session:
        (row,) = list_notes(session, since=ago(3_000), until=ago(-400))
    assert (row.day, row.text) == (DAY, "Spring sale")
    assert said(at).count("Spring sale") == 2


def test_a_day_of_a_page(stage: Stage) -> None:
    give_jump(stage)
    at = stage.open("page", {"id": "9", "day": f"{DAY}"})
    assert f"**{formats.weekday(DAY)}** ·" in said(at)
    assert "+700" in said(at)
    assert "Source: Facebook" in said(at) or "Source: Snapshot" in said(at)
    assert "Gained most" not in said(at)
