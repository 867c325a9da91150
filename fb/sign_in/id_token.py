"""ID token: checks what a sign-in service says of a person, and reads who it is.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

# Never "none", and none with a shared secret: the public key would be that secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
KEY_TYPES = ("RSA", "EC", "OKP")
LEEWAY_SECONDS = 60
MAX_SUBJECT = 255  # characters: OpenID Connect Core, section 2
MAX_ADDRESS = 254  # RFC 5321

# joserfc tells most of what is wrong with a key or token by its own class, but not all.
_BROKEN = (
    JoseError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    UnsupportedAlgorithm,
)


class SignInFailed(Exception):
    """Nobody was proved.

    ``reason``: token (not signed, or not for us) · clock (its times don't fit this machine's clock)
    · no_address · unconfirmed_address · code (used, too old, or another browser's) · client (the
    service does not take our id or secret) · issuer (the service is another one than is set).
    ``detail``: what of it, a word of ours. The text holds nothing that was sent.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason
        self.detail = detail


class UnknownKey(SignInFailed):
    """The token is signed with a key that is not among the service's, as they were read."""


@dataclass(frozen=True)
class Identity:
    """Who signed in: ``issuer`` and ``subject`` for ever, ``address`` and ``name`` for now.

    The service vouches for the address; it stands as it was sent. The name may be empty.
    """

    issuer: str
    subject: str
    address: str
    name: str


class _Registry(JWSRegistry):
    """The algorithms that count, and sizes with room for some thousand groups."""

    max_header_length = 16_000
    max_payload_length = 1_000_000

    def get_alg(self, name: str) -> Any:
        # joserfc's own warns of EdDSA, to which RFC 9864 gives other names.
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


# RFC 7515, section 4: unknown fields of a header are ignored, unless it calls them critical.
_REGISTRY = _Registry(strict_check_header=False)


def read_keys(document: dict[str, Any]) -> KeySet:
    """Return the public keys of a JWK Set document, without those that can't be used.

    Empty where there is none.
    """
    entries = document.get("keys")
    keys = []
    for entry in entries if isinstance(entries, list) else []:
        # A service may publish kinds of keys that are newer than this program.
        if isinstance(entry, dict) and entry.get("kty") in KEY_TYPES:
            try:
                key = JWKRegistry.import_key(entry)
                key.ensure_kid()
            except _BROKEN:
                continue
            keys.append(key)
    return KeySet(keys)


def verify(token: str, keys: KeySet) -> dict[str, Any]:
    """Return the claims of a token that one of the keys has signed.

    Raises SignInFailed; UnknownKey where the service may have changed its keys meanwhile.
    """
    try:
        return jwt.decode(token, keys, registry=_REGISTRY).claims
    except InvalidKeyIdError:
        failure: SignInFailed = UnknownKey("token", "key")
    except _BROKEN:
        failure = SignInFailed("token", "signature")
    # Raised outside the handler: the error before it may quote the token.
    raise failure


def check_claims(
    claims: dict[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime
) -> None:
    """Raise SignInFailed unless the claims are this service's, for us, of this sign-in and now."""
    subject, sent_nonce = claims.get("sub"), claims.get("nonce")
    checks = {
        "iss": claims.get("iss") == issuer,
        # Ours, and nobody's beside: a token for two could be passed on by the other one.
        "aud": claims.get("aud") in (client_id, [client_id]),
        "azp": claims.get("azp", client_id) == client_id,
        "nonce": isinstance(sent_nonce, str)
        and hmac.compare_digest(sent_nonce.encode("utf-8", "replace"), nonce.encode()),
        "sub": _is_text(subject, MAX_SUBJECT),
        "exp": _is_time(claims.get("exp")),
        "iat": _is_time(claims.get("iat")),
        "nbf": _is_time(claims.get("nbf", 0)),
    }
    for name, is_right in checks.items():
        if not is_right:
            raise SignInFailed("token", name)
    # The token was made this moment, so where its times are wrong, a clock is.
    present = now.timestamp()
    if max(claims["iat"], claims.get("nbf", 0)) > present + LEEWAY_SECONDS:
        raise SignInFailed("clock", "early")
    if claims["exp"] <= present - LEEWAY_SECONDS:
        raise SignInFailed("clock", "late")


def read_identity(
    claims: dict[str, Any], *, address_claim: str, trusts_addresses: bool
) -> Identity:
    """Return who the claims are of, after `check_claims`. Raises SignInFailed.

    ``trusts_addresses``: take an address of which the service does not say whether it is confirmed,
    as of every claim but "email". One that it calls unconfirmed is never taken.
    """
    address, name = claims.get(address_claim), claims.get("name")
    if not isinstance(address, str) or "@" not in address or not _is_text(address, MAX_ADDRESS):
        raise SignInFailed("no_address")
    # A person may choose their user name, for example, whatever was confirmed of their address.
    is_vouched_for = trusts_addresses or (address_claim == "email" and "email_verified" in claims)
    if not is_vouched_for or claims.get("email_verified", True) is not True:
        raise SignInFailed("unconfirmed_address")
    return Identity(claims["iss"], claims["sub"], address, name if isinstance(name, str) else "")


def _is_text(value: object, max_length: int) -> bool:
    """Whether it is a text that a database keeps and a line shows as it is."""
    return isinstance(value, str) and 0 < len(value) <= max_length and value.isprintable()


def _is_time(value: object) -> bool:
    """Whether it is a number of seconds, and no endless one, which JSON in Python may hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40
