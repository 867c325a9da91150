"""Compare: two to five Pages or tags side by side; their ids are in the URL, one box picks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.parts.compare import cards, posts_card
from pages.parts.compare.compare_text import (
    MAX_CHART_NAME,
    MAX_NAME,
    labels_of,
    labels_of_all,
    option_of_tag,
)
from pages.queries import (
    find_compared,
    find_compared_tags,
    find_period_posts,
    find_tags,
    list_similar,
    load_comparison,
    search_pages,
    search_tags,
)
from pages.records import Comparison, PeriodPosts, View
from pages.text.formats import cut, listed, plain
from pages.ui import compare_link, links, period_bar
from pages.ui.compare_link import MAX_PAGES, MIN_PAGES, PARAMETER, TAGS, CompareAddress
from pages.ui.period_bar import Bar
from pages.ui.signed_in import may
from storage.figures.comparison import ComparedPage, Match
from storage.figures.filters import Filter, filter_of_tag
from storage.notes.tags import TagCount

PICKER_KEY = "compare-picker"
MAX_SEARCH = 100
# Options of the picker, sent to the browser: the search in more Pages or tags is the server's.
MAX_OPTIONS = 200
MAX_TAG_OPTIONS = 50
MAX_TAG_OFFERS = 3
_PAGE, _TAG = "page ", "tag "
_HELD, _TYPED, _LAST = "compare-held", "compare-typed", "compare-last"


@dataclass(frozen=True)
class Selection:
    """The stored Pages and tags of the URL, in its order."""

    pages: Sequence[ComparedPage] = ()
    tags: Sequence[TagCount] = ()

    @property
    def ids(self) -> list[str]:
        return [page.page_id for page in self.pages]

    @property
    def tag_ids(self) -> list[int]:
        return [tag.id for tag in self.tags]

    @property
    def count(self) -> int:
        return len(self.pages) + len(self.tags)

    def list_options(self) -> list[str]:
        """The values of the picker for them."""
        return [f"{_PAGE}{id}" for id in self.ids] + [f"{_TAG}{id}" for id in self.tag_ids]


def read_address() -> CompareAddress:
    """The ids in the URL."""
    return compare_link.parse(st.query_params.get(PARAMETER), st.query_params.get(TAGS))


def find_selection(session: Session) -> Selection:
    """The stored Pages and tags with the ids in the URL."""
    address = read_address()
    return Selection(
        find_compared(session, address.ids) if address.ids else (),
        find_compared_tags(session, address.tag_ids) if address.tag_ids else (),
    )


def render_empty() -> None:
    """Draw the screen of an installation without Pages."""
    st.title("Compare", anchor=False)
    who = "" if may("operator") else " An operator connects the first ones."
    st.markdown(f"No Page is connected yet, so there is nothing to compare.{who}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if may("operator"):
            st.html(links.connect_link("Connect Facebook Pages"), width="content")
        links.draw("overview", "Overview", ":material/arrow_back:")


def render(installation: Installation, session: Session, header: Any, bar: Bar) -> None:
    """Draw the screen. ``header`` is a container above the period bar."""
    with header:
        st.title("Compare", anchor=False)
    _picker(session, find_selection(session))
    address, selection = read_address(), find_selection(session)
    unknown_count = len(address.ids) + len(address.tag_ids) - selection.count
    dropped = compare_link.describe_dropped(address, unknown_count)
    if dropped:
        st.caption(dropped)
    archived = [cut(page.name, MAX_NAME) for page in selection.pages if page.is_archived]
    if archived:
        verb = "is" if len(archived) == 1 else "are"
        st.caption(f"{plain(listed(archived))} {verb} archived: no new figures are read.")
    if selection.count < MIN_PAGES:
        period_bar.show_days(bar, bar.period, None)
        _suggestions(session, selection, installation.now().date())
        return
    _remember(selection)
    with st.container(border=True, key="compare-card"):
        switches = cards.choose()
        view = View(bar.period, switches.metric)
        comparison = load_comparison(session, selection.pages, view, selection.tags)
        rows = cards.render_chart(installation, comparison, switches)
    period_bar.show_days(bar, comparison.view.period, comparison.figure_days)
    with st.container(border=True, key="compare-figures"):
        cards.render_figures(comparison, rows)
        cards.render_sums(comparison, rows)
    posts = _find_posts(installation, session, comparison)
    if posts:
        with st.container(border=True, key="compare-posts"):
            posts_card.render(rows, posts)


def _find_posts(
    installation: Installation, session: Session, comparison: Comparison
) -> list[PeriodPosts]:
    """The posts of each Page, then of each tag, on the requested days: fans don't cut them off."""
    filters = [Filter(page_ids=(page.page_id,), archived=None) for page in comparison.pages]
    filters += [filter_of_tag(each.tag.id) for each in comparison.tags]
    period, now = comparison.requested, installation.now()
    zone = installation.settings.display_time_zone
    posts = [
        find_period_posts(session, each, period.since, period.until, zone, now, period.previous)
        for each in filters
    ]
    return [each for each in posts if each is not None]


