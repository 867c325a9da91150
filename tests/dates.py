"""Runs tests as if on days on which programs break: ``python -m tests.dates [--draw N] …``.

What follows goes to pytest. ``--draw 2`` takes two of the moments at random and prints them; a
moment is repeated with ``PAGEKEEPER_TESTS_NOW=… python -m pytest``.
"""

from __future__ import annotations

import argparse
import os
import random
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--draw", type=int, default=len(MOMENTS))
    options, arguments = parser.parse_known_args()
    moments = random.sample(MOMENTS, options.draw)
    failed = [moment for moment in sorted(moments) if not passes(moment, arguments)]
    print(f"as if at {', '.join(sorted(moments))}: {len(failed)} failed {failed}", flush=True)
    return len(failed)


def passes(moment: str, arguments: list[str]) -> bool:
    """Whether the tests pass as if at this moment."""
    print(f"as if at {moment}", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    environment = os.environ | {"PAGEKEEPER_TESTS_NOW": moment}
    return subprocess.run(command, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
