"""Sandbox secrets: made once, and kept in ``data/`` beside the database that they seal.

They protect made-up Pages. The secrets of a live installation are kept apart: see `fb.keys_file`.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from fb.settings_table import MIN_STATE_SECRET_LENGTH, is_fernet_key

SANDBOX_SECRETS_FILE = "sandbox-secrets.json"


def load_or_make_sandbox_secrets(data: Path) -> dict[str, str]:
    """Load the sandbox's secrets, or create them in a file with mode 0600.

    When several processes start at once, only one creates them.

    Raises:
        OSError: the folder or the file can't be written or read.
        ValueError: the content of the file is damaged.
    """
    path = data / SANDBOX_SECRETS_FILE
    if not path.exists():
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_sandbox_secrets(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        own = {
            name: str(content[name]) for name in ("app_secret", "state_secret", "encryption_key")
        }
    except (KeyError, TypeError, RecursionError):
        raise ValueError("the sandbox's secrets are incomplete") from None
    is_long_enough = len(own["state_secret"]) >= MIN_STATE_SECRET_LENGTH
    if not is_long_enough or not is_fernet_key(own["encryption_key"]):
        raise ValueError("the sandbox's secrets are damaged")
    return own


def _make_sandbox_secrets(path: Path) -> None:
    content = {
        "app_secret": secrets.token_hex(16),
        "state_secret": secrets.token_urlsafe(48),
        "encryption_key": Fernet.generate_key().decode(),
    }
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        # A hard link fails when the name exists, and the file appears complete: of two processes
        # the second reads the first one's file. A rename would overwrite it.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
