"""Sentences and labels about posts, as plain text where not said otherwise. Pure.

Kinds and ages are values of URL parameters: a published one is never renamed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pages.text.formats import (
    UNKNOWN,
    WEEKDAYS,
    count,
    counted,
    cut_words,
    day,
    listed,
    number,
    one_line,
    without_turns,
)

Age = Literal[1, 3, 7, 28, 90] | None

# By `storage.posts.rows.PostKind`.
KINDS: Mapping[str, str] = {
    "photo": "Photo",
    "album": "Album",
    "video": "Video",
    "reel": "Reel",
    "link": "Link",
    "text": "Text",
    "shared_post": "Shared post",
    "event": "Event",
    "other": "Other",
}
NOW = "Now"
AGES: Mapping[str, Age] = {"1 day": 1, "3 days": 3, "7 days": 7, "28 days": 28, NOW: None}
DEFAULT_AGE = "7 days"
GONE, BOOSTED, NEW, NO_FIGURES = "Gone", "Boosted", "No figures yet", "No figures"
BADGES = (GONE, BOOSTED, NEW, NO_FIGURES)
NEW_FOR = timedelta(days=2)  # Facebook's figures of a new post follow within a day or two
NO_TEXT = "(no text)"
MAX_EXCERPT = 120  # characters of a post's text in the table

# Facebook's own names, for the help of a column.
SOURCES: Mapping[str, str] = {
    "views": "post_media_view",
    "viewers": "post_total_media_view_unique",
    "clicks": "post_clicks",
    "reactions": "post_reactions_by_type_total",
    "comments": "post_activity_by_action_type, comment",
    "shares": "post_activity_by_action_type, share",
    "video_views": "post_video_views",
}
_LINE_BREAKS = re.compile(r"(?:[^\S\n]*\n){3,}")


def age_text(age: Age) -> str:
    """ "at 7 days"; for the newest figures "now"."""
    return "now" if age is None else f"at {counted(age, 'day')}"


def times(value: float | None) -> str:
    """Times usual: 2.44 → "2.4×"; None → the dash."""
    return UNKNOWN if value is None else f"{number(value, 2 if value < 0.095 else 1)}×"


def percent(value: float | None) -> str:
    """A share or a rate: 4.25 → "4.3%"; None → the dash."""
    return UNKNOWN if value is None else f"{number(value, 1)}%"


def rounded(value: float | None) -> str:
    """A median of counts, as a whole number; None → the dash."""
    return UNKNOWN if value is None else number(round(value))


def excerpt(message: str | None, length: int = MAX_EXCERPT) -> str:
    """The beginning of a post's text on one line, unescaped; NO_TEXT without any."""
    return cut_words(message or "", length) or NO_TEXT


def message_html(message: str) -> str:
    """A post's whole text for ``st.html``: escaped, with its line breaks and its own direction."""
    text = _LINE_BREAKS.sub("\n\n", without_turns(message).strip())
    style = "margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5"
    return f'<p dir="auto" style="{style}">{html.escape(text)}</p>'


def safe_permalink(url: str | None) -> str | None:
    """The address of a post if it is an https address of facebook.com; None for any other."""
    try:
        parts = urlsplit(url or "")
        is_odd = parts.port is not None or parts.username is not None
    except ValueError:
        return None
    host = parts.hostname or ""
    is_facebook = host == "facebook.com" or host.endswith(".facebook.com")
    is_safe = parts.scheme == "https" and is_facebook and not is_odd
    return url if is_safe else None


def published(at: datetime, zone: ZoneInfo) -> str:
    """ "Tue 3 Nov 2026, 14:05" in the zone of posts."""
    there = at.astimezone(zone)
    return f"{WEEKDAYS[there.weekday()]} {day(there.date())}, {there:%H:%M}"


def zone_name(zone: ZoneInfo) -> str:
    """ "Europe/Berlin" or "UTC"."""
    return str(zone.key).replace("_", " ")


def hours(block: int) -> str:
    """The hours of a block of three: 6 → "18–21"."""
    return f"{3 * block}–{3 * block + 3}"


def with_figures(
    posts_count: int, with_figures_count: int, too_young: int, missed: int, age: Age
) -> str:
    """ "9 of 12 posts have figures at 7 days; 3 are younger than 7 days."; empty for all."""
    if with_figures_count == posts_count or not posts_count:
        return ""
    whose = "have figures" if age is None else f"have figures at {counted(age, 'day')}"
    text = f"{count(with_figures_count)} of {counted(posts_count, 'post')} {whose}"
    if too_young and age is not None:
        verb = "is" if too_young == 1 else "are"
        text += f"; {count(too_young)} {verb} younger than {counted(age, 'day')}"
    if missed and age is not None:
        text += f"; {count(missed)} {'has' if missed == 1 else 'have'} none"
    return f"{text}."


