"""Our own lines are written once each, with the time in UTC, and without what is secret."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator

import pytest

from fb.log_facts import log_facts
from fb.web.log_redaction import install_redaction
from fb.web.logs import OWN_LOGGERS, install_logging


@pytest.fixture
def restored() -> Iterator[None]:
    """The loggers are left as they were."""
    loggers = [logging.getLogger(name) for name in OWN_LOGGERS]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.usefixtures("restored")
def test_each_line_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    install_redaction()
    install_logging()
    install_logging()
    for name in ("pagekeeper", "fb.jobs.runner", "storage.jobs.runs", "pages.connect"):
        logging.getLogger(name).info("run 3 with access_token=EAAB0123456789abcdef")
        logging.getLogger(name).debug("not this")
    logging.getLogger("somebody.else").info("nor this")
    written = capsys.readouterr().err
    lines = written.splitlines()
    assert len(lines) == 4
    assert lines[1].endswith("Z INFO fb.jobs.runner: run 3 with access_token=[…]")
    assert "EAAB" not in written


@pytest.mark.usefixtures("restored")
def test_a_program_reads_each_line_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    install_redaction()
    install_logging()
    install_logging("json")
    log = logging.getLogger("fb.jobs.runner")
    log.info("run %(run)d of %(whose)s", {"run": 3, "whose": "access_token=EAAB0123456789abcdef"})
    try:
        raise ValueError("secret=EAAB0123456789abcdef")
    except ValueError:
        log.exception("it\nfailed")
    written = capsys.readouterr().err
    assert "EAAB" not in written
    first, second = map(json.loads, written.splitlines())
    assert first["message"] == "run 3 of access_token=[…]"
    assert (first["run"], first["whose"]) == (3, "access_token=[…]")
    assert (first["level"], first["logger"]) == ("INFO", "fb.jobs.runner")
    assert first["replica"] == f"{socket.gethostname()}:{os.getpid()}"
    assert first["time"].endswith("+00:00")
    assert second["message"] == "it\nfailed"
    assert "ValueError" in second["traceback"]


@pytest.mark.usefixtures("restored")
def test_a_line_tells_what_the_block_around_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    install_redaction()
    install_logging("json")
    log = logging.getLogger("storage.db.engine")
    with log_facts(job="posts", run=3):
        with log_facts(account=7):
            log.info("within")
            log.info("its own: account %(account)d", {"account": 8})
        log.info("outer")
    log.info("after")
    within, own, outer, after = map(json.loads, capsys.readouterr().err.splitlines())
    assert (within["job"], within["run"], within["account"]) == ("posts", 3, 7)
    assert (own["run"], own["account"]) == (3, 8)
    assert (outer["run"], "account" in outer) == (3, False)
    assert "run" not in after
