"""Figures of posts as texts, where they stand beside other figures. Pure."""

from __future__ import annotations

from pages.text.formats import count, number
from pages.text.posts_text import times


def per_week(posts: float, *, is_whole: bool) -> str:
    """ "3.5"; "at least 3.5" where not every post of the days is known."""
    return f"{'' if is_whole else 'at least '}{number(posts, 1)}"


def views_of(at_age: int | None, newest: int | None, times_usual: float | None) -> str:
    """ "1,234 views at 7 days · 2.4×"; "87 views so far" without a reading at that age."""
    if at_age is None and newest is None:
        return "no views yet"
    views = (
        f"{count(newest)} views so far" if at_age is None else f"{count(at_age)} views at 7 days"
    )
    return views if times_usual is None else f"{views} · {times(times_usual)}"
