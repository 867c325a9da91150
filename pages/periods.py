"""Which days a period has, and which days it is compared with: pure, without Streamlit.

Days are days in UTC, both ends included. A label is what the URL carries, so once published it is
not renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

A_DAY = timedelta(days=1)

# Label → days, in the order in which they are offered.
DAYS_OF_LABEL = {"7 days": 7, "28 days": 28, "90 days": 90}
LABELS = tuple(DAYS_OF_LABEL)
DEFAULT_LABEL = "28 days"


@dataclass(frozen=True)
class Period:
    """Days to look at, and days to compare them with.

    ``previous_since`` and ``previous_until`` are None together when nothing is compared.
    """

    label: str
    since: date
    until: date
    previous_since: date | None
    previous_until: date | None

    @property
    def days_count(self) -> int:
        """How many days from `since` to `until`, both included; 1 or more."""
        return (self.until - self.since).days + 1


def get_period(label: str, today: date) -> Period:
    """The period of a label, ending on the UTC day ``today``, against as many days before it.

    Raises KeyError for a label that is not in LABELS.
    """
    since = today - (DAYS_OF_LABEL[label] - 1) * A_DAY
    return compared_with_previous(label, since, today)


def compared_with_previous(label: str, since: date, until: date) -> Period:
    """Any days, against as many days right before them."""
    length = until - since + A_DAY
    return Period(label, since, until, since - length, since - A_DAY)
