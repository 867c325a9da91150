"""Tiles of views and engagement over 28 days: of many Pages together, and of one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pages.text.formats import count, counted, recent_day
from pages.text.insights_text import SUM_LABELS, sum_help
from pages.ui.tiles import NO_EARLIER, Tile, change_delta, value_of
from storage.insights.sums import METRIC_NAMES, SUM_KEYS, InsightSums, InsightTotal, SumKey
from storage.metrics import formulas


def sum_tiles(
    sums: InsightSums | None,
    totals: Mapping[SumKey, InsightTotal],
    pages_count: int,
    today: date,
) -> list[Tile]:
    """One tile for each of ``totals``, with the change against the 28 days before.

    ``totals``: those of ``sums`` for so many Pages together.
    """
    if sums is None:
        return []
    every, until = counted(pages_count, "Page"), recent_day(sums.until, today)
    return [
        _tile(sums, key, total, f"{count(total.pages)} of {every}, to {until}")
        for key, total in totals.items()
    ]


def sum_tiles_of_page(sums: InsightSums | None, page_id: str, today: date) -> list[Tile]:
    """Both tiles of a Page that has one of the sums; empty for one that has none."""
    totals = {} if sums is None else sums.totals([page_id])
    if sums is None or not totals:
        return []
    tiles = []
    for key in SUM_KEYS:
        total = totals.get(key)
        if total is None:
            tiles.append(Tile(SUM_LABELS[key], None, note="a day has no figure"))
            continue
        notes = [f"to {recent_day(sums.until, today)}"]
        if not total.compared:
            notes.append(NO_EARLIER)
        tiles.append(_tile(sums, key, total, " · ".join(notes)))
    return tiles


def _tile(sums: InsightSums, key: SumKey, total: InsightTotal, note: str) -> Tile:
    return Tile(
        SUM_LABELS[key],
        value_of(total.now),
        change_delta(total.change, formulas.growth_percent(total.start, total.end)),
        note,
        f"{sum_help(key, METRIC_NAMES[key], sums.until)} {_whose_change(total)}",
    )


def _whose_change(total: InsightTotal) -> str:
    if not total.compared:
        return "No Page has the 28 days before, so there is no change."
    return (
        f"The change is of the {counted(total.compared, 'Page')} with the 28 days before, too, and "
        "against these."
    )
