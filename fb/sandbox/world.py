"""The made-up Pages and people, awkward on purpose; the same size is always the same world."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from fb.sandbox import names
from fb.sandbox.names import Shop
from fb.sandbox.profiles import make_fields, make_id

ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MESSAGING", "MODERATE")
TASKS_WITHOUT_ANALYZE = ("CREATE_CONTENT", "MESSAGING", "MODERATE")

# Where the awkward ones stand among SHOPS: ordinary Pages, but for one thing.
_LACKS_ANALYZE = "Kletterhalle Gipfel"
_SENDS_NO_TOKEN = "Stadtapotheke Bamberg"  # noqa: S105 - a shop, not a secret
_THROUGH_A_BUSINESS = frozenset({"Moda Ipanema", "Meadowlark Yoga", "Tierpark Waldau"})
_MOVERS = {
    "Açaí da Praia": 1.9,
    "Driftwood Surf Co.": 1.5,
    "Hofladen Apfelgarten": 1.2,
    "Schuhhaus Lang": -1.6,
    "Pizzaria Bella Massa": -1.2,
}


@dataclass(frozen=True, eq=False)
class Page:
    """One made-up Page: what does not change from day to day, and what its figures grow from."""

    index: int  # its place in the world, and its bit in a grant
    id: str
    name: str
    fixed: Mapping[str, Any] = field(repr=False)  # the fields that are set, as Graph gives them
    seed: int
    base_count: int  # fans at the beginning of 2026
    yearly_growth: float  # natural logarithm
    restlessness: float
    purge_ratio: float  # share of fans a purge takes away
    has_counts: bool = True
    is_new_experience: bool = False  # then fan_count is followers_count
    is_through_business: bool = False  # listed with business_management only
    has_picture: bool = True


@dataclass(frozen=True)
class Role:
    """What one person may do on one Page."""

    tasks: tuple[str, ...]
    sends_token: bool = True


@dataclass(frozen=True)
class Person:
    """Somebody who can log in at the dialog. ``roles``: Page index to role, in listing order."""

    id: str
    name: str
    roles: Mapping[int, Role] = field(repr=False)


@dataclass(frozen=True)
class World:
    """All Pages and people. Never changes; what people do with it is in the state."""

    pages: tuple[Page, ...] = field(repr=False)
    people: tuple[Person, ...]

    @cached_property
    def page_by_id(self) -> dict[str, Page]:
        """Every Page under its id and, if it has one, under its username."""
        found = {page.id: page for page in self.pages}
        found.update({p.fixed["username"]: p for p in self.pages if "username" in p.fixed})
        return found

    @cached_property
    def person_by_id(self) -> dict[str, Person]:
        """Every person under the id."""
        return {person.id: person for person in self.people}


@lru_cache(maxsize=8)
def make_world(*, pages: int = 60, only_ben: int | None = None) -> World:
    """The world of this many Pages.

    ``only_ben`` Pages at the end are Ben's alone: by default 2 in the world of 60 (so Anna sees
    58), none in any other size (so Anna sees all of them).
    """
    if pages < 1:
        raise ValueError("a world has at least one Page")
    hidden = (2 if pages == 60 else 0) if only_ben is None else only_ben
    made = tuple(_make_page(index, shop) for index, shop in enumerate(_take(pages)))
    return World(made, _make_people(made, hidden))


def _take(count: int) -> Iterator[Shop]:
    """The shops with an awkward one after every third, then as many generated ones as needed."""
    odd = [*names.HOSTILE_NAMES, names.NEW_SHOP, names.UNCOUNTED, names.BARE]
    odd_shops = [Shop(name, "Local Business", "Köln", names.GERMANY, "") for name in odd]
    mixed: list[Shop] = []
    for place, shop in enumerate(names.SHOPS):
        mixed.append(shop)
        if place % 3 == 2 and odd_shops:
            mixed.append(odd_shops.pop(0))
    mixed += odd_shops
    yield from mixed[:count]
    for number in range(count - len(mixed)):
        yield _generated_shop(number)


def _generated_shop(number: int) -> Shop:
    kind, category, country = names.KINDS[number % len(names.KINDS)]
    surname = names.SURNAMES[(number // len(names.KINDS) + number) % len(names.SURNAMES)]
    cities = names.CITIES[country]
    lap = number // (len(names.KINDS) * len(names.SURNAMES))
    city = cities[(number // len(names.KINDS) + lap) % len(cities)]
    return Shop(f"{kind} {surname}", category, city, country, f"{kind} {surname}, {city}.")


def _make_page(index: int, shop: Shop) -> Page:
    seed = int.from_bytes(hashlib.sha256(f"page {index}".encode()).digest()[:8])
    dice = random.Random(seed)  # noqa: S311 - reproducible on purpose
    is_new_experience = dice.random() < 0.45
    page_id = make_id(index, is_new_experience, dice)
    base_count = round(10 ** dice.triangular(2.3, 5.3, 4.1))
    return Page(
        index=index,
        id=page_id,
        name=shop.name,
        fixed=make_fields(shop, page_id, is_new_experience, dice),
        seed=seed,
        base_count=_limit(base_count, shop.name, seed),
        yearly_growth=_MOVERS.get(shop.name, dice.gauss(0.09, 0.1)),
        restlessness=dice.uniform(0.3, 1.2) * (2.5 if dice.random() < 0.06 else 1.0),
        purge_ratio=dice.uniform(0.002, 0.014) if dice.random() < 0.75 else 0.0,
        has_counts=shop.name != names.UNCOUNTED,
        is_new_experience=is_new_experience,
        is_through_business=shop.name in _THROUGH_A_BUSINESS,
        has_picture=shop.name != names.BARE and index % 17 != 8,
    )


def _limit(base_count: int, name: str, seed: int) -> int:
    """Steep movers are middling Pages: one of them alone should not bend the curve of all."""
    if name == names.NEW_SHOP:
        return 0
    return min(base_count, 24_000) if name in _MOVERS or seed % 8 == 0 else base_count


def _make_people(pages: tuple[Page, ...], hidden: int) -> tuple[Person, ...]:
    """Anna has nearly everything, Ben and Carla share a few of hers and do other work there."""
    shared = pages[: len(pages) - hidden]
    anna = {page.index: _annas_role(page) for page in shared}
    ben = {page.index: Role(ALL_TASKS) for page in pages if page.index % 5 == 0}
    ben |= {page.index: Role(ALL_TASKS) for page in pages[len(pages) - hidden :]}
    carla = {page.index: Role(TASKS_WITHOUT_ANALYZE) for page in shared if page.index % 9 == 4}
    return (
        Person("10223456789012345", "Anna Keller", anna),
        Person("10167890123456781", "Ben Ortiz", ben),
        Person("122100987654321098", "Carla Stein", carla),
    )


def _annas_role(page: Page) -> Role:
    if page.name == _LACKS_ANALYZE:
        return Role(TASKS_WITHOUT_ANALYZE)
    tasks = (*ALL_TASKS, "PROFILE_PLUS_FULL_CONTROL") if page.is_new_experience else ALL_TASKS
    return Role(tasks, sends_token=page.name != _SENDS_NO_TOKEN)
