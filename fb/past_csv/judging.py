"""Compares the rows of a file with each other and with what is stored: pure, on columns of numbers.

Nothing is guessed: a name that two Pages bear, or a day that stands twice with two figures, is
refused, and a day that is stored stays as it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import numpy as np

from fb.exporting_cells import undefuse
from fb.past_csv.reading import NO_FIGURE, PageText, PastFigures
from fb.past_csv.texts import shown

Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_DAY_BITS = 22  # ordinals of dates stay below 2^22

Stored = tuple[str, date, int | None, int | None]


@dataclass(frozen=True)
class ConflictingRow:
    """A row whose day is stored with other figures; None is a figure that is not there."""

    line: int
    page_id: str
    day: date
    fans: int | None
    followers: int | None
    stored_fans: int | None
    stored_followers: int | None


@dataclass
class Rows:
    """Rows of known Pages, each Page and day once, ordered by Page and day.

    ``pages`` are places in ``page_ids``. A figure that is not there is NO_FIGURE.
    """

    page_ids: list[str]
    lines: Numbers
    pages: Numbers
    days: Numbers
    fans: Numbers
    followers: Numbers
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def keys(self) -> Numbers:
        """One number for Page and day, ascending."""
        return (self.pages << _DAY_BITS) | self.days

    def chosen(self, flags: Flags) -> Rows:
        """The rows that are flagged."""
        return self.taken(np.flatnonzero(flags))

    def taken(self, places: Numbers) -> Rows:
        """The rows at these places, in their order."""
        return Rows(
            self.page_ids,
            self.lines[places],
            self.pages[places],
            self.days[places],
            self.fans[places],
            self.followers[places],
        )


@dataclass
class Judged:
    """What a file would do: its rows in three heaps, and what is stored beside conflicting ones."""

    new: Rows
    equal_count: int
    conflicting: Rows
    stored_fans: Numbers
    stored_followers: Numbers

    def iterate_conflicting(self) -> Iterator[ConflictingRow]:
        """Yield the conflicting rows, ordered by Page and day."""
        rows = self.conflicting
        for place, line in enumerate(rows.lines.tolist()):
            yield ConflictingRow(
                line,
                rows.page_ids[int(rows.pages[place])],
                date.fromordinal(int(rows.days[place])),
                figure(rows.fans[place]),
                figure(rows.followers[place]),
                figure(self.stored_fans[place]),
                figure(self.stored_followers[place]),
            )


def figure(number: int) -> int | None:
    """A number of a column as a figure."""
    return None if number == NO_FIGURE else int(number)


def resolve(figures: PastFigures, names: Mapping[str, str]) -> Rows:
    """The rows whose Page is known, each Page and day once; the rest goes to ``refused``.

    ``names``: the name of every Page by its id.
    """
    found = _find_pages(figures.page_texts, names)
    page_ids = sorted({page.id for page in found if page.id is not None})
    place_of = {page_id: place for place, page_id in enumerate(page_ids)}
    places = np.array([place_of.get(page.id or "", -1) for page in found], np.int64)
    given = np.array(figures.pages, np.int64)
    rows = Rows(
        page_ids,
        np.array(figures.lines, np.int64),
        places[given] if len(given) else given,
        np.array(figures.days, np.int64),
        np.array(figures.fans, np.int64),
        np.array(figures.followers, np.int64),
    )
    is_unknown = rows.pages < 0
    refused = list(figures.refused)
    for line, text in zip(rows.lines[is_unknown].tolist(), given[is_unknown], strict=True):
        refused.append((line, found[int(text)].reason))
    kept = _once(rows.chosen(~is_unknown), refused)
    kept.refused = sorted(refused)
    return kept


@dataclass(frozen=True)
class _Found:
    id: str | None
    reason: str = ""


def _find_pages(texts: Sequence[PageText], names: Mapping[str, str]) -> list[_Found]:
    called: dict[str, list[str]] = {}
    for page_id, name in names.items():
        called.setdefault(name, []).append(page_id)
    return [_find_page(text, names, called) for text in texts]


def _find_page(
    text: PageText, names: Mapping[str, str], called: Mapping[str, Sequence[str]]
) -> _Found:
    if text.id:
        # A spreadsheet's own way to keep a number a text is an apostrophe before it.
        for page_id in (text.id, text.id.lstrip("'")):
            if page_id in names:
                return _Found(page_id)
        if "e+" in text.id.lower():
            return _Found(
                None,
                f"A spreadsheet has rounded the Page id to {shown(text.id)}. Format the column as "
                "text, or use the Page's name.",
            )
        return _Found(None, f"No Page here has the id {shown(text.id)}.")
    if not text.name or not text.name.strip():
        return _Found(None, "There is no Page in this row.")
    for name in (undefuse(text.name), text.name, text.name.strip()):
        ids = called.get(name, ())
        if len(ids) == 1:
            return _Found(ids[0])
        if ids:
            return _Found(
                None, f"The name {shown(name)} is not unique, use the Page id: {', '.join(ids[:5])}"
            )
    return _Found(None, f"No Page here is called {shown(text.name)}.")


def _once(rows: Rows, refused: list[tuple[int, str]]) -> Rows:
    """The rows ordered by Page and day, without those whose day stands twice."""
    rows = rows.taken(np.lexsort((rows.lines, rows.days, rows.pages)))
    keys = rows.keys
    is_kept = np.ones(len(keys), bool)
    is_repeat = np.zeros(len(keys), bool)
    is_repeat[1:] = keys[1:] == keys[:-1]
    starts = np.flatnonzero(~is_repeat)
    ends = np.append(starts[1:], len(keys))
    for first, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        same = slice(int(first), int(end))
        lines = rows.lines[same].tolist()
        if len(set(zip(rows.fans[same].tolist(), rows.followers[same].tolist(), strict=True))) == 1:
            is_kept[int(first) + 1 : int(end)] = False
            reason = f"The same day of the same Page stands on line {lines[0]:,d} already."
            refused.extend((line, reason) for line in lines[1:])
        else:
            is_kept[same] = False
            reason = (
                f"This day of the Page stands on lines {lines[0]:,d} and {lines[1]:,d} with "
                "different figures."
            )
            refused.extend((line, reason) for line in lines)
    return rows.chosen(is_kept)


def compare(rows: Rows, stored: Iterable[Stored]) -> Judged:
    """Tell new rows from those whose day is stored, with the same figures or with others.

    A cell that is empty in the file says nothing, so it differs from nothing. A figure for a day
    that is stored without it is a conflict: what was stored of a day is never added to.
    """
    keys, place_of = rows.keys, {page_id: n for n, page_id in enumerate(rows.page_ids)}
    is_stored = np.zeros(len(keys), bool)
    fans = np.full(len(keys), NO_FIGURE, np.int64)
    followers = np.full(len(keys), NO_FIGURE, np.int64)
    for chunk in _chunks(stored, place_of):
        at = np.searchsorted(keys, chunk[0])
        at[at == len(keys)] = 0
        is_met = keys[at] == chunk[0] if len(keys) else np.zeros(len(at), bool)
        is_stored[at[is_met]] = True
        fans[at[is_met]] = chunk[1][is_met]
        followers[at[is_met]] = chunk[2][is_met]
    agrees = ((rows.fans == NO_FIGURE) | (rows.fans == fans)) & (
        (rows.followers == NO_FIGURE) | (rows.followers == followers)
    )
    differs = is_stored & ~agrees
    return Judged(
        new=rows.chosen(~is_stored),
        equal_count=int((is_stored & agrees).sum()),
        conflicting=rows.chosen(differs),
        stored_fans=fans[differs],
        stored_followers=followers[differs],
    )


def _chunks(
    stored: Iterable[Stored], place_of: Mapping[str, int], size: int = 100_000
) -> Iterator[Numbers]:
    """Stored rows as three columns: keys, fans, followers."""
    heap: list[tuple[int, int, int]] = []
    for page_id, day, fans, followers in stored:
        key = (place_of[page_id] << _DAY_BITS) | day.toordinal()
        heap.append(
            (
                key,
                NO_FIGURE if fans is None else fans,
                NO_FIGURE if followers is None else followers,
            )
        )
        if len(heap) == size:
            yield np.array(heap, np.int64).T
            heap.clear()
    if heap:
        yield np.array(heap, np.int64).T
