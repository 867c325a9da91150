"""What a made-up Page says of itself: id, address, telephone, and what it leaves out."""

import random
import re
import unicodedata
from typing import Any

from fb.sandbox import names
from fb.sandbox.names import Shop

_NOT_PUBLISHED = "Eisdiele Dolce Vita"


def make_id(index: int, is_new_experience: bool, dice: random.Random) -> str:
    """15 to 17 digits; the longer ones are beyond 2**53, so a float would change them."""
    middle = dice.randrange(10**5)
    if is_new_experience:
        return f"61{middle:05d}{index:07d}"
    if index % 4 == 1:
        return f"10158{middle:05d}{index:06d}7"
    return f"10{middle:05d}{index:07d}3"


def make_fields(shop: Shop, page_id: str, is_new: bool, dice: random.Random) -> dict[str, Any]:
    """The fields that are set, as Graph gives them; what is not set is not there."""
    if shop.name == names.BARE:
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
    if country == names.BRAZIL:
        return f"+55 11 9{number}"
    return f"0{dice.randrange(30, 999)} {number // 1000} {number % 1000:03d}"


def _make_location(shop: Shop, dice: random.Random) -> dict[str, Any]:
    latitude, longitude, street = names.SURROUNDINGS[shop.country]
    place: dict[str, Any] = {
        "city": shop.city,
        "country": shop.country,
        "latitude": round(latitude + dice.uniform(-1, 1), 6),
        "longitude": round(longitude + dice.uniform(-1, 1), 6),
        "street": f"{street} {dice.randrange(1, 99)}",
        "zip": f"{dice.randrange(100, 99999):05d}",  # text, since some begin with a zero
    }
    if shop.country in (names.BRAZIL, names.USA):
        place["state"] = "SP" if shop.country == names.BRAZIL else "MA"
    return place
