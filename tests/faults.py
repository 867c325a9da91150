"""Lets each fault happen again and again, in shuffled order: ``python -m tests.faults [ROUNDS]``.

Tests that bear ``@pytest.mark.fault`` run once a round. What they found becomes the table of
docs/reliability.md; it is left as it is when something was lost.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

# With 22 kills at any moment each, and those of single tests, more than 200.
ROUNDS = 10
DOCUMENT = Path(__file__).parents[1] / "docs" / "reliability.md"
# Where the tests leave what they were and how they ended; see `note_end`.
_NOTES = "PAGEKEEPER_FAULTS_FILE"
# The number of the round, for a test that chooses something else in each.
ROUND = "PAGEKEEPER_FAULTS_ROUND"
_BEGIN, _END = "<!-- make faults: begin -->\n", "<!-- make faults: end -->\n"

Fault = tuple[str, str]  # what happens, and what has to stay


def main() -> int:
    """Run all rounds; 0 if nothing was lost, else 1."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    happened, lost = Counter[Fault](), Counter[Fault]()
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", flush=True)
        for fault, has_passed in _run(number):
            happened[fault] += 1
            lost[fault] += not has_passed
    if not happened or lost.total():
        print("Something was lost:", [each for each in lost if lost[each]] or "no test ran")
        return 1
    _write(_table(happened))
    return 0


def note_end(item: pytest.Item, has_passed: bool) -> None:
    """Leave a line on a test that bears a fault, while ``make faults`` asks for it."""
    mark, path = item.get_closest_marker("fault"), os.environ.get(_NOTES)
    if mark is not None and path is not None:
        with Path(path).open("a", encoding="utf8") as notes:
            notes.write("\t".join((*mark.args, str(has_passed))) + "\n")


def _run(seed: int) -> list[tuple[Fault, bool]]:
    with tempfile.TemporaryDirectory(prefix="pagekeeper-faults-") as folder:
        path = Path(folder) / "notes"
        path.touch()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-m", "fault", "-n", "2"),
                *(f"--randomly-seed={seed}", "tests/integration", "tests/screens"),
                "tests/browser/walks/test_lost_servers.py",
            ],
            env=os.environ | {_NOTES: str(path), ROUND: str(seed)},
            check=False,
        )
        if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            sys.exit("The tests could not be run: see above.")
        lines = path.read_text(encoding="utf8").splitlines()
    fields = [line.split("\t") for line in lines]
    return [((what, stays), has_passed == "True") for what, stays, has_passed in fields]


def _table(happened: Counter[Fault]) -> str:
    rows = [
        f"| {what} | {count} | {stays} | nothing |"
        for (what, stays), count in sorted(happened.items())
    ]
    return "\n".join(
        ["| what went wrong | times | what has to stay | lost |", "|---|---|---|---|", *rows]
    )


def _write(table: str) -> None:
    text = DOCUMENT.read_text(encoding="utf8")
    pattern = re.escape(_BEGIN) + ".*" + re.escape(_END)
    new = f"{_BEGIN}\n{table}\n\n{_END}"
    DOCUMENT.write_text(re.sub(pattern, lambda _: new, text, flags=re.DOTALL), encoding="utf8")


if __name__ == "__main__":
    sys.exit(main())
