"""Files of past figures as people have them: what each one is asked, and what comes of it.

The files are laid out like the exports of Facebook and of other tools, and like sheets that people
keep. Their days lie before a fixed day, so no clock has a part in them.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import insert, select

from storage.csv_import import sheet as sheets
from storage.csv_import.cells import UnreadableFile
from storage.csv_import.importer import (
    SheetColumns,
    find_mapping,
    import_figures,
    load_page_index,
    plan_import,
    undo_import,
)
from storage.csv_import.mapping import ColumnMapping, Guess, guess_mapping, list_missing
from storage.csv_import.plan import ImportPlan
from storage.csv_import.reader import read_figures
from storage.csv_import.sheet import open_sheet
from storage.db.engine import Database
from storage.figures.snapshots import SnapshotRow, upsert_snapshots
from storage.models import Import, Page, Snapshot
from storage.people.person import THIS_COMPUTER

FILES = Path(__file__).parent / "files"
TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FIRST_SNAPSHOT = date(2026, 8, 30)
BAKERY, FLOWERS, YOGA, CAFE = (
    "10158056850000257",
    "10158242460000097",
    "10158042460000098",
    "4000099",
)
NAMES = {
    BAKERY: "Bluebird Bakery",
    FLOWERS: "Blumen Sommer",
    YOGA: "Yogahaus Nord",
    CAFE: "Café do Porto",
}
FANS, DAYS = 11_840, [date(2024, 4, 27) + timedelta(days=n) for n in range(8)]

Figures = dict[date, tuple[int | None, int | None]]


@pytest.fixture
def stocked(database: Database) -> Database:
    """Four Pages with a snapshot of 16,700 fans and 16,100 followers each."""
    with database.writing() as session:
        for page_id, name in NAMES.items():
            values = {"id": page_id, "name": name, "first_seen_at": NOW, "described_at": NOW}
            session.execute(insert(Page).values(values))
        own = [
            SnapshotRow(page_id, FIRST_SNAPSHOT, 16_700, 16_100, "snapshot", NOW, "v26.0")
            for page_id in NAMES
        ]
        upsert_snapshots(session, own)
    return database


@dataclass
class Trial:
    """A file that was tried: what was guessed and asked, and what it would do."""

    guess: Guess
    plan: ImportPlan
    passed_over: tuple[tuple[int, str], ...]

    @property
    def questions(self) -> str:
        return " ".join(self.guess.questions)

    @property
    def remarks(self) -> str:
        return " ".join(self.plan.remarks)

    def get_figures(self, page_id: str = BAKERY) -> Figures:
        rows = sorted((day, row) for (each, day), row in self.plan.new.items() if each == page_id)
        return {day: (row.fans, row.followers) for day, row in rows}


class Answers:
    """The operator's answers: changes of the guessed mapping."""

    def __init__(self, **changes: object) -> None:
        self.changes = changes

    def apply(self, mapping: ColumnMapping) -> ColumnMapping:
        dates = {key: v for key, v in self.changes.items() if hasattr(mapping.dates, key)}
        others = {key: v for key, v in self.changes.items() if key not in dates}
        return replace(mapping, dates=replace(mapping.dates, **dates), **others)  # type: ignore[arg-type]


NO_ANSWERS = Answers()


def guess_file(database: Database, path: Path) -> Guess:
    with path.open("rb") as file, database.reading() as session:
        return guess_mapping(open_sheet(file), load_page_index(session), path.name)


def try_file(
    database: Database, path: str | Path, answers: Answers = NO_ANSWERS, import_as: str = ""
) -> Trial:
    """Try a file with the guess, or the operator's ``answers``; import it under a name."""
    with (FILES / path).open("rb") as file:
        sheet = open_sheet(file)
        with database.writing() as session:
            remembered = find_mapping(session, sheet.header)
            pages = load_page_index(session)
            guess = guess_mapping(sheet, pages, (FILES / path).name, remembered)
            mapping = answers.apply(guess.mapping)
            assert list_missing(mapping, guess.dates) == []
            figures = read_figures(sheet, mapping, TODAY)
            plan = plan_import(session, figures)
            if import_as:
                columns = SheetColumns(sheet.header, mapping)
                assert import_figures(
                    session, figures, import_as, NOW, columns=columns, by=THIS_COMPUTER
                )
        return Trial(guess, plan, sheet.passed_over)


