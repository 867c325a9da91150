"""What a Page is ready for, what is missing, and who can mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fb.accounts import custody
from fb.accounts.custody import CustodyError
from fb.accounts.readiness import NEEDED_PERMISSIONS, judge_readiness
from pages.parts.page import access_card, readiness_text
from pages.ui import access_text
from storage.accounts.allowances import Use
from storage.accounts.page_tokens import PageHolding, PageToken

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
HOSTILE = ":material/delete: <b>x</b> www.evil.com"
ALL = tuple(dict.fromkeys(name for names in NEEDED_PERMISSIONS.values() for name in names))
ANNA = PageHolding(
    grant_id=1,
    account_name="Anna Keller",
    grant_status="ok",
    status="ok",
    tasks=("ANALYZE", "MESSAGING", "CREATE_CONTENT"),
    granted_permissions=ALL,
    declined_permissions=(),
    granted_at=NOW - timedelta(days=10),
    data_access_expires_at=NOW + timedelta(days=80),
    checked_at=NOW,
    last_used_at=NOW - timedelta(hours=8),
    token=PageToken("7", 1, "9", "k1", "sealed"),
)
BEN = replace(ANNA, grant_id=2, account_name="Ben Ortiz")


def lacks(*holdings: PageHolding) -> dict[str, type[CustodyError]]:
    """The uses that a Page is not ready for."""
    judged = judge_readiness("7", holdings, NOW)
    return {each.use: type(each.lack) for each in judged if each.lack is not None}


def said(*holdings: PageHolding) -> dict[str, str]:
    return {each.use: readiness_text.describe(each) for each in judge_readiness("7", holdings, NOW)}


def without(*names: str, **changes: Any) -> PageHolding:
    granted = tuple(name for name in ALL if name not in names)
    return replace(ANNA, granted_permissions=granted, **changes)


def test_full_access_is_ready_for_everything() -> None:
    assert lacks(ANNA) == {}
    assert set(said(ANNA)) == set(readiness_text.TITLES)
    assert said(ANNA)["figures"] == "**Fans and followers**: ready"


@pytest.mark.parametrize(
    ("missing", "uses"),
    [
        ("pages_read_engagement", {"figures", "insights", "read_messages"}),
        ("read_insights", {"insights"}),
        ("pages_messaging", {"read_messages", "send_messages"}),
        ("pages_manage_metadata", {"webhooks"}),
    ],
)
def test_a_missing_permission_costs_what_needs_it(missing: str, uses: set[str]) -> None:
    assert lacks(without(missing)) == dict.fromkeys(uses, custody.PermissionNotGranted)
    declined = said(without(missing, declined_permissions=(missing,)))
    for use in uses:
        assert (
            f"`{missing}` was declined. Anna Keller can renew and leave it ticked."
            in (declined[use])
        )
        assert f"not asked for `{missing}`" in said(without(missing))[use]


@pytest.mark.parametrize(
    ("tasks", "uses", "task"),
    [
        (("MESSAGING",), {"insights", "webhooks"}, "Insights"),
        (("ANALYZE", "MODERATE"), {"read_messages", "send_messages"}, "Messages"),
    ],
)
def test_a_missing_task_is_given_by_an_admin(
    tasks: tuple[str, ...], uses: set[str], task: str
) -> None:
    holding = replace(ANNA, tasks=tasks)
    assert lacks(holding) == dict.fromkeys(uses, custody.RoleTooLow)
    words = " ".join(said(holding).values())
    assert f"the task {task} is missing on this Page" in words
    assert "One of its admins can give it to Anna Keller, or connect." in words


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"token": None}, custody.NoAccess, "One of its admins can connect."),
        ({"grant_status": "needs_renewal"}, custody.AccountEnded, "Anna Keller can renew"),
        ({"data_access_expires_at": NOW}, custody.AccountEnded, "Anna Keller can renew"),
        ({"grant_status": "frozen"}, custody.AccountFrozen, "An operator can unfreeze it"),
    ],
)
def test_without_an_access_nothing_is_ready(
    changes: dict[str, Any], error: type[CustodyError], words: str
) -> None:
    holding = replace(ANNA, **changes)
    assert lacks(holding) == dict.fromkeys(NEEDED_PERMISSIONS, error)
    assert all(words in each for each in said(holding).values())
    assert lacks(holding, BEN) == {}, "another account is enough"


def test_a_page_that_nobody_holds_is_ready_for_nothing() -> None:
    assert lacks() == dict.fromkeys(NEEDED_PERMISSIONS, custody.NoAccess)


def test_one_account_has_to_have_all_that_a_use_needs() -> None:
    ben = replace(BEN, granted_permissions=("pages_read_engagement",))
    anna = without("pages_read_engagement")
    assert lacks(anna, ben) == dict.fromkeys(
        ("insights", "read_messages"), custody.PermissionNotGranted
    )


def test_everyone_who_can_mend_it_is_named_and_nobody_else() -> None:
    held = [without("read_insights"), replace(BEN, granted_permissions=())]
    assert "Anna Keller or Ben Ortiz can renew" in said(*held)["insights"]
    frozen = replace(BEN, grant_status="frozen")
    assert "Ben" not in said(without("read_insights"), frozen)["insights"]


def test_the_details_of_an_access_are_told_without_it() -> None:
    text = access_card.details([ANNA, replace(BEN, token=None)], None, NOW)
    for words in (
        "made from the login of Anna Keller",
        "**Issued**: 12 Nov 2026",
        "**Ends**: never by date.",
        "**Data access**: until 10 Feb 2027.",
        "**Last checked**: today 14:02 UTC",
        "**Last used**: today 06:02 UTC, by Pagekeeper",
        "**Sealed with the key**: `k1`",
        "**Messages**: Lets a program answer people",
        "No program has got its access.",
    ):
        assert words in text
    assert "Ben" not in text
    assert "sealed`" not in text
    assert access_card.details([], None, NOW) == access_card.NONE_KEPT
    many = [replace(ANNA, grant_id=number) for number in range(5)]
    assert "And access through 2 more." in access_card.details(many, None, NOW)


def test_a_declined_permission_tells_what_it_prevents() -> None:
    (line,) = access_text.describe_permissions([], ["read_insights", "public_profile"])
    assert line == (
        "**Views and engagement** (declined): without `read_insights` there are no views and "
        "engagement."
    )


def test_programs_are_named_with_their_newest_use() -> None:
    uses = [
        Use(name, "pages_messaging", "7", HOSTILE, got, 1, NOW)
        for name, got in [("bot", 2), ("bot", 9), ("refused", 0), ("a", 1), ("b", 1), ("c", 1)]
    ]
    text = access_text.used_by_programs(uses, NOW)
    assert text.count("bot") == 1
    assert "refused" not in text
    assert "and 1 more" in text
    assert "by none" in access_text.used_by_programs(uses[2:3], NOW)
    assert access_text.last_program(uses[0], NOW) == (
        "bot got its access last, today 14:02 UTC (Messages)."
    )


def test_hostile_names_stay_text() -> None:
    bad = replace(ANNA, account_name=HOSTILE, tasks=())
    texts = [
        *said(bad).values(),
        access_card.details([bad], Use(HOSTILE, "x", "7", HOSTILE, 1, 0, NOW), NOW),
        access_text.used_by_programs([Use("x", "y", "7", HOSTILE, 1, 0, NOW)], NOW),
    ]
    for text in texts:
        assert "<b>" not in text
        assert ":material/" not in text
