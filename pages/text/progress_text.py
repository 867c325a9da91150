"""Time left: how long a run still takes, in words, from its pace so far."""

from __future__ import annotations

# Earlier than this the pace is that of the start, which is another one.
MIN_SECONDS, MIN_STEPS = 2.0, 2


def time_left(done: int, total: int, *, steps: int, seconds: float) -> str:
    """ "about 15 s left", at a pace of ``steps`` in ``seconds``; empty while that says nothing."""
    if steps < MIN_STEPS or seconds < MIN_SECONDS or done >= total:
        return ""
    left = (total - done) * seconds / steps
    if left < 5:
        return "a few seconds left"
    if left < 57.5:
        return f"about {5 * round(left / 5)} s left"
    if left < 90 * 60:
        return f"about {max(round(left / 60), 1)} min left"
    return f"about {round(left / 3600)} h left"


def with_time_left(text: str, left: str) -> str:
    """The text on a progress, and the time left after a comma where it is known."""
    return f"{text}, {left}" if left else text