def check_eight_days(trial: Trial, followers: list[int] | None = None) -> None:
    """The eight days of most files, nothing asked, refused or in doubt."""
    assert trial.questions == ""
    assert trial.plan.refused.count == 0
    assert list(trial.get_figures()) == DAYS
    assert trial.get_figures()[DAYS[0]][0] == FANS
    assert not trial.plan.doubtful


# Facebook's own exports


def test_the_export_as_downloaded_asks_for_the_page(stocked: Database) -> None:
    name = "01-facebook-insights-export-as-downloaded.csv"
    assert guess_file(stocked, FILES / name).mapping.only_page is None
    trial = try_file(stocked, name, Answers(only_page=BAKERY))
    assert trial.guess.questions == ("The file does not say which Page its figures are of.",)
    assert next(iter(trial.get_figures().values())) == (FANS, None)
    assert len(trial.get_figures()) == 6
    assert trial.passed_over[0][0] == 2
    assert trial.passed_over[0][1].startswith("Lifetime: The total number of people")
    assert "2 rows have no figure" in trial.remarks


def test_the_page_is_guessed_from_the_name_of_the_download(
    stocked: Database, tmp_path: Path
) -> None:
    path = tmp_path / "Facebook Insights Data Export - Bluebird Bakery - 2024-05-05.csv"
    path.write_bytes((FILES / "01-facebook-insights-export-as-downloaded.csv").read_bytes())
    guess = guess_file(stocked, path)
    assert guess.mapping.only_page == BAKERY
    assert guess.questions, "it is a guess, so it is asked"


@pytest.mark.parametrize(
    "name",
    [
        "02-same-with-page_name-added.csv",
        "03-same-with-page_name-resaved-by-excel-us-mac-two-digit-years.csv",
    ],
)
def test_the_export_with_a_page_name_asks_nothing(stocked: Database, name: str) -> None:
    trial = try_file(stocked, name)
    assert trial.questions == ""
    assert list(trial.get_figures()) == DAYS[:6]
    assert set(trial.get_figures().values()) >= {(FANS, None), (11_866, None)}
    assert trial.passed_over[0][0] == 2


def test_the_order_of_day_and_month_is_asked_where_nothing_proves_it(stocked: Database) -> None:
    name = "03c-resaved-excel-us-4digit-first-12-days-only.csv"
    guess = guess_file(stocked, FILES / name)
    assert guess.mapping.dates.month_first is None, "nothing is guessed"
    assert "can be read in two ways" in " ".join(guess.questions)
    assert list_missing(guess.mapping, guess.dates)
    months = try_file(stocked, name, Answers(month_first=True)).get_figures()
    assert list(months)[:2] == [date(2024, 5, 1), date(2024, 5, 2)]
    days = try_file(stocked, name, Answers(month_first=False)).get_figures()
    assert list(days)[:2] == [date(2024, 1, 5), date(2024, 2, 5)]


def test_the_header_of_2013(stocked: Database) -> None:
    name = "04-facebook-insights-2013-descriptions-as-header-page_name-added.csv"
    check_eight_days(try_file(stocked, name))


def test_an_export_of_545_columns(stocked: Database, tmp_path: Path) -> None:
    """As of 2019: the totals stand among hundreds of breakdowns by country, age and source."""
    others = [f"Daily Like Sources - {n}" for n in range(180)]
    others += [f"Lifetime Likes by Country - {n}" for n in range(180)]
    others += [f"28 Days Page follower reach {n}" for n in range(182)]
    header = ["Date", "Lifetime Total Likes", *others, "page_name"]
    row = ["2024-04-27", str(FANS), *["1"] * len(others), "Bluebird Bakery"]
    descriptions = [
        "",
        *["Daily: A sentence, as long as Facebook's own, on one metric. " * 3] * 543,
    ]
    path = tmp_path / "wide.csv"
    lines = [header, descriptions, row]
    path.write_text("".join('"' + '","'.join(cells) + '"\n' for cells in lines))
    trial = try_file(stocked, path)
    assert (len(header), trial.questions) == (545, "")
    assert trial.get_figures() == {DAYS[0]: (FANS, None)}


