"""Screens and files for viewers of other countries: their signs, their order of a day, their zone.

The days of figures stay days in UTC, and tables to be read by programs stay ISO.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from streamlit import dataframe_util
from streamlit.testing.v1 import AppTest

from pages.text import formats
from pages.text.locale import read_locale, use_locale
from pages.ui.export import menu
from pages.ui.export.menu import Offer
from tests.present import ago
from tests.screens.conftest import NOW, Stage, charts_of, tiles_of, words_of
from tests.screens.figures import connect, fill, give_insights, give_page, rising

BERLIN: dict[str, Any] = {"locale": "de-DE", "timezone": "Europe/Berlin"}
ZONE = ZoneInfo("Europe/Berlin")
COLUMNS = {"columns": "fans,growth,updated"}


def cells_of(table: Any) -> pd.DataFrame:
    """The texts of a table's cells, as Streamlit shows them."""
    return dataframe_util.convert_arrow_bytes_to_pandas_df(
        table.proto.arrow_data.styler.display_values
    )


def columns_of(table: Any) -> dict[str, Any]:
    """The table's columns by name."""
    columns: dict[str, Any] = json.loads(table.proto.columns)
    return columns


def signs_of(at: AppTest) -> dict[str, Any]:
    """The signs that the first chart writes its numbers with."""
    signs: dict[str, Any] = charts_of(at)[0]["config"]["locale"]["number"]
    return signs


def test_overview_is_written_as_its_viewer_writes(stage: Stage) -> None:
    fill(stage, 6)
    at = stage.open("overview", COLUMNS, **BERLIN)
    assert tiles_of(at)["Fans"].count(".") == 1
    assert "," not in tiles_of(at)["Fans"]
    (table,) = at.dataframe
    assert cells_of(table)["fans"].str.fullmatch(r"\d\d\.\d{3}").all()
    assert cells_of(table)["growth"].str.contains(r"^[+−]?\d+,\d\d%$").all()
    zone = NOW.astimezone(ZONE).tzname()
    assert zone in ("CET", "CEST")
    assert columns_of(table)["updated"]["label"] == f"Updated ({zone})"
    updated = at.dataframe[0].value["updated"].dropna()
    with stage.installation.database.reading() as session:
        stored = pd.read_sql("SELECT max(fetched_at) AS at FROM snapshots", session.connection())
    newest = pd.Timestamp(stored["at"][0], tz="UTC").tz_convert(ZONE).tz_localize(None)
    assert updated.max() == newest.floor("s")
    assert (signs_of(at)["decimal"], signs_of(at)["thousands"]) == (",", ".")


def test_two_viewers_at_the_same_time_share_figures_and_no_text(stage: Stage) -> None:
    """The painted table is kept between runs: by viewer."""
    fill(stage, 6)
    german = stage.open("overview", COLUMNS, **BERLIN)
    american = stage.open("overview", COLUMNS, locale="en-US", timezone="America/New_York")
    hours = [at.dataframe[0].value["updated"].dropna().max() for at in (german, american)]
    assert hours[0] - hours[1] in (timedelta(hours=5), timedelta(hours=6), timedelta(hours=7))
    for _ in range(2):
        for at, sign, other in ((german, ".", ","), (american, ",", ".")):
            fans = cells_of(at.run().dataframe[0])["fans"][0]
            assert sign in fans
            assert other not in fans
            assert sign in tiles_of(at)["Fans"]
    assert "locale" not in charts_of(american)[0].get("config", {})
    with use_locale(read_locale("en-US", None)):
        assert formats.day(NOW.date()) in words_of(american)


def test_a_page_is_written_as_its_viewer_writes(stage: Stage) -> None:
    give_page(stage, "104", rising(1_234_567, 1_000), grant_id=connect(stage), name="Optik")
    at = stage.open("page", {"id": "104"}, **BERLIN)
    assert tiles_of(at)["Fans"].startswith("1.2")
    assert tiles_of(at)["Net new fans"] == "+28.000"
    assert "+1.000 a day on average" in words_of(at)
    (table,) = at.dataframe
    assert cells_of(table)["change"][0] == "+1.000"
    assert signs_of(at)["thousands"] == "."
    at = stage.open("page", {"id": "104"}, locale="en-US", timezone="America/New_York")
    assert columns_of(at.dataframe[0])["day"]["type_config"]["format"] == "ddd, MMM D, YYYY"
    assert charts_of(at)[0]["layer"][0]["encoding"]["x"]["axis"]["format"] == "%b %-d"


def test_a_clock_time_names_the_viewers_zone(stage: Stage) -> None:
    fill(stage, 2)
    at = stage.open("activity", locale="en-IN", timezone="Asia/Kolkata")
    assert "UTC" not in "".join(str(table.proto.columns) for table in at.dataframe)
    for zone in ("", "Mars/Olympus"):
        assert not stage.open("activity", locale="x-klingon", timezone=zone).exception


@pytest.mark.parametrize(("screen", "query"), [("overview", {}), ("page", {"id": "6"})])
def test_files_are_written_for_who_presses(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    query: dict[str, str | list[str]],
) -> None:
    """The report follows the viewer; what programs read is the same for everybody."""
    offers: dict[str, Offer] = {}
    monkeypatch.setattr(menu, "_button", lambda offer, popover: offers.update({offer.key: offer}))
    fill(stage, 6)
    views = {ago(number): 50 for number in range(1, 29)}
    give_insights(stage, "page_media_view", views, page_id="6")
    made = {}
    for locale, zone in (("de-DE", "Europe/Berlin"), ("en-US", "America/New_York")):
        stage.open(screen, query, popover=menu.KEY, locale=locale, timezone=zone)
        # As Streamlit does: later, in a thread that knows no viewer.
        made[locale] = {
            key: offer.make().decode("utf-8", "replace") for key, offer in offers.items()
        }
    german, american = made["de-DE"], made["en-US"]
    for locale, zone, files in (
        ("de-DE", "Europe/Berlin", german),
        ("en-US", "America/New_York", american),
    ):
        with use_locale(read_locale(locale, zone)):
            assert formats.day(NOW.date()) in files["report"]
            assert formats.zone_of(NOW) in files["report"]
            assert formats.between(ago(6), NOW.date()) in files["report"], "of the last week"
            assert f">{formats.count(1400)}<" in files["report"], "the tile of views"
    assert german.get("table-csv") == american.get("table-csv")
    assert german["series-csv"] == american["series-csv"]
    assert (NOW.date() - timedelta(days=1)).isoformat() in german["series-csv"]
