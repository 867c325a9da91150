"""Texts of tags: refusals, events, questions. Pure; nothing is escaped."""

from __future__ import annotations

from pages.text.formats import counted
from storage.db.errors import TagRefused
from storage.notes.tags import MAX_NAME

EVENTS = ("tagged", "untagged", "tag_renamed", "tag_deleted")


def refusal(refused: TagRefused) -> str:
    """Why a tag's name was refused, and what to do."""
    if refused.reason == "empty":
        return "Write a name for the tag."
    if refused.reason == "too_long":
        return f"A tag's name has at most {MAX_NAME} characters."
    return (
        f"There is a tag “{refused.taken_by}” already: case and accents make no difference. "
        "Choose it, or write another name."
    )


def event(kind: str, pages: int, name: str | None) -> str:
    """An event of a tag: "57 Pages were tagged “Brand A”". ``name`` is None once it is deleted."""
    verb = "was" if pages == 1 else "were"
    tag = f"“{name}”" if name else "a tag that was deleted"
    if kind == "tagged":
        return f"{counted(pages, 'Page')} {verb} {'tagged' if name else 'given'} {tag}"
    if kind == "untagged":
        return f"{counted(pages, 'Page')} {verb} taken out of {tag}"
    the_tag = f"The tag {tag}" if name else "A tag"
    if kind == "tag_renamed":
        return f"{the_tag} was renamed"
    if not pages:
        return f"{the_tag} was deleted; it had no Pages"
    return f"{the_tag} was deleted; its {counted(pages, 'Page')} stay{'s' * (pages == 1)}"


def which(pages_count: int, *, is_filtered: bool) -> str:
    """The Pages of a change: "all 140 Pages", "these 57 Pages", "this Page"."""
    if not is_filtered:
        return f"all {counted(pages_count, 'Page')}" if pages_count != 1 else "the one Page"
    return f"these {counted(pages_count, 'Page')}" if pages_count != 1 else "this Page"


def deleting(name: str, pages_count: int) -> str:
    """The question before a tag is deleted."""
    stay = f"Its {counted(pages_count, 'Page')} and their figures stay." if pages_count else ""
    return f"Delete the tag “{name}” with the notes written for it? {stay}".rstrip()
