"""Tags on screens: in bulk over search and filter, on one Page, renamed, deleted, and hostile."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select
from streamlit.testing.v1 import AppTest

from storage.db.installation import bump_data_version
from storage.models import PageTag, Tag
from storage.models.folding import fold
from storage.notes.tags import create_tag, find_tag_named, list_tags, list_tags_of, tag_page
from storage.people.person import THIS_COMPUTER
from tests.screens.conftest import NOW, Stage, press, words_of
from tests.screens.figures import fill


def give_tag(stage: Stage, name: str, page_ids: Sequence[str] = ()) -> int:
    with stage.installation.database.writing() as session:
        tag_id = create_tag(session, name, NOW, by=THIS_COMPUTER)
        for page_id in page_ids:
            tag_page(session, tag_id, page_id, NOW, by=THIS_COMPUTER)
    return tag_id


def tagged(stage: Stage, name: str) -> list[str]:
    """The Pages in a tag."""
    with stage.installation.database.reading() as session:
        pages = select(PageTag.page_id).join(Tag, Tag.id == PageTag.tag_id)
        return sorted(session.scalars(pages.where(Tag.name_folded == fold(name))))


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def toasts(at: AppTest) -> list[str]:
    return [toast.value.replace("\\", "").replace("\u2060", "") for toast in at.toast]


def test_a_tag_is_added_and_removed_in_bulk(stage: Stage) -> None:
    fill(stage, 12)
    give_tag(stage, "Client", ["1", "2"])
    at = stage.open("overview", popover="tags-bulk")
    assert "Add to 10 Pages" in labels(at)
    assert "Remove from 2 Pages" in labels(at)
    at = press(at, "Add to 10 Pages")
    assert len(tagged(stage, "Client")) == 12
    at = stage.open("overview", {"q": "Page 00"}, popover="tags-bulk")
    (add,) = [button for button in at.button if button.label == "Add to 0 Pages"]
    assert add.disabled
    assert "Every one of them has this tag." in words_of(at)
    at = press(at, "Remove from 9 Pages")
    assert tagged(stage, "Client") == ["10", "11", "12"]
    assert toasts(at) == ["9 Pages were taken out of “Client”."]


def test_a_name_that_is_taken_is_refused_in_words(stage: Stage) -> None:
    fill(stage, 3)
    give_tag(stage, "Café Süd")
    at = stage.open("overview", popover="tags-bulk")
    at.text_input(key="tag-name-0").set_value("cafe sud")
    at = press(at, "Create and add to all 3 Pages")
    assert "There is a tag “Café Süd” already" in at.error[0].value
    at.text_input(key="tag-name-0").set_value("   ")
    at = press(at, "Create and add to all 3 Pages")
    assert "Write a name for the tag" in at.error[0].value


def test_a_tag_is_renamed(stage: Stage) -> None:
    fill(stage, 3)
    tag_id = give_tag(stage, "Client", ["1"])
    at = stage.open("overview", popover="tags-bulk")
    at.text_input(key=f"tag-rename-{tag_id}-0").set_value("Brand")
    at = press(at, "Rename")
    assert tagged(stage, "Brand") == ["1"]
    assert toasts(at) == ["The tag “Client” is now called “Brand”."]
    at = stage.open("activity")
    assert at.dataframe[0].value["what"].iloc[0] == "The tag “Brand” was renamed"


def test_a_tag_is_deleted_when_it_is_said_twice(stage: Stage) -> None:
    fill(stage, 3)
    give_tag(stage, "Client", ["1", "2"])
    at = press(stage.open("overview", popover="tags-bulk"), "Delete this tag…")
    said = words_of(at).replace("\\", "")
    assert "Its 2 Pages and their figures stay." in said
    at = press(at, "Keep")
    assert tagged(stage, "Client") == ["1", "2"]
    at = press(press(at, "Delete this tag…"), "Delete")
    assert tagged(stage, "Client") == []
    with stage.installation.database.reading() as session:
        assert list_tags(session) == []
    at = stage.open("activity")
    assert "A tag was deleted; its 2 Pages stay" in at.dataframe[0].value["what"].iloc[0]


def test_a_search_without_a_result_can_not_be_tagged(stage: Stage) -> None:
    fill(stage, 3)
    at = stage.open("overview", {"q": "nobody"}, popover="tags-bulk")
    (create,) = [button for button in at.button if "Create" in button.label]
    assert create.label == "Create and add to these 0 Pages"
    assert create.disabled


def test_a_page_shows_its_tags_and_takes_others(stage: Stage) -> None:
    fill(stage, 3)
    first, second = give_tag(stage, "First", ["1"]), give_tag(stage, "Second")
    at = stage.open("page", {"id": "1"}, popover="tags-page")
    assert ":gray-badge[:material/label: First]" in words_of(at)
    at.multiselect(key="tags-of-1").set_value([first, second]).run()
    assert tagged(stage, "Second") == ["1"]
    at = stage.open("page", {"id": "1"}, popover="tags-page")
    at.multiselect(key="tags-of-1").set_value([second]).run()
    assert not at.exception
    assert tagged(stage, "First") == []
    at = stage.open("activity")
    assert list(at.dataframe[0].value["what"])[:2] == [
        "1 Page was taken out of “First”",
        "1 Page was tagged “Second”",
    ]


def test_a_page_takes_a_tag_that_is_new_or_there_already(stage: Stage) -> None:
    fill(stage, 3)
    give_tag(stage, "There", ["2"])
    at = stage.open("page", {"id": "1"}, popover="tags-page")
    at.text_input(key="tag-page-name-0").set_value("New one")
    at = press(at, "Create and add to this Page")
    at = stage.open("page", {"id": "1"}, popover="tags-page")
    at.text_input(key="tag-page-name-0").set_value("THERE")
    press(at, "Create and add to this Page")
    with stage.installation.database.reading() as session:
        assert [tag.name for tag in list_tags_of(session, "1")] == ["New one", "There"]
        found = find_tag_named(session, "there")
    assert found is not None
    assert found.pages_count == 2


def test_more_tags_than_can_be_listed_are_searched(stage: Stage) -> None:
    fill(stage, 2)
    with stage.installation.database.writing() as session:
        rows = [
            {"name": f"Tag {number:04d}", "created_at": NOW, "name_folded": f"tag {number:04d}"}
            for number in range(1_001)
        ]
        session.execute(insert(Tag), rows)
        bump_data_version(session)
    at = stage.open("overview", popover="tags-bulk")
    assert not [box for box in at.selectbox if box.key == "tag-chosen"]
    at.text_input(key="tag-search").set_value("0777").run()
    assert at.selectbox(key="tag-chosen").options == ["Tag 0777 (0)"]
