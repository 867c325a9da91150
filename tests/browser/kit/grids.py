"""Tables as they are drawn: a canvas, with the cells beside it for those who can't see it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from pages.parts.overview import tables
from pages.parts.overview.tables import DEFAULT_SORT

ROW_HEIGHT = 40
BORDER = 2
HEADER_HEIGHT = 36
SUMMARY_ROWS = tables.SUMMARY_ROWS


@dataclass(frozen=True)
class Grid:
    """One table. ``widths`` are those its columns were given; spare width is shared out evenly."""

    frame: Locator
    widths: tuple[int, ...]

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

    def _click(self, column: int, rows_down: float) -> None:
        self.frame.scroll_into_view_if_needed()
        box = self.frame.bounding_box()
        assert box is not None
        spare = max(0.0, (box["width"] - BORDER - sum(self.widths)) / len(self.widths))
        x = 1 + sum(self.widths[:column]) + spare * column + min(40, self.widths[column] / 2)
        count = int(self.frame.locator("[role=grid]").get_attribute("aria-rowcount") or 0) - 1
        header_height = box["height"] - BORDER - count * ROW_HEIGHT
        y = 1 + header_height + rows_down * ROW_HEIGHT if rows_down > 0 else header_height / 2
        self.frame.page.mouse.click(box["x"] + x, box["y"] + y)


def pages_table(page: Page) -> Grid:
    """The table of Pages on Overview."""
    frame = page.locator(".st-key-pages-table").get_by_test_id("stDataFrame")
    expect(frame.locator("[role=gridcell]").first).to_be_attached()
    columns = tables.columns(
        sort=DEFAULT_SORT, noun="fans", period_label="", open_key="", neutral="#FFFFFF"
    )
    # A column of buttons is wrapped: it carries what a press calls.
    plain = [getattr(columns[name], "config", columns[name]) for name in tables.COLUMNS]
    return Grid(frame, tuple(int(column["width"]) for column in plain))


def column(name: str) -> int:
    """The place of a column in the table of Pages."""
    return tables.COLUMNS.index(name)


def names_in(grid: Grid) -> list[str]:
    """The names of the Pages in the table, without the rows of totals."""
    return [row[column("name")] for row in grid.rows()[SUMMARY_ROWS:]]


def figures_in(grid: Grid, name: str) -> list[float | None]:
    """A column of figures, without the rows of totals; None where it is unknown."""
    cells = [row[column(name)] for row in grid.rows()[SUMMARY_ROWS:]]
    return [float(cell) if cell else None for cell in cells]
