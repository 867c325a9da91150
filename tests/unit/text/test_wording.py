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
    for table in (wording.ATTEMPTS, wording.STARTUP_ERRORS):
        yield from table.values()
    for kind in wording.REFUSALS:
        yield wording.for_refusal(kind, 1349126)
    for kind in wording.OWN_FAILURES:
        yield wording.for_failure({"kind": kind, "code": 1349126})
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
    statuses = f"{waiting} {ended} other_browser other_person unknown".split()
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


def test_an_error_of_the_dialog_is_told_with_its_number_and_not_as_a_lost_address() -> None:
    failure = {"kind": "cancelled_or_not_live", "code": 1349126}
    for words in (wording.for_failure(failure), wording.for_refusal("error", 1349126)):
        assert "(code 1349126)" in words.sentence
        assert "cancelled, or Facebook does not let this app ask you yet" in words.sentence
        assert "lost" not in words.sentence
        assert words.step == wording.START_AGAIN
    assert "(code 5)" in wording.for_failure({"kind": "dialog_error", "code": 5}).sentence
    assert "code" not in wording.for_refusal("error").sentence


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
        (190, 492, "no longer has a role"),
        (190, 493, "90-day data access has ended"),
        (190, None, "no longer accepts"),
        (102, None, "no longer accepts"),
        (10, None, "gives no permission to read fans and followers (pages_read_engagement)"),
        (283, None, "lacks a permission"),
        (None, None, "no longer accepts"),
    ],
)
def test_the_reason_of_a_dead_connection(code: int | None, subcode: int | None, said: str) -> None:
    assert said in phrases.ended("Ben Ortiz", code, subcode)


def test_every_subcode_that_ends_access_has_its_sentence() -> None:
    assert set(phrases.ENDED_BY_SUBCODE) == set(errors.ENDED_SUBCODES)
    endings = list(phrases.ENDED_BY_SUBCODE.values())
    assert len({each.cause for each in endings}) == len({each.action for each in endings}) == 8


def test_names_of_people_and_pages_never_become_markdown() -> None:
    said = [
        phrases.ended(HOSTILE, 190, 460),
        phrases.what_mends(HOSTILE, 190, 459),
        phrases.missing_pages([HOSTILE]).sentence,
        phrases.other_person(HOSTILE, [HOSTILE]).sentence,
        phrases.other_person(HOSTILE, [HOSTILE]).title,
        phrases.another_than_expected(HOSTILE, HOSTILE, is_known=False).sentence,
        phrases.another_than_expected(HOSTILE, HOSTILE, is_known=True).title,
        phrases.agree_to_another(HOSTILE, is_known=False),
        phrases.difference(1, [HOSTILE], [HOSTILE]),
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


def test_the_difference_of_a_renewal_counts_and_names() -> None:
    said = phrases.difference(12, ["Café"], ["A", "B", "C", "D"])
    assert said == (
        "Saving **keeps 12 Pages**, **adds 1** (Café) and **would drop 4** (A, B, C and 1 more)."
    )
    assert phrases.difference(1, [], []) == "Saving **keeps 1 Page**, adds none and drops none."


def test_many_missing_pages_are_counted_not_all_named() -> None:
    words = phrases.missing_pages([f"Page {number}" for number in range(40)])
    assert words.title == "40 Pages are missing"
    assert "and 32 more" in words.sentence


NO_COUNTS = "Without `pages_read_engagement` there are no fans and followers, and no views"
NO_VIEWS = "Without `read_insights` there are no views and engagement."
NO_ANSWERS = "Without `pages_messaging` no program can answer messages."
NO_NEWS = "Without `pages_manage_metadata` no program hears of new messages."
NO_BUSINESS = "Without `business_management` Pages owned by a business portfolio may be absent"
NO_LIST = "Without `pages_show_list` Facebook lists no Page at all."


@pytest.mark.parametrize(
    ("names", "costs", "last"),
    [
        (["pages_read_engagement"], [NO_COUNTS], None),
        (["read_insights"], [NO_VIEWS], "Fans and followers don't need it."),
        (["pages_messaging"], [NO_ANSWERS], "Fans and followers don't need it."),
        (["pages_manage_metadata"], [NO_NEWS], "Fans and followers don't need it."),
        (["business_management"], [NO_BUSINESS], "Fans and followers don't need it."),
        (["pages_show_list"], [NO_LIST], None),
        (
            ["read_insights", "pages_messaging"],
            [NO_VIEWS, NO_ANSWERS],
            "Fans and followers don't need them.",
        ),
        (["pages_read_engagement", "read_insights"], [NO_COUNTS, NO_VIEWS], None),
        (["pages_messaging", "pages_read_engagement"], [NO_ANSWERS, NO_COUNTS], None),
    ],
)
def test_declined_permissions_say_what_they_cost(
    names: list[str], costs: list[str], last: str | None
) -> None:
    words = permissions.declined(names)
    was = "permission was" if len(names) == 1 else "permissions were"
    assert words.title == f"{len(names)} {was} declined"
    for cost in costs:
        assert cost in words.sentence
    assert " work" not in words.sentence
    assert ("don't need" in words.sentence) == (last is not None)
    assert last is None or words.sentence.endswith(last)


def test_no_page_says_whether_the_list_was_declined() -> None:
    assert (
        "left unticked, or Anna has no role" in phrases.no_page("Anna", ["read_insights"]).sentence
    )
    assert phrases.no_page("Anna").sentence.endswith(wording.SAFE)
    declined = phrases.no_page("Anna", ["pages_show_list", "read_insights"]).sentence
    assert "Anna declined the permission `pages_show_list`" in declined
    assert "no role" not in declined


def test_what_was_saved_without_figures_is_not_called_connected() -> None:
    outcome = {"account_name": "Carla", "added": 6, "reads_figures": False}
    assert phrases.saved(outcome).startswith("6 Pages of Carla saved, but fans and followers can't")
    assert "is connected" in phrases.saved({**outcome, "reads_figures": True})


def test_a_saved_renewal_says_how_many_pages_are_missing() -> None:
    outcome = {"account_name": "Anna", "kept": 12, "added": 1, "is_known_account": True}
    assert "12 Pages kept, 1 added; every day" in phrases.saved(outcome)
    said = phrases.saved({**outcome, "missing": 3})
    assert "12 Pages kept, 1 added, 3 missing in Facebook's answer; every day" in said


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


def test_no_message_on_a_trip_sends_a_marketer_to_a_file() -> None:
    """The files are for whoever runs the dashboard: Setup names them."""
    tables = (wording.REFUSALS, wording.ATTEMPTS, wording.OWN_FAILURES, wording.ERRORS)
    for words in (words for table in tables for words in table.values()):
        assert "docs/" not in words.sentence
        assert ".md" not in words.sentence
