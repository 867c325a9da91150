"""Digest card of Overview: the last week in three sentences, each number a link.

What is not known is said to be unknown; no sentence is left out and no figure made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

import streamlit as st

from pages.parts.overview.overview_text import between
from pages.parts.overview.unusual_text import say_what, worth_naming
from pages.queries import Week
from pages.text.formats import count, counted, cut, day, signed
from storage.figures.totals import Mover

MAX_NAME = 40
WEEK = "7 days"
# Sentences, not a wall: as wide as is read with ease, and close together. Links take the ink of
# the sentence, which both schemes bear; Streamlit gives those in HTML the browser's own blue.
STYLE = """<style>
.st-key-digest-card p { margin: 0 0 0.25rem; max-width: 60rem; }
.st-key-digest-card p a { color: inherit; font-weight: 600; text-underline-offset: 0.15em; }
</style>"""


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere: to Overview as ``query`` has it, or to the Page with this id."""

    text: str
    query: tuple[tuple[str, str], ...] = ()
    page_id: str | None = None


Sentence = tuple[str | Link, ...]


def render(week: Week, kept: Mapping[str, str], way_back: Mapping[str, str]) -> None:
    """Draw the card, ready to be copied into an e-mail.

    ``kept``: what stays in every address of Overview, its filter; ``way_back``: what a link to a
    Page carries, so that the way back leads here.
    """
    sentences = write(week)
    with st.container(border=True, gap="xsmall", key="digest-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("The last week", anchor=False, width="content")
            box = st.popover(
                "Copy",
                icon=":material/content_copy:",
                type="tertiary",
                key="digest-copy",
                on_change="rerun",  # what is in it is only sent while it is open
            )
            if box.open:
                box.code(to_text(sentences), language=None, wrap_lines=True)
        st.html(STYLE + to_html(sentences, kept, way_back))


def write(week: Week) -> tuple[Sentence, Sentence, Sentence]:
    """The three sentences: how many and how many more, who moved most, and what needs a look."""
    return _sum_up(week), _name_movers(week), _point_out(week)


def to_text(sentences: Sequence[Sentence]) -> str:
    """The sentences without links, one a line: for an e-mail."""
    return "\n".join(
        "".join(part if isinstance(part, str) else part.text for part in sentence)
        for sentence in sentences
    )


def to_html(sentences: Sequence[Sentence], kept: Mapping[str, str], back: Mapping[str, str]) -> str:
    """The sentences as paragraphs, whatever stands in a name.

    ``kept``: what stays in every address of Overview, its filter; ``back``: what goes along to a
    Page, so that the way back leads here.
    """

    def draw(part: str | Link) -> str:
        if isinstance(part, str):
            return escape(part)
        query = dict(part.query) | dict(kept)
        target = "/"
        if part.page_id is not None:
            target, query = "/page", {"id": part.page_id, **back}
        href = f"{target}?{urlencode(query)}" if query else target
        return f'<a href="{escape(href, quote=True)}">{escape(part.text)}</a>'

    return "".join(f"<p>{''.join(map(draw, sentence))}</p>" for sentence in sentences)


def _sum_up(week: Week) -> Sentence:
    noun, when = week.metric, between(week.period.since, week.period.until)
    of_metric = (("metric", noun.capitalize()),)
    total = Link(count(week.total), (*of_metric, ("period", WEEK)))
    if not week.pages_count:
        return ("No Page is connected that this could tell of.",)
    pages = Link(counted(week.pages_count, "Page"))
    have = "has" if week.pages_count == 1 else "have"
    if week.total is None:
        return (pages, f" {have} no count of {noun} yet.")
    opening = (pages, f" {have} ", total, f" {noun}" if week.total != 1 else f" {noun[:-1]}")
    net = week.compared.net
    if net is None:
        return (*opening, f"; no Page can be compared {when}.")
    if net == 0:
        return (*opening, f", neither more nor fewer {when}.")
    verb = "more" if net > 0 else "fewer"
    query = (*of_metric, ("period", WEEK), ("sort", "Most net new first"))
    moved = Link(f"{abs(net):,d}", query)
    lead = (*opening, ": ", moved, f" {verb} {when}")
    left_out = week.compared.left_out
    if not left_out:
        return (*lead, ".")
    compared = Link(f"{week.compared.pages:,d}", (*of_metric, ("period", WEEK)))
    return (*lead, ", of the ", compared, " with figures on both ends.")


def _name_movers(week: Week) -> Sentence:
    if not week.compared.pages:
        return ("Who gained and who lost in these days is not known.",)
    best, worst = _first(week.movers.up), _first(week.movers.down)
    if best is None and worst is None:
        return ("No Page gained and none lost.",)
    if best is None or worst is None:
        mover = best or worst
        assert mover is not None
        verb, other = ("gained", "lost") if best else ("lost", "gained")
        return (*_mover(mover), f" {verb} most; no Page {other}.")
    return (*_mover(best), " gained most, ", *_mover(worst), " lost most.")


def _mover(mover: Mover) -> tuple[str | Link, ...]:
    name = cut(mover.name, MAX_NAME)
    return (f"{name} (", Link(signed(mover.net), page_id=mover.page_id), ")")


def _point_out(week: Week) -> Sentence:
    worth = worth_naming(week.unusual)[:1]
    attention: Sentence = ("Every Page is connected and up to date",)
    if week.attention_count:
        verb = "needs" if week.attention_count == 1 else "need"
        link = Link(counted(week.attention_count, "Page"), (("show", "Needs attention"),))
        attention = (link, f" {verb} attention")
    if not week.pages_count:
        return ("So nothing needs attention.",)
    if not worth:
        return (*attention, ", and no day was out of the ordinary.")
    query = (("metric", week.metric.capitalize()), ("period", WEEK), ("view", "Daily change"))
    when = f"; {day(worth[0].day, year=False)} was unusual: "
    return (*attention, when, Link(say_what(worth[0]), query), ".")


def _first(movers: Sequence[Mover]) -> Mover | None:
    return movers[0] if movers else None
