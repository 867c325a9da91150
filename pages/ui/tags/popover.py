"""Tags on screens: for many Pages at once beside Overview's table, and for one on its own screen.

What is in a popover is drawn only while it is open, in a fragment: a closed one costs nothing.
"""

from __future__ import annotations

from datetime import date

import streamlit as st

from fb.installation import Installation
from pages import resources
from pages.text.formats import counted, cut, plain, plain_badge
from pages.ui import flash
from pages.ui.tags import queries as tag_lookups
from pages.ui.tags import tag_text as tag_words
from storage.errors import TagRefused
from storage.filtering import EVERY_PAGE, Filter
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
MOST_BADGES = 8
_DELETED, _CHANGED, _TURN = "tag-deleted", "tags-changed", "tag-turn"


def render_bulk(version: str, filter: Filter, until: date) -> None:
    """Draw the popover that tags all Pages which ``filter`` leaves, search included.

    ``until`` is the day at which the filter judges who needs attention.
    """
    _bulk(_installation(), version, filter, until)


def render_page(version: str, page_id: str) -> None:
    """Draw the tags of one Page, and the popover that changes them."""
    for tag in tag_lookups.find_tags_of(version, page_id)[:MOST_BADGES]:
        st.badge(plain_badge(cut(tag.name, MAX_NAME)), icon=":material/label:", color="gray")
    more = len(tag_lookups.find_tags_of(version, page_id)) - MOST_BADGES
    if more > 0:
        st.caption(f"and {more:,d} more", width="content")
    _one(_installation(), version, page_id)


def _installation() -> Installation:
    installation = resources.get_startup().installation
    assert installation is not None  # the frame lets no screen run without one
    return installation


@st.fragment
def _bulk(installation: Installation, version: str, filter: Filter, until: date) -> None:
    popover = st.popover("Tags", icon=":material/label:", key="tags-bulk", on_change="rerun")
    if not popover.open:
        return
    with popover, st.container(width=WIDTH, key="tags-open"):
        count = tag_lookups.find_count(version, filter, until, None)
        pages = tag_words.which(count, is_filtered=filter != EVERY_PAGE)
        st.markdown(f"**Tag {pages}**")
        if filter != EVERY_PAGE:
            st.caption("All that the search and the filter leave, on every page of the table.")
        tag = _choose_tag(version)
        if tag is not None:
            _add_or_remove(installation, version, filter, until, tag)
        _new_for_all(installation, filter, until, count, pages)
        if tag is not None:
            _rename_or_delete(installation, tag)


def _choose_tag(version: str) -> TagCount | None:
    tags = _list_tags(version, "tag-search")
    if not tags:
        return None
    by_id = {tag.id: tag for tag in tags}
    chosen = st.selectbox(
        "Tag",
        list(by_id),
        format_func=lambda id: f"{by_id[id].name} ({by_id[id].pages_count:,d})",
        key="tag-chosen",
    )
    return by_id.get(chosen)


def _list_tags(version: str, key: str) -> tuple[TagCount, ...]:
    """The tags to choose from; where there are too many to list, those that a search finds."""
    tags = tag_lookups.find_tags(version, "")
    if not tags.is_searched:
        return tags.listed
    search = st.text_input(f"Find one of {tags.count:,d} tags", live="300ms", key=key) or ""
    return tag_lookups.find_tags(version, search).listed


def _add_or_remove(
    installation: Installation, version: str, filter: Filter, until: date, tag: TagCount
) -> None:
    count = tag_lookups.find_count(version, filter, until, None)
    inside = tag_lookups.find_count(version, filter, until, tag.id)
    with st.container(horizontal=True):
        label = f"Add to {counted(count - inside, 'Page')}"
        if st.button(label, key="tag-add", disabled=inside == count):
            with installation.database.writing() as session:
                done = tag_pages(
                    session, tag.id, filter=filter, until=until, now=installation.now()
                )
            _say("tagged", tag.name, done)
        label = f"Remove from {counted(inside, 'Page')}"
        if st.button(label, key="tag-remove", disabled=not inside):
            with installation.database.writing() as session:
                done = untag_pages(
                    session, tag.id, filter=filter, until=until, now=installation.now()
                )
            _say("untagged", tag.name, done)
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
            now = installation.now()
            with installation.database.writing() as session:
                tag_id = create_tag(session, name, now)
                done = tag_pages(session, tag_id, filter=filter, until=until, now=now)
        except TagRefused as refused:
            st.error(plain(tag_words.refusal(refused)))
        else:
            _say("tagged", " ".join(name.split()), done)


