"""The screen Past figures: upload, what would happen, import, undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from storage.models import Snapshot
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
    assert "No column is called “page\\_id” or “page\\_name”, and none “date”" in error.value


def test_more_refused_rows_than_are_shown(stocked: Stage) -> None:
    rows = "".join(f"9,2020-01-{day:02d},1\n" for day in range(1, 29)) * 5
    at = upload(stocked.open("imports"), "page_id,date,fans\n" + rows)
    assert len(at.dataframe[0].value) == 100
    assert "The first 100 of 140" in words_of(at)


def test_the_limit_is_the_server_s() -> None:
    from pages.imports import UPLOAD_MB

    config = (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text()
    assert f"maxUploadSize = {UPLOAD_MB} " in config
