"""Ratios of two figures of the same Page: an index, and fans to followers."""

from __future__ import annotations


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
