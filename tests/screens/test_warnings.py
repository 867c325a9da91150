"""Warnings on Setup: channels are set up, tested and removed, and no secret is shown again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from fb.warnings import sender
from fb.warnings.mail import EmailSettings
from fb.warnings.target import SendFailed
from fb.warnings.webhook import SlackSettings, WebhookSettings
from pages.text.formats import plain
from pages.week_message import write_week
from storage.models import WarningChannel
from storage.people.person import THIS_COMPUTER
from storage.warnings import channels
from storage.warnings.topics import TOPICS
from tests.screens.conftest import NOW, Stage, open_dialog, press, words_of
from tests.screens.figures import fill

SLACK = "https://hooks.slack.com/services/T1/B2/s3cret"
MAIL = EmailSettings(
    "smtp.example.org", 587, "starttls", "pages", "s3cret", "pages@x.org", ("anna@x.org",)
)


def set_up(at: AppTest, channel: str, **values: str) -> AppTest:
    open_dialog(at, lambda at: at.button(key=f"warnings-{channel}-set").click())
    for name, value in values.items():
        at.text_input(key=f"warnings-{name}").set_value(value)
    return at.button(key="warnings-save").click().run()


def test_mail_is_set_up_and_its_password_is_never_shown(stage: Stage) -> None:
    at = stage.open("setup")
    said = words_of(at)
    assert "**E-mail** is off." in said
    assert "Test e-mail" not in said
    people = {"to": "anna@x.org, ben@x.org", "from": "pages@x.org"}
    server = {"host": "smtp.example.org", "user": "pages", "password": "s3cret"}
    at = set_up(at, "email", **people, **server)
    assert not at.exception
    stored = sender.find_settings(stage.installation, "email")
    assert stored == replace(MAIL, recipients=("anna@x.org", "ben@x.org"))
    said = words_of(stage.open("setup"))
    assert "Nothing was sent yet" in said
    assert "smtp" in said
    assert "s3cret" not in said


def test_what_cannot_be_right_is_said_in_the_dialog_and_not_stored(stage: Stage) -> None:
    at = set_up(stage.open("setup"), "slack", url="http://hooks.slack.com/x")
    assert "begins with https" in at.error[0].value
    assert sender.list_ways(stage.installation) == []


def test_a_webhook_shows_its_secret_once(stage: Stage) -> None:
    at = set_up(stage.open("setup"), "webhook", url="https://x.example.org/hook")
    stored = sender.find_settings(stage.installation, "webhook")
    assert isinstance(stored, WebhookSettings)
    assert stored.secret in words_of(at)
    assert stored.secret not in words_of(stage.open("setup"))


def test_a_password_stays_only_with_its_server_and_user(stage: Stage) -> None:
    empty = replace(MAIL, password=None)
    assert sender.keep_password(empty, MAIL).password == "s3cret"
    assert sender.keep_password(replace(empty, host="evil.example"), MAIL).password is None
    assert sender.keep_password(replace(empty, port=465), MAIL).password is None
    assert sender.keep_password(replace(empty, user="other"), MAIL).password is None
    assert sender.keep_password(replace(empty, user=None), MAIL).password is None


def test_a_test_is_sent_and_a_failure_is_told_in_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.set_up(stage.installation, SlackSettings(SLACK), by=THIS_COMPUTER)
    sent: list[str] = []
    monkeypatch.setattr(
        sender, "post_slack", lambda settings, message, **_: sent.append(message.subject)
    )
    at = press(stage.open("setup"), "Test Slack")
    assert sent == ["Pagekeeper (sandbox): test message"]
    assert "The last message was sent on" in words_of(at)

    def fail(*_: object, **__: object) -> None:
        raise SendFailed("status", 404)

    monkeypatch.setattr(sender, "post_slack", fail)
    at = press(stage.open("setup"), "Test Slack")
    said = words_of(at)
    assert "the server refused it (answer 404)" in said.replace("\\", "")
    assert "s3cret" not in said
    activity = list(stage.open("activity").dataframe[0].value["what"])
    assert activity == [
        "Warnings to Slack could not be sent: the server refused it (answer 404)",
        "Warnings to Slack were set up",
    ]
    at = press(stage.open("setup"), "Remove Slack")
    assert "**Slack** is off." in words_of(at)


def test_other_messages_are_switched_on_where_a_channel_is_set_up(stage: Stage) -> None:
    assert not stage.open("setup").toggle
    sender.set_up(stage.installation, SlackSettings(SLACK), by=THIS_COMPUTER)
    at = stage.open("setup")
    assert [toggle.value for toggle in at.toggle] == [False] * len(TOPICS)
    other_tab = stage.open("setup")
    at.toggle(key="warnings-week-0").set_value(True).run()
    assert not at.exception
    assert sender.list_topics(stage.installation) == {"week"}
    other_tab.run()
    assert sender.list_topics(stage.installation) == {"week"}, "a tab that looks on changes nothing"
    assert stage.open("setup").toggle(key="warnings-week-1").value
    activity = list(stage.open("activity").dataframe[0].value["what"])
    assert activity[0] == "Messages on the last week were switched on"
    at.toggle(key="warnings-week-1").set_value(False).run()
    assert sender.list_topics(stage.installation) == frozenset()
    assert not at.run().toggle(key="warnings-week-0").value, "the first press is forgotten"
    assert sender.list_topics(stage.installation) == frozenset()


def test_the_week_is_written_as_overview_writes_it(stage: Stage) -> None:
    database = stage.installation.database
    with database.reading() as session:
        assert write_week(session, NOW.date()) == ()
    fill(stage, 3)
    with database.reading() as session:
        lines = write_week(session, NOW.date())
    assert lines[0].startswith("The week of ")
    said = words_of(stage.open("overview"))
    assert plain(lines[1]) in said


def test_a_calendars_address_is_shown_once_and_revoked(stage: Stage) -> None:
    at = press(stage.open("setup"), "Make an address")
    (address,) = [code.value for code in at.code if "/calendar/" in code.value]
    assert address.startswith("http://localhost:8501/calendar/")
    said = words_of(stage.open("setup"))
    assert "/calendar/" not in said
    assert "never read" in said
    at = press(stage.open("setup"), "Revoke address 1")
    assert "never read" not in words_of(at)


def test_settings_that_cannot_be_opened_are_set_up_anew(stage: Stage) -> None:
    with stage.installation.database.writing() as session:
        channels.set_channel(
            session, stage.installation.vault, "webhook", "{}", NOW, by=THIS_COMPUTER
        )
        sealed = stage.installation.vault.seal_channel("webhook", "{}")
        session.execute(update(WarningChannel).values(channel="slack", sealed_settings=sealed.text))
    at = stage.open("setup")
    assert "Change Slack…" in words_of(at)
