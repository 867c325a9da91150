"""Groups of Pages on both databases: names, bulk work over a filter, and what a deletion takes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.db.engine import Database
from storage.db.errors import TagRefused
from storage.db.installation import get_data_version
from storage.figures.filters import EVERY_PAGE, Filter
from storage.jobs.events import list_events
from storage.models import Page, PageTag
from storage.models.base import THIS_COMPUTER_KEY
from storage.notes.notes import NoteDraft, add_note, list_notes
from storage.notes.tags import (
    MAX_NAME,
    count_pages,
    count_tags,
    create_tag,
    delete_tag,
    find_tag,
    list_tags,
    list_tags_of,
    rename_tag,
    set_tags_of,
    tag_page,
    tag_pages,
    untag_page,
    untag_pages,
)
from storage.people.person import THIS_COMPUTER
from tests.integration.figures.figure_rows import add_grant, add_page, day, hold
from tests.integration.storage_rows import NOW
from tests.people import ADA, BEN, CLEO

pytestmark = pytest.mark.both_databases

TODAY = day(0)
HOSTILE = "<b>x</b> :material/delete: **y** www.evil.com"


def test_a_tag_is_made_and_counted(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1", name="Café Linde")
        add_page(session, "2", name="Optik Keller")
        brand = create_tag(session, "  Brand \n A ", NOW, by=THIS_COMPUTER)
        assert (
            tag_pages(session, brand, filter=EVERY_PAGE, until=TODAY, now=NOW, by=THIS_COMPUTER)
            == 2
        )
    with database.reading() as session:
        (found,) = list_tags(session)
        assert (found.name, found.pages_count) == ("Brand A", 2)
        assert find_tag(session, brand) == found
        assert find_tag(session, brand + 1) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\u0301\x07", "empty"),
        ("y" * (MAX_NAME + 1), "too_long"),
    ],
)
def test_a_name_that_can_not_be_is_refused(database: Database, name: str, reason: str) -> None:
    with pytest.raises(TagRefused) as refused, database.writing() as session:
        create_tag(session, name, NOW, by=THIS_COMPUTER)
    assert refused.value.reason == reason


@pytest.mark.parametrize("other", ["CAFE SUD", " Café   Süd "])
def test_a_name_is_taken_whatever_its_case_and_accents(session: Session, other: str) -> None:
    create_tag(session, "Café Süd", NOW, by=THIS_COMPUTER)
    with pytest.raises(TagRefused) as refused:
        create_tag(session, other, NOW, by=THIS_COMPUTER)
    assert (refused.value.reason, refused.value.taken_by) == ("taken", "Café Süd")
    assert count_tags(session) == 1


def test_a_name_is_kept_as_it_is(session: Session) -> None:
    names = [HOSTILE[:MAX_NAME], "شركة", "👩‍👩‍👧 Familie", "a\0b", "x" * MAX_NAME]
    for name in names:
        create_tag(session, name, NOW, by=THIS_COMPUTER)
    assert {tag.name for tag in list_tags(session)} == {
        each.replace("\0", "\ufffd") for each in names
    }


def test_bulk_tagging_takes_the_pages_of_the_filter_and_no_others(session: Session) -> None:
    anna = add_grant(session, "anna")
    for number in range(1, 6):
        name = f"Café {number}" if number < 4 else f"Optik {number}"
        add_page(session, str(number), name=name, category="Shop" if number == 3 else None)
    hold(session, anna, "5")
    client = create_tag(session, "Client", NOW, by=THIS_COMPUTER)
    cafes = Filter(search="cafe")
    assert count_pages(session, filter=cafes, until=TODAY) == 3
    assert tag_pages(session, client, filter=cafes, until=TODAY, now=NOW, by=THIS_COMPUTER) == 3
    assert tag_pages(session, client, filter=cafes, until=TODAY, now=NOW, by=THIS_COMPUTER) == 0, (
        "none is new"
    )
    assert count_pages(session, filter=EVERY_PAGE, until=TODAY, tag_id=client) == 3
    of_anna, shops = Filter(account_ids=("anna",)), Filter(categories=("Shop",))
    assert tag_pages(session, client, filter=of_anna, until=TODAY, now=NOW, by=THIS_COMPUTER) == 1
    assert untag_pages(session, client, filter=shops, until=TODAY, now=NOW, by=THIS_COMPUTER) == 1
    ticked = Filter(page_ids=("1", "4"))
    assert tag_pages(session, client, filter=ticked, until=TODAY, now=NOW, by=THIS_COMPUTER) == 1
    tagged = session.scalars(select(PageTag.page_id).order_by(PageTag.page_id))
    assert list(tagged) == ["1", "2", "4", "5"]


def test_a_tag_that_is_gone_takes_no_page(session: Session) -> None:
    add_page(session, "1")
    assert tag_pages(session, 999, filter=EVERY_PAGE, until=TODAY, now=NOW, by=THIS_COMPUTER) == 0
    assert not tag_page(session, 999, "1", NOW, by=THIS_COMPUTER)
    assert not rename_tag(session, 999, "Name", NOW, by=THIS_COMPUTER)
    assert not delete_tag(session, 999, NOW, by=THIS_COMPUTER)


def test_one_page_at_a_time(session: Session) -> None:
    add_page(session, "1")
    tag, other = (
        create_tag(session, "B", NOW, by=THIS_COMPUTER),
        create_tag(session, "a", NOW, by=THIS_COMPUTER),
    )
    assert tag_page(session, tag, "1", NOW, by=THIS_COMPUTER)
    assert not tag_page(session, tag, "1", NOW, by=THIS_COMPUTER), "it is in it"
    assert not tag_page(session, tag, "no such page", NOW, by=THIS_COMPUTER)
    assert tag_page(session, other, "1", NOW, by=THIS_COMPUTER)
    assert [each.name for each in list_tags_of(session, "1")] == ["a", "B"]
    assert untag_page(session, tag, "1", NOW, by=THIS_COMPUTER)
    assert not untag_page(session, tag, "1", NOW, by=THIS_COMPUTER)


def test_a_tag_may_be_renamed_to_its_own_name_in_another_case(session: Session) -> None:
    tag = create_tag(session, "brand", NOW, by=THIS_COMPUTER)
    create_tag(session, "Client", NOW, by=THIS_COMPUTER)
    assert rename_tag(session, tag, "BRÄND", NOW, by=THIS_COMPUTER)
    assert [each.name for each in list_tags(session, search="brand")] == ["BRÄND"]
    with pytest.raises(TagRefused, match="taken"):
        rename_tag(session, tag, "client", NOW, by=THIS_COMPUTER)
    with pytest.raises(TagRefused, match="empty"):
        rename_tag(session, tag, " ", NOW, by=THIS_COMPUTER)


def test_deleting_a_tag_takes_its_notes_along_and_leaves_the_pages(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1", {0: 5})
        tag = create_tag(session, "A", NOW, by=THIS_COMPUTER)
        tag_page(session, tag, "1", NOW, by=THIS_COMPUTER)
        for tag_id in (tag, None):
            draft = NoteDraft(TODAY, f"for {tag_id}", tag_id=tag_id)
            add_note(session, draft, NOW, by=THIS_COMPUTER)
    with database.writing() as session:
        assert delete_tag(session, tag, NOW, by=THIS_COMPUTER)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PageTag)) == 0
        assert session.scalar(select(func.count()).select_from(Page)) == 1
        left = list_notes(session, since=TODAY, until=TODAY, page_id="1")
        assert [row.text for row in left] == ["for None"]


def test_tags_are_found_by_words_and_cut_off(session: Session) -> None:
    for name in ("Süd Marke", "Nord Marke", "Land 100%", "Land_1"):
        create_tag(session, name, NOW, by=THIS_COMPUTER)
    assert [tag.name for tag in list_tags(session, search="marke SUD")] == ["Süd Marke"]
    assert [tag.name for tag in list_tags(session, search="%")] == ["Land 100%"]
    assert [tag.name for tag in list_tags(session, limit=2)] == ["Land 100%", "Land_1"]


def test_every_write_is_recorded_with_its_author_and_seen(database: Database) -> None:
    with database.writing() as session:
        add_page(session, "1")
        add_page(session, "2")
        tag = create_tag(session, "A", NOW, by=ADA)
        versions = [get_data_version(session)]
        tag_pages(session, tag, filter=EVERY_PAGE, until=TODAY, now=NOW, by=ADA)
        tag_pages(session, tag, filter=EVERY_PAGE, until=TODAY, now=NOW, by=BEN)
        versions.append(get_data_version(session))
        set_tags_of(session, "1", [], NOW, by=BEN)
        rename_tag(session, tag, "B", NOW, by=CLEO)
        rename_tag(session, tag, "B", NOW, by=CLEO)
        versions.append(get_data_version(session))
        named = [each.tag_name for each in list_events(session)]
        delete_tag(session, tag, NOW, by=THIS_COMPUTER)
        versions.append(get_data_version(session))
        events = list_events(session)[::-1]
    assert versions == sorted(set(versions))
    assert [(each.kind, each.by, each.page_name, each.facts) for each in events] == [
        ("tagged", "Ada", None, {"pages": 2}),
        ("untagged", "Ben", "Page 1", {"pages": 1}),
        ("tag_renamed", "Cleo", None, {}),
        ("tag_deleted", THIS_COMPUTER_KEY, None, {"pages": 1}),
    ]
    assert named == ["B", "B", "B"], "by the present name, until it is deleted"
    assert {each.tag_name for each in events} == {None}
