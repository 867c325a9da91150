"""Files of past figures for tests, from rows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date

from fb.past_csv.reading import PastFigures, read_file
from storage.engine import Database
from tests import present

NOW = present.NOW

Row = tuple[str, date, int | None, int | None]


def file_of(rows: Iterable[Row]) -> PastFigures:
    """A file with these rows, read."""
    lines = ["page_id,date,fans,followers\n"]
    for page_id, day, fans, followers in rows:
        figures = ("" if figure is None else str(figure) for figure in (fans, followers))
        lines.append(f"{page_id},{day.isoformat()},{','.join(figures)}\n")
    return read_text("".join(lines))


def read_text(text: str) -> PastFigures:
    """A file with this text, read."""
    return read_file(io.BytesIO(text.encode()), NOW.date())


def stored_rows(database: Database) -> list[tuple[object, ...]]:
    """All snapshots with everything that is kept of them, and the columns made of them."""
    with database.reading() as session:
        driver = session.connection()
        snapshots = driver.exec_driver_sql(
            "SELECT page_id, day, fans_count, followers_count, source, fetched_at, graph_version"
            " FROM snapshots ORDER BY page_id, day"
        ).all()
        columns = driver.exec_driver_sql(
            "SELECT kind, day, content FROM day_columns ORDER BY kind, day"
        ).all()
    return [tuple(row) for row in (*snapshots, *((k, d, bytes(c)) for k, d, c in columns))]