def test_business_suite_has_no_totals(stocked: Database) -> None:
    with pytest.raises(UnreadableFile) as refused:
        guess_file(stocked, FILES / "05-meta-business-suite-Follows.csv")
    assert "“Facebook follows”, the new follows of each day" in str(refused.value)
    assert "no totals, so there is nothing to import" in str(refused.value)


def test_new_follows_under_the_name_of_totals_have_to_be_confirmed(stocked: Database) -> None:
    trial = try_file(
        stocked, "06-meta-business-suite-Follows-columns-renamed-as-the-refusal-tells.csv"
    )
    (doubtful,) = trial.plan.doubtful
    assert (doubtful.page_name, doubtful.metric) == ("Bluebird Bakery", "followers")
    assert (doubtful.figure, doubtful.stored_figure) == (14, 16_100)
    assert (doubtful.day, doubtful.stored_day) == (DAYS[-1], FIRST_SNAPSHOT)


@pytest.mark.parametrize(
    "name", ["09-graph-api-dump-end_time.csv", "09b-graph-api-dump-date-renamed.csv"]
)
def test_the_end_of_a_pacific_day_is_asked(stocked: Database, name: str) -> None:
    trial = try_file(stocked, name)
    assert "the ends of Facebook's days, midnight in California" in trial.questions
    assert next(iter(trial.get_figures())) == date(2024, 4, 26)
    assert "taken for the day that ended then" in trial.remarks
    as_written = try_file(stocked, name, Answers(takes_day_before=False))
    assert next(iter(as_written.get_figures())) == date(2024, 4, 27)


@pytest.mark.parametrize("name", ["16-german-headers.csv", "16b-french.csv"])
def test_other_languages(stocked: Database, name: str) -> None:
    check_eight_days(try_file(stocked, name))


