"""What `python -m fb probe-posts` finds out about one Page, against the sandbox."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fb.commands import probe_posts
from fb.commands.probe_posts import compare, find_shape, probe_command
from fb.installation import Startup
from fb.sandbox import make_world
from fb.settings import read_settings
from storage.insights.metric_ledger import LedgerMetric, list_ledger
from tests.integration.facebook.traveller import Scene, opened_scene

WORDS = "Café Lindenhof"


@pytest.fixture
def scene(tmp_path: Path, live_database_url: str) -> Iterator[Scene]:
    with opened_scene(tmp_path, live_database_url, world=make_world(pages=8)) as scene:
        scene.traveller.connect()
        scene.sandbox.clear_faults()
        yield scene


@pytest.fixture
def page_id(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a Page, for a command that works on the scene's installation."""

    @contextmanager
    def opened() -> Iterator[Startup]:
        yield Startup(read_settings({}, Path("/nowhere")), scene.installation, None)

    monkeypatch.setattr(probe_posts, "opened", opened)
    return next(page.id for page in scene.sandbox.world.pages if page.name == WORDS)


def options(page_id: str, file: Path | None = None, *, apply: bool = False) -> argparse.Namespace:
    return argparse.Namespace(page_id=page_id, file=file, apply=apply)


def ledger(scene: Scene) -> dict[str, LedgerMetric]:
    with scene.installation.database.reading() as session:
        return {row.name: row for row in list_ledger(session, "post")}


def test_each_name_and_field_has_a_verdict_without_any_text_of_a_person(
    scene: Scene, page_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "verdicts.txt"
    assert probe_command(options(page_id, file)) == 0
    text = file.read_text("utf-8")
    lines = {line[:7].strip() + " " + line[8:].split("  ")[0]: line for line in text.splitlines()}
    assert "int, 1 value" in lines["figure post_media_view"]
    assert "object of" in lines["figure post_reactions_by_type_total"]
    assert "refused, code 100" in lines["figure post_impressions"]
    assert any("reactions.summary" in line and "code 10" in line for line in lines.values())
    assert "refused, code 100" in next(line for line in lines.values() if "Page's id" in line)
    assert "Every figure answers as the list says." in text
    shown = capsys.readouterr().out
    assert text.strip() in shown
    calls = re.search(r"(\d+) calls to Facebook", shown)
    assert calls is not None
    assert 35 <= int(calls[1]) <= 50
    for private in (page_id, WORDS, "http", "facebook.com", "EAA"):
        assert private not in text
    longest = max(re.findall(r"\w+", text), key=len)
    assert len(longest) < 45, "a word of Facebook's, not a text"


def test_what_differs_is_named_and_written_on_demand(
    scene: Scene, page_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.sandbox.trouble = "a retired metric"
    assert probe_command(options(page_id)) == 0
    assert "post_clicks is refused, code 100; the list says live." in capsys.readouterr().out
    assert ledger(scene)["post_clicks"].status == "live", "asking changes nothing"
    assert probe_command(options(page_id, apply=True)) == 0
    assert ledger(scene)["post_clicks"].status == "retired"
    assert ledger(scene)["post_media_view"].probed_at == scene.clock()
    scene.sandbox.trouble = "none"
    assert probe_command(options(page_id, apply=True)) == 0
    assert "post_clicks answers; the list says retired." in capsys.readouterr().out
    assert ledger(scene)["post_clicks"].status == "live"


def test_a_page_that_nobody_reads_and_a_file_that_cannot_be_written(
    page_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe_command(options("1")) == 2
    assert "No connected account can read this Page" in capsys.readouterr().out
    assert probe_command(options(page_id, tmp_path)) == 2
    assert "can't be written" in capsys.readouterr().out


def test_all_refused_retires_nothing(
    scene: Scene, page_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fb.sandbox.graph.post_insights._METRICS", {})
    assert probe_command(options(page_id, apply=True)) == 0
    assert ledger(scene)["post_media_view"].status == "live"


def test_shapes_say_nothing_of_what_is_in_them() -> None:
    told = {"data": [{"period": "lifetime", "values": [{"value": {"a\x1b[2J": 3, "like": 9}}]}]}
    assert find_shape("figure", "x", told) == "lifetime: object of a??2J, like, 1 value"
    assert find_shape("field", "message", {"data": [{"message": "secret"}]}) == "str"
    assert find_shape("field", "attachments{type}", {"data": [{}]}) == "field is missing"
    assert find_shape("figure", "x", {"data": []}) == "empty list"
    assert find_shape("figure", "x", {"data": {}}) == "another shape"
    assert compare([], []) == ["No post was listed: no figure could be asked for."]
