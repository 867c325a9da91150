"""Labels, figures and sentences of Compare. Pure.

Everything is plain text: callers escape it for Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pages.charts.compare_series import Series
from pages.text.formats import count, counted, cut, day, listed
from pages.text.periods import A_DAY, Period
from storage.figures.comparison import ComparedPage, Figures, Match
from storage.figures.filters import Metric
from storage.metrics import formulas
from storage.metrics.changes import find_best_day, list_daily_changes

MAX_NAME = 40
MAX_CHART_NAME = 22
_MIN_DIGITS = 4

COUNTED_TWICE = "Someone who follows two of these Pages counts in both."


@dataclass(frozen=True)
class Row:
    """One Page's figures in the period; None where one is unknown.

    ``fans`` and ``followers`` are those at the end. The two deltas are None also without a previous
    period; ``growth_delta`` is in percentage points. ``days_with`` is the number of days with a
    snapshot.
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


def choices_of(matches: Sequence[Match]) -> dict[str, str]:
    """Page ids by the option's text, name and category, in the order of ``matches``."""
    texts = []
    for match, label in zip(matches, labels_of(matches, 60), strict=True):
        texts.append(f"{label} · {cut(match.category, 30)}" if match.category else label)
    return {text: match.page_id for text, match in zip(texts, matches, strict=True)}


def row_of(
    page: ComparedPage, label: str, by_metric: Mapping[Metric, Figures], metric: Metric, p: Period
) -> Row:
    """A Page's figures in the period; net, growth and best day are of ``metric``."""
    figures = by_metric[metric]
    fans = formulas.ends_of_period(by_metric["fans"], p.since, p.until)[1]
    followers = formulas.ends_of_period(by_metric["followers"], p.since, p.until)[1]
    ends = formulas.ends_of_period(figures, p.since, p.until)
    before: tuple[int | None, int | None] = (None, None)
    if p.previous is not None:
        before = formulas.ends_of_period(figures, *p.previous)
    growth = formulas.growth_percent(*ends)
    in_period = {each for each in figures if p.since <= each <= p.until}
    changes = [each for each in list_daily_changes(figures) if each.day in in_period]
    best = find_best_day(changes)
    net = formulas.net(*ends)
    return Row(
        page_id=page.page_id,
        label=label,
        fans=fans,
        followers=followers,
        start=ends[0],
        net=net,
        net_delta=formulas.delta(net, formulas.net(*before)),
        growth_percent=growth,
        growth_delta=formulas.delta_points(growth, formulas.growth_percent(*before)),
        weekly_percent=formulas.average_weekly_growth_percent(*ends, p.days_count),
        per_day=formulas.growth_per_day(*ends, p.days_count),
        best_change=best.change if best else None,
        best_day=best.day if best else None,
        fan_follower_ratio=formulas.fan_follower_ratio(fans, followers),
        days_with=len(in_period),
    )


def why_not_comparable(
    page: ComparedPage, label: str, figures: Figures, noun: str, period: Period
) -> str | None:
    """Why net and growth are dashes; None where they are figures."""
    start, end = formulas.ends_of_period(figures, period.since, period.until)
    if start is not None and end is not None:
        return None
    if page.first_day is None or page.last_day is None:
        return f"{label} has no snapshot yet."
    within = [v for d, v in figures.items() if period.since - A_DAY <= d <= period.until]
    if not within:
        return f"{label} has no snapshot in this period."
    if not any(value is not None for value in within):
        return f"Facebook gives no count of {noun} for {label} in this period."
    if start is None:
        late = page.first_day >= period.since
        why = f": its first snapshot is of {day(page.first_day)}" if late else ""
        return f"{label} has no count of {noun} at the start of the period{why}."
    early = page.last_day < period.until - A_DAY
    why = f": its last snapshot is of {day(page.last_day)}" if early else ""
    return f"{label} has no count of {noun} at the end of the period{why}."


def why_not_indexed(label: str, start: int | None, noun: str) -> str | None:
    """Why a Page has no line in the index; None where it has one."""
    if start is None:
        return f"{label} is left out of the index: no count of {noun} at the start of the period."
    if start == 0:
        return (
            f"{label} is left out of the index: it starts with 0 {noun}, and nothing grows from 0 "
            "in percent."
        )
    return None


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
            parts.append(f"{one.label} ends at {100 * figures[-1] / one.base:,.1f}")
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
