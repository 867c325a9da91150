"""The sandbox's strip: on every screen of the sandbox and on none in live mode, with controls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fb.jobs import runner, sandbox_history
from pages.text import formats
from pages.ui.sandbox_strip import CONTROLS
from storage.jobs.rate_limits import Limit, list_limits, store_limit
from tests.screens.conftest import NOW, Stage, make_run, words_of
from tests.screens.figures import connect, give_page, rising
from tests.screens.test_setup import LIVE


@pytest.mark.parametrize("screen", ["overview", "connect"])
def test_every_screen_of_the_sandbox_says_so(stage: Stage, screen: str) -> None:
    at = stage.open(screen, popover=CONTROLS)
    said = words_of(at)
    assert "Sandbox]" in said
    assert formats.day(NOW.date()) in said
    assert "Nothing is sent to Facebook." in said


def test_live_mode_has_no_strip(stage: Stage) -> None:
    stage.restart(LIVE)
    assert "Sandbox]" not in words_of(stage.open("connections"))


def test_fast_forward_hands_on_the_days(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(sandbox_history, "fast_forward", lambda _i, days, by: asked.append(days))
    at = stage.open("connections", popover=CONTROLS)
    at.button(key="fast-forward-90").click().run()
    assert asked == [90]
    # A press and Escape right after it may come to one run.
    at.button(key="fast-forward-30").click()
    at.session_state[CONTROLS] = False
    at.run()
    assert asked == [90, 30]


@pytest.mark.parametrize("cause", ["trouble", "ended"])
@pytest.mark.parametrize("answer", ["no", "yes"])
def test_fast_forward_into_empty_days_is_asked_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, cause: str, answer: str
) -> None:
    pressed: list[int] = []
    monkeypatch.setattr(sandbox_history, "fast_forward", lambda _i, days, by: pressed.append(days))
    stage.installation.sandbox.gives_figures = cause != "trouble"
    grant_id = connect(stage, status="ok" if cause == "trouble" else "needs_renewal")
    give_page(stage, "1", rising(100, 1), grant_id=grant_id)
    at = stage.open("connections", popover=CONTROLS)
    at.button(key="fast-forward-90").click().run()
    assert pressed == []
    assert "No Page can be read" in words_of(at)
    assert "these 90 days would stay empty" in words_of(at)
    at.button(key=f"fast-forward-{answer}").click().run()
    assert pressed == ([90] if answer == "yes" else [])
    assert "would stay empty" not in words_of(at)


def test_while_days_pass_the_strip_shows_them_and_nothing_else_can_begin(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = make_run(started_by="fast_forward", steps_done=12, steps_total=30)
    monkeypatch.setattr(sandbox_history, "find_unfinished", lambda _session: progress)
    at = stage.open("connections", popover=CONTROLS)
    assert "Fast-forward… 12 of 30 days" in words_of(at)
    assert at.button(key="fast-forward-30").disabled
    assert at.button(key="start-over").disabled


def test_connect_says_how_far_the_history_is(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = make_run(started_by="history", steps_done=12, steps_total=90)
    monkeypatch.setattr(sandbox_history, "find_unfinished", lambda _session: progress)
    monkeypatch.setattr(sandbox_history, "find_progress", lambda _installation: progress)
    assert "Making history… 12 of 90 days" in words_of(stage.open("connect"))


def test_trouble_is_chosen_from_what_the_sandbox_offers(stage: Stage) -> None:
    from fb.sandbox import TROUBLES

    with stage.installation.database.writing() as session:
        store_limit(session, Limit(None, 104, NOW + timedelta(hours=1)), NOW)
    at = stage.open("connections", popover=CONTROLS)
    box = at.selectbox(key="sandbox-trouble")
    assert len(box.options) == len(TROUBLES)
    box.set_value("rate limit").run()
    assert stage.installation.sandbox.trouble == "rate limit"
    with stage.installation.database.reading() as session:
        assert list_limits(session, NOW) == [], "it ended with the trouble before"


def test_starting_over_waits_for_a_refresh(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    at = stage.open("connections", popover=CONTROLS)
    at.button(key="start-over").click().run()
    monkeypatch.setattr(runner, "find_active", lambda _installation, _kind: object())
    at.button(key="start-over-yes").click().run()
    assert not stage.installation.sandbox.started_over
