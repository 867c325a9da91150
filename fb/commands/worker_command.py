"""Worker command: does the background jobs until it is asked to stop, beside any dashboard."""

from __future__ import annotations

import signal

from fb.commands.terminal import COULD_NOT_RUN, OK, find_usable, opened, say
from fb.installation import Installation
from fb.jobs.schedule import find_work, tick
from storage.db.errors import NewerSchema


def worker_command() -> int:
    """Do the jobs of this installation, as many at once as the engine of WORKERS does."""
    with opened() as startup:
        installation = find_usable(startup)
        if installation is None:
            return COULD_NOT_RUN
        errors: list[NewerSchema] = []

        def stop(*_: object) -> None:
            installation.worker.stopping.set()  # jobs end at their next step
            installation.jobs.stop()

        def look() -> None:
            try:
                tick(installation)
            except NewerSchema as newer:
                errors.append(newer)
                stop()

        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, stop)
        say(_describe(installation))
        installation.jobs.serve(find_work(installation), look)
        if errors:
            say(f"{errors[0]} This worker has to be restarted on the newer version.")
            return COULD_NOT_RUN
        return OK


def _describe(installation: Installation) -> str:
    if installation.settings.workers == "dashboard":
        return "This worker does the jobs as a dashboard does. Ctrl+C ends it."
    return "This worker shares the jobs with all others on the database. Ctrl+C ends it."
