"""Pages with figures for the screens that show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from pages.text.formats import day
from storage.db.installation import bump_data_version
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.insights.values import (
    Span,
    StateRow,
    ValueRow,
    upsert_spans,
    upsert_states,
    upsert_values,
)
from tests.integration.figures.figure_rows import (
    ORIGIN,
    add_grant,
    add_page,
    hold,
    list_snapshots,
)
from tests.present import ago
from tests.screens.conftest import NOW, Stage

TODAY = (NOW.date() - ORIGIN).days  # the number that figure_rows gives to the stage's present


def rising(start: int, step: int, days: Iterable[int] = range(-40, TODAY + 1)) -> dict[int, int]:
    """Figures that grow by ``step`` a day."""
    return {number: start + step * index for index, number in enumerate(days)}


def connect(stage: Stage, account_name: str = "Anna Keller", **facts: Any) -> int:
    """An account; returns its grant's id."""
    with stage.installation.database.writing() as session:
        return add_grant(session, account_name, account_name=account_name, **facts)


def give_page(
    stage: Stage,
    page_id: str,
    fans: Mapping[int, int | None] | None = None,
    followers: Mapping[int, int | None] | None = None,
    *,
    grant_id: int | None = None,
    status: str = "ok",
    **facts: Any,
) -> None:
    """A Page with its snapshots, held by an account where one is given."""
    with stage.installation.database.writing() as session:
        add_page(session, page_id, fans, followers or fans, **facts)
        if grant_id is not None:
            hold(session, grant_id, page_id, status)
        bump_data_version(session)


def fill(stage: Stage, count: int) -> int:
    """``count`` Pages of one account, the larger their number the more fans; returns the grant."""
    grant_id = connect(stage)
    snapshots: list[SnapshotRow] = []
    with stage.installation.database.writing() as session:
        for number in range(1, count + 1):
            # Every third one loses, and all differ.
            figures = rising(10_000 * number, -number if number % 3 == 0 else number)
            add_page(session, str(number), name=f"Page {number:03d}")
            hold(session, grant_id, str(number))
            snapshots += list_snapshots(str(number), figures, figures)
        # At once: unusual days are judged anew with each call.
        upsert_snapshots(session, snapshots)
        bump_data_version(session)
    return grant_id


def day_of(number: int) -> date:
    """The date with this number."""
    return ORIGIN + timedelta(days=number)


def between(since: date, until: date) -> str:
    """How a sentence names a period: month and year stand once where they agree."""
    first = day(since, year=since.year != until.year)
    is_one_month = (since.year, since.month) == (until.year, until.month)
    return f"between {since.day if is_one_month else first} and {day(until)}"


def give_insights(
    stage: Stage,
    metric: str,
    values: dict[date, int],
    since: date | None = None,
    page_id: str = "104",
) -> None:
    """Figures of a metric, and the days asked for: by default the newest 90."""
    with stage.installation.database.writing() as session:
        upsert_values(
            session,
            [ValueRow(page_id, metric, day, value, NOW, "v26.0") for day, value in values.items()],
        )
        upsert_spans(session, [(page_id, metric, Span(since or ago(90), ago(1)))])
        upsert_states(session, [StateRow(page_id, "ok", None, None, NOW, NOW)])
        bump_data_version(session)
