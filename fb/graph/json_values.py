"""Reads the bytes of an answer as JSON that can be stored and shown, or says that it can't."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


# NaN and Infinity, which Python reads and PostgreSQL does not store, are refused.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

# An escaped backslash (2 bytes), a surrogate pair (12; every emoji is one), or what makes text that
# no database takes: a NUL, and halves of pairs (6). One regex over the bytes is much cheaper than a
# look at every string.
_ESCAPE = re.compile(
    rb"\\(?:\\|u(?:0000|[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
    rb"|[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_AWKWARD_LENGTH = 6


def read_json(content: bytes) -> Any:
    """Reads JSON whatever the answer's content type claims (Graph sends text/javascript, too).

    Raises ValueError when it is none: empty, cut off, HTML, nested beyond reason.
    """
    try:
        body = _DECODER.decode(content.decode("utf-8"))
        is_awkward = any(len(found[0]) == _AWKWARD_LENGTH for found in _ESCAPE.finditer(content))
        return _mend(body) if is_awkward else body
    except RecursionError:
        raise ValueError("nested too deep") from None


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _mend_text(value)
    if isinstance(value, list):
        return [_mend(entry) for entry in value]
    if isinstance(value, dict):
        return {_mend(key): _mend(entry) for key, entry in value.items()}
    return value


def _mend_text(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
