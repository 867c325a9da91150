"""Facebook Login: builds the authorization URL, exchanges codes and tokens, revokes permissions.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow

PKCE is not used: Facebook ignores the challenge, and the exchange then fails with a verifier. The
single-use state binds a code to one browser, and the app secret binds it to this app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from fb.graph.json_values import MAX_TEXTS, to_id, to_text


@dataclass(frozen=True)
class Identity:
    """The account that a user access token belongs to. The id is valid for this app only."""

    id: str
    name: str


@dataclass(frozen=True)
class Permissions:
    """The permissions that an account granted and declined. It may grant less than requested."""

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
    """Return the URL of the login dialog, with every parameter escaped.

    ``config_id`` replaces the permissions (Facebook Login for Business). With
    ``auth_type=rerequest`` Facebook requests declined permissions again, and lets the person select
    Pages again.
    """
    requested = {"config_id": config_id} if config_id else {"scope": ",".join(scopes)}
    parameters = {
        "client_id": app_id,
        "redirect_uri": redirect_uri,
        **requested,
        "response_type": "code",
        "state": state,
        "auth_type": "rerequest",
        "return_scopes": "true",
    }
    query = urlencode(parameters, quote_via=quote, safe="")
    return f"{dialog_url}/{version}/dialog/oauth?{query}"


def exchange_code(client: GraphClient, *, redirect_uri: str, code: str) -> str:
    """Exchange an authorization code for a short-lived user access token. Never retried.

    The secret is sent in the POST body. ``redirect_uri`` must equal the dialog's, byte for byte.

    Raises:
        CodeRejected: the code is used, expired or of another redirect URI, or the app secret
            (code 1) or app id (code 101) is wrong.
        RateLimited, TemporarilyDown: the code was not the reason, but it may be used up.
        TransportFailed: the code may be used up.
    """
    form = {**client.credentials, "redirect_uri": redirect_uri, "code": code}
    try:
        return _read_token(client.post("oauth/access_token", form, None, retry=False))
    except GraphRefused as error:
        raise _reject(error) from None


def exchange_for_long_lived(client: GraphClient, token: str) -> str:
    """Exchange a short-lived user access token for a long-lived one (about 60 days).

    https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
    Raises instead of returning the short-lived token, whose page access tokens would expire within
    hours. Safe to repeat. Sent as POST, so that no URL contains the secret or the token.
    """
    form = {
        **client.credentials,
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": token,
    }
    return _read_token(client.post("oauth/access_token", form, None, retry=True))


def fetch_identity(client: GraphClient, token: str) -> Identity:
    """Return the account that a user access token belongs to."""
    answer = client.get("me", {"fields": "id,name"}, token)
    account_id = to_id(answer.get("id"))
    if account_id is None:
        raise UnreadableAnswer(status=200)
    return Identity(account_id, to_text(answer.get("name")) or account_id)


def fetch_permissions(client: GraphClient, token: str) -> Permissions:
    """Return what the account granted and declined; an expired permission counts as declined.

    https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
    """
    entries = client.get("me/permissions", {}, token).get("data")
    if not isinstance(entries, list):
        raise UnreadableAnswer(status=200)
    granted: dict[str, bool] = {}
    for entry in entries[:MAX_TEXTS]:
        name = to_text(entry.get("permission")) if isinstance(entry, dict) else None
        if name is not None:
            granted[name] = entry.get("status") == "granted"
    return Permissions(
        granted=tuple(name for name, is_granted in granted.items() if is_granted),
        declined=tuple(name for name, is_granted in granted.items() if not is_granted),
    )


def revoke(client: GraphClient, account_id: str, token: str) -> None:
    """Remove the app from the account's settings; all of the account's tokens become invalid.

    https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke
    Raises ``UnreadableAnswer`` when Facebook does not confirm it.
    """
    if not client.delete(f"{account_id}/permissions", token):
        raise UnreadableAnswer(status=200)


def _reject(error: GraphRefused) -> FacebookError:
    # Code 1 with a 4xx means a wrong secret, not a temporary failure.
    is_down = isinstance(error, TemporarilyDown) and (error.code != 1 or (error.status or 0) >= 500)
    if is_down or isinstance(error, RateLimited):
        return error
    return CodeRejected(
        code=error.code, subcode=error.subcode, trace_id=error.trace_id, status=error.status
    )


def _read_token(answer: Mapping[str, Any]) -> str:
    token = answer.get("access_token")
    # A header can hold visible ASCII only.
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise UnreadableAnswer(status=200)
    return token