@pytest.mark.parametrize(
    "header",
    [
        "Página;Fecha;Total de Me gusta;Seguidores",
        "Página;Data;Total de curtidas;Seguidores",
        "Pagina;Data;Mi piace totali;Follower totali",
    ],
)
def test_languages_that_are_not_proven_ask_with_the_guess_filled_in(
    stocked: Database, tmp_path: Path, header: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\nBluebird Bakery;27/04/2024;11.840;12.140\n")
    trial = try_file(stocked, path)
    assert "seems to be the fans" in trial.questions
    assert trial.get_figures() == {DAYS[0]: (FANS, 12_140)}


# Other tools


@pytest.mark.parametrize(
    "name",
    ["07-sprout-facebook-pages-report.csv", "07-sprout-facebook-pages-report-all-columns.csv"],
)
def test_sprout_s_facebook_pages(stocked: Database, name: str) -> None:
    check_eight_days(try_file(stocked, name))


def test_sprout_up_to_the_first_snapshot(stocked: Database) -> None:
    figures = try_file(stocked, "07c-sprout-up-to-first-snapshot.csv").get_figures()
    assert (len(figures), figures[date(2026, 7, 16)]) == (45, (8_200, None))


def test_sprout_s_profile_performance_asks(stocked: Database, tmp_path: Path) -> None:
    path = tmp_path / "profiles.csv"
    path.write_text(
        "Date,Network,Profile,Audience,Net Audience Growth,Audience Gained,Impressions\n"
        '04-27-2024,Facebook,Bluebird Bakery,"12,140",5,7,"3,400"\n'
    )
    trial = try_file(stocked, path)
    assert "“Audience” seems to be the followers." in trial.questions
    assert "“Profile” seems to be the Page." in trial.questions
    assert trial.get_figures() == {DAYS[0]: (None, 12_140)}


@pytest.mark.parametrize(
    "name",
    ["08-crowdtangle-historical-posts.csv", "08b-crowdtangle-as-refusal-tells-date-renamed.csv"],
)
def test_crowdtangle_gives_the_last_figure_of_a_day(stocked: Database, name: str) -> None:
    trial = try_file(stocked, name)
    assert trial.questions == ""
    assert trial.get_figures() == {
        DAYS[0]: (11_841, 12_140),
        DAYS[1]: (11_847, 12_146),
        DAYS[2]: (11_852, 12_151),
        DAYS[3]: (11_850, 12_149),
    }
    assert "the last one is taken" in trial.remarks


# One metric a file


def list_stored(database: Database) -> Figures:
    query = select(Snapshot.day, Snapshot.fans_count, Snapshot.followers_count)
    query = query.where(Snapshot.page_id == BAKERY, Snapshot.day < FIRST_SNAPSHOT)
    with database.reading() as session:
        return {day: (fans, followers) for day, fans, followers in session.execute(query)}


@pytest.mark.parametrize("undone", [1, 2])
def test_a_second_file_fills_what_the_first_left_empty(stocked: Database, undone: int) -> None:
    try_file(stocked, "10a-one-metric-per-file-fans.csv", import_as="fans.csv")
    trial = try_file(stocked, "10b-one-metric-per-file-followers.csv", import_as="followers.csv")
    assert (trial.plan.counts.new, trial.plan.counts.conflicting) == (8, 0)
    assert list_stored(stocked)[DAYS[0]] == (FANS, 12_140)
    with stocked.writing() as session:
        assert undo_import(session, undone, NOW, by=THIS_COMPUTER) == 8
    left = (None, 12_140) if undone == 1 else (FANS, None)
    assert list_stored(stocked)[DAYS[0]] == left
    assert len(list_stored(stocked)) == 8


def test_a_mapping_is_remembered_for_the_next_file(stocked: Database) -> None:
    name = "01-facebook-insights-export-as-downloaded.csv"
    try_file(stocked, name, Answers(only_page=BAKERY), import_as=name)
    again = try_file(stocked, name, Answers(only_page=FLOWERS))
    assert again.guess.mapping.only_page is None, "the Page is asked each time"
    months = "03c-resaved-excel-us-4digit-first-12-days-only.csv"
    try_file(stocked, months, Answers(month_first=True), import_as=months)
    assert try_file(stocked, months).questions == ""


# What spreadsheets do to files


def test_rounded_ids_give_way_to_the_names(stocked: Database) -> None:
    trial = try_file(stocked, "11-own-export-through-excel-ids-rounded-names-there.csv")
    check_eight_days(trial)
    assert "has rounded the Page ids, so addresses or names are used" in trial.remarks


def test_a_column_per_page(stocked: Database) -> None:
    trial = try_file(stocked, "12-hand-kept-sheet-one-column-per-page.csv")
    assert "days in rows and Pages in columns" in trial.questions
    assert trial.plan.pages_count == 3
    assert [trial.get_figures(each)[DAYS[0]] for each in (BAKERY, FLOWERS, YOGA)] == [
        (11_840, None),
        (7_840, None),
        (2_840, None),
    ]
    followers = try_file(
        stocked, "12-hand-kept-sheet-one-column-per-page.csv", Answers(metric="followers")
    )
    assert followers.get_figures()[DAYS[0]] == (None, 11_840)


def test_no_page_is_remembered(stocked: Database) -> None:
    """What is remembered outlives a Page that is erased."""
    name = "12-hand-kept-sheet-one-column-per-page.csv"
    try_file(stocked, name, Answers(metric="followers"), import_as=name)
    with stocked.reading() as session:
        (stored,) = session.scalars(select(Import.mapping))
    assert stored is not None
    assert BAKERY not in str(stored)
    again = try_file(stocked, name)
    assert "Pages in columns" in again.questions
    assert (again.guess.mapping.metric, again.plan.pages_count) == ("followers", 3)


def test_months_are_asked(stocked: Database) -> None:
    trial = try_file(stocked, "13-months-only.csv")
    assert "months instead of days" in trial.questions
    assert list(trial.get_figures())[:2] == [date(2024, 1, 31), date(2024, 2, 29)]
    assert "for the last day of the month" in trial.remarks


@pytest.mark.parametrize("what", ["N-A", "single-hyphen", "undefined"])
def test_a_placeholder_is_an_empty_figure(stocked: Database, what: str) -> None:
    trial = try_file(stocked, f"14-placeholder-{what}.csv")
    check_eight_days(trial)
    assert trial.get_figures()[DAYS[0]] == (FANS, None)
    assert trial.remarks.startswith("8 cells have “")


def test_another_encoding_is_said(stocked: Database) -> None:
    with pytest.raises(UnreadableFile, match=r"neither UTF-8 nor UTF-16\. Save it as “CSV UTF-8”"):
        guess_file(stocked, FILES / "17-cp1252.csv")


def test_a_name_in_decomposed_form(stocked: Database) -> None:
    assert len(try_file(stocked, "17c-nfd-name-mac.csv").get_figures(CAFE)) == 8


@pytest.mark.parametrize(
    "name",
    [
        "18-header-cell-with-line-break.csv",
        "25-excel-other-locale-each-row-one-quoted-cell.csv",
        "30-no-break-space-in-name.csv",
        "31-id-as-url.csv",
        "32-total-in-header-words.csv",
        "32b-page-fans-lifetime.csv",
    ],
)
def test_files_that_ask_nothing(stocked: Database, name: str) -> None:
    check_eight_days(try_file(stocked, name))


def test_title_lines_are_named(stocked: Database) -> None:
    trial = try_file(stocked, "19-report-title-lines-before-header.csv")
    check_eight_days(trial)
    assert trial.passed_over[0] == (1, "Page Overview Report")


def test_likes_of_posts_are_no_fans(stocked: Database) -> None:
    trial = try_file(stocked, "21b-likes-is-post-likes.csv")
    assert "“Likes” may be a total of fans, or something else" in trial.questions
    assert trial.get_figures()[DAYS[0]] == (None, 12_140), "they are not taken by the guess"
    taken = try_file(stocked, "21b-likes-is-post-likes.csv", Answers(fans=2))
    assert [each.metric for each in taken.plan.doubtful] == ["fans"]


def test_india_s_grouping(stocked: Database) -> None:
    trial = try_file(stocked, "23b-indian-lakh-grouping.csv")
    assert list(trial.get_figures().values())[:2] == [(120_840, None), (121_841, None)]


def test_a_last_cell_that_was_left_off_is_an_empty_figure(stocked: Database) -> None:
    trial = try_file(stocked, "28-trailing-empty-cells-dropped.csv")
    check_eight_days(trial)
    assert list(trial.get_figures().values())[3:5] == [(11_849, 12_149), (11_860, None)]


def test_new_ones_of_a_day_are_never_taken_silently(stocked: Database) -> None:
    guess = guess_file(stocked, FILES / "32d-new-followers-bracket.csv")
    assert (guess.mapping.fans, guess.mapping.followers) == (None, None)
    assert "by name no totals" in " ".join(guess.questions)
    assert "Choose a column with the total" in " ".join(list_missing(guess.mapping, guess.dates))
    taken = try_file(stocked, "32d-new-followers-bracket.csv", Answers(followers=2))
    assert taken.plan.doubtful, "and a person who takes them is warned"


def test_right_totals_of_one_page(stocked: Database) -> None:
    trial = try_file(stocked, "40-right-totals-of-one-page-45-days.csv")
    assert trial.questions == ""
    assert len(trial.get_figures()) == 45
    assert not trial.plan.doubtful


# XLSX


@pytest.fixture
def workbook(tmp_path: Path) -> tuple[openpyxl.Workbook, Path]:
    return openpyxl.Workbook(), tmp_path / "figures.xlsx"


def test_a_spreadsheet_has_typed_days(
    stocked: Database, workbook: tuple[openpyxl.Workbook, Path]
) -> None:
    book, path = workbook
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Report of Bluebird Bakery"],
        [],
        ["page_name", "Date", "Total Fans", "Followers"],
        ["Bluebird Bakery", date(2024, 4, 27), FANS, 12_140.0],
        ["Bluebird Bakery", date(2024, 4, 28), "11,846", None],
        ["Bluebird Bakery", 45411, 11_851, "N/A"],
    ):
        sheet.append(row)
    book.create_sheet("Second").append(["page_name", "date", "fans"])
    book.save(path)
    trial = try_file(stocked, path)
    assert trial.passed_over == ((1, "Report of Bluebird Bakery"),)
    assert trial.get_figures() == {DAYS[0]: (FANS, 12_140), DAYS[1]: (11_846, None)}
    assert trial.plan.refused.count == 1, "45411 is a number among typed days"


