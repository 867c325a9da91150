"""The screen Past figures: upload, what would happen, import, undo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.text import wording
from storage.models import Snapshot
from tests.integration.storage_rows import full_disk
from tests.present import TODAY
from tests.screens.conftest import NOW, Stage, words_of
from tests.screens.figures import connect, give_page, rising

FILE = f"""page_id,date,fans,followers
1,2020-01-01,500,400
1,2020-01-02,501,401
1,{TODAY},1,1
9,2020-01-01,1,1
1,2020-01-03,=1+1,2
"""


@pytest.fixture
def stocked(stage: Stage) -> Stage:
    """One Page with 62 days."""
    give_page(stage, "1", rising(1000, 10), name="Optik Keller", grant_id=connect(stage))
    return stage


def upload(at: AppTest, content: str, name: str = "old.csv") -> AppTest:
    return at.file_uploader[0].upload(name, content.encode(), "text/csv").run()


def counts_of(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def days_of(stage: Stage) -> int:
    with stage.installation.database.reading() as session:
        return session.query(Snapshot).count()


def test_a_file_is_looked_at_before_anything_is_stored(stocked: Stage) -> None:
    before = days_of(stocked)
    at = upload(stocked.open("imports"), FILE)
    assert not at.exception
    assert counts_of(at) == {"New": "2", "Equal": "0", "Conflicting": "1", "Refused": "2"}
    refused = at.dataframe[1].value
    assert refused["Line"].tolist() == [5, 6]
    assert refused["Reason"].tolist() == [
        "No Page here has the id “9”.",
        "“=1+1” is a formula; formulas are not worked out.",
    ]
    assert "its days are taken as days in UTC" in words_of(at)
    assert days_of(stocked) == before


def test_a_file_that_brings_nothing_new_can_t_be_imported(stocked: Stage) -> None:
    at = upload(stocked.open("imports"), f"page_id,date,fans\n1,{NOW.date()},1400\n")
    assert at.button(key="import").disabled
    assert "there is nothing to import" in words_of(at)


def test_a_file_that_is_none_says_why(stocked: Stage) -> None:
    at = upload(stocked.open("imports"), "a,b\n1,2\n")
    assert not at.exception
    (error,) = at.error
    assert error.proto.title == "This file can't be imported"
    assert "No column is called “date”, and none has days in it." in error.value


def test_more_refused_rows_than_are_shown(stocked: Stage) -> None:
    rows = "".join(f"9,2020-01-{day:02d},1\n" for day in range(1, 29)) * 5
    at = upload(stocked.open("imports"), "page_id,date,fans\n" + rows)
    assert len(at.dataframe[0].value) == 100
    assert "The first 100 of 140" in words_of(at)


def test_the_limit_is_the_server_s() -> None:
    from pages.imports import UPLOAD_MB

    config = (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text()
    assert f"maxUploadSize = {UPLOAD_MB} " in config


# A mapping that the operator has to give

ASKING = "day,likes\n2020-01-01,500\n2020-01-02,501\n"


def test_what_the_file_leaves_open_is_asked_first(stocked: Stage) -> None:
    before = days_of(stocked)
    at = upload(stocked.open("imports"), ASKING)
    assert not at.exception
    text = words_of(at)
    assert "may be a total of fans" in text
    assert "does not say which Page" in text
    assert not at.metric, "no plan before the answers"
    chosen = {box.label: box.value for box in at.selectbox if "trouble" not in box.label}
    assert chosen == {
        "Day": 0,
        "Page": "All rows are of one Page",
        "Fans": 1,
        "Followers": "None",
        "The Page of all rows": "1",
    }
    at = next(button for button in at.button if button.label == "Continue").click().run()
    assert counts_of(at) == {"New": "2", "Equal": "0", "Conflicting": "0", "Refused": "0"}
    assert "**Fans**: “likes” (500)" in words_of(at)
    assert days_of(stocked) == before
    at = at.button(key="import").click().run()
    assert days_of(stocked) == before + 2
    with stocked.installation.database.reading() as session:
        sources = {row.fans_source for row in session.query(Snapshot) if row.day.year == 2020}
    assert sources == {"import:1"}


def test_columns_can_be_changed_before_the_import(stocked: Stage) -> None:
    at = upload(stocked.open("imports"), FILE)
    at = at.button(key="change-columns").click().run()
    assert not at.metric
    fans = next(box for box in at.selectbox if box.label == "Fans")
    at = fans.select("None").run()
    at = next(button for button in at.button if button.label == "Continue").click().run()
    assert "**Fans**" not in words_of(at)
    assert "Columns passed over: “fans”" in words_of(at)


def press_continue(at: AppTest) -> AppTest:
    return next(button for button in at.button if button.label == "Continue").click().run()


def test_the_step_keeps_what_it_does_not_ask(stocked: Stage) -> None:
    text = "Company,Date,Network,Followers\nOptik Keller,2020-01-01,Facebook,50\n"
    at = upload(stocked.open("imports"), text + "Optik Keller,2020-01-02,Instagram,60\n")
    at = press_continue(at)
    assert counts_of(at)["New"] == "1"
    assert "1 row is of “Instagram”, not of Facebook" in words_of(at)
    wide = upload(stocked.open("imports"), "Followers\nDate,Optik Keller\n2020-01-03,50\n")
    hold = next(box for box in wide.selectbox if box.label == "They hold")
    assert hold.value == "followers"
    assert "**Followers** of a Page each" in words_of(press_continue(wide))


def test_figures_that_look_like_no_totals_have_to_be_confirmed(stocked: Stage) -> None:
    before = days_of(stocked)
    at = upload(stocked.open("imports"), "page_id,date,fans\n1,2020-01-01,7\n1,2020-01-02,9\n")
    (warning,) = at.warning
    assert warning.proto.title == "These figures don't look like totals"
    assert "**9** fans on 2 Jan 2020 in the file, **1,000** stored on" in warning.value
    assert at.button(key="import").disabled
    box = next(each for each in at.checkbox if each.label.startswith("They are totals"))
    at = box.check().run()
    at = at.button(key="import").click().run()
    assert days_of(stocked) == before + 2


@pytest.mark.fault(
    "the disk is full when past figures are imported",
    "what was there; the reason is said, and Import works once there is room",
)
def test_a_full_disk_is_said(stocked: Stage) -> None:
    before, days = days_of(stocked), 3_000
    rows = (f"1,{TODAY - timedelta(days=number)},{number}" for number in range(100, 100 + days))
    at = upload(stocked.open("imports"), "\n".join(["page_id,date,fans", *rows]))
    with full_disk(stocked.installation.database):
        at = at.button(key="import").click().run()
        expected = wording.STARTUP_ERRORS["database_full"].sentence
        assert [error.value for error in at.error] == [expected]
        assert days_of(stocked) == before
    at.button(key="import").click().run()
    assert days_of(stocked) == before + days


def test_what_was_read_goes_when_the_file_is_removed(stocked: Stage) -> None:
    at = upload(stocked.open("imports"), FILE)
    assert "imports-upload" in at.session_state
    at = at.button(key="import").click().run()
    assert "imports-upload" not in at.session_state
