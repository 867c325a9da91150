"""Orders of the table of Pages, and the order after a click on a header.

The labels are values of a URL parameter, so a published one is never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.figures.table import SortKey


@dataclass(frozen=True)
class Sort:
    """One order of the table. ``label``: "Most fans first"."""

    label: str
    key: SortKey
    descending: bool


# The first of each pair is the order after the first click on a header.
SORTS = (
    Sort("Most fans first", "fans", True),
    Sort("Fewest fans first", "fans", False),
    Sort("Most net new first", "net", True),
    Sort("Least net new first", "net", False),
    Sort("Fastest growth first", "growth", True),
    Sort("Slowest growth first", "growth", False),
    Sort("Most followers first", "followers", True),
    Sort("Fewest followers first", "followers", False),
    Sort("Worst connection first", "connection", True),
    Sort("Best connection first", "connection", False),
    Sort("Category A to Z", "category", False),
    Sort("Category Z to A", "category", True),
    Sort("Name A to Z", "name", False),
    Sort("Name Z to A", "name", True),
    Sort("Newest update first", "updated", True),
    Sort("Oldest update first", "updated", False),
)
LABELS = tuple(sort.label for sort in SORTS)
DEFAULT = SORTS[0]


def find_sort(label: str | None) -> Sort:
    """The order of a label; the default for any other text."""
    return next((sort for sort in SORTS if sort.label == label), DEFAULT)


def get_sort(key: SortKey, descending: bool) -> Sort:
    """The order by a column in a direction."""
    return next(each for each in SORTS if (each.key, each.descending) == (key, descending))


def clicked(current: Sort, column: str | None) -> Sort:
    """The order after a click on a header.

    Another column begins with the first of its two orders. The current column, or None, which a
    second click on it gives, changes the direction. A column without an order (picture, sparkline)
    changes nothing.
    """
    if column is None or column == current.key:
        return next(
            sort
            for sort in SORTS
            if sort.key == current.key and sort.descending != current.descending
        )
    return next((sort for sort in SORTS if sort.key == column), current)