def test_an_id_that_a_spreadsheet_keeps_as_a_number(
    stocked: Database, workbook: tuple[openpyxl.Workbook, Path]
) -> None:
    book, path = workbook
    sheet = book.active
    assert sheet is not None
    sheet.append(["page_id", "date", "fans"])
    sheet.append([float(BAKERY), date(2024, 4, 27), FANS])
    book.save(path)
    trial = try_file(stocked, path)
    assert trial.get_figures() == {DAYS[0]: (FANS, None)}


@pytest.mark.parametrize("first", ["hidden", "empty"])
def test_the_first_sheet_that_a_person_sees_is_read(
    stocked: Database, workbook: tuple[openpyxl.Workbook, Path], first: str
) -> None:
    book, path = workbook
    assert book.active is not None
    if first == "hidden":
        book.active.append(["page_name", "date", "fans"])
        book.active.append(["Bluebird Bakery", date(2024, 4, 27), 7])
        book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Key Metrics")
    sheet.append(["page_name", "Date", "Lifetime Total Likes"])
    sheet.append(["", "", "Lifetime: The total number of people who have liked your Page."])
    sheet.append(["Bluebird Bakery", datetime(2024, 4, 27), FANS])  # noqa: DTZ001
    book.save(path)
    trial = try_file(stocked, path)
    assert trial.get_figures() == {DAYS[0]: (FANS, None)}


