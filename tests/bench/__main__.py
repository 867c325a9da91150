"""Measures the dashboard as ratios against named rivals, all of them in one run.

    python -m tests.bench                                     everything: about ten minutes, 6 GB
    python -m tests.bench overview --pages 1000 --days 120    one section, a smaller world

Nothing is asserted: times are of this machine, on this day.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import connecting, operators, overview, queries, screens, worlds
from tests.bench.report import describe_machine, print_lines
from tests.bench.stage import make_dashboard, served_dashboard

PAGES, DAYS = 10_000, 3 * 365
SECTIONS = ("queries", "postgresql", "overview", "screens", "operators", "connecting")
OF_THE_DASHBOARD = {"queries", "overview", "screens", "operators"}
BY_HAND = "rival: SQL by hand through the driver, tests/bench/handwritten.py"


def main() -> None:
    """Measure the sections asked for and print them."""
    options = _read_options()
    wanted = set(options.sections or SECTIONS)
    print(describe_machine())
    print(f"{options.pages:,d} Pages × {options.days:,d} days; seed 1", flush=True)
    with TemporaryDirectory(prefix="pagekeeper-bench-") as place:
        folder = Path(place)
        if wanted & OF_THE_DASHBOARD:
            _measure_dashboard(folder, wanted, options.pages, options.days)
        if "postgresql" in wanted:
            _measure_postgresql(options.pages, options.days)
    if "connecting" in wanted:
        print_lines(
            f"Connecting {connecting.PAGES:,d} Pages; rival: requests.get of the same answers, "
            "json.loads,\nFernet.encrypt of each token, sqlite3.executemany of the same rows",
            connecting.measure(),
        )


def _read_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--days", type=int, default=DAYS)
    options = parser.parse_args(arguments)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return options


def _measure_dashboard(folder: Path, wanted: set[str], pages: int, days: int) -> None:
    home = folder / "dashboard"
    home.mkdir()
    database = make_dashboard(home, pages=pages, days=days)
    if "queries" in wanted:
        short = f"sqlite:///{folder / 'short.db'}"
        worlds.make_database(short, pages=pages, days=days // 3 + 2)
        lines = queries.measure(f"sqlite:///{database}", short, datetime.now(UTC).date())
        print_lines(f"Overview's queries all together, SQLite file; {BY_HAND}", lines)
    if not wanted & {"overview", "screens", "operators"}:
        return
    with served_dashboard(home) as server:
        if "overview" in wanted:
            print_lines("Overview, over the websocket", overview.measure_bytes(server.port))
            print_lines(
                "Overview, the whole rerun; rivals: tests/bench/rival.py and "
                "tests/bench/datasette.py,\non the same file. Cold: the version of the data is "
                "raised before, by which all is cached",
                overview.measure_times(server, folder),
            )
        if "screens" in wanted:
            print_lines("Page and Compare, in Chromium", screens.measure(server))
        if "operators" in wanted:
            print_lines("Overview, clicked on once a second", operators.measure(server.port))


def _measure_postgresql(pages: int, days: int) -> None:
    # Not below the other folder: under root the server runs as another user, who may not enter it.
    with (
        TemporaryDirectory(prefix="pagekeeper-pg-") as folder,
        worlds.served_postgresql(Path(folder)) as server_url,
    ):
        long, short = (worlds.create_postgresql(server_url, name) for name in ("long", "short"))
        worlds.make_database(long, pages=pages, days=days)
        worlds.make_database(short, pages=pages, days=days // 3 + 2)
        lines = queries.measure(long, short, datetime.now(UTC).date())
        print_lines(f"Overview's queries all together, PostgreSQL; {BY_HAND}", lines)


if __name__ == "__main__":
    main()
