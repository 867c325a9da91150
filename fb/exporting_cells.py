"""Cells that a spreadsheet must not run, and file names that no system stumbles over: pure."""

from __future__ import annotations

import re
import unicodedata

# What Excel, LibreOffice and Google Sheets take for the start of a formula, full-width forms too.
# https://owasp.org/www-community/attacks/CSV_Injection
_STARTS = "=+\\-@\t\r\n＝＋－＠"
_DANGEROUS = re.compile(f"'*[{_STARTS}]")
_DEFUSED = re.compile(f"'+[{_STARTS}]")
_NOT_IN_A_FILE_NAME = re.compile(r"[^\w.]+")
LONGEST_FILE_NAME = 80
# Names that Windows keeps for devices, whatever follows the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def defuse(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula.

    What looks defused already gets another one, so that `undefuse` always finds back.
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def undefuse(text: str) -> str:
    """The text that `defuse` was given."""
    return text[1:] if _DEFUSED.match(text) else text


def file_name(*parts: str, ending: str) -> str:
    """ "pagekeeper-Cafe-Lindenhof-2026-11-22.csv": letters, digits, dots, dashes of any script.

    ``ending`` without its dot. Names come from Facebook: no slash, no quote, no control and no
    direction mark of theirs is left.
    """
    joined = unicodedata.normalize("NFC", "-".join(parts))
    stem = _NOT_IN_A_FILE_NAME.sub("-", joined).strip("-.")[:LONGEST_FILE_NAME].strip("-.")
    if not stem or _DEVICES.match(stem):
        stem = f"pagekeeper-{stem}".rstrip("-")
    return f"{stem}.{ending}"
