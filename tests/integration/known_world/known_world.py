"""A known world: 60 Pages over 400 days, and every figure that the screens make of it, as CSV.

    python -m tests.integration.known_world.known_world FOLDER

writes the files into FOLDER, the same bytes every time: what the product exports itself into
``rows/``, what its screens show into ``screens/``. `test_known_world` holds their sums.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from storage.accounts.vault import Vault
from storage.db.engine import Database, open_database
from storage.ledger.ledger_keys import attach_vault
from storage.migrations.migrate import migrate
from tests.integration.known_world import product
from tests.integration.known_world.product import Store
from tests.integration.known_world.records import METRICS, SORTS, Figures, Filter, ListedPage, View
from tests.integration.storage_rows import KEY

A_DAY = timedelta(days=1)
LAST = date(2026, 11, 22)
DAYS, PAGES = 400, 60
FIRST = LAST - (DAYS - 1) * A_DAY
NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)

ZERO, NO_FANS, NO_FOLLOWERS, SILENT, UNPUBLISHED, NO_ANALYZE, ROLE_LOST = range(7)
SECOND_ACCOUNT, THIRD_ACCOUNT = range(40, 55), range(55, 60)
JOINED = {**dict.fromkeys(SECOND_ACCOUNT, 130), **dict.fromkeys(THIRD_ACCOUNT, 385)}
CLEANED_UP = 390  # the day on which many fall together
LOST_DAYS = {45, 46, 120, 200, 201, 202, 333, 380}
CATEGORIES = ("Cafe", "bakery", "Optician", None)
NAMES = ("Café Lindenhof", "Optik Keller", "Ångström & Söhne", "Bäckerei Wolf", "=1+1", "Łódź 24")

PERIODS = {
    "7-days": 7,
    "28-days": 28,
    "90-days": 90,
    "12-months": 365,
}
FILTERS = {
    "all": Filter(),
    "tag": Filter(tag="Bakers"),
    "account": Filter(account="9002"),
    "category": Filter(category="Cafe"),
    "state": Filter(state="needs_renewal"),
    "attention": Filter(attention=True),
    "search": Filter(search="CAFE lind"),
}


def page_id(number: int) -> str:
    """The id of a Page by its number."""
    return str(100_000_000_000_000 + 7_919 * number)


def day(number: int) -> date:
    """The day with this number, counted from 0."""
    return FIRST + number * A_DAY


def build(store: Store) -> None:
    """Write the world: connect three accounts, refresh daily, import, tag, lose some access."""
    figures = _make_figures(random.Random(8))
    _connect(store, "9001", range(40), 0, figures)
    store.report([row for rows in figures[:130] for row in rows])
    _connect(store, "9002", SECOND_ACCOUNT, 130, figures)
    store.report([row for rows in figures[130:385] for row in rows])
    # The third brings Pages of the first too, one of them under a new name.
    _connect(store, "9003", [*THIRD_ACCOUNT, 10, 11, 12], 385, figures, renamed={10: "Zum Anker"})
    store.report([row for rows in figures[385:] for row in rows])
    _import(store)
    store.tag("Bakers", [page_id(number) for number in range(0, PAGES, 4)])
    store.tag("Nobody's", [])
    store.set_account_status("9002", "needs_renewal", NOW)
    store.set_page_status("9001", page_id(ROLE_LOST), "role_lost", NOW)
    moves = [
        (page_id(number), day(which), number + which % 7, which % 3)
        for number in (7, 8, 41)
        for which in range(300, DAYS)
    ]
    store.report_moves(moves, NOW)


def _make_figures(chance: random.Random) -> list[list[Figures]]:
    """What Facebook reports on each day; nothing on LOST_DAYS."""
    sizes = [0 if n == ZERO else int(10 ** chance.uniform(1.5, 6)) for n in range(PAGES)]
    by_day: list[list[Figures]] = []
    for number in range(DAYS):
        rows = []
        for page in range(PAGES):
            sizes[page] = _step(chance, sizes[page], page, number)
            is_there = number >= JOINED.get(page, 0) and number not in LOST_DAYS
            if page == SILENT and number >= 370:
                is_there = False
            # Some miss a week, and anyone a day now and then.
            if page % 13 == 5 and 100 + page <= number < 107 + page:
                is_there = False
            if chance.random() < 0.004 or not is_there:
                continue
            fans = None if page == NO_FANS else sizes[page]
            followers = None if page == NO_FOLLOWERS else sizes[page] + sizes[page] // 25
            rows.append(Figures(page_id(page), day(number), fans, followers))
        by_day.append(rows)
    return by_day


def _step(chance: random.Random, size: int, page: int, number: int) -> int:
    if page == ZERO:
        return 0
    swing = size * 0.004 + 3
    size += int((chance.random() + chance.random() - 0.9) * swing)
    if number == CLEANED_UP and page % 2:
        size -= size // 20 + 20
    if page % 11 == 3 and number % 97 == 50:
        size += size // 10 + 50
    return max(size, 0)


def _connect(
    store: Store,
    account: str,
    numbers: Any,
    at: int,
    figures: list[list[Figures]],
    renamed: Mapping[int, str] | None = None,
) -> None:
    today = {row.page_id: row for row in figures[at]}
    pages = []
    for number in numbers:
        row = today.get(page_id(number))
        pages.append(
            ListedPage(
                page_id(number),
                (renamed or {}).get(number) or f"{NAMES[number % len(NAMES)]} {number // 12}",
                CATEGORIES[number % len(CATEGORIES)],
                is_published=number != UNPUBLISHED,
                tasks=("MESSAGING",) if number == NO_ANALYZE else ("ANALYZE", "MESSAGING"),
                fans=row.fans if row else None,
                followers=row.followers if row else None,
                has_figures=row is not None or number in THIRD_ACCOUNT,
            )
        )
    store.connect(account, pages, product.fetched_on(day(at)))


def _import(store: Store) -> None:
    """One file stays: days before some Pages joined, beside days that are stored. One goes."""
    stays = [
        Figures(page_id(page), day(number), 1_000 + 3 * number + page, None if page % 2 else 900)
        for page in (40, 41, 42, 43)
        for number in range(60, 140)
    ]
    goes = [Figures(page_id(page), day(1) - 9 * A_DAY, 7, 7) for page in range(20)]
    goes += [Figures(page_id(page), day(333), 8, 8) for page in range(20)]
    assert store.import_file(stays, NOW) is not None
    import_id = store.import_file(goes, NOW)
    assert import_id is not None
    store.undo(import_id, NOW)


def write_files(database: Database) -> Iterator[tuple[str, bytes]]:
    """Yield each file's name and content, in a fixed order."""
    for period, days in PERIODS.items():
        yield from _of_period(database, period, _view(LAST - (days - 1) * A_DAY, LAST))
    yield from _of_period(database, "spring", _view(day(180), day(231)))
    yield from _of_period(database, "one-day", _view(LAST, LAST))
    yield from _of_period(database, "lost-end", _view(day(174), day(201)))
    yield from _of_sorts(database)


