"""The README and ``.env.example`` name every setting there is, with the right default."""

from __future__ import annotations

import re
from pathlib import Path

from fb import settings

ROOT = Path(__file__).resolve().parents[2]


def readme_rows() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf8")
    table = text.split("## Settings")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", table, re.MULTILINE))


def test_readme_names_every_setting() -> None:
    assert list(readme_rows()) == list(settings.SETTING_NAMES)


def test_readme_gives_the_defaults_of_the_code() -> None:
    rows = readme_rows()
    assert settings.DEFAULT_REDIRECT_URI in rows["FACEBOOK_REDIRECT_URI"]
    assert ",".join(settings.DEFAULT_SCOPES) in rows["FACEBOOK_SCOPES"]
    assert settings.DEFAULT_GRAPH_VERSION in rows["FACEBOOK_GRAPH_VERSION"]
    assert settings.DEFAULT_GRAPH_URL in rows["FACEBOOK_GRAPH_URL"]
    assert settings.DEFAULT_DIALOG_URL in rows["FACEBOOK_DIALOG_URL"]


def test_env_example_names_every_setting_that_env_may_hold() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf8")
    named = set(re.findall(r"^#? ?([A-Z_]+)=", text, re.MULTILINE))
    # These two come from the environment only; the file may mention them in words.
    environment_only = {"FACEBOOK_GRAPH_URL", "FACEBOOK_DIALOG_URL"}
    assert set(settings.SETTING_NAMES) - environment_only <= named
    assert named <= set(settings.SETTING_NAMES)


def test_links_of_the_documentation_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_changelog_names_the_version_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    version = re.search(r'^version = "(.+)"', project, re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
