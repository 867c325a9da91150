"""The Export popover on three screens: which files it offers, and what is in them."""

from __future__ import annotations

import csv
import io
import re
from html import escape, unescape

import pytest

from pages.charts.chart_parts import Spec
from pages.text import formats
from pages.text.insights_text import NO_SUM
from pages.ui.export import chart_image, menu
from pages.ui.export.menu import Offer
from storage.accounts.archive import archive_pages
from storage.csv_import.page_index import PageIndex
from storage.db.installation import bump_data_version
from storage.jobs.events import list_events
from storage.notes.notes import NoteDraft, add_note
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.past_files import guess
from tests.present import TODAY, ago
from tests.screens.conftest import NOW, Stage
from tests.screens.figures import TODAY as NUMBER_OF_TODAY
from tests.screens.figures import between, connect, fill, give_insights, give_page, rising
from tests.screens.post_rows import give_posts

HOSTILE = "=cmd|'/c calc'!A1 <script>x</script>"


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Offer]:
    """The offers of the last screen by their keys: AppTest can't press a download."""
    found: dict[str, Offer] = {}
    drawn = menu._button

    def draw(offer: Offer, key: str) -> None:
        found[offer.key] = offer
        drawn(offer, key)

    monkeypatch.setattr(menu, "_button", draw)
    return found


