"""What the screen Past figures says: pure, in plain words."""

from __future__ import annotations

from fb.past_figures import DryRun
from pages.text.formats import counted, span

WHAT_THIS_IS = (
    "Facebook no longer gives out past fan counts, to anyone. Figures that you have kept elsewhere "
    "can be taken in here. An import only adds days that are not stored yet: what is stored is "
    "never changed. Every import can be undone."
)
COLUMNS = (
    "The first line names the columns: `page_id` or `page_name`, `date`, and `fans` or "
    "`followers` or both. Other columns are left out of account. Files that Pagekeeper exported "
    "fit as they are."
)
EXAMPLE = """page_id,page_name,date (UTC),fans,followers
100000000000001,Café Lindenhof,2025-12-31,12345,12401
100000000000001,Café Lindenhof,2026-01-01,12352,12409"""
FORMS = (
    "- CSV with commas, semicolons or tabs, in UTF-8 or UTF-16, up to 200 MB: a million rows and "
    "more.\n"
    "- The Page by its id, or by its exact name where no other Page has the same.\n"
    "- Dates as 2025-12-31. Others are read where the file leaves no doubt: 31.12.2025, 31 Dec "
    "2025, 12/31/2025.\n"
    "- Figures as 1234, 1,234, 1.234, 1 234 or 1'234, one way in the whole file.\n"
    "- Days are taken as days in UTC."
)


def say_what_would_happen(dry: DryRun) -> str:
    """What importing would do, in two or three sentences of Markdown."""
    counts = dry.counts
    said = ["Nothing is stored yet."]
    if dry.since is not None and dry.until is not None:
        said.append(
            f"The file has figures of {counted(dry.pages_count, 'Page')}: "
            f"{span(dry.since, dry.until)}."
        )
    if dry.zone is None:
        said.append("It does not name a time zone: its days are taken as days in UTC.")
    if not counts.new:
        nothing = "Every day of it is stored already" if counts.equal else "No row can be taken in"
        said.append(f"**{nothing}, so there is nothing to import.**")
    return " ".join(said)
