"""Env files: reads and writes files of ``NAME=value`` lines: ``.env`` and the keys file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream


def read_env_file(path: Path) -> tuple[dict[str, str], str | None]:
    """Return the values in ``path``, and the problem of the file as a whole, if any.

    A missing file has no values; an empty value counts as not set. ``${NAME}`` is not replaced,
    since this would change a secret that contains it.
    """
    try:
        # utf-8-sig: Notepad writes a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}, None
    except IsADirectoryError:
        return {}, "This is a folder, and should be a file. Remove it."
    except UnicodeDecodeError:
        return {}, "The file is not UTF-8 text. Save it again as UTF-8."
    except OSError:
        return {}, f"The file can't be read. Make it yours: chmod 600 {path}"
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            # python-dotenv counts the empty lines before a binding as part of it.
            line_text = binding.original.string
            line = binding.original.line
            line += line_text[: len(line_text) - len(line_text.lstrip())].count("\n")
            return {}, f"Line {line} can't be understood. Write NAME=value there."
        if binding.key is not None:
            values[binding.key] = (binding.value or "").strip()
    return {name: value for name, value in values.items() if value}, None


def write_env_file(path: Path, values: Mapping[str, str], *, heading: str) -> None:
    """Set ``values`` in ``path`` and keep all other lines; a new file begins with ``heading``.

    The file appears complete or not at all, readable by its owner only, in a folder that is made
    with mode 0700 where there is none. Of two writers at once the last one wins.

    Raises:
        OSError: the folder or the file can't be written.
    """
    text = path.read_text(encoding="utf-8-sig") if path.exists() else heading
    bindings = list(parse_stream(StringIO(text)))
    parts = [binding.original.string for binding in bindings]
    # Of several lines with one name the last one counts. The others may hold keys as well.
    last = {binding.key: index for index, binding in enumerate(bindings)}
    for name, value in values.items():
        index = last.get(name, len(parts))
        if index < len(bindings):
            before = parts[index][: len(parts[index]) - len(parts[index].lstrip())]
            parts[index] = f"{before}{name}={value}\n"
        else:
            parts.append(f"{name}={value}\n")
    lines = "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
