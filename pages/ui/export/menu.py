"""Export popover: one download button each for tables, daily figures, chart and report.

A file is made when its button is pressed: buttons get a callable. Streamlit calls it outside of a
run, so it may not use the session of the screen. The popover is a fragment and draws its content
only while it is open, so a closed one costs a screen next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.charts.chart_parts import Palette, Spec
from pages.text.periods import Period
from pages.ui import links
from pages.ui.export import chart_image
from pages.ui.export.report import Report, to_html
from storage.db.engine import Database
from storage.export.csv_xlsx import (
    MAX_XLSX_ROWS,
    MIN_ZIP_ROWS,
    Format,
    choose_csv_format,
    make_file_name,
)
from storage.export.tables import ExportQuery, count_daily_figures, export_daily_figures

KEY = "export"
_MIMES = {
    "csv": "text/csv",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "html": "text/html",
}
_ICONS = {"png": ":material/image:", "html": ":material/description:"}


@dataclass(frozen=True)
class Offer:
    """One file to download. ``make`` is called when the button is pressed."""

    label: str
    key: str
    file_name: str
    make: Callable[[], bytes]

    @property
    def ending(self) -> str:
        """The ending of the file's name, without the dot."""
        return self.file_name.rpartition(".")[2]


@dataclass(frozen=True)
class OfferGroup:
    """Files under a heading; ``remark`` is a sentence on a missing file."""

    heading: str
    offers: Sequence[Offer]
    remark: str | None = None


@st.fragment
def render(list_groups: Callable[[], Sequence[OfferGroup]]) -> None:
    """Draw the popover; ``list_groups`` is called only while it is open."""
    popover = st.popover(
        "Export", icon=":material/download:", key=KEY, width="content", on_change="rerun"
    )
    if not popover.open:
        return
    with popover, st.container(key="export-open"):
        for group in list_groups():
            st.caption(f"**{group.heading}**")
            with st.container(horizontal=True, gap="small"):
                for offer in group.offers:
                    _button(offer)
            if group.remark:
                st.caption(group.remark)
        links.draw("imports", "Import past figures", ":material/upload:")


def _button(offer: Offer) -> None:
    st.download_button(
        offer.label,
        offer.make,
        file_name=offer.file_name,
        mime=_MIMES[offer.ending],
        key=f"export-{offer.key}",
        icon=_ICONS.get(offer.ending, ":material/table:"),
        on_click="ignore",
    )


def table_offers(what: str, query: ExportQuery, make: Callable[[Format], bytes]) -> list[Offer]:
    """A table as CSV and as Excel; ``what`` is part of the file names."""
    return [
        Offer("CSV", "table-csv", query.file_name(what, "csv"), lambda: make("csv")),
        Offer("Excel", "table-xlsx", query.file_name(what, "xlsx"), lambda: make("xlsx")),
    ]


def series_group(database: Database, query: ExportQuery, max_rows: int) -> OfferGroup:
    """Daily figures, at most ``max_rows``: counted only if so many decide the format."""
    rows_count = max_rows
    if max_rows >= MIN_ZIP_ROWS:
        with database.reading() as session:
            rows_count = count_daily_figures(session, query)

    def offer(label: str, key: str, format: Format) -> Offer:
        def make() -> bytes:
            with database.reading() as session:
                return export_daily_figures(session, query, format)

        return Offer(label, key, query.file_name("daily-figures", format), make)

    packed = choose_csv_format(rows_count)
    offers = [offer("CSV" if packed == "csv" else "CSV (packed)", "series-csv", packed)]
    remark = None
    if rows_count > MAX_XLSX_ROWS:
        remark = (
            f"{rows_count:,d} rows don't fit in an Excel sheet, which holds {MAX_XLSX_ROWS:,d}. "
            "Take the CSV file, or fewer days."
        )
    else:
        offers.append(offer("Excel", "series-xlsx", "xlsx"))
    return OfferGroup("Daily figures, days in UTC", offers, remark)


def chart_offer(chart: Callable[[], Spec | None], name: str, colours: Palette) -> Offer:
    """The chart of the screen as a PNG; an empty chart where there is none."""

    def make() -> bytes:
        empty: Spec = {"data": {"values": []}, "mark": "point", "title": "No figures to draw"}
        spec = chart()
        return chart_image.to_png(empty if spec is None else spec, colours)

    return Offer("Chart (PNG)", "chart", make_file_name("pagekeeper", name, ending="png"), make)


def report_offer(make: Callable[[], Report], name: str) -> Offer:
    """The report as one HTML file."""
    return Offer(
        "Report",
        "report",
        make_file_name("pagekeeper", name, ending="html"),
        lambda: to_html(make()).encode(),
    )


def name_of_days(name: str, period: Period) -> str:
    """The part of a file name with subject and days."""
    return f"{name[:40]}-{period.since.isoformat()}-{period.until.isoformat()}"
