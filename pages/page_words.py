"""What one Page's screen says: pure, from what is stored to words. Names are escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import urlsplit

from pages import phrases
from pages.formats import UNKNOWN, counted, day, plain, signed, weekday
from pages.periods import Period
from pages.tables import CONNECTIONS
from pages.tiles import Tile, delta_of, percent_delta, signed_value, value_of
from storage import metrics
from storage.connection_states import ConnectionState
from storage.series import PageHolder, PageProfile

BADGES: Mapping[ConnectionState, tuple[str, Literal["green", "red", "orange", "gray"]]] = {
    "connected": (":material/check:", "green"),
    "works_in_part": (":material/error_outline:", "orange"),
    "needs_renewal": (":material/link_off:", "red"),
    "frozen": (":material/pause:", "gray"),
    "missing": (":material/link_off:", "red"),
    "no_access": (":material/lock:", "red"),
    "disconnected": (":material/link_off:", "gray"),
}

NOT_HERE = (
    "This Page is not connected here. It may have been removed, or the link is from another "
    "installation."
)
NEW_EXPERIENCE = (
    "This Page has the New Pages Experience: Facebook reports its followers as fans, so both "
    "figures are the same or close."
)


@dataclass(frozen=True)
class Connection:
    """A Page's connection: its badge, and a sentence (Markdown) when it does not fully work."""

    label: str
    icon: str
    colour: Literal["green", "red", "orange", "gray"]
    sentence: str | None


def connection(profile: PageProfile) -> Connection:
    """How the Page is connected, in words."""
    icon, colour = BADGES[profile.connection]
    return Connection(CONNECTIONS[profile.connection], icon, colour, _connection_sentence(profile))


def held_by(profile: PageProfile) -> str | None:
    """ "held by Anna Keller and 1 more"; None when nobody holds it. Markdown."""
    names = [
        holder.account_name
        for holder in profile.holders
        if holder.connection not in ("missing", "disconnected")
    ]
    if not names:
        return None
    more = f" and {len(names) - 1:,d} more" if len(names) > 1 else ""
    return f"held by {plain(names[0])}{more}"


def _connection_sentence(profile: PageProfile) -> str | None:
    if profile.connection == "connected":
        return None
    name = profile.holders[0].account_name if profile.holders else ""
    last = f" Last figures of {day(profile.last_day)}." if profile.last_day else ""
    who = plain(name)
    if profile.connection == "works_in_part":
        if profile.is_published is False:
            return "The Page is not published. Its figures may stand still."
        return (
            "Fans and followers work. Views and engagement need the Insights permission on this "
            "Page."
        )
    if profile.connection == "needs_renewal":
        holder = profile.holders[0]
        why = phrases.ended(name, holder.grant_reason_code, holder.grant_reason_subcode)
        return f"{why}{last} Its history is safe."
    if profile.connection == "frozen":
        return f"The account of {who} is frozen, so this Page is not refreshed.{last}"
    if profile.connection == "missing":
        return (
            f"This Page is not in Facebook's newest answer to {who}.{last} Its history is safe. To "
            "bring it back, connect again and tick it in Facebook's page chooser."
        )
    if profile.connection == "no_access":
        return _no_access(profile, who) + last + " Its history is safe."
    if any(holder.status == "left_out" for holder in _connected_holders(profile)):
        return (
            f"You left this Page out when you saved.{last} Its history stays. To bring it back, "
            "connect again and leave it ticked."
        )
    return f"No connected account holds this Page any more.{last} Its history is safe."


def _connected_holders(profile: PageProfile) -> list[PageHolder]:
    return [holder for holder in profile.holders if holder.grant_status != "disconnected"]


def _no_access(profile: PageProfile, who: str) -> str:
    if profile.holders[0].status == "role_lost":
        return f"{who} no longer has a role on this Page. Ask one of its admins to connect it."
    return (
        "Facebook sent no access for this Page. Ask one of its admins for full control, then "
        "connect again."
    )


def tiles(
    figures: Mapping[str, Mapping[date, int | None]], metric: str, period: Period, *, today: date
) -> list[Tile]:
    """The five tiles. ``figures``: by metric, each day's figure, from before the period on.

    A period that ends before yesterday is one that nobody has refreshed since: its tiles say so.
    """
    by_day = figures[metric]
    ends = metrics.ends_of_period(by_day, period.since, period.until)
    per_day = metrics.growth_per_day(*ends, period.days_count)
    over = f"over {counted(period.days_count, 'day')}"
    return [
        _newest_tile("Fans", figures["fans"], period, today),
        _net_tile(metric, by_day, metrics.net(*ends), period, today),
        _newest_tile("Followers", figures["followers"], period, today),
        _best_day_tile(by_day, period),
        Tile(
            "Growth per day",
            None if per_day is None else f"{per_day:+,.1f}" if round(per_day, 1) else "0",
            note=_why_no_net(by_day) if per_day is None else over,
            help=f"Net new {metric} by the days of the period.",
        ),
    ]


