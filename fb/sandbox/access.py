"""Whose token this is, and whether it still opens anything."""

from dataclasses import dataclass, field

from fb.sandbox import consents, token_errors, troubles
from fb.sandbox.call import Call
from fb.sandbox.consents import Consent
from fb.sandbox.tokens import PAGE, USER, Token
from fb.sandbox.world import Page, Person, World

_NOBODY = Consent(frozenset(), frozenset(), 0)


@dataclass(frozen=True)
class Access:
    """A living token: of a person (``page`` None), of a Page, or of the app (``person`` None)."""

    token: Token | None = None
    person: Person | None = None
    page: Page | None = None
    consent: Consent = field(default=_NOBODY)
    lost_roles: frozenset[str] = frozenset()

    @property
    def is_app(self) -> bool:
        """True for an app access token."""
        return self.person is None

    def may(self, permission: str) -> bool:
        """Whether the permission is granted now."""
        return permission in self.consent.granted

    def list_pages(self, world: World) -> list[Page]:
        """The Pages this person may list now, in their order: empty without pages_show_list."""
        if self.person is None or not self.may("pages_show_list"):
            return []
        through_business = self.may("business_management")
        pages = [world.pages[index] for index in self.person.roles if self.has_ticked(index)]
        return [
            page
            for page in pages
            if (through_business or not page.is_through_business) and page.id not in self.lost_roles
        ]

    def has_ticked(self, index: int) -> bool:
        """Whether the Page of this index is part of the consent."""
        return bool(self.consent.pages >> index & 1)

    def can_read(self, page: Page, world: World) -> bool:
        """Whether this token reads the node of this Page."""
        if self.page is not None:
            return self.page is page
        return page in self.list_pages(world)


def judge(call: Call) -> Access:
    """The living token of this call. GraphError 2500 or 104 for none, 190 for a dead one, 100 for
    an appsecret_proof that is wrong (always looked at) or missing (when that is required)."""
    if not call.token:
        raise (
            token_errors.no_token_for_me()
            if call.segments[:1] == ("me",)
            else token_errors.no_token()
        )
    access = open_token(call, call.token)
    proof = call.params.get("appsecret_proof")
    if proof is None:
        if call.sandbox.trouble == troubles.PROOF_REQUIRED:
            raise token_errors.proof_required()
    elif proof != call.sandbox.mint.proof(call.token):
        raise token_errors.proof_wrong()
    return access


def open_token(call: Call, text: str) -> Access:
    """What a token opens now, without a look at proofs. GraphError 190 if nothing."""
    mint, world = call.sandbox.mint, call.sandbox.world
    if text in mint.app_tokens:
        return Access()
    token = mint.read(text, USER, PAGE)
    if token is None or token.person_id not in world.person_by_id:
        looks_right = text.isascii() and text.replace("|", "").isalnum()
        raise token_errors.token_unreadable() if looks_right else token_errors.token_malformed(text)
    state = call.sandbox.store.read()
    ending = consents.find_ending(state, token)
    if ending is not None:
        raise token_errors.token_ended(ending)
    if token.is_expired(call.now_seconds):
        raise token_errors.token_expired(token.expires_at, call.now)
    return Access(
        token,
        world.person_by_id[token.person_id],
        world.page_by_id.get(token.page_id),
        consents.consent_of(state, token),
        frozenset(consents.lost_roles(state, token.person_id)),
    )
