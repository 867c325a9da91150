"""Facebook Login's endpoints: the dialog's address, the token exchanges, and whose token it is.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow

No PKCE: Facebook's plain flow drops the challenge, and a verifier then fails the exchange. A code
is held to one browser by the single-use state, and to this app by its secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from fb.graph.client import GraphClient
from fb.graph.errors import (
    CodeRejected,
    FacebookError,
    GraphRefused,
    RateLimited,
    TemporarilyDown,
    UnreadableAnswer,
)
from fb.graph.json_values import to_id, to_int


@dataclass(frozen=True)
class AccessToken:
    """A token as an exchange gave it. ``expires_in_seconds`` is None when Facebook did not say."""

    token: str = field(repr=False)
    expires_in_seconds: int | None


@dataclass(frozen=True)
class Identity:
    """The account a user token belongs to. The id is valid for this app only."""

    id: str
    name: str


@dataclass(frozen=True)
class Permissions:
    """What an account really granted, which may be less than it was asked for."""

    granted: tuple[str, ...]
    declined: tuple[str, ...]


def authorization_url(
    *,
    dialog_url: str,
    version: str,
    app_id: str,
    redirect_uri: str,
    scopes: Sequence[str],
    config_id: str | None,
    state: str,
) -> str:
    """The address of the login dialog, every parameter escaped.

    ``config_id`` replaces the permissions (Facebook Login for Business). ``auth_type=rerequest``
    makes Facebook ask again for what was declined, and show its chooser of Pages again.
    """
    wanted = {"config_id": config_id} if config_id else {"scope": ",".join(scopes)}
    parameters = {
        "client_id": app_id,
        "redirect_uri": redirect_uri,
        **wanted,
        "response_type": "code",
        "state": state,
        "auth_type": "rerequest",
        "return_scopes": "true",
    }
    query = urlencode(parameters, quote_via=quote, safe="")
    return f"{dialog_url}/{version}/dialog/oauth?{query}"


def exchange_code(client: GraphClient, *, redirect_uri: str, code: str) -> AccessToken:
    """Exchanges an authorization code for a short-lived user access token. Once: never retried.

    The secret travels in the POST body. ``redirect_uri`` is the dialog's, byte for byte.

    Raises:
        CodeRejected: any refusal that a new login may mend: used, expired, another redirect URI,
            a wrong secret (code 1) or app id (code 101).
        RateLimited, TemporarilyDown: Facebook says that it is not about this code. It may be used
            up all the same.
        TransportFailed: nobody knows whether the code was used.
    """
    form = {**client.credentials, "redirect_uri": redirect_uri, "code": code}
    try:
        return _read_token(client.post("oauth/access_token", form, None, retry=False))
    except GraphRefused as error:
        raise _reject(error) from None


def exchange_for_long_lived(client: GraphClient, token: str) -> AccessToken:
    """Exchanges a short-lived user access token for one of about 60 days.

    https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
    Fails loudly: page tokens made from a short-lived token would die within hours. Safe to repeat.
    Sent as POST, so that neither secret nor token stands in a URL.
    """
    form = {
        **client.credentials,
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": token,
    }
    return _read_token(client.post("oauth/access_token", form, None, retry=True))


def fetch_identity(client: GraphClient, token: str) -> Identity:
    """The account a user token belongs to."""
    answer = client.get("me", {"fields": "id,name"}, token)
    account_id = to_id(answer.get("id"))
    if account_id is None:
        raise UnreadableAnswer(status=200)
    name = answer.get("name")
    return Identity(account_id, name if isinstance(name, str) and name else account_id)


def fetch_permissions(client: GraphClient, token: str) -> Permissions:
    """What the account granted and declined; an expired permission counts as declined.

    https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
    """
    entries = client.get("me/permissions", {}, token).get("data")
    if not isinstance(entries, list):
        raise UnreadableAnswer(status=200)
    granted: dict[str, bool] = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("permission"), str):
            granted[entry["permission"]] = entry.get("status") == "granted"
    return Permissions(
        granted=tuple(name for name, is_granted in granted.items() if is_granted),
        declined=tuple(name for name, is_granted in granted.items() if not is_granted),
    )


def revoke(client: GraphClient, account_id: str, token: str) -> None:
    """Takes the app out of the account's settings: every token of the account dies.

    Raises ``UnreadableAnswer`` when Facebook does not say that it did.
    """
    if not client.delete(f"{account_id}/permissions", token):
        raise UnreadableAnswer(status=200)


def _reject(error: GraphRefused) -> FacebookError:
    # Code 1 with a 4xx is how a wrong secret is refused, not a bad minute of Facebook's.
    is_down = isinstance(error, TemporarilyDown) and (error.code != 1 or (error.status or 0) >= 500)
    if is_down or isinstance(error, RateLimited):
        return error
    return CodeRejected(
        code=error.code, subcode=error.subcode, trace_id=error.trace_id, status=error.status
    )


def _read_token(answer: Mapping[str, Any]) -> AccessToken:
    token = answer.get("access_token")
    # Visible ASCII only: anything else could not travel in a header again.
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise UnreadableAnswer(status=200)
    return AccessToken(token, to_int(answer.get("expires_in")))
