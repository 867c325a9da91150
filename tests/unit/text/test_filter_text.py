"""What is said of the Pages that a screen is narrowed to."""

from __future__ import annotations

from pages.records import PageFilter
from pages.ui.filter_box import narrowed_to, unknown_text
from storage.figures.filters import Filter


def test_no_filter_says_nothing() -> None:
    assert narrowed_to(PageFilter(), 140) == unknown_text(PageFilter()) == ""


def test_everything_that_is_chosen_is_said() -> None:
    chosen = PageFilter(
        Filter(account_ids=("9",), categories=("Café",), states=("needs_renewal",), tag_ids=(3,)),
        account_names=("Anna Keller",),
        tag_names=("Bakery",),
    )
    assert narrowed_to(chosen, 12) == (
        "**12 Pages** connected through Anna Keller, of the category “Café”, with the connection "
        "“Needs renewal” and with the tag “Bakery”."
    )


def test_several_values_of_a_kind_are_one_or_the_other() -> None:
    chosen = PageFilter(
        Filter(account_ids=("8", "9"), categories=("A", "B", "C", "D"), tag_ids=(1, 2, 3)),
        account_names=("Anna", "Ben"),
        tag_names=("X", "Y", "Z"),
    )
    assert narrowed_to(chosen, 12) == (
        "**12 Pages** connected through Anna or Ben, of the category “A”, “B” or 2 others and with "
        "the tag “X”, “Y” or “Z”."
    )


def test_when_nothing_is_left_that_is_said() -> None:
    chosen = PageFilter(Filter(categories=("Café",)))
    assert narrowed_to(chosen, 0) == "**No Page** is of the category “Café”."
    assert narrowed_to(chosen, 1) == "**1 Page** of the category “Café”."


def test_hostile_names_are_words() -> None:
    hostile = ":material/delete: <b>x</b> www.evil.com"
    text = narrowed_to(PageFilter(Filter(account_ids=("9",)), account_names=(hostile,)), 2)
    assert ":material/" not in text
    assert "<b>" not in text.replace("\\<", "")
    assert "www." not in text
    assert len(narrowed_to(PageFilter(Filter(categories=("x" * 900,))), 2)) < 80


def test_what_a_link_made_up_is_left_out_and_that_is_said() -> None:
    assert unknown_text(PageFilter(unknown=("tag",))) == (
        "The tag that this link asks for is not here, so it is left out."
    )
    assert unknown_text(PageFilter(unknown=("account", "state"))) == (
        "The account and connection that this link asks for are not here, so they are left out."
    )
