"""Tiles and captions of Overview. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pages.charts.timeline import Point, find_step
from pages.records import Overview
from pages.text.formats import (
    as_of,
    between,
    clock,
    count,
    counted,
    day,
    listed,
    local_day,
    recent_day,
    signed_percent,
    span,
)
from pages.text.glossary import meaning
from pages.text.periods import A_DAY, Period
from pages.text.phrases import NOUNS
from pages.ui.sum_tiles import sum_tiles
from pages.ui.tiles import (
    NO_EARLIER,
    Tile,
    change_delta,
    delta_of,
    points_delta,
    signed_value,
    value_of,
)
from storage.figures.filters import Metric
from storage.figures.line import MAX_DAILY_DAYS
from storage.figures.provenance import Provenance
from storage.figures.totals import Comparable, Totals
from storage.metrics import formulas

BOTH = "Fans and followers"
SAME_FIGURE = "Facebook reports the followers of these Pages as fans, so both are one figure."
# A sum of fewer Pages would make growth of the Pages that are new since then.
NO_LINE_BEFORE = "The period before is not drawn: not all of these Pages have figures of it."


def tiles(overview: Overview, *, is_readable: bool = True) -> list[Tile]:
    """The tiles, each with a help on its formula; the first one also on its source.

    ``is_readable``: some Page can be read.
    """
    totals, metric = overview.totals, overview.view.metric
    noun = NOUNS[metric].lower()
    now = totals.of(metric)
    why_unknown = _why_unknown(totals, is_readable)
    fans, followers = _total_tile(overview, "fans"), _total_tile(overview, "followers")
    # Of the New Pages Experience alone both are the same by definition.
    is_twin = fans.value is not None and replace(fans, help=None) == replace(
        followers, label=fans.label, help=None
    )
    source = describe_provenance(overview.provenance)
    text = f"{fans.help or ''} {SAME_FIGURE if is_twin else ''} {source}"
    return [
        replace(fans, label=BOTH if is_twin else fans.label, help=" ".join(text.split()) or None),
        _net_tile(overview, noun, now, why_unknown),
        _growth_tile(overview, noun, now, why_unknown),
        *([] if is_twin else [followers]),
        _pages_tile(totals, overview.view.period),
        *sum_tiles(overview.sums, overview.sum_totals, totals.pages_count, overview.today),
    ]


def describe_provenance(provenance: Provenance | None) -> str:
    """ "Newest figures: 22 Nov 2026, fetched 06:05 UTC, from Facebook's Graph v26.0."."""
    if provenance is None:
        return ""
    sources = []
    if "snapshot" in provenance.sources:
        versions = listed(list(provenance.graph_versions)) if provenance.graph_versions else "API"
        sources.append(f"Facebook's Graph {versions}")
    if any(source.startswith("import:") for source in provenance.sources):
        sources.append("an imported file")
    from_where = f", from {listed(sources)}" if sources else ""
    at, fetched_on = clock(provenance.fetched_at), local_day(provenance.fetched_at)
    if fetched_on != provenance.day:
        at = f"on {day(fetched_on)}, {at}"
    return f"Newest figures: {day(provenance.day)}, fetched {at}{from_where}."


def weekly_text(points: Sequence[Point]) -> str:
    """The sentence for a line with one point a week; empty for one point a day."""
    if find_step(points) == A_DAY:
        return ""
    return f"Over more than {MAX_DAILY_DAYS} days the chart has one point a week."


def nothing_to_compare(period: Period, totals: Totals) -> str:
    """Why there is no chart: "No figures between 1 and 7 Aug 2026: figures begin on …"."""
    if not totals.pages_count:
        return "No Page is left to draw."
    first, last = totals.first_day, totals.last_day
    days = between(period.since, period.until)
    if first is not None and period.until < first:
        return f"No figures {days}: figures begin on {day(first)}."
    if last is not None and last < period.since:
        return f"No figures {days}: the newest figures are of {day(last)}."
    return f"No Page has figures at the start and the end of {span(period.since, period.until)}."


def counted_pages(
    now: Comparable, pages_count: int, noun: str, gaps_count: int, why: str = ""
) -> str:
    """Which Pages are counted in the chart, why others are left out, and ``why`` there are gaps.

    "138 of 140 Pages are counted. Left out: 1 joined later, …"
    """
    noun = noun.lower()
    if not pages_count:
        return ""
    if now.left_out == 0:
        text = "" if pages_count == 1 else f"All {counted(pages_count, 'Page')} are counted."
    else:
        reasons = [
            f"{count(number)} {words}"
            for number, words in (
                (now.left_out_joined, "joined later"),
                (now.left_out_no_count, f"{_have(now.left_out_no_count)} no {noun[:-1]} count"),
                (now.left_out_silent, f"{_have(now.left_out_silent)} none where the period ends"),
                (now.left_out_gap, f"{_have(now.left_out_gap)} none where the period starts"),
            )
            if number
        ]
        text = (
            f"{count(now.pages)} of {counted(pages_count, 'Page')} are counted. Left out: "
            f"{listed(reasons)}."
        )
    if gaps_count:
        verb = "is" if gaps_count == 1 else "are"
        reason = f": {why}" if why else ""
        text += f" {counted(gaps_count, 'day')} without figures {verb} grey{reason}."
    return text.strip()


def first_day_title(totals: Totals, today: date) -> str:
    """ "The chart begins today, 22 Nov 2026, with 2,290,456 fans."."""
    if not _has_figures(totals):
        return "There are no figures yet."
    began = totals.last_day or today
    when = f"today, {day(began)}," if began == today else f"on {day(began)}"
    total = totals.fans_total
    if total is None:
        return f"The chart begins {when.rstrip(',')}."
    return f"The chart begins {when} with {count(total)} fans."


def first_day(totals: Totals, today: date, *, is_readable: bool) -> str:
    """What follows on the first day; ``is_readable``: some Page can be read now.

    Nothing is promised where no figure can come.
    """
    if not is_readable:
        return "No Page can be read at present, so no figures come. Connections has the reason."
    if not _has_figures(totals):
        return (
            "Facebook has given no count of fans or followers so far. Its count of each day is "
            "kept as soon as it does."
        )
    began = totals.last_day or today
    when = "tomorrow" if began == today else f"with the next one after {day(began)}"
    return (
        "Facebook no longer gives out past fan counts, to anyone. From now on the count of each "
        f"day is kept; the first change shows {when}."
    )


def _has_figures(totals: Totals) -> bool:
    return totals.fans_total is not None or totals.followers_total is not None


def _total_tile(overview: Overview, metric: Metric) -> Tile:
    totals, now = overview.totals, overview.totals.of(metric)
    is_fans = metric == "fans"
    total = totals.fans_total if is_fans else totals.followers_total
    stale_count = totals.fans_stale_count if is_fans else totals.followers_stale_count
    text = (
        f"{meaning(metric)} The newest figure of every Page, added up: who likes two Pages counts "
        f"twice. {meaning('compared')} Here {counted(now.pages, 'Page')}."
    )
    if stale_count:
        of = f"Of {counted(stale_count, 'Page')}"
        text += f" {of} the newest figure is too old to be the end of the period."
    if total is None:
        return Tile(NOUNS[metric], None, note="no figures yet")
    notes = [as_of(overview.newest_days[metric], overview.today)]
    if now.pages:
        notes.append(_whose_change(overview, now))
    return Tile(
        NOUNS[metric],
        value_of(total),
        change_delta(now.net, formulas.growth_percent(now.start, now.end)),
        _joined(*notes),
        text,
    )


def _whose_change(overview: Overview, now: Comparable) -> str:
    """ "54 of 57 Pages, since 30 Aug"; "in 28 days" where nothing is left out or cut off."""
    period, parts = overview.view.period, []
    if now.left_out:
        parts.append(f"{count(now.pages)} of {counted(now.every, 'Page')}")
    if period.since > overview.requested.since:
        parts.append(f"since {recent_day(period.since - A_DAY, overview.today)}")
    return ", ".join(parts) or f"in {counted(period.days_count, 'day')}"


def _net_tile(overview: Overview, noun: str, now: Comparable, why_unknown: str) -> Tile:
    label = f"Net new {noun}"
    period, previous = overview.view.period, overview.previous
    if now.net is None:
        return Tile(label, None, note=why_unknown)
    delta = formulas.delta(now.net, previous.net if previous else None)
    return Tile(
        label,
        signed_value(now.net),
        delta_of(delta),
        _versus(delta, overview),
        f"{meaning('net', noun)} Of the {counted(now.pages, 'Page')} that have both."
        f"{_compared(period)}",
    )


def _growth_tile(overview: Overview, noun: str, now: Comparable, why_unknown: str) -> Tile:
    label = "Weekly growth"
    period, previous = overview.view.period, overview.previous
    growth = formulas.average_weekly_growth_percent(now.start, now.end, period.days_count)
    if growth is None:
        why = why_unknown if now.net is None else f"below 100 {noun}"
        return Tile(label, None, note=why)
    before = None
    if previous is not None:
        before = formulas.average_weekly_growth_percent(
            previous.start, previous.end, period.previous_days_count or period.days_count
        )
    delta = formulas.delta_points(growth, before)
    is_short = period.days_count < 7  # nobody has measured a week
    pace = f"at the pace of {counted(period.days_count, 'day')}" if is_short else ""
    return Tile(
        label,
        signed_percent(growth),
        points_delta(delta),
        _joined(pace, _versus(delta, overview) or ""),
        f"{meaning('weekly')}{_compared(period)} The difference is in percentage points (pp).",
    )


def _pages_tile(totals: Totals, period: Period) -> Tile:
    # After the first connect every Page is new, although it may have older figures.
    is_named = 0 < totals.pages_added_count < totals.pages_count
    return Tile(
        "Pages",
        value_of(totals.pages_count),
        str(totals.pages_added_count) if is_named else None,
        f"added in {counted(period.days_count, 'day')}" if is_named else None,
        meaning("pages"),
        is_neutral=True,
    )


def _versus(delta: float | None, overview: Overview) -> str | None:
    period = overview.view.period
    is_old = period.until < overview.requested.until
    until = f"until {recent_day(period.until, overview.today)}" if is_old else ""
    versus = NO_EARLIER if delta is None and period.versus else period.versus
    return _joined(until, versus or "")


def _joined(*notes: str) -> str | None:
    return " · ".join(filter(None, notes)) or None


def _compared(period: Period) -> str:
    """The days that the delta compares with, as a sentence."""
    return f" Compared with {span(*period.previous)}." if period.previous else ""


def _why_unknown(totals: Totals, is_readable: bool) -> str:
    if not _has_figures(totals):
        return "no figures yet"
    is_first_day = totals.first_day == totals.last_day
    return "from tomorrow" if is_first_day and is_readable else "no figures to compare"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
