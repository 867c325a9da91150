"""Log redaction: removes tokens, codes, secrets and URL queries from every log line.

Pagekeeper's own lines contain none, but lines of libraries and tracebacks may. A stranger can
choose the text of some lines, so each pattern takes linear time, and a long line is cut first.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fb.addresses import CALENDAR_PATH, DELETION_PATH

REDACTED = "[…]"

# A query, with or without a host before it (access logs have none).
_QUERY = re.compile(r"\?[^\s\"'<>?]*=[^\s\"'<>]*")
# Whoever has this code reads what became of a person's request, or the calendar of expiries.
_PATH_CODE = re.compile(rf"({DELETION_PATH}|{CALENDAR_PATH})[^\s\"'<>]+")
# The value after a name: access_token=…, "client_secret": "…", Authorization: Bearer …
# A name is looked through once, from its start, and never given back (``*+``).
_NAMED = re.compile(
    r"""(?ix)
    ( (?<![\w-]) (?= [\w-]*? (?:token|secret|proof|nonce|password|cookie|authorization) ) [\w-]++
      | \b (?:code|state) )
    ( ["']? \s*+ [=:] \s*+ ["']? (?:b["'])? (?:(?:bearer|oauth|basic)\s++)? )
    ( (?![\s"']) [^\s"',;&)}\]]{8,} )
    """
)
_CREDENTIAL = re.compile(r"(?i)\b(bearer|oauth|basic)\s++[^\s\"',;)}\]]{8,}")
# User and password in the URL of a database or a proxy. Every scheme is shorter than 40 characters.
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,40}://)[^\s/\"'<>@]+@")
# Longer than words and ids (at most 32 characters): tokens, codes, states, sealed text.
_LONG_RUN = re.compile(r"[\w%|.=~-]{36,}")

MAX_LINE_LENGTH = 8_192
_LONG_LINE = re.compile(rf"(?<![^\n])([^\n]{{{MAX_LINE_LENGTH}}})[^\n]++")

installed_secrets: set[str] = set()


def redact(text: str) -> str:
    """Return the text with all possible secrets replaced by "[…]", and its long lines cut."""
    if len(text) > MAX_LINE_LENGTH:
        text = _LONG_LINE.sub(r"\1…", text)
    for secret in installed_secrets:
        text = text.replace(secret, REDACTED)
    text = _USER_INFO.sub(rf"\1{REDACTED}@", text)
    text = _QUERY.sub(f"?{REDACTED}", text)
    text = _PATH_CODE.sub(rf"\1{REDACTED}", text)
    text = _CREDENTIAL.sub(rf"\1 {REDACTED}", text)
    text = _NAMED.sub(rf"\1\2{REDACTED}", text)
    return _LONG_RUN.sub(_redact_run, text)


class RedactingFilter(logging.Filter):
    """Redacts every record of a handler, and drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        redact_record(record)
        return True


def redact_record(record: logging.LogRecord) -> None:
    """Redact message, traceback and stack in place. A second call changes nothing."""
    if record.name == "uvicorn.access" and isinstance(record.args, tuple):
        # Its formatter needs the single arguments.
        record.args = tuple(redact(a) if isinstance(a, str) else a for a in record.args)
    else:
        if isinstance(record.args, Mapping):
            # For logs that programs read; the record was redacted before when there are none.
            record.facts = {
                name: redact(value) if isinstance(value, str) else value
                for name, value in record.args.items()
            }
        record.msg, record.args = redact(_message_of(record)), ()
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        # Formatters use exc_text if it is set, but would format exc_info again.
        record.exc_info = None
    elif record.exc_text:
        record.exc_text = redact(record.exc_text)
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def install_redaction(secrets: Iterable[str] = ()) -> None:
    """Redact the records of all present handlers and all future records.

    Streamlit and uvicorn add handlers later; these get records that were redacted when they were
    created. Also silences urllib3 below WARNING, since its lines contain URLs. May be called again
    with ``secrets`` (`fb.settings.Settings.secrets`) when these are known.
    """
    # Shorter secrets would match parts of ordinary words.
    installed_secrets.update(secret for secret in secrets if len(secret) >= 8)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    # Its warning "Failed to parse headers" contains the whole URL.
    logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _RedactingFactory):
        logging.setLogRecordFactory(_RedactingFactory(factory))
    for handler in list_handlers():
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(RedactingFilter())


class _RedactingFactory:
    """Creates records with the previous factory and redacts them."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        redact_record(record)
        return record


def _redact_run(match: re.Match[str]) -> str:
    run = match[0]
    # Dotted module names have letters only, lines of dashes have none.
    is_mixed = any(c.isdigit() for c in run) and any(c.isalpha() for c in run)
    return REDACTED if is_mixed else run


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # The mistake has to be visible, but its arguments may contain secrets.
        return f"{record.msg} (its arguments do not fit)"


def list_handlers() -> list[logging.Handler]:
    """Return the handlers of all loggers."""
    loggers: list[logging.Logger] = [logging.getLogger()]
    for name in list(logging.Logger.manager.loggerDict):
        loggers.append(logging.getLogger(name))
    return [handler for logger in loggers for handler in logger.handlers]
