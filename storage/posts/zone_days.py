"""Zone days: where days in a time zone begin and end in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day in ``zone``."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment after a day in ``zone``."""
    return begin_of(day + timedelta(days=1), zone)
