"""Warnings in the database: what is due when, and that each is taken on once for a channel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storage.accounts.grants import set_grant_status
from storage.accounts.keys import check_keys, discard_sealed_with, rotate_keys
from storage.accounts.vault import Vault
from storage.db.engine import Database
from storage.jobs.events import list_events
from storage.models import Grant, WarningDelivery
from storage.people.person import THIS_COMPUTER
from storage.warnings import channels, feeds
from storage.warnings.deliveries import MAX_CLAIMED, MAX_TRIES, PAUSES, claim, has_open, record_sent
from storage.warnings.due import Due, list_due, list_endings
from tests.integration.storage_rows import KEY, NOW, OTHER_KEY, add_grant

DAY = timedelta(days=1)
VAULT = Vault([KEY])


def add_account(
    session: Session,
    account_id: str = "1",
    *,
    access: timedelta | None = None,
    data_access: timedelta | None = None,
    status: str = "ok",
) -> int:
    grant_id = add_grant(session, VAULT, account_id, [])
    values = {
        "expires_at": None if access is None else NOW + access,
        "data_access_expires_at": None if data_access is None else NOW + data_access,
        "status": status,
        "status_at": NOW,
    }
    session.execute(update(Grant).where(Grant.id == grant_id).values(values))
    return grant_id


def due_keys(session: Session, now: datetime = NOW) -> list[str]:
    return [each.key for each in list_due(session, now)]


def test_the_nearest_day_that_has_passed_is_due(session: Session) -> None:
    id = add_account(session)
    second = timedelta(seconds=1)
    for left, threshold in (
        (15 * DAY, None),
        (14 * DAY + second, None),
        (14 * DAY, 14),
        (8 * DAY, 14),
        (7 * DAY, 7),
        (4 * DAY, 7),
        (3 * DAY, 3),
        (2 * DAY, 3),
        (DAY, 1),
        (second, 1),
    ):
        at = NOW + left
        session.execute(update(Grant).values(expires_at=at, data_access_expires_at=at))
        keys = [
            f"{kind}:{id}:{at:%Y-%m-%d}:{threshold}" for kind in ("access_ends", "data_access_ends")
        ]
        assert due_keys(session) == ([] if threshold is None else keys), left


def test_an_access_that_ran_out_is_due_and_an_ended_data_access_is_the_checks(
    session: Session,
) -> None:
    id = add_account(session, access=-DAY, data_access=-DAY)
    assert due_keys(session) == [f"access_ends:{id}:{NOW - DAY:%Y-%m-%d}:0"]


def test_the_end_of_an_account_is_due_at_once_and_again_when_it_ends_again(
    session: Session,
) -> None:
    id = add_account(session, access=DAY)
    set_grant_status(session, id, "needs_renewal", code=190, subcode=460, now=NOW)
    first = due_keys(session)
    assert first == [f"access_ended:{id}:{NOW:%Y-%m-%dT%H:%M:%S}"]
    set_grant_status(session, id, "ok", code=None, subcode=None, now=NOW + DAY)
    later = NOW + DAY + timedelta(minutes=1)
    set_grant_status(session, id, "needs_renewal", code=190, subcode=460, now=later)
    assert due_keys(session, later) != first


def test_an_account_at_rest_warns_of_nothing(session: Session) -> None:
    add_account(session, access=DAY)
    for status in ("frozen", "disconnected"):
        session.execute(update(Grant).values(status=status, sealed_user_token=None))
        assert due_keys(session) == []


def test_endings_are_listed_for_accounts_that_may_be_renewed(session: Session) -> None:
    add_account(session, "1", access=30 * DAY, data_access=90 * DAY)
    add_account(session, "2", access=60 * DAY)
    add_account(session, "3", access=DAY, status="needs_renewal")
    assert [(each.kind, (each.at - NOW).days) for each in list_endings(session)] == [
        ("access_ends", 30),
        ("access_ends", 60),
        ("data_access_ends", 90),
    ]


@pytest.mark.both_databases
def test_two_servers_that_claim_at_once_share_the_warnings(database: Database) -> None:
    with database.writing() as session:
        for number in range(12):
            add_account(session, str(number), access=DAY)
    barrier = Barrier(2)

    def server() -> list[str]:
        barrier.wait()
        keys = []
        for _ in range(3):
            with database.writing() as session:
                taken = claim(session, "email", list_due(session, NOW), NOW)
            keys += [each.key for each in taken]
        return keys

    with ThreadPoolExecutor(2) as pool:
        one, other = [pool.submit(server) for _ in range(2)]
    assert len(one.result() + other.result()) == 12
    assert len(set(one.result() + other.result())) == 12


def claimed(session: Session, now: datetime, channel: str = "email") -> list[str]:
    due = list_due(session, now)
    is_open = has_open(session, channel, due, now)
    taken = [each.key for each in claim(session, channel, due, now)]
    assert is_open == bool(taken)
    return taken


@pytest.mark.both_databases
def test_a_warning_goes_out_once_for_each_channel(session: Session) -> None:
    add_account(session, access=6 * DAY)
    taken = claimed(session, NOW)
    assert len(taken) == 1
    record_sent(session, "email", list_due(session, NOW), NOW)
    assert claimed(session, NOW + DAY) == []
    assert claimed(session, NOW, "slack") == taken
    # The next threshold is another warning.
    assert len(claimed(session, NOW + 4 * DAY)) == 1


def test_what_was_claimed_and_not_sent_is_tried_again_after_a_pause_and_given_up(
    session: Session,
) -> None:
    add_account(session, access=-DAY)
    now, tries = NOW, 0
    while claimed(session, now):
        assert claimed(session, now) == [], "it is being sent"
        assert claimed(session, now + PAUSES[min(tries, 6)] - timedelta(seconds=1)) == []
        now += PAUSES[min(tries, 6)]
        tries += 1
    assert tries == MAX_TRIES
    assert claimed(session, now + 30 * DAY) == []


def test_what_is_no_longer_due_is_dropped_unsent(session: Session) -> None:
    id = add_account(session, access=DAY)
    assert claimed(session, NOW)
    expires_at = NOW + 60 * DAY
    session.execute(update(Grant).where(Grant.id == id).values(expires_at=expires_at))
    assert claimed(session, NOW + DAY) == []
    assert session.scalars(select(WarningDelivery)).all() == []


def test_a_message_has_a_limit_and_the_rest_is_claimed_next(session: Session) -> None:
    due = [Due(f"x:{number}", "access_ends", "Anna", NOW) for number in range(MAX_CLAIMED + 1)]
    assert len(claim(session, "email", due, NOW)) == MAX_CLAIMED
    assert [each.key for each in claim(session, "email", due, NOW)] == [f"x:{MAX_CLAIMED}"]


def test_channels_are_sealed_rotated_and_given_up_with_their_key(database: Database) -> None:
    with database.writing() as session:
        check_keys(session, VAULT, NOW)
        channels.set_channel(
            session, VAULT, "slack", '{"url": "https://hooks.example/x"}', NOW, by=THIS_COMPUTER
        )
    both = Vault([OTHER_KEY, KEY])
    assert rotate_keys(database, both, NOW, by=THIS_COMPUTER).resealed == 2, (
        "the channel, and the ledger's key"
    )
    with database.writing() as session:
        (record,) = channels.list_channels(session)
        assert record.key_id == both.current_key_id
        assert "hooks.example" not in record.sealed_settings
        opened = both.open_channel("slack", record.key_id or "", record.sealed_settings)
        assert opened == '{"url": "https://hooks.example/x"}'
        assert not check_keys(session, VAULT, NOW).ok
        discard_sealed_with(session, both.current_key_id, NOW)
        assert channels.list_channels(session) == []


def test_a_channel_remembers_how_it_fared_and_only_the_first_failure_is_an_event(
    session: Session,
) -> None:
    channels.set_channel(session, VAULT, "email", "{}", NOW, by=THIS_COMPUTER)
    for _ in range(3):
        channels.record_failure(session, "email", "refused", None, NOW)
    (record,) = channels.list_channels(session)
    assert (record.failure, record.last_failed_at) == ("refused", NOW)
    channels.record_success(session, "email", 2, NOW + DAY)
    (record,) = channels.list_channels(session)
    assert (record.failure, record.last_sent_at) == (None, NOW + DAY)
    kinds = [each.kind for each in reversed(list_events(session))]
    assert kinds == ["channel_set", "warnings_failed", "warnings_sent"]


def test_a_feed_is_found_by_its_secret_until_it_is_revoked(session: Session) -> None:
    feeds.add_feed(session, "s3cret", NOW, by=THIS_COMPUTER)
    assert feeds.has_feed(session, "s3cret")
    assert not feeds.has_feed(session, "S3cret")
    (feed,) = feeds.list_feeds(session)
    assert "s3cret" not in feed.secret_hash
    assert feed.last_used_at is None
    feeds.note_use(session, "s3cret", NOW)
    feeds.note_use(session, "s3cret", NOW + timedelta(seconds=30))
    assert feeds.list_feeds(session)[0].last_used_at == NOW
    feeds.revoke_feed(session, feed.secret_hash, NOW, by=THIS_COMPUTER)
    assert not feeds.has_feed(session, "s3cret")
