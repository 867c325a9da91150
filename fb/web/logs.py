"""Log lines: writes Pagekeeper's own, from INFO on, to stderr with the time in UTC.

A line whose arguments have names ("run %(run)d") tells them one by one to a program that collects
logs (LOG_FORMAT=json), beside the facts of the block that it is logged in (`fb.log_facts`).

Streamlit, uvicorn and other libraries have handlers of their own, so the root logger gets none:
their lines would appear twice.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import make_url

from fb import __version__
from fb.log_facts import get_log_facts
from fb.settings import LogFormat, SettingsReport

log = logging.getLogger("pagekeeper")

OWN_LOGGERS = ("pagekeeper", "fb", "storage", "pages")
_DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # always of text
    """Marks our handler, so that a second call replaces it."""


class _JsonFormatter(logging.Formatter):
    """Writes a line as one JSON object; ``replica`` is this machine's name and the process's id."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "replica": f"{socket.gethostname()}:{os.getpid()}",
            **get_log_facts(),
            **getattr(record, "facts", {}),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str)


def install_logging(log_format: LogFormat = "text") -> None:
    """Write our lines to stderr; see `fb.web.log_redaction` for what is removed from them.

    It may be called again with the format of the settings.
    """
    formatter: logging.Formatter
    if log_format == "json":
        formatter = _JsonFormatter()
    else:
        formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
        formatter.converter = time.gmtime
        formatter.default_msec_format = "%s.%03d"
    handler = _Handler()
    handler.setFormatter(formatter)
    for name in OWN_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        for before in [each for each in logger.handlers if isinstance(each, _Handler)]:
            logger.removeHandler(before)
        logger.addHandler(handler)


def log_start(
    report: SettingsReport, program: str, addresses: Sequence[str] = (), port: int = 0
) -> None:
    """Log what starts here, and each problem that keeps it from working.

    ``addresses`` and ``port``: where a server listens; none for a command.
    """
    database = "no database"
    if report.settings is not None:
        install_logging(report.settings.log_format)
        backend = make_url(report.settings.database_url).get_backend_name()
        database = _DATABASES.get(backend, backend)
    served = f", served at {' and '.join(addresses)}, port {port}" if addresses else ""
    log.info(
        "Pagekeeper %(version)s starts %(program)s: %(mode)s mode, %(database)s%(served)s",
        {
            "version": __version__,
            "program": program,
            "mode": report.mode,
            "database": database,
            "served": served,
        },
    )
    for problem in report.problems:
        log.error("%s: %s", problem.name, problem.sentence)
