"""The table of Pages as a frame, its colours, its columns, and the orders it stands in."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from streamlit import dataframe_util
from streamlit.elements.lib.pandas_styler_utils import marshall_styler
from streamlit.proto.ArrowData_pb2 import ArrowData

from pages.charts.chart_parts import DARK, LIGHT, Palette
from pages.parts.overview import tables
from pages.parts.overview.columns import BY_NAME, COLUMNS, list_shown
from pages.parts.overview.tables import DEFAULT_SORT, SORTS, clicked, find_sort
from pages.records import PageTable
from pages.text.phrases import CONNECTIONS
from pages.ui.links import picture_path
from storage.accounts.connection_states import CONNECTION_STATES
from storage.figures.table import SortKey, SummaryRow, TablePage, TableRow, TableSummary
from storage.posts.page_posts import Rhythm, Rhythms

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
ROW = TableRow(
    page_id="104000000000015838",
    name="Optik Hansen",
    category="Optician",
    fans=177481,
    followers=192952,
    start=170123,
    end=177481,
    net=7358,
    growth_percent=4.3251,
    connection="connected",
    is_published=True,
    figure_day=date(2026, 11, 22),
    updated_at=AT,
    picture_etag=None,
)
UNKNOWN_ROW = replace(
    ROW,
    page_id="2",
    name=":material/delete: <b>x</b>",
    category=None,
    fans=None,
    followers=None,
    net=None,
    growth_percent=None,
    connection="needs_renewal",
    updated_at=None,
    picture_etag='"0123456789abcdef"',
)
SUMMARY = TableSummary(
    rows_count=140,
    comparable_count=138,
    total=SummaryRow(fans=2290456, followers=2649275, net=-45916, growth_percent=-2.06),
    median=SummaryRow(fans=10619, followers=12030, net=0, growth_percent=None),
)


def answer(*rows: TableRow, trend: Sequence[int] = (1, 2)) -> PageTable:
    """What the table draws."""
    trends = {ROW.page_id: list(trend)}
    return PageTable(TablePage(rows, 140), SUMMARY, trends, AT.date())


def table_of(*rows: TableRow, trend: Sequence[int] = (1, 2)) -> pa.Table:
    return tables.build_table(answer(*rows, trend=trend), COLUMNS)


def index_of(name: str) -> int:
    return list(BY_NAME).index(name)


def drawn(table: pa.Table) -> ArrowData:
    """What Streamlit sends beside the figures of the painted table."""
    proto = ArrowData()
    marshall_styler(proto, tables.paint(table, COLUMNS, LIGHT), "other")
    return proto


def test_every_row_is_a_page() -> None:
    table = table_of(ROW)
    assert table["name"].to_pylist() == ["Optik Hansen"]
    assert table["fans"].to_pylist() == [177481]
    assert table["connection"].to_pylist() == [["Connected"]]


def test_what_is_not_known_is_missing_and_not_zero() -> None:
    last = table_of(ROW, UNKNOWN_ROW).to_pylist()[-1]
    for column in ("fans", "net", "growth", "followers", "category", "updated"):
        assert last[column] is None, column


def test_numbers_stay_whole_beside_missing_ones() -> None:
    table = table_of(ROW, UNKNOWN_ROW)
    assert {str(table[name].type) for name in ("fans", "net", "followers")} == {"int32"}
    assert table["growth"].to_pylist()[0] == 4.33
    huge = table_of(ROW, replace(ROW, fans=3_000_000_000))["fans"]
    assert huge.to_pylist() == [177481, 3_000_000_000]


def test_names_stand_in_cells_as_they_are_but_for_icons() -> None:
    name = table_of(UNKNOWN_ROW)["name"].to_pylist()[-1]
    assert name == ":\u2060material/delete:\u2060 <b>x</b>"


def test_pictures_are_ours_and_change_their_address_with_their_content() -> None:
    pictures = table_of(ROW, UNKNOWN_ROW)["picture"].to_pylist()
    assert pictures == ["/pictures/104000000000015838", "/pictures/2?v=01234567"]
    assert picture_path("../x?y", None) == "/pictures/..%2Fx%3Fy"


def test_one_point_makes_no_sparkline_and_a_huge_one_breaks_nothing() -> None:
    assert table_of(ROW, trend=[5])["trend"].to_pylist()[-1] == []
    assert table_of(ROW, trend=[1, 10**12])["trend"].to_pylist()[-1] == [1, 2**31 - 1]


def test_streamlit_gets_the_colours_of_up_and_down_and_of_links() -> None:
    down, level = replace(ROW, net=-5, growth_percent=-0.1), replace(ROW, net=0)
    styles = drawn(table_of(ROW, down, level)).styler.styles
    net, name = index_of("net"), index_of("name")
    ups = next(rule for rule in styles.splitlines() if LIGHT.up in rule)
    downs = next(rule for rule in styles.splitlines() if LIGHT.down in rule)
    assert f"#T_pages_row0_col{net}" in ups
    assert f"#T_pages_row1_col{net}" in downs
    assert f"#T_pages_row2_col{net}" not in ups + downs  # no change is no direction
    links = next(rule for rule in styles.splitlines() if tables.LINK_COLOURS[LIGHT] in rule)
    assert [f"_row{row}_col{name}" in links for row in range(3)] == [True] * 3


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_a_name_has_the_colour_of_links(scheme: str, colours: Palette) -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf8"))["theme"]
    assert tables.LINK_COLOURS[colours] == theme[scheme]["linkColor"]


def test_the_table_has_a_fixed_id_so_that_an_unchanged_one_is_not_sent_again() -> None:
    assert drawn(table_of(ROW)).styler.uuid == "pages"
    assert drawn(table_of(ROW)) == drawn(table_of(ROW))


def test_every_state_of_a_connection_has_a_name() -> None:
    assert set(CONNECTIONS) == set(CONNECTION_STATES)


def names_shown(*names: str, **question: Any) -> list[str]:
    asked: dict[str, Any] = {"sort": "fans", "metric": "fans", "has_reasons": False} | question
    return [column.name for column in list_shown(names, **asked)]


USUAL = ["picture", "name", "fans", "net", "growth", "trend", "connection"]


def test_why_a_page_needs_attention_stands_after_its_name() -> None:
    silent = replace(ROW, fans=None, followers=None)
    table = replace(answer(silent), holders={})
    shown = list_shown((), "fans", "fans", has_reasons=True)
    assert [column.name for column in shown][:3] == ["picture", "name", "why"]
    why = tables.build_table(table, shown)["why"].to_pylist()
    assert why == ["Facebook gives no count."]


def test_columns_that_mostly_say_nothing_are_off_until_they_are_chosen() -> None:
    assert names_shown() == names_shown("") == names_shown("bogus") == USUAL
    assert names_shown("updated", "fans", "bogus") == ["picture", "name", "fans", "updated"]


def test_the_column_of_the_metric_and_of_the_order_show_by_themselves() -> None:
    assert names_shown(metric="followers") == [*USUAL[:-1], "followers", "connection"]
    assert names_shown(sort="category") == [*USUAL, "category"]
    assert names_shown("fans", sort="category") == ["picture", "name", "fans"]


def test_a_name_in_a_url_is_one_column() -> None:
    assert len(BY_NAME) == len(COLUMNS)
    assert all("," not in name for name in BY_NAME)


def columns_of(sort: tables.Sort) -> dict[str, Any]:
    return tables.config(
        COLUMNS,
        sort=sort,
        noun="fans",
        period="28 days",
        open_key="open",
        neutral=DARK.band,
    )


def test_only_the_sorted_column_carries_an_arrow() -> None:
    columns = columns_of(find_sort("Least net new first"))
    assert set(columns) == set(BY_NAME)
    assert columns["net"]["label"] == "New fans ↑"
    assert columns["fans"]["label"] == "Fans"
    assert columns["trend"]["label"] == "28 days"
    assert columns_of(DEFAULT_SORT)["fans"]["label"] == "Fans ↓"


def test_numbers_are_texts_of_our_own_and_no_browser_writes_them() -> None:
    columns = columns_of(DEFAULT_SORT)
    numbers = ("fans", "net", "growth", "followers")
    # Streamlit ignores the texts of a column that has a format.
    assert {columns[name]["type_config"]["format"] for name in numbers} == {None}
    texts = dataframe_util.convert_arrow_bytes_to_pandas_df(
        drawn(
            table_of(ROW, UNKNOWN_ROW, replace(ROW, net=0, growth_percent=0.0))
        ).styler.display_values
    )
    assert texts["net"].tolist() == ["+7,358", "–", "0"]
    assert texts["growth"].tolist() == ["+4.33%", "–", "0.00%"]


@pytest.mark.parametrize(
    ("first", "last", "count", "text"),
    [
        (1, 25, 140, "1–25 of 140 Pages, most fans first"),
        (126, 140, 1240, "126–140 of 1,240 Pages, most fans first"),
        (1, 3, 3, "3 Pages, most fans first"),
        (1, 1, 1, "1 Page, most fans first"),
    ],
)
def test_the_line_above_says_which_rows_these_are(
    first: int, last: int, count: int, text: str
) -> None:
    assert tables.describe_table(first, last, count, "Most fans first") == text


def test_the_sum_is_of_several_pages_and_of_the_metric() -> None:
    assert tables.describe_sum(SUMMARY, "fans") == "Together 2,290,456 fans, −45,916 (−2.06%)."
    no_change = replace(SUMMARY, total=replace(SUMMARY.total, net=None, growth_percent=None))
    assert tables.describe_sum(no_change, "followers") == "Together 2,649,275 followers."
    assert tables.describe_median(SUMMARY, "fans") == (
        "The Page in the middle (the median) has 10,619 fans and 0 in the period."
    )
    one = replace(SUMMARY, rows_count=1)
    assert tables.describe_sum(one, "fans") == ""
    assert tables.describe_median(one, "fans") is None


def test_every_column_that_can_be_sorted_has_both_directions() -> None:
    assert {(sort.key, sort.descending) for sort in SORTS} == {
        (key, descending) for key in get_args(SortKey) for descending in (True, False)
    }
    assert len({sort.label for sort in SORTS}) == len(SORTS)


def test_a_header_sorts_in_its_natural_direction_and_then_the_other_way() -> None:
    by_net = clicked(DEFAULT_SORT, "net")
    assert (by_net.key, by_net.descending) == ("net", True)
    turned = clicked(by_net, "net")
    assert (turned.key, turned.descending) == ("net", False)
    assert clicked(turned, "net").descending is True
    assert clicked(DEFAULT_SORT, "name").descending is False


def test_a_header_without_an_order_changes_nothing() -> None:
    assert clicked(DEFAULT_SORT, "picture") == DEFAULT_SORT
    assert clicked(DEFAULT_SORT, "trend") == DEFAULT_SORT


def test_every_order_is_of_a_column() -> None:
    assert {sort.key for sort in SORTS} <= set(BY_NAME)


def test_how_often_a_page_publishes_is_at_least_so_much_or_unknown() -> None:
    last = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    rows = [replace(ROW, page_id=page_id) for page_id in ("whole", "part", "nothing", "unread")]
    by_page = {
        "whole": Rhythm(0, 0.0, is_covered=True, last_at=last - timedelta(days=400)),
        "part": Rhythm(3, 0.75, is_covered=False, last_at=last),
        "nothing": Rhythm(0, 0.0, is_covered=False, last_at=None),
    }
    rhythms = Rhythms(AT.date(), ZoneInfo("Europe/Berlin"), by_page, frozenset())
    table = tables.build_table(replace(answer(*rows), rhythms=rhythms), COLUMNS)
    assert table["posts_per_week"].to_pylist() == ["0.0", "at least 0.8", None, None]
    assert table["last_post"].to_pylist() == ["18 Oct 2025", "22 Nov", None, None]
    assert rhythms.list_values("posts_per_week") == {"whole": 0.0, "part": 0.75}
    assert list(rhythms.list_values("last_post")) == ["whole", "part"]
    assert table_of(ROW)["posts_per_week"].to_pylist() == [None], "before any post is read"


def test_columns_of_posts_are_chosen_or_shown_with_their_order() -> None:
    assert "posts_per_week" not in USUAL
    assert names_shown(sort="posts_per_week")[-2:] == ["posts_per_week", "connection"]
    assert "last_post" in names_shown(is_silent=True)
    assert names_shown("fans", is_silent=True) == ["picture", "name", "fans"]
