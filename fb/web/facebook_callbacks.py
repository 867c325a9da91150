"""Facebook callbacks: answers when someone removes the app or asks to have data deleted.

Facebook's servers post a signed request; it alone says who it is about. The answer is the same
whether the account is stored here or not.
https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fb.accounts import removal
from fb.addresses import DATA_DELETION_PATH, DEAUTHORIZE_PATH, DELETION_PATH
from fb.graph.signed_request import MAX_LENGTH, SignedRequest, SignedRequestError
from fb.installation import Installation, Startup
from fb.web.routes import METHODS, GetStartup, notice, on_thread, only_get
from storage.accounts.deletion_requests import RequestRecord, RequestStatus, find_request

log = logging.getLogger(__name__)

MAX_FIELDS = 10

# What a person reads who asked; ``{what}`` is "account" or "Page", ``{when}`` when it was done.
_SENTENCES: Mapping[RequestStatus, str] = {
    "pending": (
        "It is not done yet. Data is being read from Facebook at the moment; the deletion follows "
        "as soon as that has ended, without anybody having to do anything. Look again later."
    ),
    "erased": (
        "Done on {when}. What was stored here about the {what} has been deleted: the access, the "
        "figures, and what was written about them. A Page to which somebody else has given access "
        "stays with that person."
    ),
    "absent": "Done on {when}. Nothing was stored here about the {what}.",
    "renewed": (
        "Nothing was deleted, as seen on {when}: the {what} was connected again after this "
        "request, and that is a new consent. To have it deleted, remove the app at Facebook and "
        "ask once more."
    ),
}


def make_facebook_routes(get_startup: GetStartup) -> list[BaseRoute]:
    """Return the two callbacks and the page that says what became of a request."""
    return [
        Route(DEAUTHORIZE_PATH, _only_signed(get_startup, _deauthorize), methods=METHODS),
        Route(DATA_DELETION_PATH, _only_signed(get_startup, _delete), methods=METHODS),
        Route(f"{DELETION_PATH}{{code}}", only_get(get_startup, _tell), methods=METHODS),
    ]


def _only_signed(
    get_startup: GetStartup, act: Callable[[Installation, SignedRequest], Response]
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that verifies what was posted, and only then acts on it."""

    def respond(body: bytes) -> Response:
        installation = get_startup().installation
        if installation is None:
            return PlainTextResponse("The dashboard is not set up.", 503)
        try:
            request = removal.verify(installation, _read_form(body))
        except SignedRequestError as error:
            log.warning("a callback was refused: %s", error)
            return PlainTextResponse("This is no signed request of Facebook's.", 400)
        return act(installation, request)

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            return PlainTextResponse("Only POST.", 405, headers={"Allow": "POST"})
        body = b""
        # To its end, which the server's own limits set: whoever sends more can read the answer.
        async for chunk in request.stream():
            body = (body + chunk)[: MAX_LENGTH + 1]
        return await on_thread(request, partial(respond, body))

    return answer


def _read_form(body: bytes) -> str:
    """Return the one ``signed_request`` of a form. Raises SignedRequestError."""
    if len(body) > MAX_LENGTH:
        raise SignedRequestError("it is too long")
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=MAX_FIELDS)
    except ValueError:  # not ASCII, or too many fields
        form = {}
    sent = form.get("signed_request", [])
    if len(sent) != 1:
        raise SignedRequestError("it is no form with one signed request")
    return sent[0]


def _deauthorize(installation: Installation, request: SignedRequest) -> Response:
    removal.deauthorize(installation, request)
    return Response(status_code=200)  # Facebook reads nothing but the status


def _delete(installation: Installation, request: SignedRequest) -> Response:
    if not installation.can_open_tokens:
        # What is sealed now could not be opened once the right key is back.
        return PlainTextResponse("The encryption key is wrong. Try again later.", 503)
    code = removal.request_deletion(installation, request.kind, request.id, request.issued_at)
    # Not here: Facebook waits for the answer, and writing a large file anew takes its time.
    work = partial(removal.finish_pending, installation)
    installation.worker.submit("deletion of what Facebook asked for", work)
    url = removal.status_url(installation, code)
    return JSONResponse({"url": url, "confirmation_code": code})


def _tell(startup: Startup, request: Request) -> Response:
    installation = startup.installation
    if installation is None:
        return _page(503, "It can't be looked up at the moment. Try again later.")
    with installation.database.reading() as session:
        record = find_request(session, request.path_params["code"])
    if record is None:
        return _page(404, "There is no request with this code. Check that the address is whole.")
    return _page(200, *_sentences(record))


def _sentences(record: RequestRecord) -> tuple[str, str]:
    what = "Facebook account" if record.kind == "account" else "Facebook Page"
    when = _moment(record.finished_at or record.received_at)
    became = _SENTENCES[record.status].format(what=what, when=when)
    return f"Received on {_moment(record.received_at)}, for a {what}.", became


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d} at {at:%H:%M} UTC"


def _page(status: int, *sentences: str) -> Response:
    title = "Request to delete data"
    answer = notice(status, title, *sentences, is_for_strangers=True)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
