"""Warnings on their way out: servers that hang, refuse, redirect or move, and two that warn."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import policy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from fb.installation import Installation, open_installation
from fb.jobs import schedule
from fb.jobs import warnings as warning_job
from fb.jobs.runner import find_outcome
from fb.settings import read_settings
from fb.warnings import mail, message, sender, target, webhook
from fb.warnings.mail import EmailSettings, send_mail
from fb.warnings.target import Failure, SendFailed
from fb.warnings.webhook import SlackSettings, WebhookSettings, post_webhook
from storage.jobs.runs import WARNINGS, find_last_run
from storage.models import Grant, WarningChannel
from storage.people.person import THIS_COMPUTER
from storage.warnings import channels
from storage.warnings.deliveries import PAUSES
from tests.integration.facebook.traveller import APP_ID, APP_SECRET, MovableClock
from tests.integration.storage_rows import KEY, NOW, add_grant
from tests.waiting import wait_until
from tests.warning_servers import (
    NAME,
    Receiver,
    Serve,
    dripping,
    https,
    serving,
    silent,
    silent_after_tls,
    smtp,
    trusting_context,
)

TEST = message.write([], "https://pages.example.org", NOW, is_sandbox=False)
PUBLIC = "93.184.216.34"


@dataclass
class Names:
    """The answers of the resolver, in their order; the last one stays. One may be a list."""

    addresses: dict[str, list[str]] = field(default_factory=lambda: {NAME: ["127.0.0.1"]})
    asked: list[str] = field(default_factory=list)

    def look_up(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host in self.addresses:
            self.asked.append(host)
            answers = self.addresses[host]
            host = answers.pop(0) if len(answers) > 1 else answers[0]
        elif not host.replace(".", "").isdigit():  # an address is its own answer
            raise socket.gaierror("no such name")
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in host.split(",")]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    for module in (target, mail):
        monkeypatch.setattr(module, "make_context", trusting_context)
    monkeypatch.setattr(target, "POST_SECONDS", 30.0)
    monkeypatch.setattr(mail, "MAIL_SECONDS", 30.0)
    return names


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "POST_SECONDS", 0.15)
    monkeypatch.setattr(mail, "MAIL_SECONDS", 0.15)


def mail_to(port: int, **changes: Any) -> EmailSettings:
    values = {"host": NAME, "port": port, "security": "starttls", "user": "u", "password": "p"}
    people = {"sender": "pages@x.org", "recipients": ("anna@x.org", "ben@x.org")}
    return EmailSettings(**{**values, **people, **changes})


def send(settings: EmailSettings | WebhookSettings, *, allow_private: bool = True) -> None:
    if isinstance(settings, EmailSettings):
        send_mail(settings, TEST, allow_private=allow_private)
    else:
        post_webhook(settings, TEST, allow_private=allow_private)


def failure_of(
    settings: EmailSettings | WebhookSettings, *, allow_private: bool = True
) -> tuple[Failure, int | None]:
    with pytest.raises(SendFailed) as failed:
        send(settings, allow_private=allow_private)
    assert failed.value.__cause__ is None
    assert "s3cret" not in str(failed.value)
    return failed.value.failure, failed.value.status


def hook(port: int, host: str = NAME) -> WebhookSettings:
    return WebhookSettings(f"https://{host}:{port}/s3cret?a=b", "key")


def test_a_webhook_gets_its_signed_json_over_tls_of_its_name() -> None:
    with serving(https) as receiver:
        send(hook(receiver.port))
    head, _, body = receiver.received[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /s3cret?a=b HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers["Host"] == f"{NAME}:{receiver.port}"
    signature = webhook.sign("key", int(headers[webhook.TIMESTAMP_HEADER]), body)
    assert headers[webhook.SIGNATURE_HEADER] == signature


@pytest.mark.fault(
    "a webhook answers an error, a redirect, or nonsense",
    "the warning: it is tried again",
)
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n", ("redirect", 302)),
        (b"HTTP/1.1 307 Again\r\nLocation: /other\r\n\r\n", ("redirect", 307)),
        (b"HTTP/1.1 410 Gone\r\n\r\n", ("status", 410)),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 999999999999\r\n\r\n", ("status", 500)),
        (b"SSH-2.0-OpenSSH\r\n", ("unreadable", None)),
        (b"", ("unreachable", None)),
    ],
)
def test_an_answer_that_is_no_success_fails_once(answer: bytes, failure: tuple[str, int]) -> None:
    with serving(https) as receiver:
        receiver.answer = answer
        assert failure_of(hook(receiver.port)) == failure
    assert receiver.connections == 1, "no redirect is followed"


def test_a_body_without_end_is_not_read() -> None:
    with serving(https) as receiver:
        receiver.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nx"
        send(hook(receiver.port))


@pytest.mark.fault(
    "a webhook hangs before, in or after TLS",
    "the other channels; it ends in time",
)
@pytest.mark.parametrize("serve", [silent, silent_after_tls, dripping])
@pytest.mark.usefixtures("impatient")
def test_a_webhook_that_hangs_anywhere_ends_in_time(serve: Serve) -> None:
    with serving(serve) as receiver:
        assert failure_of(hook(receiver.port)) == ("timeout", None)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.fault(
    "a target refuses, or has no address",
    "the reason, in words",
)
def test_servers_that_refuse_or_are_unknown_are_told_apart(names: Names) -> None:
    port = closed_port()
    assert failure_of(hook(port)) == ("unreachable", None)
    assert failure_of(mail_to(port)) == ("unreachable", None)
    assert failure_of(hook(443, "unknown.example")) == ("unknown_name", None)


def test_a_certificate_of_another_name_is_refused(names: Names) -> None:
    names.addresses["other.example"] = ["127.0.0.1"]
    with serving(https) as receiver:
        assert failure_of(hook(receiver.port, "other.example")) == ("tls", None)
        assert failure_of(hook(receiver.port, "127.0.0.1")) == ("tls", None)
    assert receiver.received == []


@pytest.mark.fault(
    "a target lies within the network",
    "no byte goes there",
)
@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", f"{PUBLIC},10.0.0.1", f"10.0.0.1,{PUBLIC}"],
)
def test_a_private_address_is_refused_before_anything_is_sent(names: Names, address: str) -> None:
    names.addresses[NAME] = [address]
    with serving(https) as receiver:
        for settings in (hook(receiver.port), mail_to(receiver.port)):
            assert failure_of(settings, allow_private=False) == ("private", None)
    assert receiver.connections == 0


def test_the_next_address_is_tried_where_nobody_answers_at_the_first(names: Names) -> None:
    names.addresses[NAME] = ["127.0.0.9,127.0.0.1"]
    with serving(https) as receiver:
        send(hook(receiver.port))
    assert len(receiver.received) == 1


@pytest.mark.fault(
    "a target's name leads elsewhere on the second look",
    "the address that was checked",
)
def test_a_name_that_moves_to_a_private_address_is_looked_up_once(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.addresses[NAME] = [PUBLIC, "127.0.0.1"]
    connected: list[str] = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(SendFailed) as failed:
        post_webhook(hook(443), TEST, allow_private=False)
    assert failed.value.failure == "unreachable"
    assert (names.asked, connected) == ([NAME], [PUBLIC])
    with pytest.raises(SendFailed) as failed:
        post_webhook(hook(443), TEST, allow_private=False)
    assert failed.value.failure == "private", "the next message looks anew, and checks anew"
    assert connected == [PUBLIC]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_arrives_over_tls_only(security: str) -> None:
    with serving(partial(smtp, is_secure=security == "tls")) as receiver:
        send(mail_to(receiver.port, security=security))
    received = email.message_from_bytes(receiver.received[0], policy=policy.default)
    assert received["To"] == "anna@x.org, ben@x.org"
    assert received["Subject"] == "Pagekeeper: test message"
    assert "This is a test" in received.get_content()
    assert receiver.commands.count("RCPT") == 2
    if security == "starttls":
        assert receiver.commands.index("STARTTLS") < receiver.commands.index("AUTH")


def test_nothing_is_said_to_a_mail_server_without_tls() -> None:
    with serving(partial(smtp, offers_tls=False)) as receiver:
        assert failure_of(mail_to(receiver.port)) == ("tls", None)
    assert set(receiver.commands) <= {"EHLO", "QUIT"}


@pytest.mark.fault(
    "a mail server refuses TLS, sign-in, sender or recipient",
    "the reason, in words",
)
@pytest.mark.parametrize(
    ("refuses", "failure"),
    [
        ("AUTH", ("sign_in", 535)),
        ("MAIL", ("sender", 550)),
        ("RCPT", ("recipient", 550)),
        ("DATA", ("status", 550)),
        ("STARTTLS", ("tls", None)),
    ],
)
def test_what_a_mail_server_refuses_is_said(refuses: str, failure: tuple[str, int]) -> None:
    with serving(partial(smtp, refuses=refuses)) as receiver:
        assert failure_of(mail_to(receiver.port)) == failure


@pytest.mark.fault(
    "a mail server hangs",
    "the other channels; it ends in time",
)
@pytest.mark.usefixtures("impatient")
def test_a_mail_server_that_hangs_ends_in_time() -> None:
    with serving(silent) as receiver:
        for security in ("starttls", "tls"):
            settings = mail_to(receiver.port, security=security)
            assert failure_of(settings) == ("timeout", None)


# --- The job


@contextmanager
def opened(root: Path, url: str, clock: MovableClock) -> Iterator[Installation]:
    environ = {
        "FACEBOOK_APP_ID": APP_ID,
        "FACEBOOK_APP_SECRET": APP_SECRET,
        "STATE_TOKEN_SECRET": "q8Zr3-vT6yLw2mKx9Nf4cHs7Jb5Gd1Pa0Ue",
        "TOKEN_ENCRYPTION_KEYS": KEY,
        "DATABASE_URL": url,
        "ALLOW_PRIVATE_TARGETS": "yes",
    }
    startup = open_installation(read_settings(environ, root), now=clock)
    assert startup.installation is not None, startup.report.problems
    try:
        yield startup.installation
    finally:
        startup.installation.close()


@dataclass
class Office:
    """An installation with one account whose access ends in six days, and a webhook."""

    installation: Installation
    clock: MovableClock
    receiver: Receiver
    grant_id: int

    def run(self) -> None:
        warning_job.send_warnings(self.installation, "daily")

    def way(self, channel: str = "webhook") -> channels.ChannelRecord:
        ways = {way.record.channel: way.record for way in sender.list_ways(self.installation)}
        return ways[channel]  # type: ignore[index]

    def keys(self) -> list[str]:
        bodies = [request.partition(b"\r\n\r\n")[2].decode() for request in self.receiver.received]
        return [key for body in bodies for key in body.split('"key": "')[1:]]


@pytest.fixture
def office(tmp_path: Path, live_database_url: str) -> Iterator[Office]:
    clock = MovableClock(NOW)
    with ExitStack() as stack:
        receiver = stack.enter_context(serving(https))
        installation = stack.enter_context(opened(tmp_path, live_database_url, clock))
        with installation.database.writing() as session:
            grant_id = add_grant(session, installation.vault, "1", ["10"])
            ends = {"expires_at": NOW + timedelta(days=6), "data_access_expires_at": None}
            session.execute(update(Grant).values(ends | {"checked_at": NOW}))
        sender.set_up(installation, hook(receiver.port), by=THIS_COMPUTER)
        yield Office(installation, clock, receiver, grant_id)


def test_the_timer_sends_what_is_due_once(office: Office) -> None:
    assert warning_job.is_due(office.installation)
    schedule.tick(office.installation)
    wait_until(lambda: find_outcome(office.installation, WARNINGS) is not None)
    assert len(office.keys()) == 1
    assert not warning_job.is_due(office.installation)
    office.run()
    assert len(office.keys()) == 1
    office.clock.move(days=4)
    office.run()
    assert len(office.keys()) == 2


@pytest.mark.fault(
    "two servers warn at once",
    "one message",
)
def test_two_servers_that_warn_at_once_send_one_message(office: Office) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: sender.send_due(office.installation, "webhook"), range(2)))
    assert len(office.keys()) == 1


@pytest.mark.fault(
    "the program dies between claim and message",
    "the warning: it is sent after a pause",
)
def test_a_server_that_dies_after_its_claim_loses_no_warning(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sender, "_send", lambda *_: None)  # as if it was killed here
        sender.send_due(office.installation, "webhook")
    assert not warning_job.is_due(office.installation), "another server may be sending it"
    office.clock.move(seconds=PAUSES[0].total_seconds())
    assert warning_job.is_due(office.installation)
    office.run()
    assert len(office.keys()) == 1


def test_a_channel_that_fails_says_so_is_tried_again_and_holds_up_no_other(office: Office) -> None:
    dead = SlackSettings(f"https://{NAME}:{closed_port()}/services/s3cret")
    sender.set_up(office.installation, dead, by=THIS_COMPUTER)
    office.run()
    assert len(office.keys()) == 1
    assert office.way().failure is None
    assert (office.way("slack").failure, office.way("slack").last_failed_at) == ("unreachable", NOW)
    with office.installation.database.reading() as session:
        run = find_last_run(session, WARNINGS)
    assert run is not None
    assert (run.status, run.values_count) == ("done", 1)
    assert not warning_job.is_due(office.installation)
    sender.set_up(
        office.installation,
        SlackSettings(f"https://{NAME}:{office.receiver.port}/x"),
        by=THIS_COMPUTER,
    )
    assert warning_job.is_due(office.installation), "a new address is tried at once"
    office.run()
    assert office.way("slack").failure is None
    assert len(office.receiver.received) == 2


def test_a_test_message_says_how_it_went(office: Office) -> None:
    sender.send_test(office.installation, "webhook", by=THIS_COMPUTER)
    assert office.way().last_sent_at == NOW
    assert b'"test": true' in office.receiver.received[0]
    office.receiver.answer = b"HTTP/1.1 403 No\r\n\r\n"
    with pytest.raises(SendFailed):
        sender.send_test(office.installation, "webhook", by=THIS_COMPUTER)
    assert (office.way().failure, office.way().failure_status) == ("status", 403)
    assert warning_job.is_due(office.installation), "a test is no warning"


def test_settings_that_another_key_sealed_are_a_failure_in_words(office: Office) -> None:
    with office.installation.database.writing() as session:
        other = office.installation.vault.seal_channel("email", "{}")
        session.execute(
            update(WarningChannel).values(sealed_settings=other.text)  # of another channel
        )
    with pytest.raises(SendFailed) as failed:
        sender.send_test(office.installation, "webhook", by=THIS_COMPUTER)
    assert failed.value.failure == "sealed"
    assert [way.shown for way in sender.list_ways(office.installation)] == [None]


def test_the_week_is_sent_where_somebody_can_write_it_and_an_empty_one_is_not(
    office: Office,
) -> None:
    with office.installation.database.writing() as session:
        session.execute(update(Grant).values(expires_at=None))
    sender.switch_topic(office.installation, "week", is_on=True, by=THIS_COMPUTER)
    office.clock.at += timedelta(days=7 - office.clock.at.weekday())  # a Monday
    office.run()
    assert office.receiver.received == [], "the command line can't write it"
    days: list[date] = []
    lines = ["The week:", "12 Pages have 3 fans."]

    def write_week(session: Session, day: date) -> tuple[str, ...]:
        days.append(day)
        return tuple(lines)

    office.installation.write_week = write_week
    for _ in range(2):
        office.run()
    assert [day.weekday() for day in days] == [6]
    assert len(office.keys()) == 1
    assert b"12 Pages have 3 fans." in office.receiver.received[0]
    office.clock.move(days=7)
    lines.clear()
    for _ in range(2):
        office.run()
    assert len(days) == 2
    assert len(office.keys()) == 1
    assert not warning_job.is_due(office.installation)
