"""Texts on people: every role, refusal and event has words, and names are escaped."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from pages.text import people_text
from storage.jobs.events import PEOPLE_KINDS
from storage.people.person import ROLES, Role
from storage.sign_in import people

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
HOSTILE = "<b>*x*</b> www.evil.com :material/delete:"


def test_every_role_and_kind_of_event_has_words() -> None:
    assert tuple(people_text.ROLES) == tuple(people_text.MAY) == ROLES == get_args(Role)
    assert set(people_text.EVENTS) == set(PEOPLE_KINDS)


def test_every_refusal_has_a_sentence() -> None:
    reasons = re.findall(r"(\w+) \(|· (\w+)", str(people.PersonRefused.__doc__))
    assert {one or other for one, other in reasons} == set(people_text.REFUSALS)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
        (f"{MAC} Version/18.6 Safari/605.1.15", "Safari on Mac"),
        (f"{PHONE} Version/18.6 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{PHONE} CriOS/141.0.0.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{PHONE} FxiOS/143.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Firefox/143.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 "
            "Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("curl/8.5.0", "A browser"),
        ("<b>x</b> Linux", "A browser on Linux"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_said_in_words(user_agent: str, words: str) -> None:
    assert people_text.browser(user_agent) == words


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        ("let_in", {"role": "admin"}, "Ben was let in as administrator"),
        ("role_changed", {"role": "viewer"}, "The role of Ben was changed to viewer"),
        ("person_removed", {}, "Ben was removed, and is signed out everywhere"),
        ("signed_out_everywhere", {"sessions": 1}, "Ben was signed out everywhere (1 browser)"),
        ("signed_out_everywhere", {"sessions": 3}, "Ben was signed out everywhere (3 browsers)"),
        ("signed_in", {}, "Ann signed in"),
        ("signed_out", {}, "Ann signed out"),
    ],
)
def test_events_are_sentences(kind: str, facts: dict[str, object], text: str) -> None:
    assert people_text.event(kind, facts, name="Ben", by="Ann") == text


def test_whoever_came_in_by_a_setting_let_nobody_else_in() -> None:
    text = people_text.event("let_in", {"role": "viewer"}, name="Ann", by="Ann")
    assert text == "Ann came in as viewer, as the settings allow"


def test_names_and_domains_are_escaped() -> None:
    for text in (
        people_text.full_name(HOSTILE, HOSTILE + "@x.example"),
        people_text.short_name(HOSTILE, ""),
        people_text.domains([HOSTILE]),
        people_text.freed(HOSTILE, 2),
    ):
        assert "<b>" not in text
        assert "*x*" not in text
        assert "www.evil" not in text
        assert ":material" not in text


def test_a_name_stands_before_the_address() -> None:
    assert people_text.full_name("", "ann@x.example") == "ann@\u2060x.example"
    assert people_text.full_name("Ann", "ann@x.example") == "**Ann**, ann@\u2060x.example"
    assert people_text.short_name("Ann", "ann@x.example") == "Ann"


def test_domains_are_said() -> None:
    assert people_text.domains([]) == ""
    assert people_text.domains(["a.example", "b.example"]) == (
        "Addresses at a.example or b.example come in as viewers by themselves."
    )


def test_freeing_says_whom_it_signs_out() -> None:
    assert "signs them out (2 browsers)" in people_text.freed("ann@x.example", 2)
    assert "signs" not in people_text.freed("ann@x.example", 0).replace("signs in", "")
