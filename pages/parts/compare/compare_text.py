"""Labels, figures and sentences of Compare. Pure.

Everything is plain text: callers escape it for Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pages.charts.compare_series import Series
from pages.records import Comparison, TagFigures
from pages.text.formats import count, counted, cut, day, listed, number
from pages.text.periods import A_DAY, Period
from storage.figures.comparison import ComparedPage, Figures, Match
from storage.figures.filters import METRICS, Metric
from storage.metrics import formulas
from storage.metrics.changes import find_best_day, list_daily_changes
from storage.notes.tags import TagCount

MAX_NAME = 40
MAX_CHART_NAME = 22
_MIN_DIGITS = 4

BOTH_ENDS = "the start and the end of the period"
COUNTED_TWICE = "Someone who follows two of these Pages counts in both."
COUNTED_IN_EACH = "Someone who follows several of these Pages counts once for each."


@dataclass(frozen=True)
class Row:
    """One Page's or tag's figures in the period; None where one is unknown.

    ``page_id`` is empty for a tag. ``fans`` and ``followers`` are those at the end. The two deltas
    are None also without a previous period; ``growth_delta`` is in percentage points. ``days_with``
    is the number of days with a snapshot. ``counted`` of the ``pages_count`` Pages of a tag are in
    its figures.
    """

    page_id: str
    label: str
    fans: int | None
    followers: int | None
    start: int | None
    net: int | None
    net_delta: int | None
    growth_percent: float | None
    growth_delta: float | None
    weekly_percent: float | None
    per_day: float | None
    best_change: int | None
    best_day: date | None
    fan_follower_ratio: float | None
    days_with: int
    tag_id: int | None = None
    counted: int | None = None
    pages_count: int | None = None


def labels_of(pages: Sequence[ComparedPage | Match], length: int = MAX_NAME) -> list[str]:
    """Different names of at most ``length`` characters: equal ones get the end of the Page's id."""
    names = [cut(page.name, length) or "Page" for page in pages]
    often = Counter(names)
    digits = _MIN_DIGITS
    while True:
        labels = [
            f"{cut(name, max(8, length - digits - 4))} (…{page.page_id[-digits:]})"
            if often[name] > 1
            else name
            for page, name in zip(pages, names, strict=True)
        ]
        if len(set(labels)) == len(labels) or digits > max(len(p.page_id) for p in pages):
            return labels
        digits += 2


def labels_of_all(
    pages: Sequence[ComparedPage | Match], tags: Sequence[TagCount], length: int = MAX_NAME
) -> list[str]:
    """`labels_of` the Pages, then different ones of the tags: a name that is taken gets an id."""
    labels = labels_of(pages, length)
    for tag in tags:
        label, mark = cut(tag.name, length), f" (tag {tag.id})"
        labels.append(cut(tag.name, length - len(mark)) + mark if label in labels else label)
    return labels


def option_of_tag(label: str, tag: TagCount) -> str:
    """A tag among Pages to choose from: "Bakeries (tag, 12 Pages)"."""
    return f"{label} (tag, {counted(tag.pages_count, 'Page')})"


def row_of(
    page: ComparedPage, label: str, by_metric: Mapping[Metric, Figures], metric: Metric, p: Period
) -> Row:
    """A Page's figures in the period; net, growth and best day are of ``metric``."""
    figures = by_metric[metric]
    fans, followers = (
        formulas.ends_of_period(by_metric[each], p.since, p.until)[1] for each in METRICS
    )
    before = _NO_ENDS if p.previous is None else formulas.ends_of_period(figures, *p.previous)
    return Row(
        page_id=page.page_id,
        label=label,
        fans=fans,
        followers=followers,
        fan_follower_ratio=formulas.fan_follower_ratio(fans, followers),
        **_figures_of(figures, formulas.ends_of_period(figures, p.since, p.until), before, p),
    )


def row_of_tag(sums: TagFigures, label: str, metric: Metric, period: Period) -> Row:
    """A tag's figures in the period, of the Pages with figures at both ends of it."""
    comparable = sums.ends[metric]
    fans, followers = (sums.ends[each].end for each in METRICS)
    before = _NO_ENDS if sums.before is None else (sums.before.start, sums.before.end)
    return Row(
        page_id="",
        label=label,
        fans=fans,
        followers=followers,
        # Of other Pages fans and followers have no ratio.
        fan_follower_ratio=formulas.fan_follower_ratio(fans, followers)
        if sums.counts_same
        else None,
        tag_id=sums.tag.id,
        counted=comparable.pages,
        pages_count=comparable.every,
        **_figures_of(sums.line, (comparable.start, comparable.end), before, period),
    )


_Ends = tuple[int | None, int | None]
_NO_ENDS: _Ends = (None, None)


