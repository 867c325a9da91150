"""Measures the dashboard as ratios against named rivals, each taken in one run; takes a minute.

    python -m tests.bench

Nothing is asserted: times are of this machine, on this day.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import connecting, overview
from tests.bench.report import describe_machine, print_lines


def main() -> None:
    """Measure everything and print it."""
    print(describe_machine())
    with TemporaryDirectory(prefix="pagekeeper-bench-") as folder:
        lines = overview.measure(Path(folder))
    print_lines(
        f"Overview at {overview.PAGES:,d} Pages × {overview.DAYS} days, over the websocket; "
        "rival: tests/bench/rival.py",
        lines,
    )
    print_lines(
        f"Connecting {connecting.PAGES:,d} Pages; rival: requests.get of the same answers, "
        "json.loads,\nFernet.encrypt of each token, sqlite3.executemany of the same rows",
        connecting.measure(),
    )


if __name__ == "__main__":
    main()
