"""Posts: makes the invented posts of a Page, from its seed and the week alone.

The formula must not change, since databases contain posts of past days. Some Pages have posts that
are awkward on purpose: deleted, boosted, planned or backdated ones, hundreds a year, or none.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from fb.sandbox.world import post_texts, shop_names
from fb.sandbox.world.fan_counts import count_fans
from fb.sandbox.world.world import Page

PHOTO, ALBUM, VIDEO, REEL = "photo", "album", "video", "reel"
LINK, TEXT, SHARE, EVENT = "link", "text", "share", "event"

# Shops of `shop_names` whose posts have one awkward property each.
BUSY = "Stonebridge Coffee Roasters"  # 700 posts a year
DELETES = "Blumen Sommer"
BOOSTS = "Bäckerei Morgenrot"
PLANS = "Fahrrad Brandt"
BACKDATES = "Teestube Zimt"
WRITES_AT_LENGTH = "The Copper Kettle"
_RARELY_POSTS = frozenset({"Yogahaus Nord", "Optik Keller", "Cervejaria Serra Azul"})
_NEVER_POSTS = frozenset({shop_names.BARE})

# Posts of a kind among 100, and how their views compare.
_KINDS: dict[str, tuple[int, float]] = {
    PHOTO: (34, 1.45),
    ALBUM: (9, 1.7),
    VIDEO: (12, 1.2),
    LINK: (18, 0.55),
    TEXT: (9, 0.8),
    SHARE: (8, 0.5),
    EVENT: (2, 0.7),
    REEL: (8, 2.1),
}
_HOURS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
_HOUR_WEIGHTS = (2, 5, 8, 8, 6, 5, 7, 5, 4, 4, 5, 8, 11, 11, 8, 3)
_FIRST_WEEK = date(2026, 1, 5).toordinal() // 7  # the most recent week in which a Page began
_LAST_WEEK = date(2200, 1, 1).toordinal() // 7
_UNCOUNTED_FOLLOWERS = 900
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Post:
    """One invented post. Its figures at a moment are computed by `post_figures`."""

    id: str  # "<page>_<number>"
    kind: str
    message: str | None = field(repr=False)
    created_at: datetime
    published_at: datetime  # later than ``created_at`` for a planned post
    deleted_at: datetime | None
    backdated_at: datetime | None
    seed: int
    views_unpaid: float  # lifetime total in the end
    views_paid: float
    pace_days: float  # after this time it has 63 % of its views

    @property
    def number(self) -> str:
        """The id without the Page's."""
        return self.id.partition("_")[2]

    @property
    def video_id(self) -> str:
        """The id of a Reel's video."""
        return f"7{self.number[-14:]}"

    def is_visible(self, moment: datetime) -> bool:
        """Whether it is on the Page at this moment."""
        return self.published_at <= moment and (self.deleted_at is None or moment < self.deleted_at)


