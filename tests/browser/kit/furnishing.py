"""A sandbox as operators leave it behind: with tags, notes and a goal, or without its key."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storage.accounts.vault import Vault
from storage.db.engine import Database, open_database
from storage.db.upsert import table_of
from storage.ledger.ledger_keys import attach_vault
from storage.models import Post
from storage.notes.goals import GoalRow, set_goal
from storage.notes.notes import NoteDraft, add_note
from storage.notes.tags import create_tag, tag_page
from storage.people.person import THIS_COMPUTER
from tests.browser.kit.serving import Server
from tests.made_posts import give_posts

# A Page with a name of ordinary length, a picture, and movement.
NAME = "Hofladen Apfelgarten"
PAGE = "SELECT id FROM pages WHERE name = ?"
TAGS = {
    "Brazil": "SELECT id FROM pages WHERE json_extract(location, '$.country') = 'Brazil'",
    "Germany": "SELECT id FROM pages WHERE json_extract(location, '$.country') = 'Germany'",
    "Client Meyer": "SELECT id FROM pages WHERE category IN ('Bakery', 'Cafe', 'Grocery Store')",
}
NOTE = "Autumn campaign begins"
LAST_DAY = "SELECT max(day) FROM snapshots"
SECRETS = "sandbox-secrets.json"


def page_id_of(server: Server, name: str = NAME) -> str:
    """The id of the Page with this name."""
    return str(server.query(PAGE, name)[0])


def furnish(server: Server) -> None:
    """Add three tags, a note for all Pages, one for a Page and one for a tag, and a goal."""
    today = date.fromisoformat(server.query(LAST_DAY)[0])
    ids = {tag: server.query(chosen) for tag, chosen in TAGS.items()}
    page_id = page_id_of(server)
    fans = "SELECT fans_count FROM snapshots WHERE page_id = ? ORDER BY day DESC LIMIT 1"
    (fans_count,) = server.query(fans, page_id)
    database = open_beside(server)
    with database.writing() as session:
        tags = {tag: _tag(session, tag, of) for tag, of in ids.items()}
        for draft in (
            NoteDraft(today - timedelta(days=19), NOTE),
            NoteDraft(today - timedelta(days=8), "Prize draw with the orchard", page_id),
            NoteDraft(
                today - timedelta(days=12), "New photographs of bread", None, tags["Client Meyer"]
            ),
        ):
            add_note(session, draft, _now(), by=THIS_COMPUTER)
        target = round(fans_count * 1.1, -2)
        set_goal(
            session,
            page_id,
            "fans",
            GoalRow(target, today + timedelta(days=60)),
            _now(),
            by=THIS_COMPUTER,
        )
    database.engine.dispose()


def give_server_posts(server: Server) -> list[str]:
    """Store 120 days of posts for each Page instead of those that were read on this first day.

    Returns the ids of one Page's, newest first.
    """
    page_ids = [str(each) for each in server.query("SELECT id FROM pages ORDER BY id")]
    database = open_beside(server)
    with database.writing() as session:
        session.execute(delete(table_of(Post)))
        given = give_posts(session, page_ids, _now())
    database.engine.dispose()
    return given


def open_beside(server: Server) -> Database:
    """Open the server's database with its keys, as the command line does; the caller closes it."""
    secrets = json.loads((server.database.parent / SECRETS).read_text(encoding="utf-8"))
    database = open_database(f"sqlite:///{server.database}")
    attach_vault(database, Vault([secrets["encryption_key"]]))
    return database


def lose_the_key(folder: Path) -> None:
    """Put another key in the place of the one that sealed everything."""
    file = folder / "data" / SECRETS
    secrets = json.loads(file.read_text(encoding="utf-8"))
    secrets["encryption_key"] = Fernet.generate_key().decode()
    file.write_text(json.dumps(secrets), encoding="utf-8")


def find_the_key(server: Server, source: Server) -> None:
    """Start the server anew with the key of the one whose data it holds."""
    server.stop()
    shutil.copy2(source.database.parent / SECRETS, server.database.parent)
    server.start()


def _tag(session: Session, name: str, page_ids: list[str]) -> int:
    tag_id = create_tag(session, name, _now(), by=THIS_COMPUTER)
    for page_id in page_ids:
        assert tag_page(session, tag_id, page_id, _now(), by=THIS_COMPUTER)
    return tag_id


def _now() -> datetime:
    return datetime.now(UTC)
