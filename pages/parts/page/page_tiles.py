"""The five tiles of a Page's screen. Pure."""

from __future__ import annotations

from datetime import date

from pages.parts.page import outlook_text
from pages.records import PageFigures
from pages.text.formats import count, counted, day, signed, weekday
from pages.text.periods import Period
from pages.ui.tiles import Tile, delta_of, percent_delta, signed_value, value_of
from storage.figures.series import Figures
from storage.metrics import formulas
from storage.metrics.changes import DailyChange, find_best_day, list_daily_changes
from storage.metrics.forecast import Forecast, Refusal
from storage.metrics.milestones import next_milestone


def tiles(figures: PageFigures) -> list[Tile]:
    """The tiles of the view's period.

    Where the figures end before the requested period, the tiles name the day.
    """
    history, metric, period = figures.history, figures.view.metric, figures.view.period
    outlook, today = figures.outlook, figures.requested.until
    by_day = history.of(metric)
    ends = formulas.ends_of_period(by_day, period.since, period.until)
    return [
        _newest_tile("Fans", history.fans, period, today),
        _net_tile(metric, by_day, formulas.net(*ends), period, today),
        _newest_tile("Followers", history.followers, period, today),
        _best_day_tile(by_day, period),
        _milestone_tile(by_day, metric, outlook),
    ]


def changes_in(by_day: Figures, period: Period) -> list[DailyChange]:
    """The daily changes on days of the period, oldest first."""
    return [
        each
        for each in list_daily_changes(by_day)
        if period.since <= each.day <= period.until and each.change is not None
    ]


def _net_tile(noun: str, by_day: Figures, net: int | None, period: Period, today: date) -> Tile:
    label = f"Net new {noun}"
    if net is None:
        return Tile(label, None, note=_why_no_net(by_day))
    if (today - period.until).days > 1:
        return Tile(label, signed_value(net), note=f"until {day(period.until)}")
    if period.versus is None:
        return Tile(label, signed_value(net), note=f"in {counted(period.days_count, 'day')}")
    before = None
    if period.previous is not None:
        before = formulas.net(*formulas.ends_of_period(by_day, *period.previous))
    delta = formulas.delta(net, before)
    return Tile(
        label,
        signed_value(net),
        delta_of(delta),
        period.versus if before is not None else "no earlier figures",
    )


def _newest_tile(label: str, by_day: Figures, period: Period, today: date) -> Tile:
    counts = {when: figure for when, figure in by_day.items() if figure is not None}
    newest = max((when for when in counts if when <= period.until), default=None)
    if newest is None:
        return Tile(label, None, note=_why_no_figure(counts, period))
    growth = formulas.growth_percent(*formulas.ends_of_period(by_day, period.since, period.until))
    if (today - newest).days > 1:
        return Tile(label, value_of(counts[newest]), note=f"on {day(newest)}")
    note = f"in {counted(period.days_count, 'day')}" if growth is not None else None
    return Tile(label, value_of(counts[newest]), percent_delta(growth), note)


def _best_day_tile(by_day: Figures, period: Period) -> Tile:
    changes = changes_in(by_day, period)
    best = find_best_day(changes)
    if best is None:
        return Tile("Best day", None, note="no day gained" if changes else _why_no_net(by_day))
    return Tile("Best day", signed(best.change), weekday(best.day, year=False), is_neutral=True)


def _milestone_tile(by_day: Figures, noun: str, outlook: Forecast | Refusal) -> Tile:
    oldest_first = [figure for _, figure in sorted(by_day.items()) if figure is not None]
    if not oldest_first:
        return Tile("Next milestone", None, note="Facebook gives no count")
    target = next_milestone(oldest_first[-1])
    return Tile(
        "Next milestone",
        count(target),
        note=outlook_text.arrival_in_short(outlook, target),
        help=(
            f"The next round figure of {noun}, and when it is reached in 8 of 10 cases if the pace "
            "of the last weeks stays."
        ),
    )


def _why_no_figure(counts: Figures, period: Period) -> str:
    if not counts:
        return "Facebook gives no count"
    return f"first counted on {day(min(counts))}"


def _why_no_net(by_day: Figures) -> str:
    counts = sum(1 for figure in by_day.values() if figure is not None)
    if counts == 0:
        return "Facebook gives no count"
    return "from tomorrow" if counts == 1 else "no figures on both ends"
