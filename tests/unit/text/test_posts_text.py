"""Posts in words: ages, badges, coverage, hostile texts and addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from pages.text import posts_text
from pages.text.locale import read_locale, use_locale
from pages.text.posts_text import (
    AGES,
    KINDS,
    badges,
    basis_text,
    coverage_text,
    excerpt,
    list_untold,
    message_html,
    percent,
    published,
    reasons_of,
    rounded,
    safe_permalink,
    times,
    with_figures,
)
from storage.metrics.posts import CHECKPOINTS
from storage.posts.page_posts import Coverage
from storage.posts.rows import PostKind

NOTHING_MISSING: dict[str, Any] = {
    **dict.fromkeys(("unread", "reels_refused", "later", "too_few_likes", "no_permission"), 0),
    **dict.fromkeys(("no_role", "access_ended", "incomplete"), 0),
    "later_than": None,
}


def test_every_kind_age_and_gap_has_its_words() -> None:
    assert set(KINDS) == set(get_args(PostKind))
    assert {age for age in AGES.values() if age} < set(CHECKPOINTS)
    assert {*NOTHING_MISSING, "pages_count"} == set(Coverage.__dataclass_fields__)


def test_numbers_as_the_reader_writes_them() -> None:
    assert (times(2.44), times(0.05), times(None)) == ("2.4×", "0.05×", "–")
    assert (percent(4.25), percent(None)) == ("4.3%", "–")
    assert (rounded(1234.5), rounded(None)) == ("1,234", "–")
    with use_locale(read_locale("de-DE", "Europe/Berlin")):
        assert (times(2.44), percent(4.25)) == ("2,4×", "4,3%")


def test_figures_at_an_age() -> None:
    assert with_figures(12, 12, 0, 0, 7) == ""
    assert with_figures(12, 9, 3, 0, 7) == (
        "9 of 12 posts have figures at 7 days; 3 are younger than 7 days."
    )
    assert with_figures(3, 1, 1, 1, 1) == (
        "1 of 3 posts have figures at 1 day; 1 is younger than 1 day; 1 has none."
    )
    assert with_figures(3, 1, 0, 2, None) == "1 of 3 posts have figures."


def test_coverage_is_silent_when_nothing_is_missing() -> None:
    assert coverage_text(**NOTHING_MISSING) == ""
    missing = {**NOTHING_MISSING, "reels_refused": 12, "later": 40, "too_few_likes": 3}
    assert coverage_text(**{**missing, "later_than": date(2026, 9, 3)}) == (
        "Not included: posts before 3 Sep 2026 of 40 Pages, Reels, or their views, of 12 Pages and "
        "figures of 3 Pages under 100 likes."
    )
    every: dict[str, Any] = {**dict.fromkeys(NOTHING_MISSING, 1), "later_than": date(2026, 9, 3)}
    assert len(coverage_text(**every).split(",")) >= 6


def test_badges() -> None:
    def of(
        *, gone: bool = False, paid: float | None = None, has: bool = True, days: int = 9
    ) -> Any:
        age = timedelta(days=days)
        return badges(is_gone=gone, paid_percent=paid, has_figures=has, age=age)

    assert of() == of(paid=0.0) == []
    assert of(gone=True, paid=12.5) == ["Gone", "Boosted"]
    assert of(has=False, days=1) == ["No figures yet"]
    assert of(has=False) == ["No figures"]


def test_the_text_of_a_post_is_defused() -> None:
    text = 'a <script>alert(1)</script>\n\n\n\n\n\u202eb\u202c & "c"'
    shown = message_html(text)
    assert "<script" not in shown
    assert "\u202e" not in shown
    assert "a &lt;script&gt;alert(1)&lt;/script&gt;\n\nb &amp;" in shown
    assert 'dir="auto"' in shown
    assert excerpt("one\ntwo\u202e three") == "one two three"
    assert excerpt(None) == excerpt("") == "(no text)"
    assert len(excerpt("word " * 99)) <= posts_text.MAX_EXCERPT


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://www.facebook.com/1/posts/2", True),
        ("https://facebook.com/reel/2", True),
        ("http://www.facebook.com/1", False),
        ("https://evil.com/facebook.com", False),
        ("https://facebook.com.evil.com/1", False),
        ("https://notfacebook.com/1", False),
        ("https://facebook.com@evil.com/1", False),
        ("https://x@facebook.com/1", False),
        ("https://facebook.com:444/1", False),
        ("javascript:alert(1)//facebook.com", False),
        ("https://[facebook.com", False),
        (None, False),
        ("", False),
    ],
)
def test_only_facebooks_own_address_is_a_link(url: str | None, is_safe: bool) -> None:
    assert safe_permalink(url) == (url if is_safe else None)


def test_published_is_in_the_zone_of_posts() -> None:
    at = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    assert published(at, ZoneInfo("UTC")) == "Tue 3 Nov 2026, 23:30"
    assert published(at, ZoneInfo("Europe/Berlin")) == "Wed 4 Nov 2026, 00:30"


def test_usual_says_what_it_rests_on() -> None:
    assert basis_text(0, 0, 7) == basis_text(0, 0, None) == ""
    assert "“Times usual” of 7 posts here rests on the Page's posts of" in basis_text(7, 0, 7)
    assert "of 1 post here rests on posts older than 28 days" in basis_text(0, 1, 7)
    assert "compares posts older than 28 days" in basis_text(0, 25, None)


ALL_TOLD = dict.fromkeys(posts_text.SOURCES, True)


def untold(**changes: Any) -> list[str]:
    facts: dict[str, Any] = {
        "kind": "photo",
        "told": ALL_TOLD,
        "has_paid": True,
        "is_read": True,
        "age": timedelta(days=40),
        "is_gone": False,
        "reasons": [],
    }
    return list_untold(**{**facts, **changes})


def test_what_facebook_did_not_tell_and_why() -> None:
    assert untold() == []
    assert "viewers" in untold(told=ALL_TOLD | {"viewers": False})[0]
    (sentence,) = untold(told=ALL_TOLD | {"shares": False, "clicks": False})
    assert sentence == "Facebook told no shares and clicks."
    assert "7 and 28 days old" in untold(has_paid=False)[0]
    assert untold(is_read=False, age=timedelta(hours=5))[0].startswith("No figures yet")
    assert untold(is_read=False, kind="reel") == ["Facebook gives no views for this Reel."]
    few = reasons_of(too_few_likes=True, no_permission=False, no_role=False, access_ended=False)
    assert untold(is_read=False, reasons=few) == few
