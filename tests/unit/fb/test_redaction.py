"""No log line tells a token, a code, a secret or a query, whoever wrote it and however."""

from __future__ import annotations

import io
import logging
import time

import pytest

from fb.web.log_redaction import RedactingFilter, install_redaction, redact

TOKEN = "EAABsbCS1iHgBO7ZCxqZBZAv4ZCzW1Yk9dR0nP2mQ8sT6uV3wX5yZ"
STATE = ".eJxtybkRgEAIAMBeiA34kVocg-OE_kvQAtx0L1i_4.awLiUA.uTfDfC0EFaCbbfwyem2l8NCLDlND"
SEALED = "gAAAAABlZ1234567890abcdefghijklmnopqrstuvwxyz=="


pytestmark = pytest.mark.usefixtures("redacted_logging")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('"GET /connect?code=AQabc&state=xy.z HTTP/1.1" 200', "AQabc"),
        ("https://graph.facebook.com/v26.0/me?access_token=EAAB done", "EAAB"),
        ("/debug_token?input_token=EAAB%7C", "EAAB"),
        ("Authorization: Bearer EAABsbCS1234", "EAABsbCS1234"),
        ("{'Authorization': 'Bearer EAABsbCS1234'}", "EAABsbCS1234"),
        ("sent with OAuth EAABsbCS1234", "EAABsbCS1234"),
        ('{"access_token": "EAABsbCS1234", "token_type": "bearer"}', "EAABsbCS1234"),
        ("client_secret=abcdef12345&x", "abcdef12345"),
        ('"GET /calendar/kurz-Geheim.ics HTTP/1.1" 200', "Geheim"),
        ('"GET /facebook/deletion/00112233445566778899aabbccddeeff HTTP/1.1" 200', "001122"),
        ("appsecret_proof: 0a1b2c3d4e", "0a1b2c3d4e"),
        ("cookie: pagekeeper-1=abcdefgh", "abcdefgh"),
        ("x-my-token-2 = 'abcdefgh1'", "abcdefgh1"),
        ("--token=abcdefgh1", "abcdefgh1"),
        ("error-code=AQBabcdefgh", "AQBabcdefgh"),
        ("code = AQBabcdefgh", "AQBabcdefgh"),
        (f"token {TOKEN} was refused", TOKEN),
        (f"state {STATE}", STATE[:40]),
        (f"opened {SEALED}", SEALED[:-2]),
        ("app 100000000000000|0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("could not reach postgresql+psycopg://user:hunter2@host/name", "hunter2"),
    ],
)
def test_secrets_are_taken_out(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "run 5: 60 of 60 Pages read, 0 failed, done",
        "attempt 0f3a5b8c9d0e1f2a3b4c5d6e7f809a1b read 60 Pages",
        'File "/srv/pagekeeper/.venv/lib/python3.11/site-packages/streamlit/runtime/x.py", line 9',
        "streamlit.runtime.scriptrunner_utils.script_run_context is missing",
        "account 3 needs renewal: code 190/463",
        "Facebook ended this access (code 190, subcode 463, HTTP status 400, trace AbC12345678)",
        "postgresql+psycopg://host/name at 2026-11-22T14:02:00+00:00",
        "attempt x failed: CodeRejected 100",
        "-" * 60,
        "what next? nothing",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


# What made one of the patterns start anew at every character, or look back from each.
HOSTILE = [
    "token-",
    "token=",
    "token ",
    "token",
    "-",
    "a.",
    "a-",
    "?a",
    "?",
    "code ",
    "code=a,",
    "bearer ",
    "bearer\t",
    "a://",
    "a:",
    'token"',
    "token: ",
    "secret\t",
    "Authorization: Basic ",
    "é-",
    "1%",
]


def seconds_of(text: str) -> float:
    """The least processor time of a few tries."""
    times = []
    for _ in range(5):
        started = time.process_time()
        redact(text)
        times.append(time.process_time() - started)
    return min(times)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    """Four times the text: linear is 4, quadratic 16, cubic 64."""
    short, long = (piece * (length // len(piece)) + "!" for length in (2_000, 8_000))
    if seconds_of(short) > 0.5:
        pytest.fail("2,000 characters take half a second: far from linear")
    assert seconds_of(long) < 10 * seconds_of(short) + 0.001


def test_long_lines_are_cut_before_anything_is_looked_for() -> None:
    line = "x" * 9_000
    shown = redact(f"first\n{line}\nsecond token {TOKEN}\n{line}{TOKEN}")
    assert shown.splitlines() == ["first", "x" * 8_192 + "…", "second token […]", "x" * 8_192 + "…"]
    assert redact(shown) == shown


def logger_with_handler(
    name: str, text_format: str = "%(message)s"
) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(text_format))
    logger = logging.getLogger(name)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return logger, stream


def test_handlers_of_today_and_of_tomorrow_are_covered() -> None:
    old, old_stream = logger_with_handler("test_redaction.old")
    assert old.handlers[0].filters == []
    install_redaction()
    new, new_stream = logger_with_handler("test_redaction.new")
    for logger in (old, new):
        logger.info("asked %s with %s", "/me?access_token=EAAB", TOKEN)
    assert old_stream.getvalue() == new_stream.getvalue() == "asked /me?[…] with […]\n"
    assert any(isinstance(f, RedactingFilter) for f in old.handlers[0].filters)


def test_the_filter_alone_does_it_too() -> None:
    """For a record that was made elsewhere and is handed to a handler of ours."""
    logger, stream = logger_with_handler("test_redaction.filter")
    logger.handlers[0].addFilter(RedactingFilter())
    logger.handle(logging.makeLogRecord({"msg": "token %s", "args": (TOKEN,), "levelno": 20}))
    assert stream.getvalue() == "token […]\n"


def test_tracebacks_are_told_without_secrets() -> None:
    install_redaction()
    logger, stream = logger_with_handler("test_redaction.traceback")
    # Formatters of others may tell the exception anew, if they are given it.
    logger.handlers[0].addFilter(lambda record: record.exc_info is None)
    try:
        try:
            raise ValueError(f"https://graph.facebook.com/me?access_token={TOKEN}")
        except ValueError as error:
            raise RuntimeError(f"failed with {TOKEN}") from error
    except RuntimeError:
        logger.exception("it broke", stack_info=True)
    assert TOKEN not in stream.getvalue()
    assert "RuntimeError: failed with […]" in stream.getvalue()
    assert "test_redaction.py" in stream.getvalue()


def test_known_secrets_are_taken_out_whatever_they_look_like() -> None:
    install_redaction(["correct horse", "short"])
    logger, stream = logger_with_handler("test_redaction.known")
    logger.info("the correct horse is in short supply")
    assert stream.getvalue() == "the […] is in short supply\n"


def test_access_logs_keep_their_shape() -> None:
    install_redaction()
    logger, stream = logger_with_handler("uvicorn.access")
    logger.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", "/connect?code=AQ", "1.1", 200)
    assert stream.getvalue() == '127.0.0.1:1 - "GET /connect?[…] HTTP/1.1" 200\n'


def test_a_line_whose_arguments_do_not_fit_is_told_without_them() -> None:
    install_redaction()
    logger, stream = logger_with_handler("test_redaction.misfit")
    logger.info("%d Pages", TOKEN)
    assert stream.getvalue() == "%d Pages (its arguments do not fit)\n"


def test_installing_twice_is_installing_once() -> None:
    logger, _ = logger_with_handler("test_redaction.twice")
    install_redaction()
    factory = logging.getLogRecordFactory()
    install_redaction()
    assert logging.getLogRecordFactory() is factory
    assert len(logger.handlers[0].filters) == 1


def test_urllib3_keeps_its_urls_to_itself() -> None:
    install_redaction()
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("urllib3.connection").isEnabledFor(logging.WARNING)
