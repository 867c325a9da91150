"""The sandbox's own secrets: made once, kept in ``data/`` for the eyes of its owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

from fb.settings.rules import SHORTEST_STATE_SECRET, is_fernet_key

FILE_NAME = "sandbox-secrets.json"


@dataclass(frozen=True)
class SandboxSecrets:
    """What the sandbox signs and seals with, in place of the settings of live mode."""

    app_secret: str = field(repr=False)
    state_secret: str = field(repr=False)
    encryption_key: str = field(repr=False)


def load_or_make_secrets(data: Path) -> SandboxSecrets:
    """Reads the secrets, or makes them. Of any number of processes that start at once, one makes.

    Raises:
        OSError: the folder or the file can't be written or read.
        ValueError: the file does not hold what was written into it.
    """
    path = data / FILE_NAME
    if not path.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    content = json.dumps(
        {
            "app_secret": secrets.token_hex(16),
            "state_secret": secrets.token_urlsafe(48),
            "encryption_key": Fernet.generate_key().decode(),
        }
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        # A link is refused when the name is taken, and appears complete: the loser of a race reads
        # what the winner wrote. Renaming would let the last one win.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> SandboxSecrets:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = SandboxSecrets(
            app_secret=str(content["app_secret"]),
            state_secret=str(content["state_secret"]),
            encryption_key=str(content["encryption_key"]),
        )
    except (KeyError, TypeError, RecursionError):
        raise ValueError("the sandbox's secrets are incomplete") from None
    if len(found.state_secret) < SHORTEST_STATE_SECRET or not is_fernet_key(found.encryption_key):
        raise ValueError("the sandbox's secrets are damaged")
    return found
