"""Access: authenticates the token of a call, checks its rights, and counts its rate limit.

https://developers.facebook.com/docs/graph-api/overview/rate-limiting: calls with a user or app
access token count for the app, calls with a page access token for that Page.
"""

import json
from dataclasses import dataclass, field

from fb.sandbox.graph import graph_errors
from fb.sandbox.graph.call import Call
from fb.sandbox.graph.graph_errors import GraphError
from fb.sandbox.world import consents
from fb.sandbox.world.consents import Consent
from fb.sandbox.world.platform import RATE_LIMIT
from fb.sandbox.world.tokens import PAGE, USER, Token
from fb.sandbox.world.world import Page, Person, Role, World

_NO_CONSENT = Consent(frozenset(), frozenset(), 0)
_REGAIN_MINUTES = 25
_ROLE_LOST = 492


@dataclass(frozen=True)
class Access:
    """A valid token: of a person (``page`` None), of a Page, or of the app (``person`` None)."""

    token: Token | None = None
    person: Person | None = None
    page: Page | None = None
    consent: Consent = field(default=_NO_CONSENT)
    has_moved: bool = False  # the first Page has its new id

    @property
    def is_app(self) -> bool:
        """True for an app access token."""
        return self.person is None

    def may(self, permission: str) -> bool:
        """Whether the permission is granted now."""
        return permission in self.consent.granted

    def list_pages(self, world: World) -> list[Page]:
        """Return the Pages that this person may list now; empty without pages_show_list."""
        if self.person is None or not self.may("pages_show_list"):
            return []
        through_business = self.may("business_management")
        pages = [
            world.page_at(index, has_moved=self.has_moved)
            for index in self.person.roles
            if self.has_ticked(index)
        ]
        return [page for page in pages if through_business or not page.is_through_business]

    def has_ticked(self, index: int) -> bool:
        """Whether the Page of this index is ticked in the consent."""
        return bool(self.consent.pages >> index & 1)

    def find_role(self, page: Page) -> Role | None:
        """Return the person's role on this Page, or None."""
        return self.person.roles.get(page.index) if self.person else None

    def can_read(self, page: Page, world: World) -> bool:
        """Whether this token may read the node of this Page."""
        if self.page is not None:
            return self.page is page
        return page in self.list_pages(world)


def authenticate(call: Call) -> Access:
    """Return the access of this call's token.

    Raises GraphError 2500 or 104 without a token, 190 for an invalid or ended token, 100 for a
    wrong appsecret_proof.
    """
    if not call.token:
        raise (
            graph_errors.no_token_for_me()
            if call.segments[:1] == ("me",)
            else graph_errors.no_token()
        )
    access = open_token(call, call.token)
    proof = call.params.get("appsecret_proof")
    if proof is not None and proof != call.platform.mint.proof(call.token):
        raise graph_errors.proof_wrong()
    return access


def open_token(call: Call, text: str) -> Access:
    """Return the access of a token without checking a proof; GraphError 190 if it is not valid."""
    mint, world = call.platform.mint, call.platform.world
    if text == mint.app_token:
        return Access()
    token = mint.read(text, USER, PAGE)
    if token is None or token.person_id not in world.person_by_id:
        looks_right = text.isascii() and text.replace("|", "").isalnum()
        raise graph_errors.token_unreadable() if looks_right else graph_errors.token_malformed(text)
    state = call.platform.memory.read()
    person, page = world.person_by_id[token.person_id], world.page_by_id.get(token.page_id)
    ending = consents.find_ending(state, token)
    if page is not None and page.index not in person.roles:
        ending = ending or _ROLE_LOST
    if ending is not None:
        raise graph_errors.token_ended(ending)
    if token.is_expired(call.now_seconds):
        raise graph_errors.token_expired(token.expires_at, call.now)
    consent = consents.get_consent(state, token)
    return Access(token, person, page, consent, has_moved=state["has_moved"])


def usage_headers(call: Call, access: Access) -> dict[str, str]:
    """Return X-App-Usage or X-Business-Use-Case-Usage, in percent, as without rate limits."""
    share = 3 + call.now.minute // 4
    if access.page is None:
        usage = {"call_count": share, "total_cputime": share // 2, "total_time": share // 2}
        return {"X-App-Usage": _json(usage)}
    return {"X-Business-Use-Case-Usage": _page_usage(access.page.id, share, 0)}


def find_limit(call: Call, access: Access) -> GraphError | None:
    """Return the refusal while the trouble is a rate limit, else None.

    Only for a Page does Facebook send the minutes until the limit ends.
    """
    if call.platform.trouble != RATE_LIMIT:
        return None
    if access.page is None:
        refusal = graph_errors.app_limit_reached()
        refusal.headers["X-App-Usage"] = _json(
            {"call_count": 104, "total_cputime": 31, "total_time": 38}
        )
        return refusal
    refusal = graph_errors.page_limit_reached()
    usage = _page_usage(access.page.id, 100, _REGAIN_MINUTES)
    refusal.headers["X-Business-Use-Case-Usage"] = usage
    return refusal


def _page_usage(page_id: str, share: int, regain_minutes: int) -> str:
    usage = {
        "type": "pages",
        "call_count": share,
        "total_cputime": share // 3,
        "total_time": share // 3,
        "estimated_time_to_regain_access": regain_minutes,
    }
    return _json({page_id: [usage]})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