def _picker(session: Session, selection: Selection) -> None:
    """Draw the box of the chosen Pages and tags, which finds others: Enter takes the first match.

    A text that matches no option comes as a value of its own, and is searched for in all names.
    """
    typed = st.session_state.pop(_TYPED, "")
    options, are_all = _list_options(session, selection, typed)
    current = selection.list_options()
    # The URL decides, as after Back, unless the operator has just made a choice: a quick second one
    # comes with the URL as it was before the first.
    box = st.session_state.get(PICKER_KEY)
    if box is None or (box == st.session_state.get(_HELD) and set(box) != set(current)):
        st.session_state[PICKER_KEY] = current
    picked = st.multiselect(
        "Pages and tags",
        list(options),
        format_func=lambda option: options.get(option, option),
        max_selections=MAX_PAGES,
        accept_new_options=not are_all,
        select_all=False,
        filter_mode="contains",
        placeholder="Add a Page or a tag by name",
        label_visibility="collapsed",
        key=PICKER_KEY,
    )
    st.session_state[_HELD] = list(picked)
    if typed:
        whom = f"“{plain(cut(typed, MAX_NAME))}”"
        if len(options) > selection.count:
            st.caption(f"Several match {whom}: choose one in the box.")
        else:
            st.caption(f"No other Page or tag matches {whom}. Search looks at names only.")
    if set(picked) == set(current):
        return
    accepted = [option for option in picked if option in options]
    searches = [option[:MAX_SEARCH] for option in picked if option not in options]
    for search in searches:
        matches = [
            each for each in _list_options(session, selection, search)[0] if each not in accepted
        ]
        if len(matches) == 1:
            accepted += matches
        else:
            st.session_state[_TYPED] = search
    ids = [option.removeprefix(_PAGE) for option in accepted if option.startswith(_PAGE)]
    tag_ids = [int(option.removeprefix(_TAG)) for option in accepted if option.startswith(_TAG)]
    _write_address(ids, tag_ids)
    if searches:  # the box still holds the text
        st.rerun()


def _list_options(
    session: Session, selection: Selection, search: str
) -> tuple[dict[str, str], bool]:
    """Labels by option, those of ``selection`` first, then matches; and whether these are all."""
    pages = search_pages(session, search, MAX_OPTIONS)
    tags = search_tags(session, search, MAX_TAG_OPTIONS + 1)
    are_all = not search and not pages.are_cut and len(tags) <= MAX_TAG_OPTIONS
    ids, tag_ids = selection.ids, selection.tag_ids
    all_pages: list[ComparedPage | Match] = [
        *selection.pages,
        *(page for page in pages.pages if page.page_id not in ids),
    ]
    more_tags = [tag for tag in tags[:MAX_TAG_OPTIONS] if tag.id not in tag_ids]
    all_tags = [*selection.tags, *more_tags]
    labels = labels_of_all(all_pages, all_tags)
    of_pages = {
        f"{_PAGE}{page.page_id}": label for page, label in zip(all_pages, labels, strict=False)
    }
    return of_pages | {
        f"{_TAG}{tag.id}": option_of_tag(label, tag)
        for tag, label in zip(all_tags, labels[len(all_pages) :], strict=True)
    }, are_all


