"""Numbers, days and names as they are written on every screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.text import formats

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


def test_numbers() -> None:
    assert formats.count(2290456) == "2,290,456"
    assert formats.count(0) == "0"
    assert formats.count(None) == "–"
    assert formats.signed(8877) == "+8,877"
    assert formats.signed(-8877) == "−8,877"
    assert formats.signed(0) == "0"
    assert formats.signed(None) == "–"


def test_percentages_that_round_to_nothing_have_no_sign() -> None:
    assert formats.signed_percent(2.064) == "+2.06%"
    assert formats.signed_percent(-0.034) == "−0.03%"
    assert formats.signed_percent(-0.0012) == "0.00%"
    assert formats.signed_percent(12.34, 1) == "+12.3%"
    assert formats.signed_percent(None) == "–"


def test_a_time_of_today_needs_no_day() -> None:
    assert formats.at_about(NOW, NOW) == "14:02 UTC"
    assert formats.at_about(NOW, NOW + timedelta(days=1)) == "22 Nov 2026, 14:02 UTC"


def test_counted_nouns() -> None:
    assert formats.counted(1, "Page") == "1 Page"
    assert formats.counted(1240, "Page") == "1,240 Pages"
    assert formats.listed(["a"]) == "a"
    assert formats.listed(["a", "b", "c"]) == "a, b and c"


def test_days() -> None:
    assert formats.day(date(2026, 11, 7)) == "7 Nov 2026"
    assert formats.day(date(2026, 11, 7), year=False) == "7 Nov"
    assert formats.weekday(date(2026, 11, 7)) == "Sat 7 Nov 2026"


@pytest.mark.parametrize(
    ("since", "until", "text"),
    [
        (date(2026, 10, 26), date(2026, 11, 22), "26 Oct – 22 Nov 2026"),
        (date(2026, 12, 26), date(2027, 1, 22), "26 Dec 2026 – 22 Jan 2027"),
        (date(2026, 11, 22), date(2026, 11, 22), "22 Nov 2026"),
    ],
)
def test_spans_name_the_year_once_unless_it_changes(since: date, until: date, text: str) -> None:
    assert formats.span(since, until) == text


def test_moments_are_told_as_people_tell_them() -> None:
    at = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
    assert formats.clock(at) == "06:05 UTC"
    assert formats.moment(at) == "22 Nov 2026, 06:05 UTC"
    assert formats.when(at, NOW) == "today 06:05 UTC"
    assert formats.when(at - timedelta(days=1), NOW) == "yesterday 06:05 UTC"
    assert formats.when(at - timedelta(days=2), NOW) == "20 Nov, 06:05 UTC"
    assert formats.when(at - timedelta(days=700), NOW) == "22 Dec 2024, 06:05 UTC"


def test_a_hostile_name_loses_its_powers_and_keeps_its_letters() -> None:
    name = ":material/delete: <b>x</b> www.evil.com [a](http://b) @you"
    safe = formats.plain(name)
    assert ":material/" not in safe
    assert "www." not in safe
    assert "](" not in safe
    assert re.sub("[\\\\\u2060]", "", safe) == name


BLOCK = re.compile(
    r"\d+[.)](\s|$) | [-+*](\s|$) | \#{1,6}(\s|$) | > | ``` | ~~~ | ([-_*]\s*){3,}$ | =+$ | \|"
    r"| <\w | \[[^]]+\]: | \$\$ | :::",
    re.VERBOSE,
)


@pytest.mark.parametrize(
    "name",
    [
        *("1. FC Koeln", "1) FC", "01. FC", "2026.", "# FC", "> FC", "- FC", "+ FC", "* FC"),
        *("| FC | 1 |", "```FC", "~~~FC", "---", "___", "***", "- - -", "<b>FC", "[1]: http://x"),
        *("$$x$$", ":::note", "\n1. FC", "\t- FC", "    1. FC"),
    ],
)
def test_no_name_begins_a_block(name: str) -> None:
    assert BLOCK.match(name.strip())
    shown = formats.plain(name)
    assert not BLOCK.match(shown)
    assert re.sub("[\\\\\u2060]", "", shown) == name.strip()


def test_a_number_within_a_name_stays_as_it_is() -> None:
    assert formats.plain("Bar 1.5 v2.0") == "Bar 1.5 v2.0"


@given(st.text())
def test_plain_text_only_ever_gains_characters_nobody_sees(text: str) -> None:
    visible = formats.plain(text).replace("\u2060", "")
    one_line = formats.one_line(text).replace("\u2060", "")
    assert re.sub(r"\\([\\`*_{}\[\]()#+\-!<>~$|&.])", r"\1", visible) == one_line


@given(st.text())
def test_plain_text_can_be_read_back_for_a_file(text: str) -> None:
    one_line = formats.one_line(text).replace("\u2060", "").replace("`", "")
    assert formats.unmarked(formats.plain(text)) == one_line
    assert formats.unmarked("the task Insights (`ANALYZE`)") == "the task Insights (ANALYZE)"


@pytest.mark.parametrize("shown", [formats.plain, formats.plain_cell, lambda t: formats.cut(t, 90)])
def test_no_name_turns_what_is_written_after_it(shown: Callable[[str], str]) -> None:
    turning = "\u202eshop\u202c \u2067\u202bCafé\n"
    assert shown(turning) == "shop Café"
    for name in ("מסעדה 12", "مقهى الياسمين", "Ärzte\u200e"):
        assert shown(name) == name


def test_badges_get_their_brackets_escaped_once() -> None:
    assert formats.plain_badge("[x] *y*") == "[x] \\*y\\*"  # as st.badge escapes [ and ]
    assert formats.plain_badge("\\[x]") == "\\\\[x]"


def test_button_cells_lose_icons_only() -> None:
    assert formats.plain_cell(":material/delete: *x*") == ":\u2060material/delete:\u2060 *x*"


def test_cutting_leaves_short_names_alone() -> None:
    assert formats.cut("Café  Lindenhof", 30) == "Café Lindenhof"
    assert formats.cut("x" * 31, 30) == "x" * 29 + "…"
    assert len(formats.cut("a b " * 100, 30)) <= 30
