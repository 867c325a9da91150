"""What docs/security.md says of the sign-in is what the program does; tests that it names exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fb.web.gate import OPEN, is_open_path
from fb.web.guard import PROBE_PATHS
from pages.ui.links import SCREENS
from storage.people.person import IDLE_SECONDS, ROLES, SESSION_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf8")
RFC = "OAuth 2.0: RFC 9700, row by row"
ASVS = "Sign-in, sessions and access: OWASP ASVS 5.0.0, level 2"

# A test in a table: the end of its file's path, and its name.
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
# RFC 9700: its recommendations (2) and attacks (4), by section.
SECTIONS = (
    *("2.1", "2.1.1", "2.1.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6"),
    *(f"4.{number}" for number in range(1, 18)),
)
# ASVS 5.0.0: how many requirements each section of V6 to V10 has up to level 2; these come first.
REQUIREMENTS = {
    **{"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4},
    **{"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2},
    **{"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4},
    **{"10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3},
}


def read_table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, row by row, without its head."""
    section = re.split(r"^#+ ", PAGE.split(f" {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@cache
def list_tests() -> frozenset[tuple[str, str]]:
    """The path below tests/ and the name of each test."""
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(
        (file.relative_to(ROOT / "tests").as_posix(), node.name)
        for file in files
        for node in ast.parse(file.read_text(encoding="utf8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def find_files(ending: str, name: str) -> list[str]:
    return [
        file for file, test in list_tests() if test == name and f"/{file}".endswith(f"/{ending}")
    ]


def expand(cell: str) -> Iterable[str]:
    """The numbers in "6.1.2, 6.2.1–6.2.12"."""
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        section, _, number = first.rpartition(".")
        end = int((last or first).rpartition(".")[2])
        yield from (f"{section}.{each}" for each in range(int(number), end + 1))


def test_each_test_in_the_tables_exists_once() -> None:
    for row in read_table(RFC) + read_table(ASVS):
        for ending, name in NAMED.findall(row[-1]):
            assert len(find_files(ending, name)) == 1, f"{row[0]}: {ending}::{name}"


def test_each_row_names_its_tests_or_asks_for_none() -> None:
    for row in read_table(RFC) + read_table(ASVS):
        left = NAMED.sub("", row[-1]).replace("·", "").split()
        assert left in ([], ["–"]), f"{row[0]}: {row[-1]}"


def test_no_row_is_left_out() -> None:
    sections = [number for row in read_table(RFC) for number in row[0].split(", ")]
    assert {".".join(each.split(".")[:2]) if each[0] == "4" else each for each in sections} == {
        *SECTIONS
    }
    numbers = [number for row in read_table(ASVS) for number in expand(row[0])]
    asked = [
        f"{section}.{n}" for section, count in REQUIREMENTS.items() for n in range(1, count + 1)
    ]
    assert sorted(each for each in numbers if each[0] != "3") == sorted(asked)


def test_the_page_says_how_long_a_sign_in_lasts() -> None:
    text = PAGE.split("### How long a sign-in lasts")[1]
    assert text.split()[1:3] == [f"**{SESSION_SECONDS // 86_400}", "days**,"]
    assert f"**{IDLE_SECONDS // 3_600} hours** without use" in text


def test_the_ways_in_are_those_of_the_gate() -> None:
    cells = [row[0] for row in read_table("Ways in")]
    paths = [path.replace("…", "x") for cell in cells for path in re.findall(r"`(.+?)`", cell)]
    for path in paths:
        assert is_open_path(path) or path in PROBE_PATHS, path
    assert {*PROBE_PATHS} <= {*paths}
    for pattern, _ in OPEN:
        alternatives = re.compile(pattern)
        assert any(alternatives.fullmatch(path) for path in paths), pattern


def test_the_roles_of_the_screens_are_those_of_the_program() -> None:
    told = {
        title: ROLES[[cell != "–" for cell in cells].index(True)]
        for titles, *cells in read_table("Who may do what")
        for title in titles.split(", ")
    }
    known = {screen.title: screen.role for screen in SCREENS if screen.name != "unknown"}
    assert told == known
