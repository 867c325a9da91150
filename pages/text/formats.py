"""Formats of numbers, days, times and names: one way of writing for a whole screen.

Numbers, days and clock times are written as the reader's locale has them (see `locale`), in tables,
charts and sentences alike: 1.234 and 1,234 on the same screen would look like two figures. Days of
figures are days in UTC for everybody; only clock times are in the reader's zone, and name it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from pages.text.locale import MINUS, get_locale

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# An unknown value. The reason is shown beside it.
UNKNOWN = "–"

_WORD_JOINER = "\u2060"  # invisible; Streamlit then sees no ":material/…:", "www." link or "@"
# Characters that turn the direction of all text after them, also outside of the name. Names in
# Hebrew or Arabic are shown correctly without them.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!<>~$|&])")
# Begins a numbered list; the signs that begin other blocks are escaped wherever they stand.
_LIST_NUMBER = re.compile(r"^(\d+)\.")
_ESCAPED = re.compile(r"\\(.)")


def without_turns(text: str) -> str:
    """The text without characters that change the direction of reading."""
    return text.translate(_TURNS)


def one_line(text: str) -> str:
    """The text on one line, without characters that change the direction of reading."""
    return " ".join(without_turns(text).split())


def plain(text: str) -> str:
    """The text escaped for Streamlit's Markdown, in labels and elsewhere.

    A backslash alone stops neither ``:material/delete:`` nor ``www.`` links, hence the word
    joiners. Line breaks become spaces: a label is one line.
    """
    text = _LIST_NUMBER.sub(r"\1\\.", _MARKDOWN.sub(r"\\\1", one_line(text)))
    return (
        text.replace(":", ":" + _WORD_JOINER)
        .replace("www.", "www" + _WORD_JOINER + ".")
        .replace("@", "@" + _WORD_JOINER)
    )


def unmarked(text: str) -> str:
    """Our own Markdown as plain text, for a file: without escapes and the marks of code."""
    return _ESCAPED.sub(r"\1", text).replace(_WORD_JOINER, "").replace("`", "")


def plain_badge(text: str) -> str:
    """The text escaped for ``st.badge``, which escapes square brackets itself."""
    return plain(text).replace("\\[", "[").replace("\\]", "]")


def plain_cell(text: str) -> str:
    """The text escaped for a cell of a ``ButtonColumn``: icons are read there, Markdown is not."""
    return one_line(text).replace(":", ":" + _WORD_JOINER)


def cut(text: str, length: int) -> str:
    """The text, or its beginning with "…", in at most ``length`` characters."""
    text = one_line(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def number(value: float, digits: int = 0, *, sign: bool = False) -> str:
    """1234.5, 1 → "1,234.5"; halves are rounded away from zero. ``sign``: with a plus, but no "+0".

    The minus is the true one (U+2212), as in the charts.
    """
    exact: int | Decimal
    if isinstance(value, int) and not digits:
        exact, text = value, f"{abs(value):,d}"
    else:
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        text = f"{abs(exact):,f}"
    locale = get_locale()
    if (locale.decimal, locale.group, locale.grouping) != (".", ",", (3, 3)):
        whole, point, rest = text.partition(".")
        if locale.grouping != (3, 3):
            whole = _group(whole.replace(",", ""), *locale.grouping)
        text = whole.replace(",", locale.group) + point.replace(".", locale.decimal) + rest
    if not exact:
        return text
    return (MINUS if exact < 0 else "+" if sign else "") + text


def _group(digits: str, last: int, others: int) -> str:
    """ "1234567", 3, 2 → "12,34,567"."""
    head, tail = digits[:-last], digits[-last:]
    groups = [head[max(0, end - others) : end] for end in range(len(head), 0, -others)]
    return ",".join([*groups[::-1], tail])


def cut_words(text: str, length: int) -> str:
    """The text, or its first whole words with "…", in at most ``length`` characters.

    A first word that is longer is cut itself.
    """
    text = one_line(text)
    if len(text) <= length:
        return text
    begin = text[:length].rpartition(" ")[0].rstrip(" ,.;:–-")
    return f"{begin}…" if begin else cut(text, length)


def count(value: int | None) -> str:
    """2290456 → "2,290,456"; None → the dash."""
    return UNKNOWN if value is None else number(value)


def signed(value: int | None) -> str:
    """8877 → "+8,877"; 0 → "0"; None → the dash."""
    return UNKNOWN if value is None else number(value, sign=True)


def signed_percent(percent: float | None, digits: int = 2) -> str:
    """2.06 → "+2.06%"; 0 after rounding → "0.00%"; None → the dash."""
    return UNKNOWN if percent is None else f"{number(percent, digits, sign=True)}%"


def signed_points(points: float | None) -> str:
    """A difference of two rates, in percentage points: 0.12 → "+0.12 pp"; None → the dash."""
    return UNKNOWN if points is None else f"{number(points, 2, sign=True)} pp"


def per_day(people: float, *, sign: bool = False) -> str:
    """People a day on average: 589.1 → "589"; below 10 with a decimal: 9.5 → "9.5"; 0.04 → "0"."""
    digits = 0 if abs(people) >= 9.95 or abs(people) < 0.05 else 1
    return number(people, digits, sign=sign)


def counted(value: int, noun: str) -> str:
    """1, "Page" → "1 Page"; 140, "Page" → "140 Pages"."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def _ordered(day: str, month: str, year: str = "", weekday: str = "") -> str:
    """The parts of a day in the reader's order: "Sat 7 Nov 2026", "Sat, Nov 7, 2026", "2026 Nov 7".

    The parts may be texts, or a library's letters for them.
    """
    order = get_locale().day_order
    if order == "dmy":
        return " ".join(part for part in (weekday, day, month, year) if part)
    if order == "ymd":
        return " ".join(part for part in (weekday, year, month, day) if part)
    return ", ".join(part for part in (weekday, f"{month} {day}", year) if part)


