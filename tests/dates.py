"""Runs tests as if on days on which programs break: ``python -m tests.dates ARGUMENTS``.

The arguments go to pytest. One moment is repeated with ``PAGEKEEPER_TESTS_NOW=… python -m pytest``.
"""

from __future__ import annotations

import os
import subprocess
import sys

DAYS = (
    "2026-12-31",
    "2027-01-01",
    "2028-02-28",
    "2028-02-29",
    "2027-03-14",  # clocks go forward in California, where the days of insights end
    "2026-11-01",  # and back
)
MOMENTS = tuple(f"{day}T{time}:00+00:00" for day in DAYS for time in ("00:05", "23:55"))


def main() -> int:
    """Run pytest once for each moment; the number of runs that failed."""
    failed = [moment for moment in MOMENTS if not passes(moment, sys.argv[1:])]
    print(f"as if at {', '.join(MOMENTS)}: {len(failed)} failed {failed}", flush=True)
    return len(failed)


def passes(moment: str, arguments: list[str]) -> bool:
    """Whether the tests pass as if at this moment."""
    print(f"as if at {moment}", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    environment = os.environ | {"PAGEKEEPER_TESTS_NOW": moment}
    return subprocess.run(command, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
