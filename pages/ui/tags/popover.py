"""Tags popovers: one for all Pages of Overview's table, one for a single Page.

Each is a fragment and draws its content only while it is open, so a closed one costs nothing.
"""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlalchemy.orm import Session

from fb.installation import Installation
from pages.queries import count_filtered, find_tags, find_tags_of
from pages.text.formats import counted, cut, number, plain, plain_badge
from pages.ui import compare_link, flash, popovers, viewer
from pages.ui.signed_in import may, me
from pages.ui.tags import tag_text
from storage.db.errors import TagRefused
from storage.figures.filters import EVERY_PAGE, Filter
from storage.notes.tags import (
    MAX_NAME,
    TagCount,
    create_tag,
    delete_tag,
    find_tag_named,
    rename_tag,
    set_tags_of,
    tag_page,
    tag_pages,
    untag_pages,
)

WIDTH = 380
MAX_BADGES = 8
_DELETED, _TURN = "tag-deleted", "tag-turn"


def render_page(installation: Installation, session: Session, page_id: str) -> None:
    """Draw the tags of one Page, and for operators the popover that changes them."""
    own = find_tags_of(session, page_id)
    for tag in own[:MAX_BADGES]:
        st.badge(plain_badge(cut(tag.name, MAX_NAME)), icon=":material/label:", color="gray")
    if len(own) > MAX_BADGES:
        st.caption(f"and {number(len(own) - MAX_BADGES)} more", width="content")
    if may("operator"):
        _one(installation, page_id)


def render_bulk(installation: Installation, filter: Filter, until: date) -> None:
    """Draw the popover that tags all Pages of ``filter``, its search included; for operators.

    A filter of ``page_ids`` are the ticked Pages. ``until`` is the day for "Needs attention" in the
    filter.
    """
    if may("operator"):
        _several(installation, filter, until)


@viewer.fragment
def _several(installation: Installation, filter: Filter, until: date) -> None:
    ticked = filter.page_ids
    label = "Tags" if ticked is None else f"Tag these {number(len(ticked))}"
    popover = st.popover(label, icon=":material/label:", key="tags-bulk", on_change="rerun")
    if not popovers.is_drawn(popover, "tags-bulk"):
        return
    with (
        installation.database.reading() as session,
        popover,
        st.container(width=WIDTH, key="tags-open"),
    ):
        count = count_filtered(session, filter, until, None)
        pages = tag_text.which(count, is_filtered=filter != EVERY_PAGE)
        st.markdown(f"**Tag {pages}**")
        if ticked is not None:
            st.caption("The ticked Pages, also those that are not in this list.")
        elif filter != EVERY_PAGE:
            st.caption("All that the search and the filter leave, on every page of the table.")
        tag = _choose_tag(session)
        if tag is not None:
            _add_or_remove(installation, session, filter, until, tag)
            compare_link.render_tags([tag.id])
        _new_for_all(installation, filter, until, count, pages)
        if tag is not None:
            _rename_or_delete(installation, tag)


def _choose_tag(session: Session) -> TagCount | None:
    tags = _list_tags(session, "tag-search")
    if not tags:
        return None
    by_id = {tag.id: tag for tag in tags}
    selected = st.selectbox(
        "Tag",
        list(by_id),
        format_func=lambda id: f"{by_id[id].name} ({number(by_id[id].pages_count)})",
        key="tag-chosen",
    )
    return by_id.get(selected)


def _list_tags(session: Session, key: str) -> tuple[TagCount, ...]:
    """All tags; if they are too many for a list, the matches of a search."""
    tags = find_tags(session, "")
    if not tags.is_searched:
        return tags.listed
    search = st.text_input(f"Find one of {number(tags.count)} tags", live="300ms", key=key) or ""
    return find_tags(session, search).listed


def _add_or_remove(
    installation: Installation, session: Session, filter: Filter, until: date, tag: TagCount
) -> None:
    count = count_filtered(session, filter, until, None)
    inside = count_filtered(session, filter, until, tag.id)
    with st.container(horizontal=True):
        label = f"Add to {counted(count - inside, 'Page')}"
        if st.button(label, key="tag-add", disabled=inside == count):
            with installation.database.writing() as session:
                done = tag_pages(
                    session, tag.id, filter=filter, until=until, now=installation.now(), by=me()
                )
            _finish_event("tagged", tag.name, done)
        label = f"Remove from {counted(inside, 'Page')}"
        if st.button(label, key="tag-remove", disabled=not inside):
            with installation.database.writing() as session:
                done = untag_pages(
                    session, tag.id, filter=filter, until=until, now=installation.now(), by=me()
                )
            _finish_event("untagged", tag.name, done)
    if inside == count:
        st.caption("Every one of them has this tag.")


