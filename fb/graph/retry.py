"""Retries: exponential backoff with full jitter for failed requests."""

from __future__ import annotations

from collections.abc import Callable

BASE_SECONDS = 0.5
CAP_SECONDS = 8.0
# A second limit beside the patience, in case the clock stops.
MAX_RETRIES = 12


def full_jitter_seconds(retry_number: int, random: Callable[[], float]) -> float:
    """Return the seconds to wait before retry n (0, 1, …): evenly from 0 to min(8, 0.5 * 2^n).

    Full jitter, since waiting clients of one app would otherwise all try again at the same moment:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random() * min(CAP_SECONDS, BASE_SECONDS * 2.0**retry_number)


class Retries:
    """The retries of one call, for ``patience_seconds`` from the first failure.

    The time does not count from the start of the call: after a timeout of 30 s there would be no
    retry. A running attempt is not cut short here; the caller bounds it by ``remaining_seconds``.
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
        """Return the seconds that are left, at least 0; None before the first failure."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._monotonic())

    def wait(self) -> bool:
        """After a failure: sleep and return True, or return False at once when time is up."""
        now = self._monotonic()
        if self._deadline is None:
            self._deadline = now + self._patience_seconds
        seconds = full_jitter_seconds(self._number, self._random)
        if self._number >= MAX_RETRIES or now + seconds >= self._deadline:
            return False
        self._number += 1
        self._sleep(seconds)
        return True
