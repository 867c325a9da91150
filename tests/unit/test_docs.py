"""README and ``.env.example`` say of every setting what the table says; links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from dotenv import dotenv_values

from fb import __version__
from fb.settings_table import SETTING_NAMES, SETTINGS, Setting

ROOT = Path(__file__).resolve().parents[2]


def documented_defaults() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf8")
    table = text.split("## Settings")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", table, re.MULTILINE))


def default_in_words(setting: Setting) -> str:
    if setting.name in ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"):
        return "none: sandbox"
    if setting.missing is not None:
        return "sandbox: made once"
    if not setting.default:
        return "none"
    other = setting.sandbox_default or ""
    in_sandbox = "" if "{port}" in other or not other else f" (sandbox: `{other[10:]}`)"
    return f"`{setting.default}`{in_sandbox}"


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    assert project["version"] == __version__


def test_readme_gives_every_setting_with_its_default() -> None:
    assert documented_defaults() == {s.name: default_in_words(s) for s in SETTINGS}
    assert list(documented_defaults()) == list(SETTING_NAMES)


def test_env_example_gives_every_setting_with_its_default() -> None:
    values = dotenv_values(ROOT / ".env.example", interpolate=False)
    assert list(values) == list(SETTING_NAMES)
    for setting in SETTINGS:
        value = values[setting.name] or ""
        if setting.is_secret:
            assert value == "", "a value here would come before the keys file"
        elif setting.is_environment_only:
            assert value == "", "a value in the file is refused"
        else:
            assert value in ("", setting.default), setting.name


def test_links_of_the_documentation_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_changelog_names_the_version_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    version = re.search(r'^version = "(.+)"', project, re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
