"""Many Pages together: the growth of all, the Page in the middle, and who had which part in it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from storage.metrics.ends import growth_percent


def portfolio_growth_percent(ends: Iterable[tuple[int | None, int | None]]) -> float | None:
    """All net by all starts, in percent, over the Pages that have both ends.

    Each element is one Page's (start, end). A Page of a million weighs what it is, which a mean of
    rates would hide; show the `median` of the Pages' rates beside it. None when no Page has both
    ends, and as in `growth_percent`.
    """
    both = [(start, end) for start, end in ends if start is not None and end is not None]
    if not both:
        return None
    return growth_percent(sum(start for start, _ in both), sum(end for _, end in both))


def median(values: Iterable[float | None]) -> float | None:
    """The value in the middle of those that are known, of two in the middle their mean.

    None when none is known.
    """
    known = [value for value in values if value is not None]
    return float(statistics.median(known)) if known else None


def share_percents(nets: Sequence[int | None]) -> list[float | None] | None:
    """Each Page's part in the net of all, in percent; they add up to 100.

    None where a Page's net is not known. None for all when some Pages rose and others fell, and
    when none moved: of +10 and -9 the first would be "1,000 % of the growth". Show numbers then.
    """
    known = [each for each in nets if each is not None]
    whole = sum(known)
    if not whole or (min(known) < 0 < max(known)):
        return None
    return [None if each is None else 100 * each / whole for each in nets]
