"""Log lines: writes Pagekeeper's own, from INFO on, to stderr with the time in UTC.

Streamlit, uvicorn and other libraries have handlers of their own, so the root logger gets none:
their lines would appear twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from sqlalchemy import make_url

from fb import __version__
from fb.settings import SettingsReport

log = logging.getLogger("pagekeeper")

OWN_LOGGERS = ("pagekeeper", "fb", "storage", "pages")
_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # always of text
    """Marks our handler, so that a second call adds no second one."""


def install_logging() -> None:
    """Write our lines to stderr; see `fb.web.log_redaction` for what is removed from them."""
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    formatter.default_msec_format = "%s.%03d"
    handler = _Handler()
    handler.setFormatter(formatter)
    for name in OWN_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        if not any(isinstance(each, _Handler) for each in logger.handlers):
            logger.addHandler(handler)


def log_start(
    report: SettingsReport, program: str, addresses: Sequence[str] = (), port: int = 0
) -> None:
    """Log what starts here, and each problem that keeps it from working.

    ``addresses`` and ``port``: where a server listens; none for a command.
    """
    database = "no database"
    if report.settings is not None:
        backend = make_url(report.settings.database_url).get_backend_name()
        database = _DATABASES.get(backend, backend)
    served = f", served at {' and '.join(addresses)}, port {port}" if addresses else ""
    log.info(
        "Pagekeeper %s starts %s: %s mode, %s%s",
        __version__,
        program,
        report.mode,
        database,
        served,
    )
    for problem in report.problems:
        log.error("%s: %s", problem.name, problem.sentence)
