"""Digest card of Overview: the last week in three sentences, with links on the figures.

There are always three sentences; they report unknown figures as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

import streamlit as st

from pages.parts.overview.overview_text import between
from pages.parts.overview.unusual_text import describe, worth_naming
from pages.records import Week
from pages.text.formats import count, counted, cut, day, signed
from storage.figures.totals import Mover

MAX_NAME = 40
WEEK = "7 days"
# Lines of a readable width, close together. Links take the colour of the text, which is readable in
# both schemes; by default links in ``st.html`` have the browser's blue.
STYLE = """<style>
.st-key-digest-card p { margin: 0 0 0.25rem; max-width: 60rem; }
.st-key-digest-card p a { color: inherit; font-weight: 600; text-underline-offset: 0.15em; }
</style>"""


@dataclass(frozen=True)
class Link:
    """A link to Overview with ``query``, or to the Page with ``page_id``."""

    text: str
    query: tuple[tuple[str, str], ...] = ()
    page_id: str | None = None


Sentence = tuple[str | Link, ...]


def render(week: Week, filter_query: Mapping[str, str], way_back: Mapping[str, str]) -> None:
    """Draw the card, with a button to copy its text.

    ``filter_query``: the filter, for links to Overview; ``way_back``: Overview's state, for links
    to a Page; see `pages.ui.return_url`.
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
                on_change="rerun",  # so that its content is only sent while it is open
            )
            if box.open:
                box.code(to_text(sentences), language=None, wrap_lines=True)
        st.html(STYLE + to_html(sentences, filter_query, way_back))


def write(week: Week) -> tuple[Sentence, Sentence, Sentence]:
    """The three sentences: totals, top movers, Pages and days that need attention."""
    return _sum_up(week), _name_movers(week), _point_out(week)


def to_text(sentences: Sequence[Sentence]) -> str:
    """The sentences as plain text, one a line."""
    return "\n".join(
        "".join(part if isinstance(part, str) else part.text for part in sentence)
        for sentence in sentences
    )


def to_html(
    sentences: Sequence[Sentence], filter_query: Mapping[str, str], way_back: Mapping[str, str]
) -> str:
    """The sentences as escaped HTML paragraphs; parameters as in `render`."""

    def draw(part: str | Link) -> str:
        if isinstance(part, str):
            return escape(part)
        query = dict(part.query) | dict(filter_query)
        target = "/"
        if part.page_id is not None:
            target, query = "/page", {"id": part.page_id, **way_back}
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
    return (*attention, when, Link(describe(worth[0]), query), ".")


def _first(movers: Sequence[Mover]) -> Mover | None:
    return movers[0] if movers else None
