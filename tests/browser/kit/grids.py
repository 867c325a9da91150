"""Tables as they are drawn: a canvas, with the cells beside it for those who can't see it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from pages.parts.overview.columns import list_shown
from pages.parts.overview.tables import DEFAULT_SORT

ROW_HEIGHT = 40
BORDER = 2
HEADER_HEIGHT = 36
TICK_WIDTH = 32
# The columns that nobody has chosen, without those that follow from the figures.
FIRST = list_shown((), DEFAULT_SORT.key, "fans", has_reasons=False, has_trouble=False)


@dataclass(frozen=True)
class Grid:
    """One table. ``widths`` are those its columns were given; spare width is shared out evenly.

    ``ticks_width`` is that of the boxes before the first column.
    """

    frame: Locator
    widths: tuple[int, ...]
    ticks_width: int = 0

    def headers(self) -> list[str]:
        """The words in the header."""
        return [
            text.strip() for text in self.frame.locator("[role=columnheader]").all_text_contents()
        ]

    def rows(self) -> list[list[str]]:
        """The cells of every row, as plain values: "1048099", not "1,048,099"."""
        found: list[list[str]] = self.frame.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        return [[cell.replace("\u2060", "") for cell in row] for row in found]

    def click_header(self, column: int) -> None:
        """Click the header of a column, counted from 0."""
        self._click(column, -0.5)

    def click_cell(self, row: int, column: int) -> None:
        """Click into a cell; both are counted from 0."""
        self._click(column, row + 0.5)

    def tick(self, row: int) -> None:
        """Click on the box before a row, counted from 0."""
        self._click(-1, row + 0.5)

    def ticked(self) -> list[int]:
        """The rows that are ticked."""
        flags: list[str | None] = self.frame.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => row.getAttribute('aria-selected'))"
        )
        return [row for row, flag in enumerate(flags) if flag == "true"]

    def _click(self, column: int, rows_down: float) -> None:
        self.frame.scroll_into_view_if_needed()
        box = self.frame.bounding_box()
        assert box is not None
        width = box["width"] - BORDER - self.ticks_width
        spare = max(0.0, (width - sum(self.widths)) / len(self.widths))
        x = self.ticks_width / 2
        if column >= 0:
            x = self.ticks_width + sum(self.widths[:column]) + spare * column
            x += min(40, self.widths[column] / 2)
        count = int(self.frame.locator("[role=grid]").get_attribute("aria-rowcount") or 0) - 1
        header_height = box["height"] - BORDER - count * ROW_HEIGHT
        y = 1 + header_height + rows_down * ROW_HEIGHT if rows_down > 0 else header_height / 2
        self.frame.page.mouse.click(box["x"] + 1 + x, box["y"] + y)


def pages_table(page: Page) -> Grid:
    """The table of Pages on Overview."""
    frame = page.locator(".st-key-pages-table").get_by_test_id("stDataFrame")
    expect(frame.locator("[role=gridcell]").first).to_be_attached()
    labels = " ".join(Grid(frame, ()).headers())
    shown = list_shown(
        (),
        DEFAULT_SORT.key,
        "fans",
        has_reasons=False,
        has_sums="Views" in labels,
        has_trouble="Connection" in labels,
    )
    return Grid(frame, tuple(each.width for each in shown), TICK_WIDTH)


def column(name: str) -> int:
    """The place of a column in the table of Pages, left of those that follow from the figures."""
    return [column.name for column in FIRST].index(name)


def names_in(grid: Grid) -> list[str]:
    """The names of the Pages in the table."""
    return [row[column("name")] for row in grid.rows()]


def figures_in(grid: Grid, name: str) -> list[float | None]:
    """A column of figures; None where it is unknown."""
    cells = [row[column(name)] for row in grid.rows()]
    return [float(cell) if cell else None for cell in cells]
