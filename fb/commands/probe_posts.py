"""Probe command: asks Facebook for each name and field of posts alone, and says what answers.

What the dashboard asks for rests on documentation and on what others recorded. This finds out for
one Page, in about 40 calls. The table has names, codes and shapes of answers: no figure, no text of
a post, no id.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fb.commands.terminal import COULD_NOT_RUN, OK, counted, find_usable, opened, say
from fb.graph.batch import BatchItem
from fb.graph.errors import FacebookError
from fb.graph.insights import INVALID
from fb.graph.post_fields import FIGURE_METRICS, VIEWS
from fb.graph.posts import (
    POST_FIELDS,
    REEL_FIELDS,
    Answer,
    fetch_answers,
    figures_item,
    paid_item,
    posts_item,
    reels_item,
)
from fb.installation import Installation
from storage.accounts.page_tokens import PostToken, list_post_tokens
from storage.insights.metric_ledger import (
    LedgerMetric,
    list_ledger,
    note_probes,
    retire_metrics,
    revive_metrics,
)

# Names that are not in the ledger, about which sources differ.
OTHER_METRICS = (
    "post_reactions_like_total",
    "post_activity_by_action_type_unique",
    "post_video_avg_time_watched",
    "post_video_complete_views_30s",
    "post_video_views_organic",
    "post_video_views_paid",
)
# Fields that are not asked for today: what they need, and whether they refuse the listing.
OTHER_FIELDS = (
    "shares",
    "backdated_time",
    "updated_time",
    "reactions.summary(true).limit(0)",
    "comments.summary(true).limit(0)",
)


@dataclass(frozen=True)
class Verdict:
    """What one question was answered: the shape of the answer, or the code of the refusal."""

    question: str
    name: str
    answers: bool
    shape: str
    is_unknown: bool = False  # refused as a name that does not exist


def add_probe_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `python -m fb`."""
    probe = commands.add_parser(
        "probe-posts", help="ask Facebook for each field and figure of a Page's posts alone"
    )
    probe.add_argument("page_id", metavar="PAGE_ID")
    probe.add_argument("file", nargs="?", type=Path, help="write the table there as well")
    probe.add_argument(
        "--apply", action="store_true", help="change the list of figures by what was answered"
    )


def probe_command(options: argparse.Namespace) -> int:
    """Ask, print the table and what differs from the ledger, and with --apply change the ledger."""
    with opened() as startup:
        installation = find_usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        with installation.database.reading() as session:
            tokens = [t for t in list_post_tokens(session) if t.page_id == options.page_id]
            ledger = list_ledger(session, "post")
        if not tokens:
            say("No connected account can read this Page. Its id is on the Page's screen.")
            return COULD_NOT_RUN
        verdicts, calls_count = probe(installation, tokens[0], [row.name for row in ledger])
        lines = [*draw_table(verdicts), "", *compare(verdicts, ledger)]
        for line in lines:
            say(line)
        say(f"{counted(calls_count, 'call')} to Facebook.")
        if options.file is not None:
            try:
                options.file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            except OSError as error:
                say(f"The table can't be written to that file ({error.strerror}).")
                return COULD_NOT_RUN
        if options.apply:
            apply(installation, verdicts, ledger)
            say("The list of figures was changed by these answers.")
    return OK


def probe(
    installation: Installation, source: PostToken, names: Sequence[str]
) -> tuple[list[Verdict], int]:
    """Ask for everything alone; return the verdicts and the number of calls."""
    page_id = source.page_id
    token = installation.vault.open_page_token(
        source.account_id, page_id, source.key_id, source.sealed_page_token
    )
    fields = [*POST_FIELDS, *OTHER_FIELDS]
    questions = [("field", each, _field_item(page_id, token, each)) for each in fields]
    questions += [
        ("reels", each, _field_item(page_id, token, each, "video_reels")) for each in REEL_FIELDS
    ]
    client = installation.client()
    try:
        first = fetch_answers(client, [posts_item(page_id, token, limit=5), *_items(questions)])
        verdicts = _judge(questions, first[1:])
        post_id = _find_post_id(first[0])
        if post_id is None:
            return verdicts, len(first)
        metrics = dict.fromkeys([*names, *FIGURE_METRICS, *OTHER_METRICS])
        more = [("figure", each, figures_item(post_id, token, [each])) for each in metrics]
        more += _ask_in_other_ways(page_id, post_id, token)
        answers = fetch_answers(client, _items(more))
    finally:
        client.close()
    return [*verdicts, *_judge(more, answers)], len(first) + len(answers)