def test_the_name_of_a_sheet_counts(
    stocked: Database, workbook: tuple[openpyxl.Workbook, Path]
) -> None:
    book, path = workbook
    assert book.active is not None
    book.active.title = "Bluebird Bakery"
    book.active.append(["Date", "Followers"])
    book.active.append([date(2024, 4, 27), FANS])
    book.create_sheet("Blumen Sommer")
    book.save(path)
    with path.open("rb") as file:
        assert open_sheet(file).names == ("Bluebird Bakery", "Blumen Sommer")
    assert guess_file(stocked, path).mapping.only_page == BAKERY
    for name, question in (("Instagram", "another network"), ("New followers", "not the new ones")):
        book.worksheets[0].title = name
        book.save(path)
        assert question in " ".join(guess_file(stocked, path).questions)


def test_formulas_without_results_are_explained(
    stocked: Database, workbook: tuple[openpyxl.Workbook, Path]
) -> None:
    book, path = workbook
    assert book.active is not None
    book.active.append(["page_name", "date", "fans"])
    book.active.append(["Bluebird Bakery", date(2024, 4, 27), "=1+1"])
    book.save(path)
    assert "open it in its program and save it again" in try_file(stocked, path).remarks


def test_a_spreadsheet_on_which_the_reader_stumbles_is_refused_in_a_sentence(
    workbook: tuple[openpyxl.Workbook, Path],
) -> None:
    book, path = workbook
    book.create_chartsheet("Chart", 0)
    book.save(path)
    with path.open("rb") as file, pytest.raises(UnreadableFile, match="can't be read"):
        open_sheet(file)


def test_a_spreadsheet_is_bounded_after_decompression(
    workbook: tuple[openpyxl.Workbook, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    book, path = workbook
    book.save(path)
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 2_000_000)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b" " * 2_100_000)
    assert path.stat().st_size < 20_000
    with path.open("rb") as file, pytest.raises(UnreadableFile, match="unpacks to more than"):
        open_sheet(file)


@pytest.mark.parametrize("member", ["xl/workbook.xml", "word/document.xml"])
def test_another_archive_is_refused_in_a_sentence(tmp_path: Path, member: str) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "<broken")
    with path.open("rb") as file, pytest.raises(UnreadableFile, match="save it"):
        open_sheet(file)
