"""Draws the last week in three sentences on Overview, ready to be copied into an e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import streamlit as st

from pages import lookups
from pages.parts.overview import digest
from pages.parts.overview import queries as overview_lookups
from pages.parts.overview.digest import Sentence
from storage.filtering import Filter, Metric

# Sentences, not a wall: as wide as is read with ease, and close together. Links take the ink of
# the sentence, which both schemes bear; Streamlit gives those in HTML the browser's own blue.
STYLE = """<style>
.st-key-digest-card p { margin: 0 0 0.25rem; max-width: 60rem; }
.st-key-digest-card p a { color: inherit; font-weight: 600; text-underline-offset: 0.15em; }
</style>"""


def render(
    version: str,
    today: date,
    metric: Metric,
    filter: Filter,
    kept: Mapping[str, str],
    way_back: Mapping[str, str],
) -> None:
    """Draw the card. ``kept``: the filter as the address has it."""
    sentences = _find_sentences(version, today, metric, filter)
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
                box.code(digest.to_text(sentences), language=None, wrap_lines=True)
        st.html(STYLE + digest.to_html(sentences, kept, way_back))


@lru_cache(32)
def _find_sentences(
    version: str, today: date, metric: Metric, filter: Filter
) -> tuple[Sentence, ...]:
    days = overview_lookups.find_days(version)
    assert days is not None  # without a snapshot there is no card
    period = digest.week_before(today, *days)
    asked = (period.since, period.until)
    compared = lookups.find_comparable(version, *asked, metric, filter)
    return digest.write(
        digest.Week(
            period,
            metric,
            compared.every,
            lookups.find_newest_total(version, period.until, metric, filter),
            compared,
            lookups.find_movers(version, *asked, metric, "number", filter),
            overview_lookups.count_attention(version, period.until, filter),
            tuple(overview_lookups.find_unusual(version, *asked, metric, filter)),
        )
    )
