"""Memory: stores clock, trouble, consents and used codes in one file, shared by processes."""

import copy
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

try:
    import fcntl
except ImportError:  # without flock, only one process may use the file
    fcntl = None  # type: ignore[assignment]  # only used where it exists

Result = TypeVar("Result")
State = dict[str, Any]


def empty_state() -> State:
    """Return the state of a new sandbox; `consents` writes under ``people``."""
    return {
        "offset_days": 0,
        "trouble": "none",
        "has_moved": False,
        "serial": 0,
        "ended_serial": 0,
        "people": {},
        "used_codes": {},
    }


class Memory:
    """The state in the file at ``path``; None keeps it in this process. Thread-safe.

    A file without a readable state is treated as empty, so that the sandbox always starts.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._state = empty_state()
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> State:
        """Return the current state. The caller must not change it."""
        with self._lock:
            self._reload()
            return self._state

    def change(self, alter: Callable[[State], Result]) -> Result:
        """Call ``alter`` with the state, locked for threads and processes; return its result."""
        with self._lock, self._locked():
            self._reload()
            draft = copy.deepcopy(self._state)
            result = alter(draft)
            self._write(draft)
            self._state = draft
            return result

    def _reload(self) -> None:
        if self._path is None:
            return
        try:
            status = self._path.stat()
            signature = (status.st_mtime_ns, status.st_ino, status.st_size)
            if signature == self._seen:
                return
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._seen, loaded = None, {}
        except ValueError:
            loaded = {}
        else:
            self._seen = signature
        self._state = empty_state() | (loaded if isinstance(loaded, dict) else {})

    def _write(self, state: State) -> None:
        if self._path is None:
            return
        # mkstemp creates the file with mode 0600, and the replacement is atomic.
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(state, file)
            status = Path(name).stat()
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._seen = (status.st_mtime_ns, status.st_ino, status.st_size)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder against other processes."""
        if self._path is None or fcntl is None:
            yield
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