def rows_in(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_overview_offers_all_rows_not_only_those_shown(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 30)
    stage.open("overview", popover=menu.KEY)
    assert list(offers) == [
        "table-csv",
        "table-xlsx",
        "series-csv",
        "series-xlsx",
        "chart",
        "report",
    ]
    table = rows_in(offers["table-csv"].make())
    assert [row["page_name"] for row in table[:2]] == ["Page 030", "Page 029"]
    assert len(table) == 30
    assert len(rows_in(offers["series-csv"].make())) == 30 * 28
    assert offers["table-csv"].file_name == f"pagekeeper-pages-{ago(27)}-{TODAY}.csv"


def test_views_and_engagement_are_in_the_file_and_the_report(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 3)
    stage.open("overview", popover=menu.KEY)
    assert "views_28_days" not in rows_in(offers["table-csv"].make())[0]
    assert "Views" not in offers["report"].make().decode()
    days = {ago(number): 30 if number <= 28 else 20 for number in range(1, 57)}
    give_insights(stage, "page_media_view", days, page_id="1")
    newest = {ago(number): 50 for number in range(1, 29)}
    give_insights(stage, "page_media_view", newest, page_id="2")
    stage.open("overview", popover=menu.KEY)
    rows = {row["page_id"]: row for row in rows_in(offers["table-csv"].make())}
    names = ["views_28_days", "views_28_days_change", "28_days_until_pacific"]
    assert [rows["1"][name] for name in names] == ["840", "280", f"{ago(1)}"]
    assert [rows["2"][name] for name in names] == ["1400", "", f"{ago(1)}"]
    assert [rows["3"][name] for name in names] == ["", "", ""]
    assert offers["table-xlsx"].make().startswith(b"PK")
    stage.open("overview", {"sort": "Biggest rise in views first"}, popover=menu.KEY)
    ordered = [row["page_id"] for row in rows_in(offers["table-csv"].make())]
    assert ordered == ["1", "2", "3"], "only the first has a change; the others by name"
    report = offers["report"].make().decode()
    assert ">Views (28 days)</th>" in report
    assert "+280" in report  # the tile's change
    assert "2,240" in report  # the tile
    assert "Engagement" not in report
    question, *_ = guess(offers["table-csv"].make(), PageIndex([])).questions
    assert question.startswith("“as_of_utc” seems to be the day")


def test_search_narrows_the_table_and_the_daily_figures(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 12)
    stage.open("overview", {"q": "Page 011"}, popover=menu.KEY)
    assert len(rows_in(offers["table-csv"].make())) == 1
    assert len(rows_in(offers["series-csv"].make())) == 28
    assert "12 Pages" in offers["report"].make().decode()
    assert offers["chart"].make().startswith(b"\x89PNG\r\n")


def test_the_ticked_pages_are_a_table_of_their_own(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 12)
    at = stage.open("overview", {"q": "Page 011"}, ticked=["3", "11"], popover="export-ticked")
    assert not at.exception
    assert list(offers) == ["table-csv", "table-xlsx"]
    table = rows_in(offers["table-csv"].make())
    assert [row["page_name"] for row in table] == ["Page 011", "Page 003"]
    with stage.installation.database.reading() as session:
        assert next(iter(list_events(session))).kind == "exported"


def test_a_page_and_its_hostile_name(stage: Stage, offers: dict[str, Offer]) -> None:
    give_page(stage, "7", rising(1000, 5), name=HOSTILE, grant_id=connect(stage))
    stage.open("page", {"id": "7"}, popover=menu.KEY)
    assert list(offers) == ["series-csv", "series-xlsx", "chart", "report"]
    assert offers["report"].file_name.startswith("pagekeeper-cmd-c-calc-A1-script")
    rows = rows_in(offers["series-csv"].make())
    assert len(rows) == 28
    assert {row["page_name"] for row in rows} == {"'" + HOSTILE}
    assert {row["net_new_fans"] for row in rows} == {"5"}
    report = offers["report"].make().decode()
    assert "<script" not in report
    assert "&lt;script&gt;" in report
    with stage.installation.database.reading() as session:
        events = list_events(session)[::-1]
    assert [(each.kind, each.facts["what"], each.page_name) for each in events] == [
        ("exported", "series", HOSTILE),
        ("exported", "report", HOSTILE),
    ]


def test_what_does_not_fit_in_excel_is_said(
    stage: Stage, offers: dict[str, Offer], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stage, 2)
    monkeypatch.setattr(menu, "MIN_ZIP_ROWS", 10)
    monkeypatch.setattr("storage.export.csv_xlsx.MIN_ZIP_ROWS", 10)
    monkeypatch.setattr(menu, "MAX_XLSX_ROWS", 50)
    at = stage.open("overview", popover=menu.KEY)
    assert "series-xlsx" not in offers
    assert "56 rows don't fit in an Excel sheet" in " ".join(str(c.value) for c in at.caption)
    assert offers["series-csv"].make().startswith(b"PK")
    assert offers["series-csv"].file_name.endswith(".zip")


def test_compare_offers_its_table_with_whole_names(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 1)
    give_page(stage, "77", rising(1000, 5), name="=1+1 " + "x" * 60)
    stage.open("compare", {"ids": "77,1"}, popover=menu.KEY)
    assert list(offers)[:2] == ["table-csv", "table-xlsx"]
    assert offers["table-csv"].file_name == f"pagekeeper-compare-{ago(27)}-{TODAY}.csv"
    content = offers["table-csv"].make()
    first, second = rows_in(content)
    assert (first["page_id"], second["page_id"]) == ("77", "1")
    assert first["page_name"] == "'=1+1 " + "x" * 60
    assert (first["since_utc"], first["until_utc"]) == (f"{ago(27)}", f"{TODAY}")
    assert (first["net_new_fans"], first["net_new_per_day"]) == ("140", "5.0000")
    assert first["days"] == "28"
    assert offers["table-xlsx"].make().startswith(b"PK")
    assert offers["chart"].make().startswith(b"\x89PNG\r\n")
    questions = guess(content, PageIndex([])).questions  # its figures are of no single day
    assert questions[0] == "“since_utc” seems to be the day."


@pytest.mark.parametrize(("screen", "query"), [("overview", {}), ("page", {"id": "1"})])
def test_a_report_tells_the_notes_of_its_chart(
    stage: Stage, offers: dict[str, Offer], screen: str, query: dict[str, str | list[str]]
) -> None:
    fill(stage, 2)
    text = "<b>Autumn</b> campaign, which stands longer than a label"
    with stage.installation.database.writing() as session:
        add_note(session, NoteDraft(ago(14), text), NOW, by=THIS_COMPUTER)
    stage.open(screen, query, popover=menu.KEY)
    report = offers["report"].make().decode()
    assert "<h2>Notes</h2>" in report
    assert f'<td class="day">{formats.weekday(ago(14))}</td>' in report
    assert f">{escape(text)}<" in report
    with_note = offers["chart"].make()
    stage.open(screen, {**query, "notes": "hidden"}, popover=menu.KEY)
    assert "<h2>Notes</h2>" not in offers["report"].make().decode()
    assert offers["chart"].make() != with_note


def give_tag(stage: Stage, name: str, *page_ids: str) -> int:
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, name, NOW, by=THIS_COMPUTER)
        for page_id in page_ids:
            tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    return tag_id


def title_of(offers: dict[str, Offer]) -> str:
    report = offers["report"].make().decode()
    return report.partition("<h1>")[2].partition("</h1>")[0]


