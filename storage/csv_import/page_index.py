"""Page index: finds the stored Page that a cell of a file means, by id, name or address.

Nothing is guessed: a cell that fits several Pages, or none, is refused with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from storage.csv_import.cells import quote
from storage.export.csv_xlsx import undefuse
from storage.models.folding import fold

# A spreadsheet keeps 15 digits of a number, and shows fewer.
_KEPT_DIGITS = 15
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_HOSTS = ("facebook.com", "fb.com", "fb.me")
_FILE_NAME_MARKS = re.compile(r"[\W_]+")


class StoredPage(NamedTuple):
    """A Page as far as a file may name it. ``address``: its link, None where Facebook gave none."""

    id: str
    name: str
    username: str | None
    address: str | None


class PageMatch(NamedTuple):
    """The Page of a row: its id; or None and the reason. ``remark``: why it is not the id given."""

    page_id: str | None
    reason: str = ""
    remark: str = ""


class PageIndex:
    """All stored Pages, by each way to name them."""

    def __init__(self, pages: Iterable[StoredPage]) -> None:
        self.names: Mapping[str, str] = {page.id: page.name for page in pages}
        self._by_name: dict[str, list[str]] = {}
        self._by_folded: dict[str, list[str]] = {}
        self._by_username: dict[str, list[str]] = {}
        self._by_digits: dict[str, list[str]] = {}
        for page in pages:
            self._by_name.setdefault(page.name, []).append(page.id)
            self._by_folded.setdefault(fold_name(page.name), []).append(page.id)
            self._by_digits.setdefault(page.id[:_KEPT_DIGITS], []).append(page.id)
            for username in {page.username, _read_address(page.address or "")[1]} - {None, ""}:
                self._by_username.setdefault(str(username).lower(), []).append(page.id)

    def find(self, cells: Sequence[str]) -> PageMatch:
        """Find the Page of a row: ``cells`` name it, the most reliable first.

        A cell that a spreadsheet has rounded gives way to the next one.
        """
        written = [cell for cell in cells if cell.strip()]
        if not written:
            return PageMatch(None, "There is no Page in this row.")
        first, *others = written
        match = self._find_one(first)
        if match.page_id is not None or not _ROUNDED.fullmatch(_bare_id(first)):
            return match
        for cell in others:
            other = self._find_one(cell)
            if other.page_id is not None:
                return other._replace(
                    remark="A spreadsheet has rounded the Page ids, so addresses or names are used."
                )
        return match

    def list_matches(self, search: str) -> list[str]:
        """Return the ids of the Pages whose name contains a text, in order of name."""
        folded = fold(search)
        ids = [page_id for page_id, name in self.names.items() if folded in fold(name)]
        return sorted(ids, key=lambda page_id: fold(self.names[page_id]))

    def guess_from(self, text: str) -> str | None:
        """Return the id of the one Page whose name stands in a text; the longest name counts."""
        folded = f" {_FILE_NAME_MARKS.sub(' ', fold(text))} "
        best: list[str] = []
        longest = 0
        for name, ids in self._by_folded.items():
            bare = _FILE_NAME_MARKS.sub(" ", fold(name)).strip()
            if bare and len(bare) >= longest and f" {bare} " in folded:
                best, longest = (best if len(bare) == longest else []) + ids, len(bare)
        return best[0] if len(best) == 1 else None

    def _find_one(self, cell: str) -> PageMatch:
        page_id = _bare_id(cell)
        if page_id in self.names:
            return PageMatch(page_id)
        for ids in self._list_named(cell):
            if len(ids) == 1:
                return PageMatch(ids[0])
            several = ", ".join(ids[:5])
            return PageMatch(
                None, f"The name {quote(cell)} is not unique, use the Page id: {several}"
            )
        if _ROUNDED.fullmatch(page_id):
            return PageMatch(
                None,
                f"A spreadsheet has rounded the Page id to {quote(page_id)}. Format the column as "
                "text, or use the Page's name.",
            )
        if page_id.isascii() and page_id.isdigit():
            return self._find_rounded(page_id)
        address_id, username = _read_address(cell)
        if address_id in self.names:
            return PageMatch(address_id)
        ids = self._by_username.get(username or "", [])
        if len(ids) == 1:
            return PageMatch(ids[0])
        if address_id or username:
            return PageMatch(None, f"No Page here has the address {quote(cell)}.")
        return PageMatch(None, f"No Page here is called {quote(cell)}.")

    def _list_named(self, cell: str) -> Iterable[list[str]]:
        """The Pages with the cell's name: as written, else in the folded form; if there are any."""
        # A name without a visible sign names nobody: a file may have lost a part of it.
        names = [name for name in (undefuse(cell), cell, cell.strip()) if fold_name(name)]
        candidates = [self._by_name.get(name, []) for name in names]
        candidates += [self._by_folded.get(fold_name(name), []) for name in names]
        return (ids for ids in candidates if ids)

    def _find_rounded(self, page_id: str) -> PageMatch:
        """An id whose last digits a spreadsheet has replaced, most often by zeros."""
        ids = self._by_digits.get(page_id[:_KEPT_DIGITS], [])
        is_longer = (
            len(page_id) > _KEPT_DIGITS and len({len(each) for each in [page_id, *ids]}) == 1
        )
        if len(ids) == 1 and is_longer:
            remark = "A spreadsheet has changed the last digits of Page ids; one Page fits each."
            return PageMatch(ids[0], remark=remark)
        return PageMatch(None, f"No Page here has the id {quote(page_id)}.")


def fold_name(name: str) -> str:
    """Return a name in the form in which names of a file are compared.

    Without case, surplus space, invisible signs, and the ways to write one accent; accents count.
    """
    text = unicodedata.normalize("NFKC", name)
    visible = "".join(" " if c.isspace() else c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", " ".join(visible.split()).casefold())


def _bare_id(cell: str) -> str:
    """An id without space, a spreadsheet's apostrophe for "this number is a text", and ".0"."""
    return re.sub(r"(?<=[0-9])\.0$", "", cell.strip().lstrip("'"))


def _read_address(cell: str) -> tuple[str | None, str | None]:
    """The Page id, and the lower-case username, of an address at Facebook; None for none."""
    text = cell.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return None, None
    if not any(host == each or host.endswith(f".{each}") for each in _HOSTS):
        return None, None
    path = [unquote(part) for part in parts.path.split("/") if part]
    query = parse_qs(parts.query)
    for name in ("id", "asset_id", "page_id"):
        if name in query:
            return query[name][0], None
    if path and path[0] in ("pages", "pg", "p", "people"):
        path = path[-1:] if path[0] in ("pages", "people") else path[1:]
    if not path:
        return None, None
    last = path[0]
    number = re.fullmatch(r"(?:.*-)?([0-9]{5,})", last)
    return (number[1] if number else None), last.lower()
