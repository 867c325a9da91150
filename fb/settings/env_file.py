"""Reads ``.env`` without trusting it, and finds files that others on this machine can read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream


@dataclass(frozen=True)
class EnvFile:
    """What ``.env`` says. ``sentence`` is what is wrong with the file itself, if anything is."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    sentence: str | None = None


def read_env_file(path: Path) -> EnvFile:
    """Reads ``path``; a file that is not there says nothing. Empty values count as not set.

    Values stand for themselves: ``${NAME}`` is not replaced, since that would read the environment
    and change a secret that happens to look so.
    """
    try:
        # utf-8-sig: Notepad begins its files with a mark.
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return EnvFile()
    except IsADirectoryError:
        return EnvFile(sentence="This is a folder, and should be a file. Remove it.")
    except UnicodeDecodeError:
        return EnvFile(sentence="The file is not UTF-8 text. Save it again as UTF-8.")
    except OSError:
        return EnvFile(sentence="The file can't be read. Make it yours: chmod 600 .env")
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            # Empty lines before it count as part of it.
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            return EnvFile(sentence=f"Line {line} can't be understood. Write NAME=value there.")
        if binding.key is not None:
            values[binding.key] = (binding.value or "").strip()
    return EnvFile({name: value for name, value in values.items() if value})


def find_open_files(paths: Iterable[Path]) -> list[Path]:
    """Which of these files others than their owner may read or change. Empty on Windows."""
    if os.name != "posix":
        return []
    return [path for path in paths if path.is_file() and path.stat().st_mode & 0o077]
