"""Digest card of Overview: the last week with figures in three sentences.

The Pages that gained and lost most are links to that week of theirs, and the Pages that need
attention are listed right there.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from sqlalchemy.orm import Session

from pages.parts.overview.posts_card import describe_silent
from pages.queries import list_attention
from pages.records import Week
from pages.text.formats import counted, cut, plain, signed
from pages.text.periods import CUSTOM
from pages.text.phrases import ATTENTION
from pages.ui import links, popovers, url_controls
from pages.ui.connection_text import why_attention
from pages.ui.week_text import (
    MAX_NAME,
    NOTHING_UNUSUAL,
    describe_attention,
    first,
    name_unusual,
    title,
    to_text,
    write,
)
from storage.figures.filters import Filter

# Names as links, at the left edge of the sentences.
STYLE = """<style>
.st-key-digest-movers a { padding-left: 0; padding-right: 0; }
.st-key-digest-movers a strong { text-decoration: underline; text-underline-offset: 0.15em; }
</style>"""
MAX_LISTED = 8


def render(
    session: Session,
    week: Week,
    filter: Filter,
    silent_count: int,
    way_back: Mapping[str, str],
) -> None:
    """Draw the card, with a button to copy its text.

    ``filter`` is the screen's; ``silent_count``: of its Pages, those that publish nothing;
    ``way_back``: Overview's state, for links to a Page; see `pages.ui.return_url`.
    """
    with st.container(border=True, gap="xsmall", key="digest-card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(title(week), anchor=False, width="content")
            copy = st.popover(
                "Copy",
                icon=":material/content_copy:",
                type="tertiary",
                key="digest-copy",
                on_change="rerun",  # so that its content is only sent while it is open
            )
            if copy.open:
                copy.code(to_text(write(week)), language=None, wrap_lines=True)
        total, movers, days = write(week)
        st.markdown(plain(total))
        if week.movers.up or week.movers.down:
            _link_movers(week, way_back)
        else:
            st.markdown(plain(movers))
        if week.attention_count:
            _list_attention(session, week, filter, silent_count, way_back)
        else:
            st.markdown(plain(days))


def query_of(week: Week) -> dict[str, str]:
    """The URL parameters of the week's days: "7 days" are those up to today."""
    period = week.period
    if period.label != CUSTOM:
        return {"period": period.label}
    since, until = period.since.isoformat(), period.until.isoformat()
    return {"period": CUSTOM, "since": since, "until": until}


def _link_movers(week: Week, way_back: Mapping[str, str]) -> None:
    with st.container(horizontal=True, gap="medium", key="digest-movers"):
        st.html(" ".join(STYLE.split()))
        for mover, verb, colour in (
            (first(week.movers.up), "gained", "green"),
            (first(week.movers.down), "lost", "red"),
        ):
            if mover is None:
                st.markdown(f"No Page {verb}.", width="content")
                continue
            name, moved = plain(cut(mover.name, MAX_NAME)), plain(signed(mover.net))
            links.draw(
                "page",
                f"**{name}** {verb} most :{colour}[{moved}]",
                query_params={"id": mover.page_id, **query_of(week), **way_back},
            )


def _list_attention(
    session: Session,
    week: Week,
    filter: Filter,
    silent_count: int,
    way_back: Mapping[str, str],
) -> None:
    """Draw a button that opens the list of the Pages, and the rest of the sentence beside it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        box = st.popover(
            describe_attention(week.attention_count),
            icon=":material/error_outline:",
            type="tertiary",
            key="digest-attention",
            on_change="rerun",
        )
        unusual = name_unusual(week) or NOTHING_UNUSUAL
        st.markdown(plain(f"{unusual}."), width="content")
    if not popovers.is_drawn(box, "digest-attention"):
        return
    with box:
        table = list_attention(session, week.period, filter, MAX_LISTED)
        for row in table.page.rows:
            query_params = {"id": row.page_id, **way_back}
            links.draw("page", plain(cut(row.name, MAX_NAME)), query_params=query_params)
            holders = (table.holders or {}).get(row.page_id, ())
            st.caption(plain(why_attention(row, holders, week.period.until)))
        more = week.attention_count - len(table.page.rows)
        if more > 0:
            st.caption(f"And {counted(more, 'Page')} more.")
        if st.button("Show them in the table below", key="digest-attention-list"):
            url_controls.change(show=ATTENTION)
        if silent_count:
            st.caption(
                plain(f"{describe_silent(silent_count)}, which is no fault of a connection.")
            )
