"""Folding: turns a name into the form by which names are searched and ordered.

It is done in Python, so that SQLite and PostgreSQL find the same names.
"""

from __future__ import annotations

import re
import unicodedata

# Only the Latin, Greek and Cyrillic accents: dropping every combining mark would also take the
# vowels out of Hindi and Thai names.
_ACCENTS = re.compile("[\u0300-\u036f]")


def fold(text: str) -> str:
    """Return ``text`` without case, accents and surplus space: "CAFÉ  Straße" → "cafe strasse".

    For comparing and ordering only, never for showing. SQLite's ``lower()`` handles ASCII only and
    PostgreSQL's depends on its locale, so every name has a column with this form beside it.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())
