"""Export of Posts: the table with every row, as CSV and Excel."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fb.installation import Installation
from pages.post_queries import PostListing, Posts, load_set
from pages.text.formats import count, counted
from pages.text.posts_text import age_text
from pages.ui.export import menu
from pages.ui.export.menu import Offer, OfferGroup
from storage.export.csv_xlsx import MAX_XLSX_ROWS, Format, choose_csv_format, make_file_name
from storage.export.post_table import export_posts
from storage.posts.analysis import in_order

KEY = "export-posts"


def render(installation: Installation, posts: Posts, listing: PostListing) -> None:
    """Draw the popover."""
    view, zone = posts.view, posts.zone
    packed = choose_csv_format(posts.rows_count)

    def offer(label: str, key: str, format: Format) -> Offer:
        def make() -> bytes:
            return _make(installation, posts, listing, zone, format)

        days = menu.name_of_days("posts", view.period)
        return Offer(label, key, make_file_name("pagekeeper", days, ending=format), make)

    def list_groups() -> list[OfferGroup]:
        offers = [offer("CSV" if packed == "csv" else "CSV (packed)", "table-csv", packed)]
        remark = "Times in UTC. A figure that Facebook did not tell is an empty cell."
        if posts.rows_count > MAX_XLSX_ROWS:
            remark += f" An Excel sheet holds {count(MAX_XLSX_ROWS)} rows: take the CSV file."
        else:
            offers.append(offer("Excel", "table-xlsx", "xlsx"))
        heading = f"{counted(posts.rows_count, 'post')}, figures {age_text(view.age)}"
        return [OfferGroup(heading, offers, remark)]

    menu.render(installation, list_groups, key=KEY)


def _make(
    installation: Installation, posts: Posts, listing: PostListing, zone: ZoneInfo, format: Format
) -> bytes:
    view = posts.view
    with installation.database.reading() as session:
        of_period = load_set(session, view, zone)
        ordered = in_order(of_period, listing.sort, listing.descending)
        return export_posts(session, of_period, ordered, format)