def _compare(ids: Sequence[str], tag_ids: Sequence[int] = ()) -> None:
    _write_address(ids, tag_ids)
    st.rerun()


def _write_address(ids: Sequence[str], tag_ids: Sequence[int]) -> None:
    query = compare_link.query_of(ids, tag_ids)
    for name in (PARAMETER, TAGS):
        if name in query:
            st.query_params[name] = query[name]
        else:
            st.query_params.pop(name, None)


def _suggestions(session: Session, selection: Selection, until: date) -> None:
    """Draw what to begin with: Pages of about the same size, and the tags with most Pages."""
    first = selection.pages[0] if selection.pages else None
    alike = list_similar(session, first.page_id if first else None, until)
    with st.container(border=True, key="compare-begin"):
        st.markdown("**Choose two Pages or tags to compare.**")
        if not selection.count:
            _last_again()
        if not alike:
            st.caption("No other Page has a figure yet." if first else "No Page has a figure yet.")
            return
        if first is not None:
            name = plain(labels_of(selection.pages)[0])
            st.caption(f"One more is needed. Nearest to {name} in size:")
        elif selection.tags:
            st.caption("One more is needed. The largest Pages:")
        else:
            st.caption("Find them by name above, or begin with one of the largest:")
        with st.container(horizontal=True, key="compare-largest"):
            for page, label in zip(alike, labels_of(alike), strict=True):
                _begin_with(label, selection, [page.page_id])
            if not selection.count and len(alike) >= MIN_PAGES:
                _compare_these([page.page_id for page in alike], [])
        _tag_suggestions(session, selection)


def _tag_suggestions(session: Session, selection: Selection) -> None:
    tags = [tag for tag in find_tags(session, "").listed if tag.id not in selection.tag_ids]
    largest = sorted(tags, key=lambda tag: -tag.pages_count)[:MAX_TAG_OFFERS]
    if not largest or not largest[0].pages_count:
        return
    st.caption("Or a tag, which is one line of all its Pages:")
    with st.container(horizontal=True, key="compare-tags"):
        for tag in largest:
            _begin_with(option_of_tag(cut(tag.name, MAX_NAME), tag), selection, [], [tag.id])
        if not selection.count and len(largest) >= MIN_PAGES:
            _compare_these([], [tag.id for tag in largest])


def _remember(selection: Selection) -> None:
    """Remember what is compared, because the navigation leads to Compare without it."""
    st.session_state[_LAST] = (
        selection.ids,
        selection.tag_ids,
        listed(labels_of_all(selection.pages, selection.tags, MAX_CHART_NAME)),
    )


def _last_again() -> None:
    ids, tag_ids, names = st.session_state.get(_LAST, ((), (), ""))
    if names and st.button(
        plain(f"Compare {names} again"),
        key="compare-again",
        icon=":material/history:",
        type="tertiary",
    ):
        _compare(ids, tag_ids)


# Buttons instead of links: a page_link to the present screen does not change the address bar, so
# the comparison could not be shared or reloaded.


def _begin_with(
    label: str, selection: Selection, ids: Sequence[str], tag_ids: Sequence[int] = ()
) -> None:
    """Draw a button that adds a Page or a tag to the selection."""
    ids, tag_ids = [*selection.ids, *ids], [*selection.tag_ids, *tag_ids]
    if st.button(plain(label), key=_key_of(ids, tag_ids), icon=":material/add:"):
        _compare(ids, tag_ids)


def _compare_these(ids: Sequence[str], tag_ids: Sequence[int]) -> None:
    """Draw the button that compares all that is offered beside it."""
    label = f"Compare these {len(ids)}" if ids else f"Compare these {len(tag_ids)} tags"
    icon = ":material/compare_arrows:"
    if st.button(label, key=_key_of(ids, tag_ids), icon=icon, type="primary"):
        _compare(ids, tag_ids)


def _key_of(ids: Sequence[str], tag_ids: Sequence[int]) -> str:
    both = (
        compare_link.write(ids),
        compare_link.write(tag_ids) and f"tags-{compare_link.write(tag_ids)}",
    )
    return f"compare-begin-{'-'.join(filter(None, both))}"