def _view(since: date, until: date) -> View:
    length = until - since
    return View(since, until, previous=(since - length - A_DAY, since - A_DAY))


def _of_period(database: Database, period: str, whole: View) -> Iterator[tuple[str, bytes]]:
    is_long = (whole.until - whole.since).days >= 90
    for metric in METRICS:
        for name, filter in FILTERS.items():
            view = replace(whole, metric=metric, filter=filter)
            what = f"{period}-{metric}-{name}"
            # Two of a year are enough: each has 20,000 rows.
            if not is_long or name == "all":
                yield f"rows/daily-{what}.csv", product.export_daily(database, view)
            yield f"rows/table-{what}.csv", product.export_rows(database, view)
            yield f"screens/overview-{what}.csv", _overview(database, view, is_long=is_long)
        view = replace(whole, metric=metric)
        compared = [page_id(number) for number in (41, SILENT, ZERO, 57, 8)]
        name = f"compare-{period}-{metric}.csv"
        yield f"rows/{name}", product.export_compared(database, compared, view)
        with database.reading() as session:
            yield f"screens/{name}", _csv(product.ask_compare(session, compared, view))
            for number in (*range(7), 41, 57):
                answer = product.ask_page(session, page_id(number), view)
                said = product.say_page(session, page_id(number), view)
                # The files name one source for a day, as the screen does.
                answer = replace(answer, sources=[])
                yield f"screens/page-{number}-{period}-{metric}.csv", _csv([answer, said])


def _overview(database: Database, view: View, *, is_long: bool) -> bytes:
    with database.reading() as session:
        shown = replace(
            product.ask_overview(session, view),
            # The files have more than the screens: days that are not wide, and a comparison with
            # days before the first.
            unusual=product.list_unusual(session, view),
            previous=product.compare_previous(session, view),
        )
        said = product.say_overview(session, view)
    if is_long:  # no small charts: how they are thinned is free
        shown = replace(shown, table=replace(shown.table, sparklines={}))
    return _csv([shown, said])


def _of_sorts(database: Database) -> Iterator[tuple[str, bytes]]:
    whole = _view(LAST - 27 * A_DAY, LAST)
    for sort in SORTS:
        for descending in (False, True):
            view = replace(whole, sort=sort, descending=descending)
            name = f"table-28-days-by-{sort}-{'down' if descending else 'up'}.csv"
            yield f"rows/{name}", product.export_rows(database, view)
            with database.reading() as session:
                tables = [
                    product.ask_overview(session, replace(view, number=number)).table
                    for number in (1, 2, 3)
                ]
            yield f"screens/{name}", _csv(tables)


def _csv(answer: Any) -> bytes:
    """Records as lines: the way to each value, then the value."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_lines("", answer))
    return out.getvalue().encode()


def _lines(way: str, value: Any) -> Iterator[tuple[str, str]]:
    if is_dataclass(value):
        for each in fields(value):
            yield from _lines(f"{way}.{each.name}", getattr(value, each.name))
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _lines(f"{way}[{key}]", value[key])
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _lines(f"{way}[{number}]", each)
    else:
        # Ten digits: how a database divides may change the sixteenth.
        yield way, f"{value:.10g}" if isinstance(value, float) else str(value)


def main(folder: Path) -> None:
    """Build the world in a database of its own and write all files into ``folder``."""
    with TemporaryDirectory(prefix="pagekeeper-") as home:
        database = open_database(f"sqlite:///{home}/known.db")
        attach_vault(database, Vault([KEY]))
        migrate(database, "sandbox", NOW)
        build(Store(database))
        for name, content in write_files(database):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
