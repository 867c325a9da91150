"""Sentences on the last week with figures: of the Pages of a filter, and of one Page. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pages.records import Week
from pages.text.formats import between, count, counted, cut, day, days_of_month, signed, span
from pages.ui.notes.unusual_text import Unusual, describe, worth_naming
from storage.figures.totals import Mover

MAX_NAME = 40
NOTHING_UNUSUAL = "No day was out of the ordinary"


def title(week: Week) -> str:
    """ "The week of 22 – 28 Dec 2026"; "… of 28 Dec 2026 – 3 Jan 2027"."""
    since, until = week.period.since, week.period.until
    days = span(since, until)
    if since < until and (since.year, since.month) == (until.year, until.month):
        days = days_of_month(since, until, " – ")
    return f"The week of {days}"


def write(week: Week) -> tuple[str, str, str]:
    """The three sentences: totals, top movers, Pages and days that need attention."""
    attention = "Every Page is connected and up to date"
    if week.attention_count:
        attention = describe_attention(week.attention_count)
    whose = f"{counted(week.pages_count, 'Page')} {'has' if week.pages_count == 1 else 'have'}"
    return _sum_up(week, whose), _name_movers(week), attention + _and_unusual(name_unusual(week))


def write_of_page(week: Week, trouble: str, *, is_archived: bool) -> tuple[str, str]:
    """The two lines on a week of one Page: its total, and what needs attention.

    ``trouble``: why it needs attention, in whole sentences; empty where it does not.
    """
    unusual = ""
    for each in worth_naming(week.unusual)[:1]:
        verb = "fell" if each.fell_count else "rose"
        unusual = f"{_day_of(each)} was unusual: the Page {verb} far more than usual"
    if trouble:
        rest = f"The Page needs attention. {trouble} {unusual or NOTHING_UNUSUAL}."
    else:
        standing = "It is archived" if is_archived else "It is connected and up to date"
        rest = standing + _and_unusual(unusual)
    return _sum_up(week, "The Page has"), rest


def to_text(sentences: Sequence[str]) -> str:
    """The sentences as plain text, one a line."""
    return "\n".join(sentences)


def describe_attention(pages_count: int) -> str:
    """ "3 Pages need attention"."""
    return f"{counted(pages_count, 'Page')} {'needs' if pages_count == 1 else 'need'} attention"


def name_unusual(week: Week) -> str:
    """ "10 Nov was unusual: 9 of 14 Pages fell …"; empty for no day worth naming."""
    worth = worth_naming(week.unusual)[:1]
    return f"{_day_of(worth[0])} was unusual: {describe(worth[0])}" if worth else ""


def first(movers: Sequence[Mover]) -> Mover | None:
    """The Page that moved most; None for no Page."""
    return movers[0] if movers else None


def _sum_up(week: Week, whose: str) -> str:
    noun, when = week.metric, between(week.period.since, week.period.until)
    opening = f"{whose} {count(week.total)} {noun if week.total != 1 else noun[:-1]}"
    net = week.compared.net or 0
    if net == 0:
        return f"{opening}, neither more nor fewer {when}."
    lead = f"{opening}: {count(abs(net))} {'more' if net > 0 else 'fewer'} {when}"
    if not week.compared.left_out:
        return f"{lead}."
    return f"{lead}, of the {count(week.compared.pages)} with figures at the start and the end."


def _name_movers(week: Week) -> str:
    best, worst = first(week.movers.up), first(week.movers.down)
    if best is None and worst is None:
        return "No Page gained and none lost."
    if best is None or worst is None:
        mover = best or worst
        assert mover is not None
        verb, other = ("gained", "lost") if best else ("lost", "gained")
        return f"{_mover(mover)} {verb} most; no Page {other}."
    return f"{_mover(best)} gained most, {_mover(worst)} lost most."


def _mover(mover: Mover) -> str:
    return f"{cut(mover.name, MAX_NAME)} ({signed(mover.net)})"


def _and_unusual(unusual: str) -> str:
    return f"; {unusual}." if unusual else ", and no day was out of the ordinary."


def _day_of(unusual: Unusual) -> str:
    return day(unusual.day, year=False)