def _new_for_all(
    installation: Installation, filter: Filter, until: date, count: int, pages: str
) -> None:
    with st.form("tag-new", border=False):
        name = _name_field("New tag", "tag-name")
        is_sent = st.form_submit_button(f"Create and add to {pages}", disabled=not count)
    if is_sent:
        try:
            by, now = me(), installation.now()
            with installation.database.writing() as session:
                tag_id = create_tag(session, name, now, by=by)
                done = tag_pages(session, tag_id, filter=filter, until=until, now=now, by=by)
        except TagRefused as refused:
            st.error(plain(tag_text.refusal(refused)))
        else:
            _finish_event("tagged", " ".join(name.split()), done)


def _name_field(label: str, key: str, value: str = "") -> str:
    turn = st.session_state.get(_TURN, 0)
    return st.text_input(
        label,
        value=value,
        max_chars=MAX_NAME,
        placeholder="A brand, a client, a country",
        key=f"{key}-{turn}",
    )


def _finish_event(kind: str, name: str, count: int) -> None:
    """Report the change of ``count`` Pages, and rerun."""
    _finish(tag_text.event(kind, count, name))


def _finish(text: str) -> None:
    """Empty the fields of the popover, and rerun with ``text`` as a toast."""
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    flash.leave(f"{plain(text)}.")
    st.rerun()


def _rename_or_delete(installation: Installation, tag: TagCount) -> None:
    label = f"Rename or delete “{plain(cut(tag.name, MAX_NAME))}”"
    with st.expander(label, type="compact", key="tag-manage"):
        with st.form("tag-rename", border=False):
            name = _name_field("Name", f"tag-rename-{tag.id}", tag.name)
            is_sent = st.form_submit_button("Rename")
        if is_sent:
            try:
                with installation.database.writing() as session:
                    rename_tag(session, tag.id, name, installation.now(), by=me())
            except TagRefused as refused:
                st.error(plain(tag_text.refusal(refused)))
            else:
                new = " ".join(name.split())
                _finish(f"The tag “{tag.name}” is now called “{new}”")
        _delete(installation, tag)


def _delete(installation: Installation, tag: TagCount) -> None:
    if st.session_state.get(_DELETED) != tag.id:
        label = "Delete this tag…"
        if st.button(label, type="tertiary", icon=":material/delete:", key="tag-delete"):
            st.session_state[_DELETED] = tag.id
            st.rerun()
        return
    st.markdown(plain(tag_text.deleting(tag.name, tag.pages_count)))
    with st.container(horizontal=True):
        if st.button("Delete", key="tag-really-delete"):
            with installation.database.writing() as session:
                delete_tag(session, tag.id, installation.now(), by=me())
            st.session_state.pop(_DELETED, None)
            _finish(tag_text.event("tag_deleted", tag.pages_count, tag.name))
        if st.button("Keep", type="tertiary", key="tag-keep"):
            st.session_state.pop(_DELETED, None)
            st.rerun()


@viewer.fragment
def _one(installation: Installation, page_id: str) -> None:
    popover = st.popover(
        "Tags", icon=":material/new_label:", key="tags-page", type="tertiary", on_change="rerun"
    )
    if not popovers.is_drawn(popover, "tags-page"):
        return
    with (
        installation.database.reading() as session,
        popover,
        st.container(width=WIDTH, key="tags-open"),
    ):
        own = find_tags_of(session, page_id)
        _choose_own(installation, session, page_id, own)
        _new_for_page(installation, page_id)


def _choose_own(
    installation: Installation, session: Session, page_id: str, own: tuple[TagCount, ...]
) -> None:
    names = {tag.id: tag.name for tag in (*own, *_list_tags(session, "tag-page-search"))}
    if not names:
        return
    key, drawn = f"tags-of-{page_id}", f"tags-of-{page_id}-drawn"
    own_ids = [tag.id for tag in own]
    # The database decides, unless the operator has chosen since the box was drawn.
    if key not in st.session_state or st.session_state.get(drawn) != own_ids:
        st.session_state[key] = st.session_state[drawn] = own_ids
    selected = st.multiselect(
        "Tags of this Page",
        list(names),
        format_func=lambda id: names.get(id, ""),
        placeholder="Choose tags",
        select_all=False,
        key=key,
    )
    if set(selected) != set(own_ids):
        with installation.database.writing() as writing:
            set_tags_of(writing, page_id, selected, installation.now(), by=me())
        st.session_state.pop(drawn, None)
        st.rerun()  # the tags are shown outside of this fragment too


def _new_for_page(installation: Installation, page_id: str) -> None:
    with st.form("tag-new-for-page", border=False):
        name = _name_field("New tag", "tag-page-name")
        is_sent = st.form_submit_button("Create and add to this Page")
    if is_sent:
        try:
            by, now = me(), installation.now()
            with installation.database.writing() as session:
                tag = find_tag_named(session, name)
                tag_id = tag.id if tag else create_tag(session, name, now, by=by)
                tag_page(session, tag_id, page_id, now, by=by)
        except TagRefused as refused:
            st.error(plain(tag_text.refusal(refused)))
        else:
            _finish_event("tagged", " ".join(name.split()), 1)
