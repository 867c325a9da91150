"""Tokens: issue and read signed tokens and codes, which contain their own facts."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

# The index in this tuple is the bit in a token: append only.
PERMISSIONS: tuple[str, ...] = (
    "public_profile",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "read_insights",
    "business_management",
    "email",
    "pages_read_user_content",
    "pages_manage_posts",
    "pages_manage_engagement",
    "pages_manage_ads",
    "instagram_basic",
    "instagram_manage_insights",
    "ads_read",
)
CODE_SECONDS = 600
# Data access ends 90 days after the dialog, also for exchanged tokens.
DATA_ACCESS_SECONDS = 90 * 86_400
_BIT = {name: 1 << index for index, name in enumerate(PERMISSIONS)}
USER, PAGE, CODE = "user", "page", "code"
_PREFIXES = {USER: "EAA", PAGE: "EAA", CODE: "AQ"}
_SIGNATURE_BYTES = 16


@dataclass(frozen=True)
class Token:
    """The facts in a user access token, page access token or authorization code.

    Times are epoch seconds; 0 means never. ``serial`` is the number of the consent, ``pages`` are
    the ticked Pages as bits (Page.index), ``audience`` is the hash of a code's redirect URI,
    ``text`` is the token itself.
    """

    kind: str
    person_id: str
    page_id: str
    issued_at: int
    expires_at: int
    data_access_expires_at: int
    serial: int
    scopes: frozenset[str]
    pages: int = field(repr=False)
    nonce: str = field(repr=False)
    audience: str = ""
    text: str = field(default="", repr=False, compare=False)

    def is_expired(self, now_seconds: float) -> bool:
        """True from ``expires_at`` on."""
        return 0 < self.expires_at <= now_seconds


class Mint:
    """Issues and reads the tokens of one app. It can't read tokens of another app or secret."""

    def __init__(self, app_id: str, app_secret: str) -> None:
        self._key = hashlib.sha256(f"mint {app_id} {app_secret}".encode()).digest()
        self._app_secret = app_secret.encode()
        self.app_token = f"{app_id}|{app_secret}"

    def issue(self, token: Token) -> str:
        """Return the token's text: 200 or more letters and digits."""
        facts = [
            token.kind,
            token.person_id,
            token.page_id,
            token.issued_at,
            token.expires_at,
            token.data_access_expires_at,
            token.serial,
            sum(_BIT[name] for name in token.scopes),
            f"{token.pages:x}",
            token.nonce,
            token.audience,
        ]
        body = json.dumps(facts, separators=(",", ":")).encode()
        return _PREFIXES[token.kind] + _to_letters(self._sign(body) + body)

    def issue_code(
        self,
        person_id: str,
        *,
        scopes: frozenset[str],
        pages: int,
        serial: int,
        redirect_uri: str,
        now_seconds: int,
    ) -> str:
        """Return an authorization code for one ``redirect_uri``. It expires after ten minutes."""
        return self.issue(
            Token(
                kind=CODE,
                person_id=person_id,
                page_id="",
                issued_at=now_seconds,
                expires_at=now_seconds + CODE_SECONDS,
                data_access_expires_at=now_seconds + DATA_ACCESS_SECONDS,
                serial=serial,
                scopes=scopes,
                pages=pages,
                nonce=secrets.token_hex(8),
                audience=hash_redirect_uri(redirect_uri),
            )
        )

    def read(self, text: str, *kinds: str) -> Token | None:
        """Return the token if this app issued it as one of ``kinds``, else None; maybe expired."""
        for kind in kinds:
            prefix = _PREFIXES[kind]
            if text.startswith(prefix):
                token = self._read_body(text, _from_letters(text.removeprefix(prefix)))
                if token and token.kind in kinds:
                    return token
        return None

    def proof(self, token_text: str) -> str:
        """Return the appsecret_proof of a token, lower-case hexadecimal.

        https://developers.facebook.com/docs/graph-api/guides/secure-requests
        """
        return hmac.digest(self._app_secret, token_text.encode(), "sha256").hex()

    def page_nonce(self, user_token: Token, page_id: str) -> str:
        """Return the nonce of a page access token; the same for the same user access token."""
        return self._short(f"{user_token.nonce} {page_id}")

    def _read_body(self, text: str, raw: bytes | None) -> Token | None:
        if raw is None or len(raw) <= _SIGNATURE_BYTES:
            return None
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(body)):
            return None
        kind, person, page, issued, expires, data_until, serial, bits, pages, nonce, audience = (
            json.loads(body)
        )
        scopes = frozenset(name for name, bit in _BIT.items() if bits & bit)
        return Token(
            *(kind, person, page, issued, expires, data_until, serial, scopes),
            *(int(pages, 16), nonce, audience, text),
        )

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_SIGNATURE_BYTES]

    def _short(self, what: str) -> str:
        return hmac.digest(self._key, what.encode(), "sha256").hex()[:24]


def hash_redirect_uri(redirect_uri: str) -> str:
    """Return the hash of the redirect URI that a code contains."""
    return hashlib.sha256(redirect_uri.encode()).hexdigest()[:16]


def _to_letters(raw: bytes) -> str:
    """Return base64 in letters and digits: Z, + and / become ZA, ZB and ZC, as at Facebook."""
    text = base64.b64encode(raw).decode().rstrip("=")
    return text.replace("Z", "ZA").replace("+", "ZB").replace("/", "ZC")


def _from_letters(text: str) -> bytes | None:
    if not text.isascii() or not text.isalnum():
        return None
    plain = text.replace("ZC", "/").replace("ZB", "+").replace("ZA", "Z")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
