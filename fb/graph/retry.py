"""How long and how often a failed request is tried again: exponential backoff with full jitter."""

from __future__ import annotations

from collections.abc import Callable

BASE_SECONDS = 0.5
CAP_SECONDS = 8.0
# A second lock beside the patience, for a clock that stands still.
MAX_RETRIES = 12


def full_jitter_seconds(retry_number: int, random: Callable[[], float]) -> float:
    """Seconds to wait before retry number 0, 1, 2, …: evenly out of 0 … min(8, 0.5 * 2^n).

    Full jitter, since many waiting clients of one app would otherwise come back all at once:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random() * min(CAP_SECONDS, BASE_SECONDS * 2.0**retry_number)


class Retries:
    """The allowance of one call: waits while the patience lasts, counted from the first failure.

    Not from the start of the call: a first attempt that ran into its timeout (30 s) would otherwise
    never get a second one. An attempt that is under way when the patience ends is not cut short
    here; the caller bounds it by ``remaining_seconds``.
    """

    def __init__(
        self,
        patience_seconds: float,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._patience_seconds = patience_seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._random = random
        self._deadline: float | None = None
        self._number = 0

    def remaining_seconds(self) -> float | None:
        """Seconds of patience left, at least 0; None before the first failure."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._monotonic())

    def wait(self) -> bool:
        """After a failure: sleeps and says True, or False at once when the patience is over."""
        now = self._monotonic()
        if self._deadline is None:
            self._deadline = now + self._patience_seconds
        seconds = full_jitter_seconds(self._number, self._random)
        if self._number >= MAX_RETRIES or now + seconds >= self._deadline:
            return False
        self._number += 1
        self._sleep(seconds)
        return True
