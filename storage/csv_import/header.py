"""CSV header: finds a file's encoding, its delimiter and its columns.

A file in which they are not clear is refused with the reason: nothing is guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.csv_import.refusals import UnreadableFile, quote

DELIMITERS = (",", ";", "\t")
# More than any spreadsheet shows. A file without line breaks must not be read whole as its header.
MAX_HEADER = 20_000  # characters

# Names of the columns, in our own exports and elsewhere; compared without case and punctuation.
NAMES = {
    "page_id": ("pageid", "id", "facebookid", "facebookpageid", "fbpageid", "seitenid"),
    "page_name": ("pagename", "name", "page", "facebookpage", "seitenname", "seite"),
    "date": ("date", "day", "datum", "tag"),
    "fans": ("fans", "fancount", "pagefans", "likes", "pagelikes", "lifetimetotallikes"),
    "followers": ("followers", "follower", "followerscount", "pagefollowers", "abonnenten"),
}
_UTC = frozenset({"utc", "gmt", "z", "utc0"})


@dataclass(frozen=True)
class Columns:
    """The columns of a file. ``index_of``: from 0, by the names of NAMES; others are left out."""

    index_of: Mapping[str, int]
    zone: str | None  # the zone that the header gives for the dates: "UTC", or None for none
    delimiter: str

    def get(self, row: Sequence[str], name: str) -> str:
        """A cell of a row, "" without such a column. IndexError when the row is too short."""
        index = self.index_of.get(name)
        return "" if index is None else row[index]


def find_encoding(start: bytes) -> str:
    """The encoding of a file that begins with these bytes. Raises UnreadableFile."""
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(
            "This is a spreadsheet or an archive, not a CSV file. Open it in its program and save "
            "it as “CSV UTF-8”."
        )
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = start[:200]
    if len(sample) >= 4 and not any(sample[0:4:2]) and all(sample[1:4:2]):
        return "utf-16-be"
    if len(sample) >= 4 and not any(sample[1:4:2]) and all(sample[0:4:2]):
        return "utf-16-le"
    if b"\0" in sample:
        raise UnreadableFile("This is not a text file. Save the figures as “CSV UTF-8”.")
    return "utf-8-sig"


def find_columns(line: str) -> Columns:
    """The columns of a header line, with the delimiter that finds most. Raises UnreadableFile."""
    line = line.rstrip("\r\n")
    if not line.strip():
        raise UnreadableFile("The first line is empty; it should name the columns.")
    delimiter = max(DELIMITERS, key=lambda each: len(_find_meanings(_split(line, each))))
    cells = _split(line, delimiter)
    meanings = _find_meanings(cells)
    _check(cells, meanings)
    index_of = {meaning: index for index, meaning in meanings.items()}
    return Columns(index_of, _get_zone(cells[index_of["date"]]), delimiter)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableFile("The first line can't be read; it should name the columns.") from error


def _find_meanings(cells: Sequence[str]) -> dict[int, str]:
    """The meaning of each column that has one, by its index."""
    meaning_of = {name: meaning for meaning, names in NAMES.items() for name in names}
    bare = [re.sub(r"\(.*\)|[\W_]", "", cell.casefold()) for cell in cells]
    return {index: meaning_of[name] for index, name in enumerate(bare) if name in meaning_of}


def _check(cells: Sequence[str], meanings: dict[int, str]) -> None:
    for meaning in NAMES:
        same = [cells[index] for index, each in meanings.items() if each == meaning]
        if len(same) > 1:
            raise UnreadableFile(
                f"Two columns could be “{meaning}”: {quote(same[0])} and {quote(same[1])}. "
                "Rename or remove one."
            )
    present = set(meanings.values())
    missing = [
        text
        for text, names in (
            ("“page_id” or “page_name”", {"page_id", "page_name"}),
            ("“date”", {"date"}),
            ("“fans” or “followers”", {"fans", "followers"}),
        )
        if not present & names
    ]
    if missing:
        raise UnreadableFile(
            f"No column is called {', and none '.join(missing)}. The first line should name the "
            "columns, as in: page_id,date,fans,followers"
        )


def _get_zone(cell: str) -> str | None:
    """The zone in brackets. Days of another zone than UTC are not the days of snapshots."""
    zone = re.search(r"\(([^)]*)\)", cell)
    if zone is None or not zone[1].strip():
        return None
    if re.sub(r"[\W_]", "", zone[1].casefold()) in _UTC:
        return "UTC"
    raise UnreadableFile(
        f"The dates are in {quote(zone[1])}, and Pagekeeper keeps days in UTC. If the days may be "
        "taken as they are written, call the column “date”."
    )
