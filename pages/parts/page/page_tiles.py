"""The tiles of a Page's screen. Pure."""

from __future__ import annotations

from dataclasses import replace

from pages.parts.page import outlook_text, page_profile
from pages.records import PageFigures
from pages.text.formats import as_of, count, counted, day, recent_day, signed, weekday
from pages.text.glossary import Key, meaning
from pages.text.periods import A_DAY, Period
from pages.ui.tiles import NO_EARLIER, Tile, delta_of, percent_delta, signed_value, value_of
from storage.accounts.page_profile import PageProfile
from storage.figures.series import Figures
from storage.metrics import formulas
from storage.metrics.changes import DailyChange, find_best_day, find_worst_day, list_daily_changes
from storage.metrics.forecast import Forecast, Refusal
from storage.metrics.milestones import next_milestone


def tiles(figures: PageFigures) -> list[Tile]:
    """The tiles of the view's period; figures older than yesterday name their day."""
    history, metric, period = figures.history, figures.view.metric, figures.view.period
    outlook = figures.outlook
    by_day = history.of(metric)
    why_no_net = _why_no_net(by_day, figures.profile)
    every: list[tuple[Key, Tile]] = [
        ("fans", _newest_tile("Fans", history.fans, figures)),
        ("net", _net_tile(metric, by_day, figures, why_no_net)),
        ("followers", _newest_tile("Followers", history.followers, figures)),
        ("best_day", _best_day_tile(by_day, period, why_no_net)),
        ("milestone", _milestone_tile(by_day, metric, outlook)),
    ]
    fans, followers = every[0][1], every[2][1]
    if figures.profile.is_new_page_experience and fans.value is not None:
        every[0] = ("fans", replace(fans, help=page_profile.NEW_EXPERIENCE))
        if fans == replace(followers, label=fans.label):  # one figure, one tile
            every[0] = ("fans", replace(every[0][1], label="Fans and followers"))
            del every[2]
    return [
        replace(tile, help=" ".join(filter(None, (meaning(key, metric), tile.help))))
        for key, tile in every
    ]


def changes_in(by_day: Figures, period: Period) -> list[DailyChange]:
    """The daily changes on days of the period, oldest first."""
    return [
        each
        for each in list_daily_changes(by_day)
        if period.since <= each.day <= period.until and each.change is not None
    ]


def _net_tile(noun: str, by_day: Figures, figures: PageFigures, why_no_net: str) -> Tile:
    label, period = f"Net new {noun}", figures.view.period
    net = formulas.net(*formulas.ends_of_period(by_day, period.since, period.until))
    if net is None:
        return Tile(label, None, note=why_no_net)
    if period.until < figures.requested.until:
        return Tile(
            label, signed_value(net), note=f"until {recent_day(period.until, figures.today)}"
        )
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
        period.versus if before is not None else NO_EARLIER,
    )


def _newest_tile(label: str, by_day: Figures, figures: PageFigures) -> Tile:
    period = figures.view.period
    counts = {when: figure for when, figure in by_day.items() if figure is not None}
    newest = max((when for when in counts if when <= period.until), default=None)
    if newest is None:
        return Tile(label, None, note=_why_no_figure(counts, period))
    growth = formulas.growth_percent(*formulas.ends_of_period(by_day, period.since, period.until))
    notes = [as_of(newest, figures.today)]
    if growth is not None:
        is_cut = period.since > figures.requested.since
        since = f"since {recent_day(period.since - A_DAY, figures.today)}"
        notes.append(since if is_cut else f"in {counted(period.days_count, 'day')}")
    note = " · ".join(filter(None, notes)) or None
    return Tile(label, value_of(counts[newest]), percent_delta(growth), note)


def _best_day_tile(by_day: Figures, period: Period, why_no_net: str) -> Tile:
    changes = changes_in(by_day, period)
    best = find_best_day(changes)
    if best is None:
        return Tile("Best day", None, note="no day gained" if changes else why_no_net)
    worst = find_worst_day(changes)
    return Tile(
        "Best day",
        signed(best.change),
        weekday(best.day, year=False),
        help=f"Worst day of the period: {signed(worst.change)} on {weekday(worst.day)}."
        if worst
        else "The Page lost on no day of the period.",
        is_neutral=True,
    )


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
            outlook_text.why_no_forecast(outlook, noun)
            if isinstance(outlook, Refusal)
            else f"In 8 of 10 cases, going by the last {counted(outlook.slope_days, 'day')}."
        ),
    )


def _why_no_figure(counts: Figures, period: Period) -> str:
    if not counts:
        return "Facebook gives no count"
    return f"first counted on {day(min(counts))}"


def _why_no_net(by_day: Figures, profile: PageProfile) -> str:
    counts = sum(1 for figure in by_day.values() if figure is not None)
    if counts == 0:
        return "Facebook gives no count"
    is_read = profile.connection in ("connected", "works_in_part")
    return "from tomorrow" if counts == 1 and is_read else "no figures to compare"
