"""Two figures of the same Page, one by the other: index, fans to followers, churn, engagement.

Three engagement rates are in use, so each name here says which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from storage.metrics.ends import SMALLEST_BASE


def index(figure: int | None, base: int | None) -> float | None:
    """A figure where the base is 100: 550 of 500 is 110. For comparing Pages of different size.

    None when either is not known, and on a base of 0.
    """
    if figure is None or not base:
        return None
    return 100 * figure / base


def fan_follower_ratio(fans: int | None, followers: int | None) -> float | None:
    """Fans by followers, 1.0 when there are as many: falls as a Page gains followers without likes.

    None when either is not known, and without followers.
    """
    if fans is None or not followers:
        return None
    return fans / followers


def unexplained_change(net: int | None, gained: int | None, lost: int | None) -> int | None:
    """What gross figures leave open: net minus (gained minus lost), in people.

    All three are Facebook's own, of the same Pacific days: ``net`` is of `page_follows`, never of
    snapshots, whose days are in UTC. 0 when they agree; below 0 when more people went than Facebook
    counted, as in a clean-up of accounts. None when any of the three is not known.
    """
    if net is None or gained is None or lost is None:
        return None
    return net - (gained - lost)


def churn_percent(lost: int | None, start: int | None) -> float | None:
    """People lost (gross) in percent of those at the start of the period, both Facebook's own.

    None when either is not known, and when the start is below SMALLEST_BASE.
    """
    if lost is None or start is None or start < SMALLEST_BASE:
        return None
    return 100 * lost / start


def retention_percent(gained: int | None, lost: int | None) -> float | None:
    """How much of what was gained (gross) is not outweighed by what was lost: 1 - lost/gained.

    In percent; below 0 when more were lost than gained. None when either is not known, and when
    nobody was gained.
    """
    if not gained or lost is None:
        return None
    return 100 * (1 - lost / gained)


def engagement_rate_by_views_percent(engagements: int | None, views: int | None) -> float | None:
    """Engagements by views, in percent. None when either is not known, and without views."""
    if engagements is None or not views:
        return None
    return 100 * engagements / views


def engagement_rate_by_followers_percent(
    interactions: int | None, followers: int | None, posts_count: int | None
) -> float | None:
    """Interactions by followers and post, in percent.

    None when one of the three is not known, without followers, and without posts.
    """
    if interactions is None or not followers or not posts_count:
        return None
    return 100 * interactions / followers / posts_count


def engagement_rate_by_days_percent(
    days: Iterable[tuple[int | None, int | None]],
) -> float | None:
    """The mean over days of interactions by fans, in percent.

    Each element is one day's (interactions, fans). Days without both, or without fans, don't count;
    None when none is left.
    """
    rates = [100 * done / fans for done, fans in days if done is not None and fans]
    return sum(rates) / len(rates) if rates else None
