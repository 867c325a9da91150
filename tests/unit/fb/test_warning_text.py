"""Warnings in words: sentences, and names that no channel takes for anything but a name."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from fb.settings_table import Wrong
from fb.warnings import message, webhook
from fb.warnings.mail import EmailSettings, write_mail
from fb.warnings.message import Message
from fb.warnings.target import Failure, is_public, read_url
from fb.warnings.webhook import SlackSettings, WebhookSettings, sign
from pages.text import warning_text
from storage.warnings.channels import CHANNELS
from storage.warnings.due import AccountKind, Due, DueKind
from storage.warnings.topics import TOPICS, UnusualNames

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ORIGIN = "https://pages.example.org"
HOSTILE = "Anna\r\nBcc: x@evil.com <!channel> *b* & <https://evil.com|click> \u202ewww.evil.com"
MAIL = EmailSettings("smtp.example.org", 587, "starttls", "u", "p", "a@x.org", ("b@x.org",))


def due(kind: DueKind = "access_ends", name: str = "Anna", days: float = 7) -> Due:
    return Due(f"{kind}:1:x:7", kind, name, NOW + timedelta(days=days), 1)


def write(*warnings: Due, is_sandbox: bool = False) -> Message:
    return message.write(warnings, ORIGIN, NOW, is_sandbox=is_sandbox)


@pytest.mark.parametrize("kind", get_args(AccountKind))
def test_every_warning_of_an_account_has_its_sentence_with_the_name(kind: AccountKind) -> None:
    written = write(due(kind))
    assert written.subject.startswith("Pagekeeper: Anna")
    assert written.sentences[0].count("Anna") >= 1
    assert "Connections" in written.sentences[0]
    assert written.link == f"{ORIGIN}/connections"


@pytest.mark.parametrize(
    ("days", "left"),
    [(14, "in 14 days"), (6.2, "in 7 days"), (1, "within a day"), (2, "in 2 days")],
)
def test_the_days_that_are_left_are_said(days: float, left: str) -> None:
    written = write(due(days=days))
    assert left in written.subject
    assert left in written.sentences[0]


FACTS: dict[str, dict[str, Any]] = {
    "no_snapshot": {},
    "unusual_day": {"names": UnusualNames(5, ("Café", HOSTILE, "Optik"), ("Bakeries",))},
    "goal_missed": {"reached": 9_000, "target": 10_000, "metric": "fans"},
    "week": {"lines": ("The week:", f"{HOSTILE} gained most.")},
}


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_its_sentence(topic: DueKind) -> None:
    told = replace(due(topic, "Café" if topic == "goal_missed" else "", 0), facts=FACTS[topic])
    written = write(told)
    assert written.subject.removeprefix("Pagekeeper: ")
    (sentence,) = written.sentences
    assert "evil.com" not in sentence
    assert written.link == f"{ORIGIN}/"
    assert set(warning_text.TOPICS) == set(TOPICS)


def test_an_unusual_day_names_some_pages_and_counts_the_others() -> None:
    names = UnusualNames(5, ("Café", "Optik", "Krone"), ("Bakeries",))
    (sentence,) = write(replace(due("unusual_day", "", 0), facts={"names": names})).sentences
    assert sentence == (
        "29 November 2026 was unusual: 5 Pages rose or fell far more than usual (Café, Optik, "
        "Krone and 2 more). That is many of the Pages with the tag “Bakeries”."
    )


def test_several_warnings_are_one_message_and_none_is_a_test() -> None:
    written = write(due(), due("access_ended", "Ben"), is_sandbox=True)
    assert written.subject == "Pagekeeper (sandbox): 2 warnings"
    assert len(written.sentences) == 3
    assert "This is a test" in write().sentences[0]


def test_a_hostile_name_adds_no_header_and_no_link_to_an_e_mail() -> None:
    mail = write_mail(MAIL, write(due(name=HOSTILE)))
    raw = mail.as_bytes().decode()
    assert "\nBcc:" not in raw
    assert mail["To"] == "b@x.org"
    assert [name for name, _ in mail.items() if name.lower() == "bcc"] == []
    body = mail.get_content()
    assert "evil.com" not in body
    assert "\u202e" not in body
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_same_warnings_have_the_same_message_id() -> None:
    first, again = (
        write(due()),
        message.write([due()], ORIGIN, NOW + timedelta(1), is_sandbox=False),
    )
    assert write_mail(MAIL, first)["Message-ID"] == write_mail(MAIL, again)["Message-ID"]
    assert write_mail(MAIL, first)["Message-ID"] != write_mail(MAIL, write())["Message-ID"]


def posted(
    monkeypatch: pytest.MonkeyPatch, settings: SlackSettings | WebhookSettings
) -> tuple[bytes, dict[str, str]]:
    calls: list[tuple[bytes, dict[str, str]]] = []
    monkeypatch.setattr(
        webhook, "post", lambda target, body, headers, **_: calls.append((body, dict(headers)))
    )
    written = write(due(name=HOSTILE))
    if isinstance(settings, SlackSettings):
        webhook.post_slack(settings, written, allow_private=False)
    else:
        webhook.post_webhook(settings, written, allow_private=False)
    return calls[0]


def test_a_hostile_name_is_only_a_name_for_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    body, _ = posted(monkeypatch, SlackSettings("https://hooks.slack.com/services/T/B/x"))
    sent = json.loads(body)
    text, _, link = sent["text"].rpartition("\n")
    assert link == f"<{ORIGIN}/connections>"
    assert "<" not in text
    assert "&lt;!channel&gt;" in sent["text"]
    assert " &amp; " in sent["text"]
    assert "evil.com" not in sent["text"]
    assert (sent["mrkdwn"], sent["parse"], sent["link_names"]) == (False, "none", False)


def test_the_webhook_signs_its_time_and_its_body(monkeypatch: pytest.MonkeyPatch) -> None:
    body, headers = posted(monkeypatch, WebhookSettings("https://x.org/hook", "s3cret"))
    timestamp = int(headers[webhook.TIMESTAMP_HEADER])
    assert timestamp == int(NOW.timestamp())
    assert headers[webhook.SIGNATURE_HEADER] == sign("s3cret", timestamp, body)
    assert sign("s3cret", timestamp + 1, body) != sign("s3cret", timestamp, body)
    assert sign("s3cret", timestamp, body + b" ") != sign("s3cret", timestamp, body)
    (warning,) = json.loads(body)["warnings"]
    assert warning["key"] == "access_ends:1:x:7"
    assert "\n" not in warning["name"]


def test_nothing_shown_of_a_channel_holds_its_secret() -> None:
    slack = SlackSettings("https://hooks.slack.com/services/T/B/s3cret")
    hook = WebhookSettings("https://x.org/s3cret?s3cret", "s3cret")
    mail = EmailSettings("smtp.x.org", 587, "tls", "u", "s3cret", "a@x.org", ("b@x.org",))
    for settings in (slack, hook, mail):
        settings.check()
        assert "s3cret" not in repr(settings) + settings.describe()
    assert "s3cret" not in repr(read_url(slack.url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://x.org/",
        "https:///x",
        "https://user@x.org/",
        "https://user:pass@x.org/",
        "https://x.org/#a",
        "https://x.org:0/",
        "https://x.org:99999/",
        "https://x.org/a b",
        "https://x.org\\@y.org/",
        "https://x.org/\r\nHost: y",
        "https://[::1/",
        "https://x.org/" + "a" * 2000,
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url: str) -> None:
    with pytest.raises(Wrong):
        read_url(url)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254"),
        *("172.16.0.1", "192.0.0.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1"),
        *("240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1"),
        *("::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"),
        *("2001::1", "2001:db8::1", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1"),
        *("fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_accepted(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "https://smtp.x.org"},
        {"host": "smtp x"},
        {"port": 0},
        {"recipients": ()},
        {"recipients": ("b@x.org\r\nBcc: c@x.org",)},
        {"recipients": ("Anna <b@x.org>",)},
        {"sender": "nobody"},
        {"password": None},
        {"password": "pässword"},
    ],
)
def test_settings_of_mail_that_cannot_be_right_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Wrong):
        replace(MAIL, **changes).check()


def test_every_channel_and_every_failure_has_its_words() -> None:
    assert set(warning_text.FAILURES) == set(get_args(Failure))
    assert set(warning_text.CHANNELS) == set(warning_text.WAYS) == set(CHANNELS)
    assert warning_text.why("status", 503) == "the server refused it (answer 503)"


def test_the_check_of_the_documentation_takes_what_is_sent_and_nothing_else() -> None:
    text = (Path(webhook.__file__).parents[2] / "docs" / "warnings.md").read_text(encoding="utf8")
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)  # noqa: S102 - our own document
    now = int(time.time())
    signature = sign("s3cret", now, b"{}")
    assert names["is_genuine"]("s3cret", str(now), signature, b"{}")
    assert not names["is_genuine"]("s3cret", str(now), signature, b"{ }")
    assert not names["is_genuine"]("other", str(now), signature, b"{}")
    old = sign("s3cret", now - 301, b"{}")
    assert not names["is_genuine"]("s3cret", str(now - 301), old, b"{}")
