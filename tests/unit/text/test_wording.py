"""The tables of words are total, plain, safe to show, and say what is safe."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from fb.graph import errors
from fb.installation import StartupErrorKind
from pages import activity
from pages.text import permissions, phrases, wording
from pages.text.wording import Wording
from storage.jobs.runs import StartedBy

ROOT = Path(wording.__file__).parents[2]
HOSTILE = ":material/delete: <b>x</b> [y](http://www.evil.com) *z* `q`"
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def error_classes() -> list[type[errors.FacebookError]]:
    found: list[type[errors.FacebookError]] = []
    todo = [errors.FacebookError]
    while todo:
        found.append(todo.pop())
        todo.extend(found[-1].__subclasses__())
    return found


def all_wordings() -> Iterator[Wording]:
    for table in (
        wording.REFUSALS,
        wording.ATTEMPTS,
        wording.OWN_FAILURES,
        wording.STARTUP_ERRORS,
    ):
        yield from table.values()
    for kind in wording.ERRORS:
        yield wording.for_error(kind, code=1234, trace_id="AbC")
        yield wording.for_failure({"kind": kind, "code": 190, "subcode": 460})
    yield wording.for_failure({"kind": "SomethingNew", "code": 1234, "trace_id": "AbC"})
    yield wording.for_refusal("something new")
    yield wording.for_attempt("something new")
    yield wording.for_startup_error("something new")
    yield phrases.missing_pages(["Café Lindenhof"])
    yield phrases.other_person("Ben", ["Anna"])
    yield phrases.no_page("Anna")
    yield phrases.role_lost("Anna", ["Optik Keller"], 1)
    yield permissions.declined(["read_insights"])


def test_every_error_of_facebook_has_its_words() -> None:
    assert set(wording.ERRORS) == {cls.__name__ for cls in error_classes()}


def test_every_attempt_reason_and_trouble_at_start_has_its_words() -> None:
    waiting, ended = "open reading ready", "saved discarded failed interrupted expired"
    statuses = f"{waiting} {ended} other_browser unknown".split()
    assert set(wording.ATTEMPTS) == set(statuses)
    reasons = {"no_access", "no_analyze", "not_published", "needs_pages_read_engagement"}
    assert set(permissions.PAGE_REASONS) == reasons
    assert set(wording.STARTUP_ERRORS) == set(get_args(StartupErrorKind))


def test_every_kind_of_refusal_that_the_code_raises_is_known() -> None:
    from fb.login import start as connect

    raised = set(re.findall(r'ReturnRefused\(\s*"(\w+)"', inspect.getsource(connect)))
    assert raised
    assert raised <= set(wording.REFUSALS)


def test_every_failure_that_the_worker_records_is_known() -> None:
    from fb.login import fetch as reading
    from fb.login import start as connect

    source = inspect.getsource(reading) + inspect.getsource(connect)
    recorded = set(re.findall(r'\{"kind": "(\w+)"', source))
    assert recorded
    assert recorded <= set(wording.OWN_FAILURES)


def test_no_words_say_oops_or_blame_or_speak_of_tokens() -> None:
    for words in all_wordings():
        said = f"{words.title} {words.sentence}"
        assert not re.search(r"\boops\b|unknown error|\btoken\b|something went wrong", said, re.I)
        assert words.title
        assert not words.title.endswith(".")
        assert words.sentence.endswith((".", "`")), words.sentence
        assert "{" not in said


def test_a_refusal_names_code_and_trace_and_says_what_is_safe() -> None:
    words = wording.for_failure({"kind": "Refused", "code": 1234, "trace_id": "AbC"})
    assert "Facebook refused with code 1234 (trace AbC)." in words.sentence
    assert "Your connections were not changed." in words.sentence
    assert words.step == wording.START_AGAIN


def test_unknown_things_still_have_words() -> None:
    assert "1234/5" in wording.for_error("New", code=1234, subcode=5).sentence
    assert wording.for_failure(None).sentence
    assert wording.for_refusal("new") == wording.REFUSALS["malformed"]
    assert "“new”" in wording.for_startup_error("new").sentence
    assert permissions.page_reason("new").label == "Works in part"
    assert permissions.permission("new").title == "Another permission"
    assert "Ann" in phrases.ended("Ann", 999, 999)


def test_a_saved_attempt_says_how_many_and_when() -> None:
    outcome = {"saved": 57}
    words = wording.for_attempt("saved", outcome=outcome, ended_at=NOW, now=NOW)
    assert words.sentence == "57 Pages were saved at 14:05 UTC."
    words = wording.for_attempt("saved", outcome=outcome, ended_at=NOW, now=NOW + timedelta(days=1))
    assert words.sentence == "57 Pages were saved on 22 Nov 2026, 14:05 UTC."


@pytest.mark.parametrize(
    ("code", "subcode", "said"),
    [
        (190, 460, "password was changed"),
        (190, 458, "removed this app"),
        (190, 463, "run out"),
        (190, 459, "security check"),
        (190, 464, "confirm the account"),
        (190, 467, "signed out everywhere"),
        (190, None, "no longer accepts"),
        (102, None, "no longer accepts"),
        (10, None, "withdrew a permission"),
        (283, None, "withdrew a permission"),
        (None, None, "no longer accepts"),
    ],
)
def test_the_reason_of_a_dead_connection(code: int | None, subcode: int | None, said: str) -> None:
    assert said in phrases.ended("Ben Ortiz", code, subcode)


def test_every_subcode_that_ends_access_has_its_sentence() -> None:
    assert set(phrases.ENDED_BY_SUBCODE) == set(errors.ENDED_SUBCODES)


def test_names_of_people_and_pages_never_become_markdown() -> None:
    said = [
        phrases.ended(HOSTILE, 190, 460),
        phrases.missing_pages([HOSTILE]).sentence,
        phrases.other_person(HOSTILE, [HOSTILE]).sentence,
        phrases.other_person(HOSTILE, [HOSTILE]).title,
        phrases.no_page(HOSTILE).sentence,
        phrases.saved({"account_name": HOSTILE, "added": 1}),
        phrases.data_access_ends(HOSTILE, NOW, NOW),
        phrases.access_ends(HOSTILE, NOW, NOW),
        phrases.role_lost(HOSTILE, [HOSTILE], 1).sentence,
        wording.for_error("Refused", code=1, trace_id=HOSTILE).sentence,
    ]
    for text in said:
        assert ":material" not in text
        assert "<b>" not in text
        assert "](http" not in text


def test_many_missing_pages_are_counted_not_all_named() -> None:
    words = phrases.missing_pages([f"Page {number}" for number in range(40)])
    assert words.title == "40 Pages are missing"
    assert "and 32 more" in words.sentence


def test_declined_permissions_say_what_they_cost() -> None:
    words = permissions.declined(["read_insights", "pages_messaging"])
    assert words.title == "2 permissions were declined"
    assert "`read_insights` there are no views" in words.sentence.replace("\\_", "_")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"status": "done", "total": 140, "done": 140, "failed": 0}, "140 Pages"),
        ({"status": "done", "total": 140, "done": 138, "failed": 2}, "2 of 140 failed"),
        ({"status": "running", "total": 140, "done": 30, "failed": 2}, "32 of 140"),
        ({"status": "stopped", "total": 6000, "done": 812, "failed": 0}, "Stopped after 812"),
        (
            {"status": "stopped", "total": 6000, "done": 812, "failed": 9, "limited_until": NOW},
            "allows the rest from 14:05 UTC",
        ),
        (
            {"status": "stopped", "total": 6000, "done": 812, "failed": 9, "reason_code": 17},
            "812 of 6,000; Facebook asked to slow down and named no time",
        ),
        ({"status": "failed", "total": 0, "done": 0, "failed": 0}, "Failed"),
    ],
)
def test_the_result_of_a_run(facts: dict[str, object], said: str) -> None:
    assert said in activity.run_result(**facts)  # type: ignore[arg-type]  # facts of one test each


def test_whatever_starts_a_run_has_its_words() -> None:
    assert set(activity.RUN_KINDS) == set(activity.RUN_WHO) == set(get_args(StartedBy))
