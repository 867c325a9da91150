"""World: makes the invented Pages and people; the same number of Pages gives the same world.

Some Pages are awkward on purpose: hostile names, no token, no ANALYZE task, no counts, few fields.
The world never changes. Consents are stored in `memory`.
"""

import hashlib
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from fb.sandbox.world import shop_names
from fb.sandbox.world.shop_names import Shop

ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MESSAGING", "MODERATE")
TASKS_OF_ANALYST = ("ADVERTISE", "ANALYZE")
TASKS_WITHOUT_ANALYZE = ("CREATE_CONTENT", "MESSAGING", "MODERATE")

# Shops of SHOPS with one awkward property each.
_LACKS_ANALYZE = "Kletterhalle Gipfel"
_BEN_ANALYSES = "Bluebird Bakery"  # he may read its figures, and not list its posts
_SENDS_NO_TOKEN = "Stadtapotheke Bamberg"  # noqa: S105 - a shop, not a secret
_THROUGH_A_BUSINESS = frozenset({"Moda Ipanema", "Meadowlark Yoga", "Tierpark Waldau"})
_BUSINESS = "Lindenhof & Partner"
_MOVERS = {
    "Açaí da Praia": 1.9,
    "Driftwood Surf Co.": 1.5,
    "Hofladen Apfelgarten": 1.2,
    "Schuhhaus Lang": -1.6,
    "Pizzaria Bella Massa": -1.2,
}
_NOT_PUBLISHED = "Eisdiele Dolce Vita"


@dataclass(frozen=True, eq=False)
class Page:
    """One invented Page: its constant fields, and the parameters of its fan counts."""

    index: int  # index in World.pages, and the Page's bit in a consent
    id: str
    name: str
    fixed: Mapping[str, Any] = field(repr=False)  # Graph's fields, without counts and tokens
    seed: int
    base_count: int  # fans at the beginning of 2026
    yearly_growth: float  # natural logarithm
    restlessness: float
    purge_ratio: float  # share of fans that a purge removes
    has_counts: bool = True
    is_new_experience: bool = False  # True: fan_count equals followers_count
    is_through_business: bool = False  # listed with business_management only
    has_picture: bool = True


@dataclass(frozen=True)
class Role:
    """The role of one person on one Page."""

    tasks: tuple[str, ...]
    sends_token: bool = True


@dataclass(frozen=True)
class Person:
    """A person who can log in at the dialog. ``roles``: Page index to role, in listing order."""

    id: str
    name: str
    roles: Mapping[int, Role] = field(repr=False)


@dataclass(frozen=True)
class Business:
    """A business portfolio: its own Pages, and those that it manages for clients."""

    id: str
    name: str
    owned_pages: tuple[Page, ...] = field(repr=False)
    client_pages: tuple[Page, ...] = field(repr=False)


@dataclass(frozen=True)
class World:
    """All Pages, people and businesses."""

    pages: tuple[Page, ...] = field(repr=False)
    people: tuple[Person, ...]
    businesses: tuple[Business, ...]

    def list_businesses(self, person: Person) -> list[Business]:
        """Return the businesses of which a person has a role on an own Page."""
        return [b for b in self.businesses if any(p.index in person.roles for p in b.owned_pages)]

    @cached_property
    def business_by_id(self) -> dict[str, Business]:
        """Every business by id."""
        return {business.id: business for business in self.businesses}

    @cached_property
    def moved_page(self) -> Page:
        """The first Page under the id that it has after its move: see `Platform.trouble`."""
        page = self.pages[0]
        new_id = f"6199{page.id[-11:]}"
        return replace(page, id=new_id, fixed={**page.fixed, "id": new_id})

    def page_at(self, index: int, *, has_moved: bool) -> Page:
        """Return the Page of this index; ``has_moved``: the first Page has its new id."""
        return self.moved_page if has_moved and index == 0 else self.pages[index]

    @cached_property
    def page_by_id(self) -> dict[str, Page]:
        """Every Page by its id and, if it has one, by its username."""
        by_id = {page.id: page for page in (*self.pages, self.moved_page)}
        return by_id | {p.fixed["username"]: p for p in self.pages if "username" in p.fixed}

    @cached_property
    def person_by_id(self) -> dict[str, Person]:
        """Every person by id."""
        return {person.id: person for person in self.people}


