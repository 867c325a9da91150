"""Glossary: each term of the screens in one sentence, and how it is computed. Pure.

The help of a tile or a column is the sentence of its term, and `docs/figures.md` has all of them in
a table, which a test compares with this module. What is said of fans holds for followers too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Key = Literal[
    "fans",
    "followers",
    "net",
    "growth",
    "weekly",
    "per_day",
    "difference",
    "best_day",
    "pages",
    "compared",
    "trend",
    "median",
    "index",
    "ratio",
    "days_with",
    "day",
    "change",
    "unusual",
    "clean_up",
    "forecast",
    "milestone",
    "goal",
    "views",
    "engagement",
    "post_views",
    "median_views",
    "usual",
    "times_usual",
    "post_interactions",
    "post_clicks",
    "post_rate",
    "post_paid",
    "posts_per_week",
    "checkpoint",
]


@dataclass(frozen=True)
class Term:
    """A term as the screens write it, its meaning in one sentence, and its formula or source."""

    name: str
    meaning: str
    formula: str


GLOSSARY: Mapping[Key, Term] = {
    "fans": Term(
        "Fans",
        "People who like the Page.",
        "Facebook's count, kept once a day; several Pages are added up, so who likes two counts "
        "twice",
    ),
    "followers": Term(
        "Followers",
        "People who follow the Page.",
        "As fans; on newer Pages (New Pages Experience) Facebook gives the same number for both",
    ),
    "net": Term(
        "Net new fans, New fans",
        "Fans at the end of the period minus fans at its start.",
        "end − start",
    ),
    "growth": Term(
        "Growth",
        "Net new fans in percent of the fans at the start.",
        "100 × net ÷ start; none below 100 people at the start",
    ),
    "weekly": Term(
        "Weekly growth",
        "The growth of an average week of the period, in percent.",
        "100 × ((end ÷ start)^(7 ÷ days) − 1): 500 to 2,000 in 14 days is 100 %",
    ),
    "per_day": Term(
        "New fans a day",
        "Net new fans of an average day of the period.",
        "net ÷ days",
    ),
    "difference": Term(
        "vs previous, vs last year",
        "How much more or less than in the period before.",
        "net − net before; of two rates in percentage points (pp)",
    ),
    "best_day": Term(
        "Best day",
        "The day that gained most.",
        "the largest change from one day to the next",
    ),
    "pages": Term(
        "Pages",
        "Every Page that one of your accounts gives access to, or once gave.",
        "counted",
    ),
    "compared": Term(
        "54 of 57 Pages",
        "Only Pages with figures at the start and at the end of the period are compared, so that a "
        "Page that joins does not look like growth.",
        "see “Like for like” below",
    ),
    "trend": Term(
        "Trend",
        "The fans over the period; days without figures are left out.",
        "a point a day, a point a week beyond 90 days",
    ),
    "median": Term(
        "Median Page",
        "The Page in the middle: half of the Pages have more, half have less.",
        "median, column by column",
    ),
    "index": Term(
        "Index",
        "Every Page starts at 100, so that large and small ones can be compared.",
        "100 × figure ÷ figure at the start",
    ),
    "ratio": Term(
        "Fans per follower",
        "How many fans there are for each follower.",
        "fans ÷ followers at the end of the period",
    ),
    "days_with": Term(
        "Days with figures",
        "On how many days of the period the Page was read.",
        "counted",
    ),
    "day": Term(
        "Day",
        "A day ends at midnight UTC, for everybody alike; clock times are in your own time zone, "
        "and name it.",
        "views and engagement have Facebook's days, see below",
    ),
    "change": Term(
        "Change, Daily change",
        "Against the last day with a figure: after missed days the change of all of them.",
        "figure − figure before",
    ),
    "unusual": Term(
        "Unusual day",
        "The Page gained or lost far more than was usual in the 28 days before.",
        "see “Unusual days” below",
    ),
    "clean_up": Term(
        "Clean-up",
        "Facebook removed fake or closed accounts, so many Pages lost people on the same day.",
        "5 or more Pages, and 30 % of them, fell unusually on one day",
    ),
    "forecast": Term(
        "Forecast",
        "Where the figure will be if the last weeks go on.",
        "see “Forecast” below; in 8 of 10 cases within the band",
    ),
    "milestone": Term(
        "Next milestone",
        "The next round number, and the days in which the Page will probably reach it.",
        "the days in which the forecast's band reaches it",
    ),
    "goal": Term(
        "Goal",
        "The number of fans that you want by a day, and whether the Page's pace leads there.",
        "missing fans ÷ days left, beside the gain a day of the last 28 days",
    ),
    "views": Term(
        "Views",
        "How often anything of the Page was shown or played: posts, stories, videos, ads.",
        "Facebook's own figure, added up over the days",
    ),
    "engagement": Term(
        "Engagements",
        "Reactions, comments, shares and clicks on the Page's posts.",
        "Facebook's own figure, added up over the days",
    ),
    "post_views": Term(
        "Views of a post",
        "How often the post was shown or played, ads included.",
        "Facebook's `post_media_view` at the chosen age",
    ),
    "median_views": Term(
        "Median views",
        "The views of the post in the middle: half of the posts had more, half had less.",
        "median of the posts with figures at the age; none below 5 posts",
    ),
    "usual": Term(
        "Usual views",
        "What the Page's own earlier posts of the same kind had at the same age.",
        "median of 8 posts or more from the 180 days before; see “Posts” below",
    ),
    "times_usual": Term(
        "Times usual",
        "How many times the usual views of its Page a post had.",
        "views ÷ usual views; none where usual is below 20 views",
    ),
    "post_interactions": Term(
        "Interactions",
        "Reactions, comments and shares, those on reshares of the post included.",
        "reactions + comments + shares",
    ),
    "post_clicks": Term(
        "Clicks on a post",
        "Clicks anywhere on the post, also on the photo or on “See more”.",
        "Facebook's `post_clicks`",
    ),
    "post_rate": Term(
        "Engagement rate by views",
        "Interactions and clicks in percent of the views.",
        "100 × (interactions + clicks) ÷ views; of several posts their sums; none below 100 views",
    ),
    "post_paid": Term(
        "Paid views, Boosted",
        "The share of a post's views that came from ads, asked for when it is 7 and 28 days old.",
        "100 × views from ads ÷ all views; above 0 the post is called boosted",
    ),
    "posts_per_week": Term(
        "Posts per week",
        "How often the Pages published in the period, posts that are gone by now included.",
        "7 × posts ÷ days; “at least” where a part of the period is not read",
    ),
    "checkpoint": Term(
        "At 7 days",
        "The figures of a post when it was 7 days old, read at the time and never changed.",
        "the first reading within 36 hours from then on; within 3 days at 28 days, 10 days at 90",
    ),
}


def meaning(key: Key, noun: str = "fans") -> str:
    """The sentence of a term; ``noun``: "fans" or "followers", the figure that it is said of."""
    sentence = GLOSSARY[key].meaning
    if noun != "followers" or key in ("fans", "followers", "ratio"):
        return sentence
    return sentence.replace("fans", "followers").replace("Fans", "Followers")
