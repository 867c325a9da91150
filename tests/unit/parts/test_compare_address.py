"""Which Pages an address asks to compare, however it was edited."""

from __future__ import annotations

import pytest

from pages.ui.compare_link import (
    MAX_ADDRESS,
    MAX_ID,
    MAX_PAGES,
    CompareAddress,
    describe_dropped,
    parse,
    query_of,
    write,
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (None, ()),
        ("", ()),
        (",,, ,", ()),
        ("1", ("1",)),
        ("1,2,3", ("1", "2", "3")),
        (" 1 , 2,", ("1", "2")),
        ("3,1,2", ("3", "1", "2")),
        ("x;drop,<b>", ("x;drop", "<b>")),
    ],
)
def test_ids_are_read_in_their_order(text: str | None, ids: tuple[str, ...]) -> None:
    assert parse(text) == CompareAddress(ids)


def test_what_can_not_be_compared_is_counted() -> None:
    long = "9" * (MAX_ID + 1)
    assert parse(f"1,1,{long},2,a\0b,3,4,5,6,7,6") == CompareAddress(
        ("1", "2", "3", "4", "5"), repeated_count=2, refused_count=2, more_count=2
    )
    assert parse("9" * MAX_ID).ids == ("9" * MAX_ID,)


def test_an_address_without_end_is_not_read_to_its_end() -> None:
    address = parse(",".join(["x"] * MAX_ADDRESS))
    assert address.ids == ("x",)
    assert address.repeated_count < MAX_ADDRESS


def test_what_is_written_is_read() -> None:
    ids = [str(number) for number in range(MAX_PAGES)]
    assert parse(write(ids)) == CompareAddress(tuple(ids))


@pytest.mark.parametrize(
    ("text", "unknown", "said"),
    [
        ("1,2", 1, "Left out of this address: 1 Page that is not connected here."),
        ("1,2", 2, "Left out of this address: 2 Pages that are not connected here."),
        ("1,1", 0, "Left out of this address: 1 Page that stands there twice."),
        (
            "1,2,3,4,5,6",
            0,
            "Left out of this address: 1 Page more than the 5 that can be compared.",
        ),
        (
            f"1,1,1,{'9' * 101},2,3,4,5,6,7",
            1,
            "Left out of this address: 2 Pages that are not connected here, 2 Pages that stand "
            "there twice and 2 Pages more than the 5 that can be compared.",
        ),
    ],
)
def test_what_was_dropped_is_said(text: str, unknown: int, said: str) -> None:
    assert describe_dropped(parse(text), unknown) == said


def test_tags_come_after_pages() -> None:
    assert parse("1,2", " 7,7, 9") == CompareAddress(("1", "2"), (7, 9), repeated_count=1)
    assert parse(None, "7,x,-1,07,1.5,9999999999") == CompareAddress((), (7,), refused_count=5)
    five = ",".join(map(str, range(1, MAX_PAGES)))
    assert parse(five, "8,9") == CompareAddress(("1", "2", "3", "4"), (8,), more_count=1)
    assert parse("7", "7") == CompareAddress(("7",), (7,)), "a Page and a tag of one number"
    said = "Left out of this address: 1 Page or tag that is not here."
    assert describe_dropped(parse("1", "7"), 1) == said


def test_the_parameters_of_pages_and_tags() -> None:
    assert query_of(["1", "2"], [7]) == {"ids": "1,2", "tags": "7"}
    assert query_of([], [7, 8]) == {"tags": "7,8"}