def _name_field(label: str, key: str, value: str = "") -> str:
    turn = st.session_state.get(_TURN, 0)
    return st.text_input(
        label,
        value=value,
        max_chars=MAX_NAME,
        placeholder="A brand, a client, a country",
        key=f"{key}-{turn}",
    )


def _say(kind: str, name: str, count: int) -> None:
    """Draw everything anew with what was done, and the fields of this popover empty."""
    _leave(tag_words.event(kind, {"tag": name, "pages": count}))


def _leave(text: str) -> None:
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
                    rename_tag(session, tag.id, name, installation.now())
            except TagRefused as refused:
                st.error(plain(tag_words.refusal(refused)))
            else:
                new = " ".join(name.split())
                _leave(tag_words.event("tag_renamed", {"tag": tag.name, "new": new}))
        _delete(installation, tag)


def _delete(installation: Installation, tag: TagCount) -> None:
    if st.session_state.get(_DELETED) != tag.id:
        st.button(
            "Delete this tag…",
            type="tertiary",
            icon=":material/delete:",
            key="tag-delete",
            on_click=st.session_state.update,
            args=({_DELETED: tag.id},),
        )
        return
    st.markdown(plain(tag_words.deleting(tag.name, tag.pages_count)))
    with st.container(horizontal=True):
        if st.button("Delete", key="tag-really-delete"):
            with installation.database.writing() as session:
                delete_tag(session, tag.id, installation.now())
            st.session_state.pop(_DELETED, None)
            facts = {"tag": tag.name, "pages": tag.pages_count}
            _leave(tag_words.event("tag_deleted", facts))
        st.button("Keep", type="tertiary", key="tag-keep", on_click=_forget_deletion)


def _forget_deletion() -> None:
    st.session_state.pop(_DELETED, None)


@st.fragment
def _one(installation: Installation, version: str, page_id: str) -> None:
    popover = st.popover(
        "Tags", icon=":material/new_label:", key="tags-page", type="tertiary", on_change="rerun"
    )
    if not popover.open:
        return
    if st.session_state.pop(_CHANGED, False):
        st.rerun()  # the tags are shown outside of this fragment too
    with popover, st.container(width=WIDTH, key="tags-open"):
        own = tag_lookups.find_tags_of(version, page_id)
        listed = {tag.id: tag.name for tag in (*own, *_list_tags(version, "tag-page-search"))}
        if listed:
            key = f"tags-of-{page_id}"
            st.session_state[key] = [tag.id for tag in own]
            st.multiselect(
                "Tags of this Page",
                list(listed),
                format_func=lambda id: listed.get(id, ""),
                placeholder="Choose tags",
                select_all=False,
                key=key,
                on_change=_chosen,
                args=(installation, page_id, key),
            )
        _new_for_page(installation, page_id)


def _chosen(installation: Installation, page_id: str, key: str) -> None:
    with installation.database.writing() as session:
        set_tags_of(session, page_id, st.session_state[key], installation.now())
    st.session_state[_CHANGED] = True


def _new_for_page(installation: Installation, page_id: str) -> None:
    with st.form("tag-new-for-page", border=False):
        name = _name_field("New tag", "tag-page-name")
        is_sent = st.form_submit_button("Create and add to this Page")
    if is_sent:
        try:
            now = installation.now()
            with installation.database.writing() as session:
                tag = find_tag_named(session, name)
                tag_id = tag.id if tag else create_tag(session, name, now)
                tag_page(session, tag_id, page_id, now)
        except TagRefused as refused:
            st.error(plain(tag_words.refusal(refused)))
        else:
            _say("tagged", " ".join(name.split()), 1)