def test_a_report_is_called_by_its_pages_until_it_has_a_title(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 3)
    give_tag(stage, "Keller & Sons", "1", "2")
    stage.open("overview", popover=menu.KEY)
    assert title_of(offers) == "Facebook Pages"
    stage.open("overview", {"account": "Anna Keller"}, popover=menu.KEY)
    assert title_of(offers) == "Facebook Pages connected through Anna Keller"
    stage.open("overview", {"archived": "yes"}, popover=menu.KEY)
    assert title_of(offers) == "Facebook Pages in the archive"
    stage.open("page", {"id": "3"}, popover=menu.KEY)
    assert title_of(offers) == "Page 003"
    at = stage.open("overview", {"tag": "Keller & Sons"}, popover=menu.KEY)
    assert title_of(offers) == "Keller &amp; Sons"
    (title,) = [each for each in at.text_input if each.label == "Title"]
    assert title.placeholder == "Keller & Sons"
    title.set_value("<b>November</b>")
    next(each for each in at.button if each.label == "Save").click().run()
    report = offers["report"].make().decode()
    assert "<h1>&lt;b&gt;November&lt;/b&gt;</h1>" in report
    assert '<p class="line">Keller &amp; Sons</p>' in report
    stage.open("page", {"id": "1"}, popover=menu.KEY)
    assert title_of(offers) == "&lt;b&gt;November&lt;/b&gt;", "of the one tag that the Page has"
    assert '<p class="line">Page 001</p>' in offers["report"].make().decode()
    stage.open("overview", popover=menu.KEY)
    assert title_of(offers) == "Facebook Pages", "the title is the tag's"


def test_the_last_week_is_in_the_report(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 3)
    stage.open("overview", popover=menu.KEY)
    report = offers["report"].make().decode()
    assert "<h2>The week of" in report
    assert "Page 002 (+14) gained most, Page 003 (−21) lost most." in report


def report_of_page(stage: Stage, offers: dict[str, Offer], page_id: str = "1") -> str:
    stage.open("page", {"id": page_id}, popover=menu.KEY)
    return offers["report"].make().decode()


def test_the_last_week_is_in_the_report_of_a_page(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 3)
    report = report_of_page(stage, offers, "3")
    overview = load_week_title(stage, offers)
    assert f"<h2>{overview}</h2>" in report
    assert f"21 fewer {between(ago(6), TODAY)}." in report
    assert "It is connected and up to date, and no day was out of the ordinary." in report
    assert "gained most" not in report
    give_page(stage, "4", {NUMBER_OF_TODAY: 100})
    assert "The week of" not in report_of_page(stage, offers, "4"), "nothing to compare"
    old = rising(1000, 5, range(-40, NUMBER_OF_TODAY - 9))
    give_page(stage, "5", old, grant_id=connect(stage, "Ben Ortiz"))
    report = report_of_page(stage, offers, "5")
    assert f"35 more {between(ago(16), ago(10))}." in report, "the last week with figures"
    last_day = formats.day(ago(10))
    assert f"The Page needs attention. The last figures are of {last_day}. No day was" in report


def load_week_title(stage: Stage, offers: dict[str, Offer]) -> str:
    """The heading of the week in Overview's report."""
    stage.open("overview", popover=menu.KEY)
    report = offers["report"].make().decode()
    return "The week of" + report.partition("<h2>The week of")[2].partition("</h2>")[0]