def iterate_posts(page: Page, moment: datetime) -> Iterator[Post]:
    """Yield the posts and Reels that are on the Page at ``moment``, the newest first."""
    for week in range(moment.toordinal() // 7, _begin(page) - 1, -1):
        yield from (post for post in list_week(page, week) if post.is_visible(moment))


def find_post(page: Page, number: str) -> Post | None:
    """Return the post with this number, whether visible or not; None when there never was one."""
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        return None
    week = int(number[-14:-8] or "0")
    if not _begin(page) <= week <= _LAST_WEEK:
        return None
    return next((post for post in list_week(page, week) if post.number == number), None)


@lru_cache(maxsize=50_000)
def list_week(page: Page, week: int) -> tuple[Post, ...]:
    """Return the posts created in a week (days of one ``ordinal // 7``), the newest first."""
    dice = random.Random(page.seed * 1_000_003 + week)  # noqa: S311 - reproducible on purpose
    times = sorted(_choose_time(dice, week) for _ in range(_count(page, week, dice)))
    posts = [_make_post(page, week, serial, at, dice) for serial, at in enumerate(times)]
    return tuple(reversed(posts))


def _begin(page: Page) -> int:
    """Return the week of the Page's first post: one to five years before 2026."""
    return _FIRST_WEEK - 52 - page.seed % 200 if page.base_count else _FIRST_WEEK + 40


def _count(page: Page, week: int, dice: random.Random) -> int:
    if page.name in _NEVER_POSTS:
        return 0
    if page.name in _RARELY_POSTS:
        return int(dice.random() < 0.12)
    if page.name == BUSY:
        return 13 + dice.randrange(2)
    month = random.Random(page.seed + week // 4)  # noqa: S311 - reproducible on purpose
    is_away = month.random() < 0.05
    return 0 if is_away else int(_rate(page) + dice.random())


def _rate(page: Page) -> float:
    """Return the usual posts per week."""
    return 13.5 if page.name == BUSY else 1.6 + (page.seed >> 8) % 100 / 100 * 2.8


def _choose_time(dice: random.Random, week: int) -> datetime:
    day = datetime.fromordinal(week * 7 + dice.randrange(7)).replace(tzinfo=UTC)
    hour = dice.choices(_HOURS, _HOUR_WEIGHTS)[0]
    return day + timedelta(hours=hour, seconds=dice.randrange(3_600))


def _make_post(page: Page, week: int, serial: int, at: datetime, dice: random.Random) -> Post:
    kind = _choose_kind(page, dice)
    is_first_of = serial == 0
    message = _write(page, week, kind, dice, is_first=is_first_of)
    views = _estimate_views(page, kind, message, at, week, dice)
    pace_days = dice.uniform(0.5, 2.6) * (1.5 if kind in (VIDEO, REEL) else 1.0)
    is_boosted = dice.random() < (0.05 if page.index % 3 == 1 else 0.0)
    is_boosted = is_boosted or (page.name == BOOSTS and is_first_of and week % 2 == 0)
    is_deleted = page.name == DELETES and is_first_of and week % 3 == 0
    return Post(
        id=f"{page.id}_{_make_number(page, week, serial)}",
        kind=kind,
        message=message,
        created_at=at,
        published_at=at + 2 * _DAY if page.name == PLANS and is_first_of else at,
        deleted_at=at + timedelta(days=9, hours=5) if is_deleted else None,
        backdated_at=at - 365 * _DAY if page.name == BACKDATES and is_first_of else None,
        seed=dice.getrandbits(32),
        views_unpaid=views,
        views_paid=views * dice.uniform(0.8, 2.5) if is_boosted else 0.0,
        pace_days=pace_days,
    )


def _make_number(page: Page, week: int, serial: int) -> str:
    """Return 14 to 18 digits, from which `find_post` reads the week."""
    number = f"{week:06d}{page.index:06d}{serial:02d}"
    return f"1221{number}" if page.is_new_experience else number


def _choose_kind(page: Page, dice: random.Random) -> str:
    kind = dice.choices(list(_KINDS), [share for share, _ in _KINDS.values()])[0]
    return PHOTO if kind == REEL and page.index % 3 == 2 else kind  # such Pages make no Reels


def _write(page: Page, week: int, kind: str, dice: random.Random, *, is_first: bool) -> str | None:
    chance = dice.random()
    location = page.fixed.get("location", {})
    language = post_texts.pick_language(location.get("country"))
    sentences = dice.sample(post_texts.list_sentences(language), 2)
    hashtags = dice.sample(post_texts.list_hashtags(language), 2)
    if is_first and page.name == WRITES_AT_LENGTH and week % 4 == 0:
        return post_texts.LONG_TEXT
    if page.name in shop_names.HOSTILE_NAMES and chance < 0.3:
        return dice.choice(post_texts.HOSTILE_TEXTS)
    if kind != TEXT and chance > 0.93:
        return None
    text = " ".join(sentences[: 1 + (chance < 0.5)])
    return f"{text} {' '.join(hashtags[: 1 + (chance < 0.3)])}" if chance < 0.6 else text


def _estimate_views(
    page: Page, kind: str, message: str | None, at: datetime, week: int, dice: random.Random
) -> float:
    """Return how many views a post has in the end."""
    counted = count_fans(page, at.date()).followers_count
    followers = _UNCOUNTED_FOLLOWERS if counted is None else counted
    season = math.sin(math.tau * (week / 22 + page.seed % 97 / 97))
    views = followers * 0.9 / _rate(page) * math.exp(0.22 * season + dice.gauss(0, 0.45))
    views *= _KINDS[kind][1] * _favour(at)
    if any(name in (message or "") for name in post_texts.GOOD_HASHTAGS):
        views *= 1.3
    return views * (dice.uniform(3.0, 7.0) if dice.random() < 0.025 else 1.0) + 3


def _favour(at: datetime) -> float:
    """Return the effect of the time: evenings and weekends do well, early mornings do not."""
    by_hour: Sequence[tuple[int, float]] = ((9, 0.75), (12, 0.95), (16, 0.85), (21, 1.4), (24, 1.1))
    hour_effect = next(effect for until, effect in by_hour if at.hour < until)
    return hour_effect * (1.2 if at.weekday() >= 5 else 1.0)