def _ask_in_other_ways(page_id: str, post_id: str, token: str) -> list[tuple[str, str, BatchItem]]:
    bare_id = post_id.partition("_")[2]
    return [
        ("way", "figures in a listing", posts_item(page_id, token, limit=1, names=[VIEWS])),
        ("way", "paid views", paid_item(post_id, token)),
        ("way", "figures without the Page's id", figures_item(bare_id, token, [VIEWS])),
        ("way", "Reels", reels_item(page_id, token, limit=1)),
        ("way", "100 posts at once", posts_item(page_id, token, limit=100)),
    ]


def _field_item(page_id: str, token: str, field: str, edge: str = "published_posts") -> BatchItem:
    return BatchItem(f"{page_id}/{edge}", urlencode({"fields": field, "limit": "1"}), token)


def _items(questions: Iterable[tuple[str, str, BatchItem]]) -> list[BatchItem]:
    return [item for _, _, item in questions]


def _judge(
    questions: Sequence[tuple[str, str, BatchItem]], answers: Sequence[Answer]
) -> list[Verdict]:
    verdicts = []
    for (question, name, _), answer in zip(questions, answers, strict=True):
        if isinstance(answer, FacebookError):
            shape = f"refused, code {answer.code if answer.code is not None else '–'}"
            shape += f"/{answer.subcode}" if answer.subcode is not None else ""
            is_unknown = answer.code == INVALID and answer.subcode is None
            verdicts.append(Verdict(question, name, False, shape, is_unknown))
        else:
            verdicts.append(Verdict(question, name, True, find_shape(question, name, answer)))
    return verdicts


def find_shape(question: str, name: str, answer: dict[str, Any]) -> str:
    """Return what an answer is made of, without anything that a person wrote or a figure."""
    rows = answer.get("data")
    if not isinstance(rows, list):
        return "another shape"
    if not rows:
        return "empty list"
    first = rows[0] if isinstance(rows[0], dict) else {}
    if question in ("field", "reels"):
        key = name.partition("{")[0].partition(".")[0]
        return type(first[key]).__name__ if key in first else "field is missing"
    series = first.get("values")
    if not isinstance(series, list):
        return counted(len(rows), "row")
    periods = ", ".join(dict.fromkeys(_word(row.get("period")) for row in rows))
    value = series[0].get("value") if series and isinstance(series[0], dict) else None
    words = sorted(_word(word) for word in value) if isinstance(value, dict) else []
    kind = f"object of {', '.join(words) or 'nothing'}" if isinstance(value, dict) else ""
    return f"{periods}: {kind or type(value).__name__}, {counted(len(series), 'value')}"


def _word(value: object) -> str:
    """A word of Facebook's, without what a terminal would obey."""
    return re.sub(r"[^\w ]", "?", str(value))[:40]


def _find_post_id(answer: Answer) -> str | None:
    rows = None if isinstance(answer, FacebookError) else answer.get("data")
    ids = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    # Not the newest: its figures may not be there yet.
    return next((id for id in reversed(ids) if isinstance(id, str)), None)


def draw_table(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the table, a line per question."""
    width = max((len(each.name) for each in verdicts), default=0)
    return [f"{each.question:7} {each.name:{width}} {each.shape}" for each in verdicts]


def compare(verdicts: Sequence[Verdict], ledger: Sequence[LedgerMetric]) -> list[str]:
    """Return a line for each figure that Facebook treats otherwise than the ledger says."""
    by_name = {each.name: each for each in verdicts if each.question == "figure"}
    lines = []
    for row in ledger:
        verdict = by_name.get(row.name)
        if verdict is None:
            continue
        if verdict.answers and row.status != "live":
            lines.append(f"{row.name} answers; the list says {row.status}.")
        elif not verdict.answers and row.status == "live":
            lines.append(f"{row.name} is {verdict.shape}; the list says live.")
    if not by_name:
        return ["No post was listed: no figure could be asked for."]
    return lines or ["Every figure answers as the list says."]


def apply(
    installation: Installation, verdicts: Sequence[Verdict], ledger: Sequence[LedgerMetric]
) -> None:
    """Revive what answers, and retire what is refused as unknown while other figures answer."""
    names = {row.name for row in ledger}
    figures = [each for each in verdicts if each.question == "figure" and each.name in names]
    answered = {each.name for each in figures if each.answers}
    unknown = {each.name for each in figures if each.is_unknown} if answered else set()
    now = installation.now()
    with installation.database.writing() as session:
        revive_metrics(session, answered, now=now)
        retire_metrics(session, unknown, day=now.date(), now=now)
        note_probes(session, answered | unknown, now=now)
