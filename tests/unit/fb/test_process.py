"""The process keeps its memory to itself, and has room for many browsers."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from fb.web import process

ROOT = Path(__file__).resolve().parents[3]
SHOW = """
import os, resource
from fb.web.process import protect_process
protect_process()
print(resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_NOFILE)[0],
      oct(os.umask(0)))
"""


@pytest.mark.parametrize("soft", [128, 512])
def test_it_starts_without_core_dumps_and_with_all_files_it_may_have(soft: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, 512))

    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["0", "512", "0o77"]


def test_free_files_are_counted() -> None:
    free = process.count_free_descriptors()
    assert free is not None
    with (ROOT / "README.md").open():
        assert process.count_free_descriptors() == free - 1
    assert process.has_room_for_a_socket()


def test_the_last_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, has_room in ((process.RESERVED_DESCRIPTORS, False), (65, True), (None, True)):
        monkeypatch.setattr(process, "count_free_descriptors", lambda free=free: free)
        assert process.has_room_for_a_socket() == has_room
