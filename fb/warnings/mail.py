"""E-mail: sends a message through an SMTP server, over TLS or not at all."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from fb.settings_table import Wrong
from fb.warnings.message import Message
from fb.warnings.target import SendFailed, connected, make_context

# A server may let strangers wait some seconds before it greets them.
MAIL_SECONDS = 30.0
MAX_RECIPIENTS = 20
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,250}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,250}")

Security = Literal["starttls", "tls"]  # as of the first command, or as of the first byte


@dataclass(frozen=True)
class EmailSettings:
    """A mail server, and from whom to whom. Without ``user`` nobody signs in."""

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    def check(self) -> None:
        """Raise Wrong, with a sentence for the operator, when something can't be right."""
        if not _HOST.fullmatch(self.host) or not 0 < self.port < 65536:
            raise Wrong("The server must be a name such as smtp.example.org, without https://.")
        if not self.recipients or len(self.recipients) > MAX_RECIPIENTS:
            raise Wrong(f"Give 1 to {MAX_RECIPIENTS} addresses, with commas between them.")
        for address in (self.sender, *self.recipients):
            if not _ADDRESS.fullmatch(address):
                raise Wrong("An e-mail address is written plainly, as in anna@example.org.")
        if bool(self.user) != bool(self.password):
            raise Wrong("Give user name and password, or leave both empty.")
        if not f"{self.user}{self.password}".isascii():
            raise Wrong("Mail servers take plain letters, digits and signs in a password only.")

    def describe(self) -> str:
        """Return where messages go, without the password."""
        return f"{', '.join(self.recipients)} through {self.host}"


def send_mail(settings: EmailSettings, message: Message, *, allow_private: bool) -> None:
    """Send one e-mail to all recipients. Raises SendFailed when none of them gets it."""
    context, host, port = make_context(), settings.host, settings.port
    with (
        connected(host, port, MAIL_SECONDS, allow_private=allow_private) as plain,
        _translated_errors(),
    ):
        is_secure = settings.security == "tls"
        used = context.wrap_socket(plain, server_hostname=host) if is_secure else plain
        smtp = _Smtp(used, settings)
        try:
            if not is_secure:
                _start_tls(smtp, context)
            if settings.user and settings.password:
                smtp.login(settings.user, settings.password)
            smtp.send_message(write_mail(settings, message), settings.sender, settings.recipients)
            with suppress(OSError):
                smtp.quit()
        finally:
            smtp.close()


def write_mail(settings: EmailSettings, message: Message) -> EmailMessage:
    """Return the e-mail. Of the same warnings it has the same id, so that a second is noticed."""
    mail = EmailMessage()
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.recipients)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.sent_at)
    keys = "\n".join(item.key for item in message.items) or message.sent_at.isoformat()
    id = hashlib.sha256(keys.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{id}@{_domain(settings.sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join((*message.sentences, message.link)) + "\n")
    return mail


class _Smtp(smtplib.SMTP):
    """Speaks over a connection that is open already."""

    def __init__(self, connection: socket.socket, settings: EmailSettings) -> None:
        self._connection = connection
        # The name to greet with: by default it would be looked up.
        own_name = _domain(settings.sender)
        super().__init__(settings.host, settings.port, own_name, MAIL_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connection


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
    try:
        smtp.starttls(context=context)
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException):
        raise SendFailed("tls") from None


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn the errors of SMTP into SendFailed; those of sockets pass to `connected`."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise SendFailed("sign_in", error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise SendFailed("sign_in") from None
    except smtplib.SMTPSenderRefused as error:
        raise SendFailed("sender", error.smtp_code) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise SendFailed("recipient", codes[0] if codes else None) from None
    except smtplib.SMTPResponseException as error:
        # -1: the answer has no number.
        status = error.smtp_code if error.smtp_code > 0 else None
        raise SendFailed("status" if status else "unreadable", status) from None
    except smtplib.SMTPServerDisconnected:
        raise SendFailed("unreachable") from None
    except smtplib.SMTPException:
        raise SendFailed("unreadable") from None


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