def axis_day(*, year: bool = False) -> str:
    """A day as a format of d3, for charts: "%-d %b"."""
    return _ordered("%-d", "%b", "%Y" if year else "")


def tooltip_day() -> str:
    """A day with its weekday as a format of d3: "%a %-d %b %Y"."""
    return _ordered("%-d", "%b", "%Y", "%a")


def axis_month() -> str:
    """A month as a format of d3: "%b %Y"."""
    return "%Y %b" if get_locale().day_order == "ymd" else "%b %Y"


def cell_day(*, year: bool = True, weekday: bool = False, clock: bool = False) -> str:
    """A day as a format of a table's column: "D MMM YYYY", with a ``clock`` "D MMM YYYY, HH:mm"."""
    text = _ordered("D", "MMM", "YYYY" if year else "", "ddd" if weekday else "")
    return f"{text}, HH:mm" if clock else text


def day(value: date, *, year: bool = True) -> str:
    """ "22 Nov 2026", or "22 Nov" without the year."""
    return _ordered(str(value.day), MONTHS[value.month - 1], str(value.year) if year else "")


def recent_day(value: date, today: date) -> str:
    """ "28 Dec"; with the year from a year before ``today`` on."""
    return day(value, year=(today - value).days >= 365)


def as_of(value: date | None, today: date) -> str:
    """ "as of 28 Dec" for a figure older than yesterday; empty for others."""
    is_old = value is not None and (today - value).days > 1
    return f"as of {recent_day(value, today)}" if value is not None and is_old else ""


def weekday(value: date, *, year: bool = True) -> str:
    """ "Sat 7 Nov 2026", or "Sat 7 Nov" without the year."""
    month, name = MONTHS[value.month - 1], WEEKDAYS[value.weekday()]
    return _ordered(str(value.day), month, str(value.year) if year else "", name)


def span(since: date, until: date) -> str:
    """ "26 Oct – 22 Nov 2026", both ends included; the year stands twice only where it differs."""
    if since == until:
        return day(until)
    is_year_last = get_locale().day_order != "ymd"
    is_same_year = since.year == until.year
    first = day(since, year=not (is_same_year and is_year_last))
    return f"{first} – {day(until, year=not is_same_year or is_year_last)}"


def days_of_month(since: date, until: date, joint: str) -> str:
    """Two days of one month with " – " or " and " between: "16 – 22 Nov 2026"."""
    days = f"{since.day}{joint}{until.day}"
    return _ordered(days, MONTHS[until.month - 1], str(until.year))


def between(since: date, until: date) -> str:
    """ "between 1 and 7 Aug 2026", "on 1 Aug 2026"; equal months and years are not repeated."""
    if since == until:
        return f"on {day(until)}"
    if (since.year, since.month) == (until.year, until.month):
        return f"between {days_of_month(since, until, ' and ')}"
    return f"between {day(since, year=since.year != until.year)} and {day(until)}"


def local(at: datetime) -> datetime:
    """The reader's calendar and clock at an aware time, as a naive one for cells of a table."""
    return at.astimezone(get_locale().zone).replace(tzinfo=None)


def local_day(at: datetime) -> date:
    """The day of an aware time on the reader's calendar."""
    return local(at).date()


def zone_of(at: datetime) -> str:
    """The zone of the reader's clock at an aware time: "UTC", "CET", "UTC+5:30"."""
    there = at.astimezone(get_locale().zone)
    name = there.tzname() or ""
    if name.isalpha() and name.isascii():
        return name
    minutes = int((there.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = MINUS if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def zones_of(times: Iterable[datetime | None]) -> str:
    """The zone of a column of times, for its header; two of them over a change of the clock."""
    zones = dict.fromkeys(zone_of(at) for at in dict.fromkeys(times) if at is not None)
    return "/".join(zones) or "UTC"


def clock(at: datetime) -> str:
    """ "06:05 UTC" of an aware time; "07:05 CET" for a reader in Berlin."""
    return f"{local(at):%H:%M} {zone_of(at)}"


def moment(at: datetime) -> str:
    """ "22 Nov 2026, 06:05 UTC" of an aware time."""
    return f"{day(local_day(at))}, {clock(at)}"


def when(at: datetime, now: datetime) -> str:
    """ "today 06:05 UTC", "yesterday 06:05 UTC", "20 Nov, 06:05 UTC" (other years are named)."""
    then, today = local_day(at), local_day(now)
    if then == today:
        return f"today {clock(at)}"
    if then == today - timedelta(days=1):
        return f"yesterday {clock(at)}"
    return f"{day(then, year=then.year != today.year)}, {clock(at)}"


def at_about(at: datetime, now: datetime) -> str:
    """ "14:05 UTC" where it is today, "20 Nov 2026, 14:05 UTC" on any other day."""
    return clock(at) if local_day(at) == local_day(now) else moment(at)


def listed(items: list[str]) -> str:
    """["a"] → "a"; ["a", "b", "c"] → "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def any_of(items: Sequence[str]) -> str:
    """["a", "b"] → "a or b"; from four on "a, b or 2 others"."""
    if len(items) < 2:
        return "".join(items)
    if len(items) > 3:
        return f"{', '.join(items[:2])} or {len(items) - 2} others"
    return f"{', '.join(items[:-1])} or {items[-1]}"