def _figures_of(figures: Figures, ends: _Ends, before: _Ends, period: Period) -> dict[str, Any]:
    """The fields of a `Row` that follow from a line and its ends, here and in the period before."""
    in_period = {each for each in figures if period.since <= each <= period.until}
    changes = [each for each in list_daily_changes(figures) if each.day in in_period]
    best = find_best_day(changes)
    net, growth = formulas.net(*ends), formulas.growth_percent(*ends)
    return {
        "start": ends[0],
        "net": net,
        "net_delta": formulas.delta(net, formulas.net(*before)),
        "growth_percent": growth,
        "growth_delta": formulas.delta_points(growth, formulas.growth_percent(*before)),
        "weekly_percent": formulas.average_weekly_growth_percent(*ends, period.days_count),
        "per_day": formulas.growth_per_day(*ends, period.days_count),
        "best_change": best.change if best else None,
        "best_day": best.day if best else None,
        "days_with": len(in_period),
    }


def list_rows(comparison: Comparison) -> list[Row]:
    """The rows of a comparison: its Pages, then its tags."""
    metric, period = comparison.view.metric, comparison.view.period
    tags = [each.tag for each in comparison.tags]
    labels = labels_of_all(comparison.pages, tags)
    of_pages = [
        row_of(page, label, comparison.figures[page.page_id], metric, period)
        for page, label in zip(comparison.pages, labels, strict=False)
    ]
    of_tags = labels[len(of_pages) :]
    return of_pages + [
        row_of_tag(sums, label, metric, period)
        for sums, label in zip(comparison.tags, of_tags, strict=True)
    ]


def which_pages_count(row: Row, noun: str) -> str | None:
    """How many Pages of a tag its figures count; None for all of them, and for a Page."""
    if row.tag_id is None:
        return None
    if row.counted == row.pages_count:
        return None if row.pages_count else f"No Page has the tag {row.label}."
    if not row.counted:
        return f"No Page of {row.label} has a count of {noun} at {BOTH_ENDS}."
    of_all = f"{count(row.counted)} of {counted(row.pages_count or 0, 'Page')}"
    return f"{row.label} counts {of_all}: those with {noun} at {BOTH_ENDS}."


def why_not_comparable(
    page: ComparedPage, label: str, figures: Figures, noun: str, period: Period
) -> str | None:
    """Why net and growth are dashes; None where they are figures."""
    start, end = formulas.ends_of_period(figures, period.since, period.until)
    if start is not None and end is not None:
        return None
    if page.first_day is None or page.last_day is None:
        return f"{label} has no figures yet."
    within = [v for d, v in figures.items() if period.since - A_DAY <= d <= period.until]
    if not within:
        return f"{label} has no figures in this period."
    if not any(value is not None for value in within):
        return f"Facebook gives no count of {noun} for {label} in this period."
    if start is None:
        late = page.first_day >= period.since
        why = f": its figures begin on {day(page.first_day)}" if late else ""
        return f"{label} has no count of {noun} at the start of the period{why}."
    early = page.last_day < period.until - A_DAY
    why = f": its figures end on {day(page.last_day)}" if early else ""
    return f"{label} has no count of {noun} at the end of the period{why}."


def why_not_indexed(rows: Sequence[Row], noun: str) -> list[str]:
    """The sentences on Pages and tags without a line in the index: one per reason."""
    sentences = []
    for start in (None, 0):
        labels = [row.label for row in rows if row.start == start]
        if not labels:
            continue
        verb, starts = ("is", "it starts") if len(labels) == 1 else ("are", "they start")
        why = f"{starts} with 0 {noun}, and nothing grows from 0 in percent."
        if start is None:
            why = f"no count of {noun} at the start of the period."
        sentences.append(f"{listed(labels)} {verb} left out of the index: {why}")
    return sentences


def why_no_percentage(rows: Sequence[Row], noun: str) -> str | None:
    """The sentence on Pages too small for percentages; None for no such Page."""
    small = [row.label for row in rows if row.net is not None and row.growth_percent is None]
    if not small:
        return None
    least = formulas.MIN_BASE
    verb = "starts" if len(small) == 1 else "start"
    return f"{listed(small)} {verb} with fewer than {least} {noun}: no percentages."


def describe_series(series: Sequence[Series], noun: str, period: Period, *, is_index: bool) -> str:
    """The chart in a sentence, for screen readers."""
    parts = []
    for one in series:
        figures = [value for value in one.values if value is not None]
        if is_index:
            parts.append(f"{one.label} ends at {number(100 * figures[-1] / one.base, 1)}")
        else:
            parts.append(f"{one.label} from {count(figures[0])} to {count(figures[-1])}")
    kind = f"{noun.capitalize()}, start = 100" if is_index else noun.capitalize()
    days = counted(period.days_count, "day")
    return f"{kind}, {days} to {day(period.until)}: {'; '.join(parts)}."


def no_earlier_figures(labels: Sequence[str], pages_count: int) -> str:
    """The sentence on Pages without figures in the previous period: some of them, or all."""
    if len(labels) == pages_count:
        return "There are no earlier figures to compare with."
    verb = "has" if len(labels) == 1 else "have"
    return f"{listed([*labels])} {verb} no earlier figures to compare with."