def coverage_text(
    *,
    unread: int,
    reels_refused: int,
    later: int,
    later_than: date | None,
    too_few_likes: int,
    no_permission: int,
    no_role: int,
    access_ended: int,
    incomplete: int,
) -> str:
    """What the posts of a period don't include, in numbers of Pages; empty for nothing.

    The parameters are the fields of `storage.posts.page_posts.Coverage`.
    """
    left_out = []
    if unread:
        left_out.append(f"posts of {counted(unread, 'Page')} not read yet")
    if no_permission or no_role:
        left_out.append(
            f"posts of {counted(no_permission + no_role, 'Page')} that Facebook does not list for "
            "want of a permission or a role"
        )
    if access_ended:
        left_out.append(f"new posts of {counted(access_ended, 'Page')} without access")
    if later and later_than is not None:
        left_out.append(f"posts before {day(later_than)} of {counted(later, 'Page')}")
    if reels_refused:
        left_out.append(f"Reels, or their views, of {counted(reels_refused, 'Page')}")
    if too_few_likes:
        left_out.append(f"figures of {counted(too_few_likes, 'Page')} under 100 likes")
    if incomplete:
        left_out.append(
            f"some posts of {counted(incomplete, 'Page')} with more than 600 posts a year"
        )
    return f"Not included: {listed(left_out)}." if left_out else ""


def first_day(posts_count: int) -> str:
    """What is there while most posts have no reading at the usual age."""
    return (
        f"Figures of {counted(posts_count, 'post')} read. How they grew can't be read back, so "
        f"growth curves begin with new posts; until most have figures at {DEFAULT_AGE}, these are "
        "the newest ones."
    )


def describe_rows(first: int, last: int, rows_count: int, order: str) -> str:
    """ "1–25 of 140 posts, newest first"."""
    order = order[:1].lower() + order[1:]
    if rows_count <= last - first + 1:
        return f"{counted(rows_count, 'post')}, {order}"
    return f"{count(first)}{UNKNOWN}{count(last)} of {counted(rows_count, 'post')}, {order}"


def badges(
    *, is_gone: bool, paid_percent: float | None, has_figures: bool, age: timedelta
) -> list[str]:
    """The badges of a post."""
    found = [GONE] if is_gone else []
    found += [BOOSTED] if (paid_percent or 0) > 0 else []
    return found if has_figures else [*found, NEW if age < NEW_FOR else NO_FIGURES]


def basis_text(of_page: int, settled: int, age: Age) -> str:
    """What “times usual” rests on, where that is not posts of the same kind and age.

    In numbers of the posts shown: by the Page's posts of every kind, and by settled posts.
    """
    if age is None:
        return (
            "“Times usual” compares posts older than 28 days, which hardly change any more."
            if settled
            else ""
        )
    sentences = []
    if of_page:
        sentences.append(
            f"“Times usual” of {counted(of_page, 'post')} here rests on the Page's posts of every "
            "kind, for want of 8 of the same kind."
        )
    if settled:
        sentences.append(
            f"“Times usual” of {counted(settled, 'post')} here rests on posts older than 28 days "
            "with their newest figures, until 8 have been read at this age."
        )
    return " ".join(sentences)


def age_of(age: timedelta) -> str:
    """The age of a post in words: "5 hours", "12 days"."""
    return counted(age.days, "day") if age.days else counted(age.seconds // 3600, "hour")


def title_of(page_name: str, kind: str) -> str:
    """ "Photo by Café Lindenhof", unescaped."""
    what = {"text": "Post", "other": "Post", "event": "Event"}.get(kind, KINDS.get(kind, "Post"))
    return f"{what} by {one_line(page_name)}"


def list_untold(
    *,
    kind: str,
    told: Mapping[str, bool],
    has_paid: bool,
    is_read: bool,
    age: timedelta,
    is_gone: bool,
    reasons: Sequence[str],
) -> list[str]:
    """Sentences on figures that Facebook did not tell, and why.

    ``told``: by the names of `SOURCES`. ``reasons``: what is known of the Page, see `reasons_of`.
    ``is_read``: some figure was ever told.
    """
    if not is_read:
        if reasons:
            return list(reasons)
        if age < NEW_FOR:
            return ["No figures yet: Facebook's figures of a new post follow within a day or two."]
        if kind == "reel":
            return ["Facebook gives no views for this Reel."]
        return [
            "Facebook has told no figures of this post. It does so for posts of the last two "
            "years, on Pages with 100 likes or more, and with the permission `read_insights`."
        ]
    sentences = []
    if not told["views"]:
        sentences.append(
            "Facebook gives no views for this Reel."
            if kind == "reel"
            else "Facebook told no views, so there is no rate, and no times usual."
        )
    if not told["viewers"]:
        sentences.append(
            "Facebook told no viewers: it gives them for some Pages only, seldom for small ones."
        )
    others = [
        name for name in ("reactions", "comments", "shares", "clicks") if not told.get(name, False)
    ]
    if others:
        sentences.append(f"Facebook told no {listed(others)}.")
    if not has_paid:
        sentences.append(
            "Paid views are not known: Facebook is asked for them when a post is 7 and 28 days old."
            if age < timedelta(days=8) and not is_gone
            else "Paid views are not known: Facebook gave no answer when the post was 7 and 28 "
            "days old, or it was not known here then."
        )
    return sentences


def reasons_of(
    *, too_few_likes: bool, no_permission: bool, no_role: bool, access_ended: bool
) -> list[str]:
    """Why a Page has no figures, as sentences."""
    sentences = []
    if too_few_likes:
        sentences.append("Facebook gives figures only for posts of Pages with 100 likes or more.")
    if no_permission:
        sentences.append("Facebook refuses for want of a permission; renew the connection.")
    if no_role:
        sentences.append("Nobody who is connected here has a role that may read these posts.")
    if access_ended:
        sentences.append("No working connection gives access to this Page.")
    return sentences
