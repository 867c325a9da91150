"""Titles and logos of reports: of a tag, of all others, and what one takes from the other."""

from __future__ import annotations

import pytest

from storage.db.engine import Database
from storage.export.report_headings import (
    MAX_TITLE,
    Heading,
    Logo,
    find_heading,
    find_shown_heading,
    save_heading,
)
from storage.jobs.events import list_events
from storage.notes.tags import create_tag, delete_tag
from storage.people.person import THIS_COMPUTER
from tests.integration.notes.csv_files import NOW

pytestmark = pytest.mark.both_databases

OWN, GENERAL = Logo(b"\x89PNG own", "image/png"), Logo(b"\xff\xd8 general", "image/jpeg")


def test_a_tag_has_its_own_and_the_logo_of_all_others_until_then(database: Database) -> None:
    with database.writing() as session:
        tag_id = create_tag(session, "Brand", NOW, by=THIS_COMPUTER)
        assert find_shown_heading(session, tag_id) == Heading()
        assert save_heading(session, None, Heading("An agency", GENERAL), NOW, by=THIS_COMPUTER)
        assert find_shown_heading(session, tag_id) == Heading(None, GENERAL)
        assert save_heading(session, tag_id, Heading("  Brand\n2026 ", None), NOW, by=THIS_COMPUTER)
        assert find_shown_heading(session, tag_id) == Heading("Brand 2026", GENERAL)
        assert save_heading(session, tag_id, Heading("   ", OWN), NOW, by=THIS_COMPUTER)
    with database.reading() as session:
        assert find_shown_heading(session, tag_id) == Heading(None, OWN)
        assert find_heading(session, None) == Heading("An agency", GENERAL)
        kinds = [event.kind for event in list_events(session)]
    assert kinds.count("report_headed") == 3


def test_it_goes_with_its_tag(database: Database) -> None:
    with database.writing() as session:
        tag_id = create_tag(session, "Brand", NOW, by=THIS_COMPUTER)
        save_heading(session, tag_id, Heading("Brand", OWN), NOW, by=THIS_COMPUTER)
        delete_tag(session, tag_id, NOW, by=THIS_COMPUTER)
        assert find_heading(session, tag_id) == Heading()
        assert not save_heading(session, tag_id, Heading("Brand"), NOW, by=THIS_COMPUTER)
        assert find_heading(session, tag_id) == Heading()


def test_a_title_has_a_length(database: Database) -> None:
    with database.writing() as session:
        assert save_heading(session, None, Heading("x" * MAX_TITLE), NOW, by=THIS_COMPUTER)
        with pytest.raises(ValueError, match="at most"):
            save_heading(session, None, Heading("x" * (MAX_TITLE + 1)), NOW, by=THIS_COMPUTER)
