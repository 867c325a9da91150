"""Texts of erasing: what goes, what stays, and what happened. Pure; names are escaped."""

from __future__ import annotations

from collections.abc import Iterator

from pages.text import phrases
from pages.text.formats import counted, listed, plain
from storage.accounts.erasure import Erasure

GONE = "It is not stored here any more."
RUNNING = "A refresh is running. Nothing was erased; try again when it has ended (see Activity)."
BUSY = "The database was busy or out of reach. What was not erased yet is still here; try again."
TRACES = (
    "Erased, but another program used the database's file, or the disk is full: traces may be left "
    "in it. Stop the dashboard and run: python -m fb erase --again"
)


def done(erasure: Erasure) -> str:
    """What was erased, for a toast."""
    if erasure.kind == "page":
        return f"{plain(erasure.name)} was erased."
    pages = counted(len(erasure.page_ids), "Page")
    return (
        f"{plain(erasure.name)} was erased with {pages}."
        if erasure.page_ids
        else (f"{plain(erasure.name)} was erased.")
    )


def goes(erasure: Erasure) -> str:
    """What is deleted, as a sentence: "**Anna** is erased here with 46 Pages (…), …"."""
    parts = list(_parts(erasure))
    name = f"**{plain(erasure.name)}**"
    with_it = f" with {listed(parts)}" if parts else ""
    return f"{name} is erased here{with_it}. There is no way back."


def _parts(erasure: Erasure) -> Iterator[str]:
    if erasure.kind == "account" and erasure.page_ids:
        count = len(erasure.page_ids)
        yield f"**{counted(count, 'Page')}** ({phrases.named(erasure.page_names, count)})"
    others = len(erasure.page_ids) - 1
    if erasure.kind == "page" and others:
        yield f"its history under {counted(others, 'other id')} at Facebook"
    for number, noun in (
        (erasure.days_count, "day"),
        (erasure.notes_count, "note"),
        (erasure.goals_count, "goal"),
        (erasure.pictures_count, "picture"),
        (erasure.attempts_count, "sign-in"),
    ):
        if number:
            of = {"day": " of figures", "sign-in": " at Facebook"}.get(noun, "")
            yield counted(number, noun) + of


def stays(erasure: Erasure, *, has_access: bool, is_sqlite: bool) -> list[str]:
    """What stays, and what to know; ``has_access``: the account is still connected."""
    lines = []
    if erasure.kept_count:
        lines.append(
            f"{counted(erasure.kept_count, 'Page')} that another account has access to "
            f"{'stays' if erasure.kept_count == 1 else 'stay'}."
        )
    if erasure.kind == "page":
        lines.append(
            "Facebook goes on offering the Page: when an account with it is renewed, untick it "
            "there to keep it out. Left ticked, its figures begin anew."
        )
    else:
        if has_access:
            lines.append(
                "Facebook is not told. To end the access there too, disconnect the account first."
            )
        lines.append(
            "If this account is connected again later, that is a new consent, and figures begin "
            "anew."
        )
    lines.append(
        "Tags stay, and so do notes for a tag or for all Pages. A connection that waits for Save "
        "has to be started again."
    )
    backups = "Backups of the database keep all of it until you delete them."
    if not is_sqlite:
        backups += " PostgreSQL keeps deleted rows in its files until you run VACUUM FULL."
    return [*lines, backups]
