"""Texts on a Page that Facebook gave another id. Pure; names are escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pages.text.formats import counted, cut, day, listed, local_day, plain
from pages.text.wording import as_code
from storage.accounts.page_moves import MovedPage
from storage.figures.moved_history import MovePlan

EVENTS = ("page_moved", "history_taken_along", "history_move_undone")
GONE = "Nothing is left to take along: another window was faster, or one of the Pages was erased."
BUSY = "The database was busy or out of reach. Nothing was changed; try again."
STAYS = (
    "The old id is archived. Its access, its picture, what programs got and what was done stay "
    "with it. Programs ask by the new id from now on."
)
UNDO = "It can be undone on the Page's screen."
MAX_NAME = 60


def describe_old(move: MovedPage) -> str:
    """Where a Page is now, for its old id, as Markdown."""
    to = f"Facebook gave this Page another id: {as_code(move.new_id)}."
    if move.taken_at is not None:
        return f"{to} Its history was taken along on {day(local_day(move.taken_at))}."
    if move.new_name is None:
        return (
            f"{to} Connect again and leave it ticked; then its history can be taken along. Until "
            "then it stays here."
        )
    return f"{to} Its history is still under the old one."


def describe_new(move: MovedPage) -> str:
    """What the old id of a Page is, for the new one, as Markdown."""
    by = f"Before, Facebook called this Page {as_code(move.old_id)}."
    if move.taken_at is not None:
        return f"{by} That history was taken along on {day(local_day(move.taken_at))}."
    return f"{by} Its history up to then is still under the old id."


def goes(plan: MovePlan) -> str:
    """What is taken along, as Markdown: "From **X** (`1`) to **Y** (`2`): **92 days** of …"."""
    old, new = (
        f"**{plain(cut(name or '', MAX_NAME))}** ({as_code(id)})"
        for name, id in (
            (plan.page.old_name, plan.page.old_id),
            (plan.page.new_name, plan.page.new_id),
        )
    )
    parts = list(_parts(plan.goes))
    return f"From {old} to {new}: {listed(parts) if parts else 'nothing is left to go'}."


def stays(plan: MovePlan) -> str | None:
    """What the new id has itself, as Markdown; None where nothing meets."""
    parts = list(_parts(plan.stays))
    if not parts:
        return None
    return (
        f"Both have {listed(parts)}: what the new id has counts, and the old one is kept with the "
        "old id."
    )


def _parts(counts: Mapping[str, int]) -> Iterator[str]:
    for name, noun, of in (
        ("snapshots", "day", " of figures"),
        ("insight_values", "value", " of views and engagement"),
        ("posts", "post", ""),
        ("page_tags", "tag", ""),
        ("notes", "note", ""),
        ("goals", "goal", ""),
        ("token_allowances", "program's allowance", ""),
        ("page_changes", "earlier detail", ""),
    ):
        if counts.get(name):
            text = counted(counts[name], noun).replace("program's allowances", "allowances")
            yield f"**{text}**{of}" if name == "snapshots" else f"{text}{of}"


def taken(days_count: int) -> str:
    """What was taken along, for a toast."""
    return f"The history went along, with {counted(days_count, 'day')} of figures."


def undone(days_count: int) -> str:
    """What came back, for a toast."""
    return f"Undone: {counted(days_count, 'day')} of figures are under the old id again."


def event(kind: str, days_count: int, name: str) -> str:
    """An event, unescaped: "The history of Café Lindenhof was taken along to its new id …"."""
    if kind == "page_moved":
        return f"Facebook gave {name} another id"
    days = f"{counted(days_count, 'day')} of figures"
    if kind == "history_taken_along":
        return f"The history of {name} was taken along to its new id: {days}"
    return f"The history of {name} went back to its old id: {days}"
