"""Fetches the pictures of Pages in the background and stores them, so that they never expire."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from fb.graph.http import open_session
from fb.graph.pictures import fetch_picture
from fb.installation import Installation
from storage.accounts.pictures import list_pictures_due, save_picture
from storage.installation import bump_data_version

log = logging.getLogger(__name__)


def fetch_due_pictures(installation: Installation) -> int:
    """Fetch every picture that is due; return how many were stored. Refused ones stay initials."""
    origin = None
    if installation.settings.is_sandbox:
        parts = urlsplit(installation.settings.graph_url)
        origin = f"{parts.scheme}://{parts.netloc}"
    with installation.database.reading() as session:
        due = list_pictures_due(session, installation.now())
    stored = 0
    with open_session(installation.settings.graph_url) as http:
        for page_id, url in due:
            if installation.worker.stopping.is_set():
                break
            picture = fetch_picture(url, sandbox_origin=origin, session=http)
            with installation.database.writing() as session:
                save_picture(
                    session,
                    page_id,
                    content=picture.content if picture else None,
                    content_type=picture.content_type if picture else None,
                    now=installation.now(),
                )
            stored += picture is not None
    if stored:
        with installation.database.writing() as session:
            bump_data_version(session)
    log.info("%d of %d pictures stored", stored, len(due))
    return stored
