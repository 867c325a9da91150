"""Tiles and captions of Overview. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pages.charts.timeline import Point, find_step
from pages.text.formats import clock, counted, day, listed, signed_percent, span
from pages.text.periods import A_DAY, Period
from pages.text.phrases import NOUNS
from pages.ui.tiles import Tile, delta_of, percent_delta, points_delta, signed_value, value_of
from storage.figures.filters import Metric
from storage.figures.line import MAX_DAILY_DAYS
from storage.figures.provenance import Provenance
from storage.figures.totals import Comparable, Totals
from storage.metrics import formulas

NO_EARLIER = "no earlier figures"


def tiles(
    totals: Totals,
    previous: Comparable | None,
    metric: Metric,
    period: Period,
    provenance: Provenance | None = None,
) -> list[Tile]:
    """The five tiles, each with a help on its formula and source.

    ``previous`` is None without figures to compare with.
    """
    noun = NOUNS[metric].lower()
    now = totals.of(metric)
    has_begun = totals.first_day != totals.last_day
    made = [
        _total_tile("Fans", totals.fans_total, totals.fans, totals.fans_stale_count, period),
        _net_tile(noun, now, previous, period, has_begun=has_begun),
        _growth_tile(noun, now, previous, period, has_begun=has_begun),
        _total_tile(
            "Followers",
            totals.followers_total,
            totals.followers,
            totals.followers_stale_count,
            period,
        ),
        Tile(
            "Pages",
            value_of(totals.pages_count),
            str(totals.pages_added_count) if totals.pages_added_count else None,
            f"added in {_days(period)}" if totals.pages_added_count else None,
            "Every Page that an account of yours holds, or once held.",
            is_neutral=True,
        ),
    ]
    source = describe_provenance(provenance)
    return [replace(tile, help=f"{tile.help or ''} {source}".strip() or None) for tile in made]


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
    at = clock(provenance.fetched_at)
    if provenance.fetched_at.date() != provenance.day:
        at = f"on {day(provenance.fetched_at.date())}, {at}"
    return f"Newest figures: {day(provenance.day)}, fetched {at}{from_where}."


def weekly_text(points: Sequence[Point]) -> str:
    """The sentence for a line with one point a week; empty for one point a day."""
    if find_step(points) == A_DAY:
        return ""
    return f"Over more than {MAX_DAILY_DAYS} days the chart has one point a week."


def nothing_to_compare(period: Period, totals: Totals) -> str:
    """Why there is no chart: "No figures between 1 and 7 Aug 2026: the first snapshot is of …"."""
    if not totals.pages_count:
        return "No Page is left to draw."
    first, last = totals.first_day, totals.last_day
    days = between(period.since, period.until)
    if first is not None and period.until < first:
        return f"No figures {days}: the first snapshot is of {day(first)}."
    if last is not None and last < period.since:
        return f"No figures {days}: the newest snapshot is of {day(last)}."
    return f"No Page has figures on both ends of {span(period.since, period.until)}."


def between(since: date, until: date) -> str:
    """ "between 1 and 7 Aug 2026", "on 1 Aug 2026"; equal months and years are not repeated."""
    if since == until:
        return f"on {day(until)}"
    first = day(since, year=since.year != until.year)
    if (since.year, since.month) == (until.year, until.month):
        first = str(since.day)
    return f"between {first} and {day(until)}"


def counted_pages(now: Comparable, pages_count: int, noun: str, gaps_count: int) -> str:
    """Which Pages are counted in the chart, and why others are left out.

    "138 of 140 Pages: those with figures on both ends of the period. Left out: 1 joined later, …"
    """
    noun = noun.lower()
    if not pages_count:
        return ""
    if now.left_out == 0:
        text = f"All {counted(pages_count, 'Page')} have figures on both ends of the period."
    else:
        reasons = [
            f"{number:,d} {words}"
            for number, words in (
                (now.left_out_joined, "joined later"),
                (now.left_out_no_count, f"{_have(now.left_out_no_count)} no {noun[:-1]} count"),
                (
                    now.left_out_silent,
                    f"{_have(now.left_out_silent)} no figure of the last two days",
                ),
                (now.left_out_gap, f"{_have(now.left_out_gap)} none where the period starts"),
            )
            if number
        ]
        text = (
            f"{now.pages:,d} of {counted(pages_count, 'Page')}: those with figures on both ends of "
            f"the period. Left out: {listed(reasons)}."
        )
    if gaps_count:
        verb = "is" if gaps_count == 1 else "are"
        text += f" {counted(gaps_count, 'day')} without any snapshot {verb} grey."
    return text


def first_day_title(totals: Totals, today: date) -> str:
    """ "The chart begins today, 22 Nov 2026, with 2,290,456 fans."."""
    began = totals.last_day or today
    when = f"today, {day(began)}," if began == today else f"on {day(began)}"
    total = totals.fans_total
    if total is None:
        return f"The chart begins {when.rstrip(',')}."
    return f"The chart begins {when} with {total:,d} fans."


def _total_tile(
    label: str, total: int | None, now: Comparable, stale_count: int, period: Period
) -> Tile:
    growth = formulas.growth_percent(now.start, now.end)
    text = (
        "The newest figure of every Page, added up. Who follows two Pages counts twice. The "
        f"percentage is of the {counted(now.pages, 'Page')} with figures on both ends of the "
        "period."
    )
    if stale_count:
        verb = "figure is" if stale_count == 1 else "figures are"
        text += f" The {verb} older than yesterday on {counted(stale_count, 'Page')}."
    if total is None:
        return Tile(label, None, note="no figures yet")
    note = f"in {_days(period)}" if growth is not None else None
    return Tile(label, value_of(total), percent_delta(growth), note, text)


def _net_tile(
    noun: str, now: Comparable, previous: Comparable | None, period: Period, *, has_begun: bool
) -> Tile:
    label = f"Net new {noun}"
    if now.net is None:
        return Tile(label, None, note=_why_unknown(has_begun))
    delta = formulas.delta(now.net, previous.net if previous else None)
    return Tile(
        label,
        signed_value(now.net),
        delta_of(delta),
        _versus(delta, period),
        f"{noun.capitalize()} at the end minus {noun} at the start, of the "
        f"{counted(now.pages, 'Page')} that have both.{_compared(period)}",
    )


def _growth_tile(
    noun: str, now: Comparable, previous: Comparable | None, period: Period, *, has_begun: bool
) -> Tile:
    label = "Weekly growth"
    growth = formulas.average_weekly_growth_percent(now.start, now.end, period.days_count)
    if growth is None:
        why = _why_unknown(has_begun) if now.net is None else f"below 100 {noun}"
        return Tile(label, None, note=why)
    before = None
    if previous is not None:
        before = formulas.average_weekly_growth_percent(
            previous.start, previous.end, period.previous_days_count or period.days_count
        )
    delta = formulas.delta_points(growth, before)
    return Tile(
        label,
        signed_percent(growth),
        points_delta(delta),
        _versus(delta, period),
        f"The growth per week that leads from the {noun} at the start to those at the end."
        f"{_compared(period)} Differences of rates are in percentage points.",
    )


def _versus(delta: float | None, period: Period) -> str | None:
    return NO_EARLIER if delta is None and period.versus else period.versus


def _compared(period: Period) -> str:
    """The days that the delta compares with, as a sentence."""
    return f" Compared with {span(*period.previous)}." if period.previous else ""


def _why_unknown(has_begun: bool) -> str:
    return "no figures on both ends" if has_begun else "from tomorrow"


def _days(period: Period) -> str:
    return counted(period.days_count, "day")


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
