"""Finds out what a file of past figures is: its encoding, its delimiter, its columns.

Pure. What can't be told is refused with the reason: nothing is guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fb.past_csv.texts import shown

DELIMITERS = (",", ";", "\t")
# More than any spreadsheet shows; a file without line breaks must not be read whole as its header.
LONGEST_HEADER = 20_000

# What columns are called, in our own exports and elsewhere; compared without case and punctuation.
NAMES = {
    "page_id": ("pageid", "id", "facebookid", "facebookpageid", "fbpageid", "seitenid"),
    "page_name": ("pagename", "name", "page", "facebookpage", "seitenname", "seite"),
    "date": ("date", "day", "datum", "tag"),
    "fans": ("fans", "fancount", "pagefans", "likes", "pagelikes", "lifetimetotallikes"),
    "followers": ("followers", "follower", "followerscount", "pagefollowers", "abonnenten"),
}
_UTC = frozenset({"utc", "gmt", "z", "utc0"})


class Unreadable(Exception):
    """The file can't be read at all; the text says why and what to do, for a person."""


@dataclass(frozen=True)
class Columns:
    """Where in a row the cells stand, from 0; None where the file has no such column."""

    date: int
    page_id: int | None
    page_name: int | None
    fans: int | None
    followers: int | None
    zone: str | None  # what the header says of the dates: "UTC", or None for nothing
    delimiter: str


def find_encoding(start: bytes) -> str:
    """The encoding of a file that begins with these bytes."""
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(
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
        raise Unreadable("This is not a text file. Save the figures as “CSV UTF-8”.")
    return "utf-8-sig"


def find_columns(line: str) -> Columns:
    """The columns of a header line. Raises Unreadable."""
    line = line.rstrip("\r\n")
    if not line.strip():
        raise Unreadable("The first line is empty; it should name the columns.")
    found = max((_split(line, d) for d in DELIMITERS), key=lambda cells: len(_meanings(cells)))
    delimiter = next(d for d in DELIMITERS if _split(line, d) == found)
    meanings = _meanings(found)
    _check(found, meanings)
    places = {meaning: place for place, meaning in meanings.items()}
    return Columns(
        date=places["date"],
        page_id=places.get("page_id"),
        page_name=places.get("page_name"),
        fans=places.get("fans"),
        followers=places.get("followers"),
        zone=_zone(found[places["date"]]),
        delimiter=delimiter,
    )


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise Unreadable("The first line can't be read; it should name the columns.") from error


def _meanings(cells: Sequence[str]) -> dict[int, str]:
    """Which column means what, by place."""
    known = {name: meaning for meaning, names in NAMES.items() for name in names}
    bare = [re.sub(r"\(.*\)|[\W_]", "", cell.casefold()) for cell in cells]
    return {place: known[name] for place, name in enumerate(bare) if name in known}


def _check(cells: Sequence[str], meanings: dict[int, str]) -> None:
    for meaning in NAMES:
        places = [place for place, found in meanings.items() if found == meaning]
        if len(places) > 1:
            raise Unreadable(
                f"Two columns could be “{meaning}”: {shown(cells[places[0]])} and "
                f"{shown(cells[places[1]])}. Rename or remove one."
            )
    found = set(meanings.values())
    missing = [
        words
        for words, is_there in (
            ("“page_id” or “page_name”", bool(found & {"page_id", "page_name"})),
            ("“date”", "date" in found),
            ("“fans” or “followers”", bool(found & {"fans", "followers"})),
        )
        if not is_there
    ]
    if missing:
        raise Unreadable(
            f"No column is called {', and none '.join(missing)}. The first line should name the "
            "columns, as in: page_id,date,fans,followers"
        )


def _zone(cell: str) -> str | None:
    """The zone in brackets. Pagekeeper's days are days in UTC; others are no such days."""
    found = re.search(r"\(([^)]*)\)", cell)
    if found is None or not found[1].strip():
        return None
    if re.sub(r"[\W_]", "", found[1].casefold()) in _UTC:
        return "UTC"
    raise Unreadable(
        f"The dates are in {shown(found[1])}, and Pagekeeper keeps days in UTC. If the days may be "
        "taken as they are written, call the column “date”."
    )