@lru_cache(maxsize=8)
def make_world(*, pages: int = 60) -> World:
    """Return the world of ``pages`` Pages; ValueError below 1. A larger world extends a smaller.

    Among 60 Pages, the last two belong to Ben only; with any other number Anna has all Pages.
    """
    if pages < 1:
        raise ValueError("a world has at least one Page")
    all_pages = tuple(_make_page(index, shop) for index, shop in enumerate(_iterate_shops(pages)))
    bens_count = 2 if pages == 60 else 0
    owned = tuple(page for page in all_pages if page.is_through_business)
    # The business manages Ben's Pages for him: Anna sees them in it, and has no role on them.
    business = Business(
        "740123456789012", _BUSINESS, owned, all_pages[len(all_pages) - bens_count :]
    )
    return World(all_pages, _make_people(all_pages, bens_count), (business,) if owned else ())


def _iterate_shops(count: int) -> Iterator[Shop]:
    """Yield ``count`` shops: the listed ones with awkward ones between, then generated ones."""
    odd = [*shop_names.HOSTILE_NAMES, shop_names.NEW_SHOP, shop_names.UNCOUNTED, shop_names.BARE]
    odd_shops = [Shop(name, "Local Business", "Köln", shop_names.GERMANY, "") for name in odd]
    mixed: list[Shop] = []
    for index, shop in enumerate(shop_names.SHOPS):
        mixed.append(shop)
        if index % 3 == 2 and odd_shops:
            mixed.append(odd_shops.pop(0))
    mixed += odd_shops
    yield from mixed[:count]
    for number in range(count - len(mixed)):
        yield _generated_shop(number)


