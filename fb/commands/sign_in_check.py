"""Sign-in for the doctor: asks the service, and whether there is an administrator."""

from __future__ import annotations

from fb.commands.terminal import COULD_NOT_RUN, OK, SOME_FAILED, read_clock, say
from fb.installation import Installation
from fb.settings import Settings
from fb.sign_in.oidc import DISCOVERY_PATH, ServiceDown, SignInFailed, SignInService
from storage.sign_in.people import has_admin

# By `SignInFailed.detail`.
_WRONG = {
    "status": "There is no sign-in service at this address. docs/sign-in.md has those of Google, "
    "Microsoft Entra and Keycloak.",
    "other": "The service calls itself by another address. Write it here as the service does, to "
    "the letter, also a slash at the end: look for issuer in {discovery}",
    "endpoint": "The service names an address that others can read along, or leaves one out. Ask "
    "whoever runs it: see {discovery}",
}


def check_service(settings: Settings) -> int:
    """Ask the sign-in service, and say what does not fit; return the exit code."""
    service = SignInService(settings, read_clock)
    say(f"The sign-in service has to know this redirect URI: {service.redirect_uri}")
    try:
        service.check()
    except ServiceDown as down:
        say(
            f"ADVICE   sign-in: the service does not answer as one ({down}). Nobody new comes in "
            "until it does; who is signed in goes on. Does this machine reach it?"
        )
        return SOME_FAILED
    except SignInFailed as failed:
        discovery = str(settings.sign_in_issuer).removesuffix("/") + DISCOVERY_PATH
        say(f"WRONG    SIGN_IN_ISSUER: {_WRONG[failed.detail].format(discovery=discovery)}")
        return COULD_NOT_RUN
    say("The sign-in service answers.")
    if settings.redirect_uri.startswith("https://") and settings.proxy_secret is None:
        say(
            "ADVICE   PROXY_SECRET: without it all who come through a proxy count as one address, "
            "so one stranger can use up the limits of everybody. Have the proxy send it: see "
            "docs/security.md."
        )
        return SOME_FAILED
    return OK


def check_admin(installation: Installation) -> int:
    """Say so where nobody can let people in; return the exit code."""
    with installation.database.reading() as session:
        is_there = has_admin(session)
    first = installation.settings.sign_in_first_admin
    if is_there:
        return OK
    if first is not None:
        say(f"There is no administrator yet. Who signs in as {first} becomes one.")
        return OK
    say(
        "ADVICE   people: there is no administrator, so nobody can let people in. Set "
        "SIGN_IN_FIRST_ADMIN, or run: python -m fb people add ADDRESS admin"
    )
    return SOME_FAILED
