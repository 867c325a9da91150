"""Graph's refusals around codes, tokens and proofs."""

from datetime import UTC, datetime, timedelta, timezone

from fb.sandbox.errors import METHOD, GraphError

_PACIFIC = timezone(timedelta(hours=-8), "PST")


# The trip: oauth/access_token


def code_used() -> GraphError:
    return GraphError("This authorization code has been used.", 100, subcode=36009)


def code_malformed() -> GraphError:
    return GraphError("Invalid verification code format.", 100, subcode=36009)


def code_expired() -> GraphError:
    return GraphError("This authorization code has expired.", 100, subcode=36007)


def redirect_uri_differs() -> GraphError:
    message = (
        "Error validating verification code. Please make sure your redirect_uri is identical to "
        "the one you used in the OAuth dialog request"
    )
    return GraphError(message, 100, subcode=36008)


def redirect_uri_not_absolute() -> GraphError:
    return GraphError("redirect_uri isn't an absolute URI. Check RFC 3986.", 191)


def wrong_secret() -> GraphError:
    return GraphError("Error validating client secret.", 1)


def unknown_app() -> GraphError:
    return GraphError("Error validating application. Invalid application ID.", 101)


def missing_parameter(name: str) -> GraphError:
    return GraphError(f"Missing {name} parameter.", 101 if name == "client_id" else 1)


# Tokens


def no_token_for_me() -> GraphError:
    message = "An active access token must be used to query information about the current user."
    return GraphError(message, 2500)


def no_token() -> GraphError:
    return GraphError("An access token is required to request this resource.", 104)


def token_unreadable() -> GraphError:
    return GraphError("Invalid OAuth access token - Cannot parse access token", 190)


def token_malformed(text: str) -> GraphError:
    return GraphError(f"Malformed access token {text}", 190)


def token_expired(expired_at: int, now: datetime) -> GraphError:
    then = datetime.fromtimestamp(expired_at, UTC)
    message = (
        f"Error validating access token: Session has expired on {_pacific(then)}. "
        f"The current time is {_pacific(now)}."
    )
    return GraphError(message, 190, subcode=463)


def token_ended(subcode: int) -> GraphError:
    """458 app removed, 459 checkpoint, 460 password, 463 expired, 467 invalid, 492 no role."""
    return GraphError(f"Error validating access token: {_ENDED[subcode]}", 190, subcode=subcode)


_ENDED = {
    458: "The user has not authorized application.",
    459: "You cannot access the app till you log in to www.facebook.com and follow the "
    "instructions given.",
    460: "The session has been invalidated because the user changed their password or Facebook has "
    "changed the session for security reasons.",
    463: "Session has expired.",
    467: "The session is invalid because the user logged out or withdrew access.",
    492: "The user must be an administrator, editor, or moderator of the page in order to "
    "impersonate it.",
}


def proof_wrong() -> GraphError:
    message = "Invalid appsecret_proof provided in the API argument"
    return GraphError(message, 100, kind=METHOD)


def proof_required() -> GraphError:
    message = "API calls from the server require an appsecret_proof argument"
    return GraphError(message, 100, kind=METHOD)


def not_app_token() -> GraphError:
    message = (
        "(#100) You must provide an app access token, or a user access token that is an owner or "
        "developer of the app"
    )
    return GraphError(message, 100)


def _pacific(moment: datetime) -> str:
    return moment.astimezone(_PACIFIC).strftime("%A, %d-%b-%y %H:%M:%S %Z")
