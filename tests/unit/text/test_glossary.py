"""The glossary of the docs and the helps of the screens say the same sentences."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

from pages.text.glossary import GLOSSARY, Key, meaning
from storage.insights.metric_ledger import SEED

FIGURES = Path(__file__).parents[3] / "docs" / "figures.md"
PAGES = Path(__file__).parents[3] / "pages"


def test_the_docs_have_every_term_as_the_screens_say_it() -> None:
    rows = {f"| {term.name} | {term.meaning} | {term.formula} |" for term in GLOSSARY.values()}
    section = FIGURES.read_text().partition("## Glossary")[2].partition("\n## ")[0]
    table = {line for line in section.splitlines() if line.startswith("| ")}
    assert table - {"| term | what it means | how it is computed |"} == rows


def test_every_term_is_one_sentence() -> None:
    assert set(GLOSSARY) == set(get_args(Key))
    for term in GLOSSARY.values():
        assert term.meaning.endswith(".")
        assert ". " not in term.meaning


def test_what_is_said_of_fans_is_said_of_followers() -> None:
    assert meaning("net", "followers") == (
        "Followers at the end of the period minus followers at its start."
    )
    assert meaning("fans", "followers") == "People who like the Page."


def test_facebooks_own_figures_mean_what_setup_says() -> None:
    meanings = {metric.name: metric.meaning for metric in SEED}
    assert meaning("views") == meanings["page_media_view"]
    assert meaning("engagement") == meanings["page_post_engagements"]


def test_words_that_made_a_marketer_stop_do_not_come_back() -> None:
    """In texts for people; docstrings and comments may use the words of the program."""
    phrases = [
        *("beyond their own noise", "beyond its own noise", "as it was first seen", "Fan ratio"),
        *("on both ends", "Metric ledger", "no snapshot", "trip to Facebook"),
    ]
    for file in sorted(PAGES.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf8"))
        docs = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = "" if node.value in docs else node.value
                assert not [phrase for phrase in phrases if phrase in text], (
                    file.name,
                    text,
                )
