"""Keys file: keeps the secrets of a live installation outside the project, apart from its database.

Whoever has both the database and the keys has the Pages. A copy of the project's folder, with the
database in ``data/``, must therefore not contain the keys as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from fb.env_file import read_env_file, write_env_file
from fb.settings_table import (
    KEY_COMMAND,
    Wrong,
    check_keys_file,
    check_random_text,
    is_fernet_key,
    make_random_text,
    split_secrets,
)

STATE_SECRET, ENCRYPTION_KEYS = "STATE_TOKEN_SECRET", "TOKEN_ENCRYPTION_KEYS"
HEADING = (
    "# Pagekeeper's keys. Whoever has them and the database has your Pages: never keep a copy of\n"
    "# both in one place.\n"
)


@dataclass(frozen=True)
class NewKeys:
    """What `add_keys` did. No secret is in it."""

    path: Path
    has_new_state_secret: bool
    older_keys_count: int  # behind the new encryption key
    in_env_file: tuple[str, ...]  # settings in ``.env``, which is read before the keys file


def locate_keys_file(environ: Mapping[str, str], env_file: Mapping[str, str]) -> Path | None:
    """Return where the keys file is or would be; None without a home folder to put it in.

    Raises:
        Wrong: ``KEYS_FILE`` is no whole path.
    """
    home = environ.get("HOME") or environ.get("USERPROFILE")
    # An empty variable hides the value of .env, as for every setting.
    setting = environ.get("KEYS_FILE", env_file.get("KEYS_FILE", "")).strip()
    if setting:
        check_keys_file(setting)
        if not setting.startswith("~"):
            return Path(setting)
        return Path(home) / setting[2:] if home else None
    # https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is no path.
    config = environ.get("XDG_CONFIG_HOME", "")
    if Path(config).is_absolute():
        return Path(config) / "pagekeeper" / "keys.env"
    return Path(home) / ".config" / "pagekeeper" / "keys.env" if home else None


def add_keys(environ: Mapping[str, str], root: Path) -> NewKeys:
    """Put a new encryption key before the others in the keys file, and a missing state secret.

    What stands there stays. Valid secrets in ``root/.env`` are copied, so that their lines can be
    removed there.

    Raises:
        Wrong: the sentence says what prevents it; nothing was written.
    """
    env_file, problem = read_env_file(root / ".env")
    if problem is not None:
        raise Wrong(f".env: {problem}")
    if environ.get(ENCRYPTION_KEYS, "").strip():
        raise Wrong(
            f"{ENCRYPTION_KEYS} is set in the environment, which comes before every file, so a "
            "key in a file would not be used. Put a new one before the others there, with a comma "
            f"between them: {KEY_COMMAND}"
        )
    path = locate_keys_file(environ, env_file)
    if path is None:
        raise Wrong("There is no home folder to put the keys in. Set KEYS_FILE to a whole path.")
    path = path.resolve()  # a link stays a link
    content, problem = read_env_file(path)
    if problem is not None:
        raise Wrong(f"{path}: {problem}")
    if path == (root / ".env").resolve():
        env_file = {}
    older = dict.fromkeys(split_secrets(content.get(ENCRYPTION_KEYS, "")))
    if not all(is_fernet_key(key) for key in older):
        raise Wrong(f"{path}: {ENCRYPTION_KEYS} holds a key that is none. Mend or remove it first.")
    in_env_file = split_secrets(env_file.get(ENCRYPTION_KEYS, ""))
    older |= dict.fromkeys(key for key in in_env_file if is_fernet_key(key))
    values = {ENCRYPTION_KEYS: ",".join((Fernet.generate_key().decode(), *older))}
    needs_state_secret = not (environ.get(STATE_SECRET, "").strip() or STATE_SECRET in content)
    is_state_secret_new = needs_state_secret and not _is_random(env_file.get(STATE_SECRET, ""))
    if needs_state_secret:
        secret = make_random_text() if is_state_secret_new else env_file[STATE_SECRET]
        values = {STATE_SECRET: secret} | values
    try:
        write_env_file(path, values, heading=HEADING)
    except OSError as error:
        raise Wrong(f"{path} can't be written: {error.strerror}. Nothing was changed.") from None
    return NewKeys(
        path=path,
        has_new_state_secret=is_state_secret_new,
        older_keys_count=len(older),
        in_env_file=tuple(name for name in (STATE_SECRET, ENCRYPTION_KEYS) if name in env_file),
    )


def _is_random(text: str) -> bool:
    try:
        check_random_text(text)
    except Wrong:
        return False
    return True