def test_an_archived_page_needs_no_attention_in_its_report(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    give_page(stage, "1", rising(1000, 5))  # which no account gives access to
    assert "The Page needs attention. No connected account" in report_of_page(stage, offers)
    with stage.installation.database.writing() as session:
        archive_pages(session, ["1"], NOW, by=THIS_COMPUTER)
        bump_data_version(session)
    report = report_of_page(stage, offers)
    assert "It is archived, and no day was out of the ordinary." in report
    assert "needs attention" not in report


def test_views_and_engagement_are_in_the_report_of_a_page(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 2)
    days = {ago(number): 300 if number <= 28 else 200 for number in range(1, 57)}
    give_insights(stage, "page_media_view", days, page_id="1")
    until = formats.day(ago(1), year=False)
    report = text_of_tiles(report_of_page(stage, offers))
    assert f"Views (28 days) 8,400 ▲ +2,800 (+50.00%) to {until}" in report
    assert "Engagement (28 days) – a day has no figure" in report
    assert f"those of the 28 days to {formats.day(ago(1))} (days end at midnight" in report
    newest = {ago(number): 2 for number in range(1, 29)}
    give_insights(stage, "page_post_engagements", newest, page_id="1")
    report = text_of_tiles(report_of_page(stage, offers))
    assert f"Engagement (28 days) 56 to {until} · no earlier figures" in report


def text_of_tiles(report: str) -> str:
    """The words of a report, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", report)).split())


def test_a_page_without_views_says_why_in_its_report(
    stage: Stage, offers: dict[str, Offer]
) -> None:
    fill(stage, 2)
    report = report_of_page(stage, offers)
    assert "<h2>Views and engagement</h2>" in report
    assert "(28 days)" not in report
    assert "only with the permission read_insights, and no account" in report
    lacking = {ago(number): 30 for number in range(1, 29) if number != 5}
    give_insights(stage, "page_media_view", lacking, page_id="1")
    report = report_of_page(stage, offers)
    assert "(28 days)" not in report
    assert escape(NO_SUM) in report
    assert "What was fetched before stays." in report


@pytest.mark.parametrize(
    ("screen", "query"), [("overview", {}), ("page", {"id": "1"}), ("compare", {"ids": "1,2"})]
)
def test_every_picture_of_the_sandbox_says_so(
    stage: Stage,
    offers: dict[str, Offer],
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    query: dict[str, str | list[str]],
) -> None:
    fill(stage, 2)
    drawn: list[Spec] = []

    def to_png(spec: Spec, colours: object) -> bytes:
        drawn.append(spec)
        return b""

    monkeypatch.setattr(chart_image, "to_png", to_png)
    stage.open(screen, query, popover=menu.KEY)
    offers["chart"].make()
    assert drawn[0]["title"]["subtitle"][0] == menu.SANDBOX


def test_compare_exports_tags(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 3)
    tag_id = give_tag(stage, "Brand", "1", "2")
    stage.open("compare", {"ids": "3", "tags": f"{tag_id}"}, popover=menu.KEY)
    page, tag = rows_in(offers["table-csv"].make())
    assert (page["page_id"], page["page_url"]) == ("3", "https://www.facebook.com/3")
    assert (page["tag_name"], page["pages"]) == ("", "")
    assert (tag["page_id"], tag["tag_name"], tag["pages_counted"]) == ("", "Brand", "2")
    assert tag["net_new_fans"] == "84"
    assert "series-csv" in offers
    offers.clear()
    other = give_tag(stage, "Other", "3")
    stage.open("compare", {"tags": f"{tag_id},{other}"}, popover=menu.KEY)
    assert "series-csv" not in offers


def test_posts_are_in_the_file_and_in_both_reports(stage: Stage, offers: dict[str, Offer]) -> None:
    fill(stage, 3)
    stage.open("overview", popover=menu.KEY)
    assert "posts_per_week" not in rows_in(offers["table-csv"].make())[0]
    assert "<h2>Posts</h2>" not in offers["report"].make().decode()
    usual: dict[float, int] = dict.fromkeys(range(34, 106, 6), 100)
    give_posts(stage, "1", {**usual, 20: 420, 10: 90}, text=HOSTILE)
    give_posts(stage, "2", {3: 10}, covered_days=20)
    stage.open("overview", {"sort": "Most posts per week first"}, popover=menu.KEY)
    rows = rows_in(offers["table-csv"].make())
    assert [row["page_id"] for row in rows] == ["1", "2", "3"]
    assert [row["posts_per_week"] for row in rows] == ["0.5000", "", ""], 'not "at least"'
    assert [row["last_post_at_utc"][:10] for row in rows] == [f"{ago(10)}", f"{ago(3)}", ""]
    assert guess(offers["table-csv"].make(), PageIndex([])).questions
    report = offers["report"].make().decode()
    for said in (
        "<h2>Posts</h2>",
        ">Posts per week</td>",
        ">at least 0.8</td>",
        ">2 of 3 posts</td>",
        ">Page 001</td>",
        ">4.2×</td>",
        "Views and rate are those of each post 7 days after it was published",
        "posts of 1 Page not read yet",
    ):
        assert said in report, said
    assert "<script" not in report
    of_page = report_of_page(stage, offers, "1")
    assert ">0.5</td>" in of_page
    assert ">4.2×</td>" in of_page
    assert "<h2>Posts</h2>" not in report_of_page(stage, offers, "3")
