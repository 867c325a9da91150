"""Export popover: one download button each for tables, daily figures, chart and report.

A file is made when its button is pressed: buttons get a callable. Streamlit calls it outside of a
run, so it may not use the session of the screen. The popover is a fragment and draws its content
only while it is open, so a closed one costs a screen next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from fb.installation import Installation
from pages.charts.chart_parts import Palette, Spec
from pages.text.formats import count
from pages.text.locale import get_locale, use_locale
from pages.text.periods import Period
from pages.ui import links, popovers, viewer
from pages.ui.export import chart_image, heading_form
from pages.ui.export.heading_form import HeadingScope
from pages.ui.export.report import Report, to_html
from pages.ui.signed_in import may, me
from storage.db.engine import Database
from storage.export.csv_xlsx import (
    MAX_XLSX_ROWS,
    MIN_ZIP_ROWS,
    Format,
    choose_csv_format,
    make_file_name,
)
from storage.export.tables import (
    ExportQuery,
    count_daily_figures,
    export_daily_figures,
    record_export,
)

KEY = "export"
SANDBOX = "Sandbox: made-up Pages and figures"
PRINTING = "For paper or a PDF open the report and print it there."
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


def render(
    installation: Installation,
    list_groups: Callable[[], Sequence[OfferGroup]],
    page_id: str | None = None,
    *,
    find_scope: Callable[[], HeadingScope] | None = None,
    label: str = "Export",
    key: str = KEY,
) -> None:
    """Draw the popover, unless this person may not export.

    ``list_groups`` and ``find_scope`` are called only while it is open.

    ``page_id``: the Page that the files are about, if they are about one. ``find_scope``: of the
    title and logo of the report, where one is offered. ``key`` differs where a screen has two of
    them.
    """
    if may_export(installation):
        _popover(installation, list_groups, page_id, find_scope, label, key)


def may_export(installation: Installation) -> bool:
    """Whether this person may save files of figures."""
    return may("operator") or installation.settings.viewers_may_export


@viewer.fragment
def _popover(
    installation: Installation,
    list_groups: Callable[[], Sequence[OfferGroup]],
    page_id: str | None,
    find_scope: Callable[[], HeadingScope] | None,
    label: str,
    key: str,
) -> None:
    popover = st.popover(
        label, icon=":material/download:", key=key, width="content", on_change="rerun"
    )
    if not popovers.is_drawn(popover, key):
        return
    with popover, st.container(key=f"{key}-open"):
        for group in list_groups():
            st.caption(f"**{group.heading}**")
            with st.container(horizontal=True, gap="small"):
                for offer in group.offers:
                    _button(_recorded(installation, offer, page_id), key)
            if group.remark:
                st.caption(group.remark)
        if not may("operator"):
            return
        if find_scope is not None:
            heading_form.render(installation, find_scope())
        if key == KEY:
            links.draw("imports", "Import past figures", ":material/upload:")


def _recorded(installation: Installation, offer: Offer, page_id: str | None) -> Offer:
    """The same offer, for the person of this run, with an event for each file that is made.

    Streamlit makes the file in a thread that knows neither them nor their locale.
    """
    by, locale = me(), get_locale()

    def make() -> bytes:
        with use_locale(locale):
            content = offer.make()
        what = offer.key.partition("-")[0]
        with installation.database.writing() as session:
            record_export(
                session,
                what,
                offer.ending,
                installation.now(),
                page_id,
                viewers_may=installation.settings.viewers_may_export,
                by=by,
            )
        return content

    return replace(offer, make=make)


def _button(offer: Offer, key: str) -> None:
    st.download_button(
        offer.label,
        offer.make,
        file_name=offer.file_name,
        mime=_MIMES[offer.ending],
        key=f"{key}-{offer.key}",
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
            f"{count(rows_count)} rows don't fit in an Excel sheet, which holds "
            f"{count(MAX_XLSX_ROWS)}. Take the CSV file, or fewer days."
        )
    else:
        offers.append(offer("Excel", "series-xlsx", "xlsx"))
    return OfferGroup("Daily figures", offers, remark)


def chart_offer(
    installation: Installation, chart: Callable[[], Spec | None], name: str, colours: Palette
) -> Offer:
    """The chart of the screen as a PNG; an empty chart where there is none.

    Its figures are not told from real ones once it is sent to somebody, so in the sandbox it says
    what it is.
    """

    def make() -> bytes:
        empty: Spec = {"data": {"values": []}, "mark": "point", "title": "No figures to draw"}
        spec = chart() or empty
        if installation.settings.is_sandbox:
            spec = chart_image.marked(spec, SANDBOX)
        return chart_image.to_png(spec, colours)

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
