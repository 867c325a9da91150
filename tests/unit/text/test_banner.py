"""The line above a screen that says what is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fb.accounts.connections import Account
from pages.records import LastRun
from pages.text import phrases
from pages.ui import banner
from pages.ui.banner import Banner
from storage.figures.health import Freshness, NamedPages

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
DEAD = Account(
    grant_id=1,
    account_id="9",
    account_name="Ben _Ortiz_",
    state="needs_renewal",
    status_at=NOW,
    reason_code=190,
    reason_subcode=460,
    expires_at=None,
    data_access_expires_at=None,
    ends_at=None,
    days_left=None,
    last_used_at=None,
    issued_at=None,
    checked_at=None,
    key_id=None,
    granted=(),
    declined=(),
)
ENDS = NOW + timedelta(days=12)
EXPIRING = replace(
    DEAD,
    account_name="Anna",
    state="expiring",
    data_access_expires_at=ENDS,
    ends_at=ENDS,
    days_left=12,
)
RUN = LastRun("done", None, None, 6000, 6000, 0)
FRESH = Freshness(
    last_refreshed_at=NOW,
    last_day=NOW.date(),
    has_readable=True,
)


def test_all_well_says_nothing() -> None:
    assert banner.needing_renewal([replace(DEAD, state=s) for s in ("ok", "frozen")]) == []
    assert banner.of_roles([replace(DEAD, state="ok")], {}) is None
    assert banner.of_run(None, FRESH, NOW) is None
    assert banner.of_run(RUN, FRESH, NOW) is None
    assert banner.of_run(replace(RUN, status="running"), FRESH, NOW) is None
    # The dashboard was stopped in the middle: nothing that Facebook did.
    assert banner.of_run(replace(RUN, status="stopped"), FRESH, NOW) is None
    assert banner.of_age(FRESH, NOW) is None


def shown(line: Banner | None) -> Banner:
    assert line is not None
    return line


def test_a_dead_account_is_named_with_its_pages() -> None:
    line = banner.of_waiting([DEAD, EXPIRING], 46, NOW)
    assert (line.badge, line.colour) == ("2 accounts need you", "red")
    for phrase in ("Ben \\_Ortiz\\_", "password was changed", "46 Pages are not refreshed"):
        assert phrase in line.sentence
    assert (line.action, line.target) == ("Renew", "connections")
    alone = banner.of_waiting([DEAD], 1, NOW)
    assert alone.badge == "1 account needs you"
    assert "1 Page is not refreshed" in alone.sentence
    # Its Pages are read by another account.
    assert "not refreshed" not in banner.of_waiting([DEAD], 0, NOW).sentence


def test_every_account_that_is_counted_is_named() -> None:
    cleo, dora = (replace(DEAD, account_name=name) for name in ("Cleo", "Dora"))
    line = banner.of_waiting([DEAD, cleo], 60, NOW)
    assert line.badge == "2 accounts need you"
    assert line.sentence == (
        "Facebook gives no figures to Ben \\_Ortiz\\_ and Cleo. 60 Pages are not refreshed until "
        "Ben \\_Ortiz\\_ and Cleo renew."
    )
    four = banner.of_waiting([DEAD, cleo, dora, dora], 60, NOW).sentence
    assert four.count("Ben \\_Ortiz\\_, Cleo and 2 more") == 2
    lost = replace(DEAD, reason_code=phrases.KEY_GIVEN_UP, reason_subcode=None)
    said = banner.of_waiting([lost, replace(lost, account_name="Dora")], 2, NOW).sentence
    assert said.startswith("The access of Ben \\_Ortiz\\_ and Dora was erased here, since its")
    assert "its encryption key is lost" in banner.of_waiting([lost], 1, NOW).sentence
    soon = banner.of_waiting([cleo, EXPIRING], 0, NOW).sentence
    assert soon.startswith("Facebook reports that Cleo's password")
    assert "Facebook asks Anna to confirm every 90 days. On 4 Dec 2026" in soon
    assert banner.of_waiting([EXPIRING], 0, NOW).badge == "1 account needs you within 12 days"
    today = replace(EXPIRING, days_left=0)
    assert banner.of_waiting([today], 0, NOW).badge == "1 account needs you today"
    over = banner.of_waiting([replace(EXPIRING, days_left=-1)], 0, NOW)
    assert over.badge == "1 account needs you"
    several = banner.of_waiting([EXPIRING, replace(EXPIRING, account_name="Emil")], 0, NOW)
    assert several.badge == "2 accounts need you, the first within 12 days"
    assert several.sentence == (
        "The access of Anna and Emil has to be renewed, the first by 4 Dec 2026."
    )


def test_a_permission_that_figures_need_is_named() -> None:
    declined = replace(DEAD, account_name="Carla", reason_code=10, reason_subcode=None)
    line = banner.of_waiting([declined], 6, NOW)
    assert line.sentence == (
        "Carla gives no permission to read fans and followers (pages_read_engagement). 6 Pages are "
        "not refreshed until Carla renews."
    )
    assert (line.action, line.target) == ("Renew", "connections")


def test_access_that_ends_soon_is_a_warning() -> None:
    line = banner.of_waiting([EXPIRING], 0, NOW)
    assert line.colour == "orange"
    assert "4 Dec 2026" in line.sentence


@pytest.mark.parametrize(
    ("until", "code", "from_when"),
    [
        (NOW + timedelta(minutes=38), 4, "the rest from about 14:40 UTC"),
        (NOW + timedelta(hours=12), 4, "from about 23 Nov 2026, 02:02 UTC"),
        (None, 17, "names no time"),
    ],
)
def test_a_rate_limit_says_how_far_and_from_when(
    until: datetime | None, code: int, from_when: str
) -> None:
    limited = LastRun("stopped", until, code, 6000, 812, 0)
    line = shown(banner.of_run(limited, FRESH, NOW))
    assert "slow down" in line.badge
    for phrase in ("812 of 6,000 Pages", from_when, "Your connections are fine"):
        assert phrase in line.sentence
    if until:
        assert banner.of_run(limited, FRESH, until + timedelta(minutes=1)) is None


def test_a_failed_run_blames_nobodys_connection() -> None:
    failed = replace(RUN, status="failed", done=0, failed=6000)
    line = shown(banner.of_run(failed, FRESH, NOW))
    assert "from today 14:02 UTC. Your connections are fine." in line.sentence
    never = shown(banner.of_run(failed, replace(FRESH, last_refreshed_at=None), NOW))
    assert "What you see" not in never.sentence


def test_a_run_that_broke_off_by_itself_does_not_blame_facebook() -> None:
    line = shown(banner.of_run(replace(RUN, status="failed", done=50), FRESH, NOW))
    assert "Facebook" not in line.badge + line.sentence
    assert "full disk" in line.sentence


def test_a_run_that_read_nothing_speaks_though_it_came_to_its_end() -> None:
    nothing = replace(RUN, total=57, done=0, failed=57)
    line = shown(banner.of_run(nothing, FRESH, NOW))
    assert line.target == "activity"
    assert "any of 57 Pages" in line.sentence
    one = replace(nothing, total=1, failed=1)
    assert "its one Page" in shown(banner.of_run(one, FRESH, NOW)).sentence
    assert banner.of_run(replace(nothing, done=1), FRESH, NOW) is None
    # Nothing to read: other lines say why.
    assert banner.of_run(nothing, replace(FRESH, has_readable=False), NOW) is None
    assert banner.of_run(replace(nothing, failed=0), FRESH, NOW) is None


def test_accounts_at_rest_are_the_reason_that_nothing_is_refreshed() -> None:
    idle = replace(FRESH, has_readable=False)
    paused = replace(DEAD, state="frozen")
    gone = replace(DEAD, state="disconnected", account_name="Anna")
    line = shown(banner.of_idle([paused, gone], idle))
    assert line.target == "connections"
    assert "Ben \\_Ortiz\\_ is paused and Anna is disconnected" in line.sentence
    assert "and 2 more" in shown(banner.of_idle([gone] * 5, idle)).sentence
    assert banner.of_idle([paused], FRESH) is None
    assert banner.of_idle([paused, replace(DEAD, state="ok")], idle) is None
    assert banner.of_idle([], idle) is None


ANNA = replace(EXPIRING, grant_id=1, state="ok")
BEN = replace(EXPIRING, grant_id=2, state="ok", account_name="Ben")


def lost(*pages: str) -> NamedPages:
    return NamedPages(len(pages), pages[:3])


def test_a_lost_role_says_who_which_and_what_is_safe() -> None:
    line = shown(banner.of_roles([ANNA, BEN], {1: lost("Optik *Keller*")}))
    assert (line.badge, line.target) == ("1 Page out of reach", None)
    assert "Anna no longer has a role on Optik \\*Keller\\*" in line.sentence
    assert "history is safe" in line.sentence


def test_many_lost_roles_are_counted() -> None:
    line = shown(banner.of_roles([ANNA], {1: lost("A", "B", "C", "D")}))
    assert line.badge == "4 Pages out of reach"
    assert "on A, B, C and 1 more" in line.sentence
    line = shown(banner.of_roles([ANNA, BEN], {1: lost("A"), 2: lost("B")}))
    assert (line.badge, line.target) == ("2 accounts lost a role", "connections")


def test_what_a_disconnected_account_lost_is_no_trouble() -> None:
    assert banner.of_roles([replace(ANNA, state="disconnected")], {1: lost("A")}) is None


def test_access_that_has_ended_is_not_announced_as_coming() -> None:
    past = replace(
        EXPIRING,
        expires_at=NOW - timedelta(days=5),
        data_access_expires_at=NOW - timedelta(days=2),
        ends_at=NOW - timedelta(days=5),
        days_left=-5,
    )
    line = banner.of_waiting([past], 0, NOW)
    # Of the two it is this one that makes figures stand still.
    assert "90-day data access ended on 20 Nov 2026" in line.sentence
    alone = replace(past, data_access_expires_at=NOW + timedelta(days=40))
    line = banner.of_waiting([alone], 0, NOW)
    assert "Anna's access ran out on 17 Nov 2026." in line.sentence


def test_a_day_is_forgiven_and_two_are_not() -> None:
    def of_age(days: int) -> Banner | None:
        return banner.of_age(replace(FRESH, last_day=NOW.date() - timedelta(days=days)), NOW)

    assert of_age(1) is None
    assert of_age(2) is not None
    assert "3 days ago" in shown(of_age(3)).badge
    assert banner.of_age(replace(FRESH, last_day=None), NOW) is None


def test_a_run_is_history_once_newer_figures_came() -> None:
    ended = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    run = LastRun("failed", None, None, 57, 0, 57, ended)
    stale = Freshness(ended - timedelta(days=1), ended.date(), True)
    fresh = Freshness(ended + timedelta(minutes=1), ended.date(), True)
    assert banner.of_run(run, stale, ended) is not None
    assert banner.of_run(run, fresh, ended) is None
