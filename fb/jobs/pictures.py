"""Picture job: fetches the pictures of Pages in the background and stores them.

Facebook's picture URLs expire within weeks. A run fetches one piece of what is due; the schedule
starts the next one, when nothing more urgent is due.
"""

from __future__ import annotations

from fb.addresses import origin_of
from fb.graph.http import open_session
from fb.graph.pictures import fetch_picture
from fb.installation import Installation
from fb.jobs.run import Run
from fb.jobs.runner import Job, execute, is_time_to_try
from storage.accounts.pictures import list_pictures_due, save_picture
from storage.db.errors import JobRunning
from storage.jobs.runs import PICTURES, StartedBy, find_last_run, start_run

# In a run: a minute's work. Ten thousand new ones would hold up what the schedule starts later.
MAX_PICTURES = 200


def fetch_due_pictures(installation: Installation, started_by: StartedBy) -> int:
    """Fetch up to MAX_PICTURES that are due; return the number of stored ones.

    Returns 0 while another run is active. A Page without a picture is shown with its initial.
    """
    now = installation.now()
    with installation.database.reading() as session:
        if not list_pictures_due(session, now, limit=1):
            return 0
    try:
        with installation.database.writing() as session:
            run_id = start_run(
                session, kind=PICTURES, started_by=started_by, day=now.date(), now=now
            )
    except JobRunning:
        return 0
    run = Run(installation, PICTURES, run_id)
    return execute(run, ["pictures"], _fetch).pages_done


def is_due(installation: Installation) -> bool:
    """True when a picture is due, and no run is active or has just failed.

    What a complete run has fetched, or tried to, is not due for days: the next piece may follow.
    """
    now = installation.now()
    with installation.database.reading() as session:
        if not list_pictures_due(session, now, limit=1):
            return False
        last = find_last_run(session, PICTURES)
        if last is not None and last.status == "done":
            return True
        return is_time_to_try(session, PICTURES, now)


JOB = Job(PICTURES, is_due, fetch_due_pictures)


def _fetch(run: Run, unit: str) -> bool:
    """Fetch and store the pictures of this run, all in one step."""
    installation, settings = run.installation, run.installation.settings
    with installation.database.reading() as session:
        due = list_pictures_due(session, installation.now(), limit=MAX_PICTURES)
    run.count("pages_total", len(due))
    origin = origin_of(settings.graph_url) if settings.is_sandbox else None
    with open_session(settings.graph_url) as http:
        for page_id, url in due:
            run.check_stop()
            picture = fetch_picture(url, sandbox_origin=origin, session=http)
            run.count("pages_failed" if picture is None else "pages_done", 1)
            with run.storing() as session:
                save_picture(
                    session,
                    page_id,
                    content=picture.content if picture else None,
                    content_type=picture.content_type if picture else None,
                    now=installation.now(),
                )
    return False
