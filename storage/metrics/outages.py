"""Outages: tells from stored facts why a day has no snapshot.

What is known is what refreshes and accounts left behind: a refresh that failed, and how; that none
began; that an account was disconnected, frozen or ended all day. What is not known:

- why no refresh began while an account could be used. The program was off, or could not work: its
  encryption key was missing, or the database was held. All of these are NOT_RUNNING.
- whether a Page that a whole refresh passed over was out of reach or archived (LEFT_OUT).
- anything of days whose refreshes are no longer kept (KEEP_RUNS_DAYS), but the state of accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NOT_CONNECTED = "not_connected"  # the Page, or its account, came later
ENDED, DISCONNECTED, FROZEN = "ended", "disconnected", "frozen"  # the account, all day
NO_ACCESS = "no_access"  # several of these
LEFT_OUT = "left_out"
LIMITED = "RateLimited"  # as a failure is called
CUT_OFF = "cut_off"  # the refresh was stopped, and none completed it
NOT_RUNNING = "not_running"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class DayFacts:
    """What is stored about a day (UTC) on which none of some Pages has a snapshot.

    ``failure``: the class name of the error that most of the Pages met in the day's last refresh
    with failures. ``off``: for each account that holds the Pages, why it could not be used on the
    whole day, of NOT_CONNECTED, ENDED, DISCONNECTED and FROZEN; empty where one could be used, or
    none is known. ``statuses`` are those of the day's refreshes (`JobRun.status`); ``is_limited``:
    a limit ended one. ``has_runs``: a run of any kind is of this day. ``keeps_runs``: refreshes
    from before the day are still kept, so that one of this day would be, too.
    """

    is_before_connect: bool = False
    failure: str | None = None
    off: Sequence[str] = ()
    statuses: frozenset[str] = frozenset()
    is_limited: bool = False
    has_runs: bool = False
    keeps_runs: bool = False


def find_cause(facts: DayFacts) -> str:
    """Return the cause: one of this module's, or the class name of an error of Facebook."""
    if facts.failure is not None:
        return facts.failure
    if facts.is_before_connect:
        return NOT_CONNECTED
    if facts.off:
        return facts.off[0] if len(set(facts.off)) == 1 else NO_ACCESS
    if facts.is_limited:
        return LIMITED
    if "done" in facts.statuses:
        return LEFT_OUT
    if facts.statuses:
        return CUT_OFF
    return NOT_RUNNING if facts.keeps_runs and not facts.has_runs else UNKNOWN
