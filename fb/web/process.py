"""Process: keeps what it writes to itself, and has as many open files as the system allows.

A core dump would hold every secret in memory. A socket of Streamlit takes four descriptors, and
keeps three for two minutes after its browser has gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform != "win32":  # which has neither core dumps nor this limit
    import resource

# Enough for a thousand sockets. Some systems know no limit, and libraries loop over all numbers.
WANTED_DESCRIPTORS = 65_536
# Below that, some fifty reloads in two minutes use them up.
MIN_DESCRIPTORS = 1_024
# Kept free for the database, Facebook and new requests when sockets take the rest.
RESERVED_DESCRIPTORS = 64

_OPEN_FILES = (Path("/proc/self/fd"), Path("/dev/fd"))  # Linux; macOS and BSD


def protect_process() -> None:
    """Make new files the owner's alone, switch core dumps off, and raise the limit of open files.

    Called first in every process of Pagekeeper.
    """
    os.umask(0o077)
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(WANTED_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS refuses more than its own maximum
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(10_240, wanted), hard))


def find_descriptor_limit() -> int | None:
    """Return how many files this process may have open; None where nothing limits them."""
    if sys.platform == "win32":
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def count_free_descriptors() -> int | None:
    """Return how many more files this process can open; None where that can't be told."""
    limit = find_descriptor_limit()
    for folder in _OPEN_FILES:
        if limit is not None and folder.is_dir():
            return limit - sum(1 for _ in folder.iterdir())
    return None


def has_room_for_a_socket() -> bool:
    """Whether enough descriptors stay free when one more browser is let in."""
    free = count_free_descriptors()
    return free is None or free > RESERVED_DESCRIPTORS
