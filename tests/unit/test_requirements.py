"""Every package is pinned, and installed only if it is the file whose hash is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def direct(name: str) -> list[Requirement]:
    """The pins of ``name``, a file that a person writes."""
    lines = (ROOT / name).read_text(encoding="utf8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith(("#", "-r "))]


def generated(name: str) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
    """Version and hashes by name and marker: a package may have a version for each Python."""
    text = (ROOT / name).read_text(encoding="utf8")
    packages: dict[tuple[str, str], tuple[str, frozenset[str]]] = {}
    for line in re.sub(r"\\\n", "", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)).splitlines():
        pin, *hashes = re.split(
            r" --hash=(?=sha256:[0-9a-f]{64}(?: |$))", re.sub(r" {2,}", " ", line)
        )
        requirement = Requirement(pin)
        assert requirement.url is None
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", pin
        key = (canonicalize_name(requirement.name), str(requirement.marker or ""))
        packages[key] = (specifier.version, frozenset(hashes))
    return packages


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_is_pinned_is_what_is_installed(name: str) -> None:
    versions = {(package, pin[0]) for (package, _), pin in generated(f"{name}.txt").items()}
    wanted = direct(f"{name}.in")
    assert wanted
    for requirement in wanted:
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        assert "+" not in specifier.version, "a version that only this machine has"
        pin = (canonicalize_name(requirement.name), specifier.version)
        assert pin in versions, f"{pin}: run make requirements"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_has_hashes_and_no_address(name: str) -> None:
    packages = generated(name)
    assert len(packages) > 40
    for package, (version, hashes) in packages.items():
        assert hashes, package
        assert "+" not in version, package
    assert not re.search(
        r"://|^ *-(?!-hash=)|(?<![\w-])/\w", (ROOT / name).read_text(), re.MULTILINE
    )


def test_the_tests_run_on_what_the_dashboard_runs_on() -> None:
    dashboard, tests = generated("requirements.txt"), generated("requirements-dev.txt")
    assert dashboard.items() <= tests.items()


def test_packages_are_installed_by_their_hashes() -> None:
    lines = (ROOT / "Makefile").read_text() + (ROOT / "README.md").read_text()
    commands = re.findall(r".*(?:pip install|INSTALL\)).*", lines)
    assert len(commands) == 4
    for command in commands:
        assert "--require-hashes" in command or "$(INSTALL)" in command, command
