"""Usage headers are read when they are there, and never trusted to be well formed."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from fb.graph.rate_limits import UsageReading, longest_regain_minutes, parse_usage

APP = '{"call_count":28,"total_time":25,"total_cputime":24}'
BUSINESS = json.dumps(
    {
        "100000000000001": [
            {
                "type": "pages",
                "call_count": 97,
                "total_cputime": 23,
                "total_time": 21,
                "estimated_time_to_regain_access": 0,
            },
            {"type": "messenger", "call_count": 3, "estimated_time_to_regain_access": 40},
        ],
        "100000000000002": [{"type": "pages", "call_count": 101}],
    }
)


def test_every_header_is_read_however_it_is_cased() -> None:
    readings = parse_usage({"X-App-Usage": APP, "x-business-use-case-usage": BUSINESS, "Date": "x"})
    assert readings == [
        UsageReading("app", "app", 28, 24, 25, None),
        UsageReading("100000000000001", "pages", 97, 23, 21, None),
        UsageReading("100000000000001", "messenger", 3, None, None, 40),
        UsageReading("100000000000002", "pages", 101, None, None, None),
    ]
    assert [reading.highest_percent for reading in readings] == [28, 97, 3, 101]
    assert parse_usage({"x-page-usage": APP})[0].scope == "page"


def test_the_longest_wait_counts() -> None:
    assert longest_regain_minutes({"x-business-use-case-usage": BUSINESS}) == 40
    assert longest_regain_minutes({"x-app-usage": APP}) is None
    assert longest_regain_minutes({}) is None


def test_an_endless_header_is_cut() -> None:
    endless = json.dumps({str(number): [{"type": "pages"}] for number in range(500)})
    assert len(parse_usage({"x-business-use-case-usage": endless})) == 64


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_nonsense_counts_as_absent(text: str) -> None:
    headers = {"x-app-usage": text, "x-business-use-case-usage": text}
    assert all(isinstance(reading, UsageReading) for reading in parse_usage(headers))


def test_figures_that_are_none_are_left_out() -> None:
    odd = '{"call_count":"28","total_time":NaN,"total_cputime":-1,"x":true}'
    assert parse_usage({"x-app-usage": odd}) == [UsageReading("app", "app", None, None, None, None)]
    assert parse_usage({"x-app-usage": '{"call_count":99.6}'})[0].call_count_percent == 100