def _generated_shop(number: int) -> Shop:
    kind, category, country = shop_names.KINDS[number % len(shop_names.KINDS)]
    surname = shop_names.SURNAMES[
        (number // len(shop_names.KINDS) + number) % len(shop_names.SURNAMES)
    ]
    cities = shop_names.CITIES[country]
    lap = number // (len(shop_names.KINDS) * len(shop_names.SURNAMES))
    city = cities[(number // len(shop_names.KINDS) + lap) % len(cities)]
    return Shop(f"{kind} {surname}", category, city, country, f"{kind} {surname}, {city}.")


def _make_page(index: int, shop: Shop) -> Page:
    seed = int.from_bytes(hashlib.sha256(f"page {index}".encode()).digest()[:8])
    dice = random.Random(seed)  # noqa: S311 - reproducible on purpose
    is_new_experience = dice.random() < 0.45
    page_id = _make_id(index, is_new_experience, dice)
    base_count = round(10 ** dice.triangular(2.3, 5.3, 4.1))
    return Page(
        index=index,
        id=page_id,
        name=shop.name,
        fixed=_make_fields(shop, page_id, is_new_experience, dice),
        seed=seed,
        base_count=_limit_count(base_count, shop.name, seed),
        yearly_growth=_MOVERS.get(shop.name, dice.gauss(0.09, 0.1)),
        restlessness=dice.uniform(0.3, 1.2) * (2.5 if dice.random() < 0.06 else 1.0),
        purge_ratio=dice.uniform(0.002, 0.014) if dice.random() < 0.75 else 0.0,
        has_counts=shop.name != shop_names.UNCOUNTED,
        is_new_experience=is_new_experience,
        is_through_business=shop.name in _THROUGH_A_BUSINESS,
        has_picture=shop.name != shop_names.BARE and index % 17 != 8,
    )


def _limit_count(base_count: int, name: str, seed: int) -> int:
    """Limit the count of a fast-growing Page, so that it does not dominate the sum of all."""
    if name == shop_names.NEW_SHOP:
        return 0
    return min(base_count, 24_000) if name in _MOVERS or seed % 8 == 0 else base_count


def _make_id(index: int, is_new_experience: bool, dice: random.Random) -> str:
    """Return 15 to 17 digits; some ids exceed 2**53, so that clients that use floats fail."""
    middle = dice.randrange(10**5)
    if is_new_experience:
        return f"61{middle:05d}{index:07d}"
    if index % 4 == 1:
        return f"10158{middle:05d}{index:06d}7"
    return f"10{middle:05d}{index:07d}3"


def _make_fields(shop: Shop, page_id: str, is_new: bool, dice: random.Random) -> dict[str, Any]:
    """Return the fields as in Graph; fields that are not set are left out."""
    if shop.name == shop_names.BARE:
        return {"id": page_id, "name": shop.name}
    slug = _slug(shop.name)
    fields: dict[str, Any] = {
        "id": page_id,
        "name": shop.name,
        "category": shop.category,
        "category_list": [{"id": str(2000 + len(shop.category) * 37), "name": shop.category}],
        "link": f"https://www.facebook.com/{page_id}",
        "is_published": shop.name != _NOT_PUBLISHED,
        "has_transitioned_to_new_page_experience": is_new,
        "verification_status": "blue_verified" if dice.random() < 0.1 else "not_verified",
        "is_verified": False,
        "can_post": True,
        "is_permanently_closed": False,
    }
    maybe = {
        "about": (0.9, shop.about),
        "username": (0.8 if slug else 0.0, f"{slug}.{page_id[-4:-1]}"),
        "website": (0.7, dice.choice(["", "https://", "http://www."]) + f"{slug}.example"),
        "phone": (0.6, _make_phone(shop.country, dice)),
        "emails": (0.6 if slug else 0.0, [f"hello@{slug}.example"]),
        "location": (0.75, _make_location(shop, dice)),
        "description": (0.3, f"{shop.about} {shop.city}."),
    }
    for name, (share, value) in maybe.items():
        if dice.random() < share and value:
            fields[name] = value
    if "username" in fields:
        fields["link"] = f"https://www.facebook.com/{fields['username']}"
    return fields


def _slug(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "", ascii_name.lower())[:30]


def _make_phone(country: str, dice: random.Random) -> str:
    number = dice.randrange(10**6, 10**7)
    if country == shop_names.BRAZIL:
        return f"+55 11 9{number}"
    return f"0{dice.randrange(30, 999)} {number // 1000} {number % 1000:03d}"


def _make_location(shop: Shop, dice: random.Random) -> dict[str, Any]:
    latitude, longitude, street = shop_names.SURROUNDINGS[shop.country]
    location: dict[str, Any] = {
        "city": shop.city,
        "country": shop.country,
        "latitude": round(latitude + dice.uniform(-1, 1), 6),
        "longitude": round(longitude + dice.uniform(-1, 1), 6),
        "street": f"{street} {dice.randrange(1, 99)}",
        "zip": f"{dice.randrange(100, 99999):05d}",  # text, since some begin with a zero
    }
    if shop.country in (shop_names.BRAZIL, shop_names.USA):
        location["state"] = "SP" if shop.country == shop_names.BRAZIL else "MA"
    return location


def _make_people(pages: tuple[Page, ...], bens_count: int) -> tuple[Person, ...]:
    """Return the people: Anna has nearly all Pages, Ben and Carla share some of them."""
    shared = pages[: len(pages) - bens_count]
    anna = {page.index: _annas_role(page) for page in shared}
    ben = {page.index: _bens_role(page) for page in pages if page.index % 5 == 0}
    ben |= {page.index: Role(ALL_TASKS) for page in pages[len(pages) - bens_count :]}
    carla = {page.index: Role(TASKS_WITHOUT_ANALYZE) for page in shared if page.index % 9 == 4}
    return (
        Person("10223456789012345", "Anna Keller", anna),
        Person("10167890123456781", "Ben Ortiz", ben),
        Person("122100987654321098", "Carla Stein", carla),
    )


def _bens_role(page: Page) -> Role:
    return Role(TASKS_OF_ANALYST if page.name == _BEN_ANALYSES else ALL_TASKS)


def _annas_role(page: Page) -> Role:
    if page.name == _LACKS_ANALYZE:
        return Role(TASKS_WITHOUT_ANALYZE)
    tasks = (*ALL_TASKS, "PROFILE_PLUS_FULL_CONTROL") if page.is_new_experience else ALL_TASKS
    return Role(tasks, sends_token=page.name != _SENDS_NO_TOKEN)