def _net_tile(
    noun: str, by_day: Mapping[date, int | None], net: int | None, period: Period, today: date
) -> Tile:
    label = f"Net new {noun}"
    if net is None:
        return Tile(label, None, note=_why_no_net(by_day))
    if (today - period.until).days > 1:
        return Tile(label, signed_value(net), note=f"until {day(period.until)}")
    before = None
    if period.previous_since is not None and period.previous_until is not None:
        ends = metrics.ends_of_period(by_day, period.previous_since, period.previous_until)
        before = metrics.net(*ends)
    delta = metrics.delta(net, before)
    note = "no earlier figures" if delta is None else "vs previous"
    return Tile(label, signed_value(net), delta_of(delta), note)


def _newest_tile(
    label: str, by_day: Mapping[date, int | None], period: Period, today: date
) -> Tile:
    known = {when: figure for when, figure in by_day.items() if figure is not None}
    newest = max((when for when in known if when <= period.until), default=None)
    if newest is None:
        return Tile(label, None, note="Facebook gives no count")
    growth = metrics.growth_percent(*metrics.ends_of_period(by_day, period.since, period.until))
    if (today - newest).days > 1:
        return Tile(label, value_of(known[newest]), note=f"on {day(newest)}")
    note = f"in {counted(period.days_count, 'day')}" if growth is not None else None
    return Tile(label, value_of(known[newest]), percent_delta(growth), note)


def _best_day_tile(by_day: Mapping[date, int | None], period: Period) -> Tile:
    changes = [
        each
        for each in metrics.list_daily_changes(by_day)
        if period.since <= each.day <= period.until and each.change is not None
    ]
    best = metrics.find_best_day(changes)
    if best is None:
        return Tile("Best day", None, note="no day gained" if changes else _why_no_net(by_day))
    return Tile("Best day", signed(best.change), weekday(best.day, year=False), is_neutral=True)


def _why_no_net(by_day: Mapping[date, int | None]) -> str:
    counts = sum(1 for figure in by_day.values() if figure is not None)
    if counts == 0:
        return "Facebook gives no count"
    return "from tomorrow" if counts == 1 else "no figures on both ends"


def facts(profile: PageProfile) -> list[tuple[str, str]]:
    """What Facebook says about the Page, as label and plain text; what it left out is a dash."""
    return [
        ("About", profile.about or UNKNOWN),
        ("Category", profile.category or UNKNOWN),
        ("Website", profile.website or UNKNOWN),
        ("Username", f"@{profile.username}" if profile.username else UNKNOWN),
        ("Phone", profile.phone or UNKNOWN),
        ("E-mail", ", ".join(profile.emails) if profile.emails else UNKNOWN),
        ("Address", address(profile.location) or UNKNOWN),
        ("Verification", _verification(profile.verification_status)),
        ("Published", _yes_or_no(profile.is_published)),
        ("Page id", profile.page_id),
    ]


def address(location: Mapping[str, Any] | None) -> str:
    """ "Marktstraße 4, 20095 Hamburg, Germany" of whatever parts Facebook sent."""

    def part(name: str) -> str:
        value = (location or {}).get(name)
        return str(value).strip() if isinstance(value, str | int | float) else ""

    town = " ".join(filter(None, (part("zip"), part("city"))))
    return ", ".join(filter(None, (part("street"), town, part("state"), part("country"))))


def safe_link(url: str | None) -> str | None:
    """The address if a browser may open it: https, with a host, and nothing hidden before it."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        return None
    return url.strip()


def facebook_link(profile: PageProfile) -> str:
    """Where the Page is at Facebook: what Facebook said, or what follows from the id."""
    link = safe_link(profile.link)
    host = (urlsplit(link).hostname or "") if link else ""
    if link and (host == "facebook.com" or host.endswith(".facebook.com")):
        return link
    return f"https://www.facebook.com/{profile.page_id}"


def _verification(status: str | None) -> str:
    words = {
        "blue_verified": "Verified",
        "gray_verified": "Verified",
        "not_verified": "Not verified",
    }
    return words.get(status or "", status or UNKNOWN)


def _yes_or_no(value: bool | None) -> str:
    return UNKNOWN if value is None else "Yes" if value else "No"
