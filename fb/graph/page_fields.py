"""What a Page says of itself: the fields to ask Graph for, and the reading of its answer.

https://developers.facebook.com/docs/graph-api/reference/page
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Depth = Literal["full", "figures", "basic"]

# Name of the field in an answer: what to write to ask for it. There is no "email" and no
# "created_time" on a Page any more; "emails" serves for the one, nothing for the other.
PAGE_FIELDS: Mapping[str, str] = {
    name: name
    for name in (
        "id",
        "name",
        "category",
        "about",
        "website",
        "link",
        "username",
        "fan_count",
        "followers_count",
        "verification_status",
        "location",
        "phone",
        "emails",
        "is_published",
        "has_transitioned_to_new_page_experience",
    )
} | {"picture": "picture.width(100).height(100){url,is_silhouette}"}
FIGURE_FIELDS: Mapping[str, str] = {
    name: name for name in ("id", "name", "fan_count", "followers_count")
}
BASIC_FIELDS: Mapping[str, str] = {name: name for name in ("id", "name", "category")}
# What only the list of an account's Pages can say; "tasks" is no field of the Page itself.
ACCESS_FIELDS: Mapping[str, str] = {"tasks": "tasks", "access_token": "access_token"}
# Without these an answer is of no use, and silence about them would pass for "no access".
INDISPENSABLE = frozenset({"id", "name", "access_token"})

_LOCATION_KEYS = (
    "street",
    "city",
    "state",
    "zip",
    "country",
    "country_code",
    "region",
    "latitude",
    "longitude",
)
_LARGEST_COUNT = 2**63 - 1  # what a database's integer holds


# Not frozen: that makes a Page eight times as expensive, and there are thousands of them.
@dataclass
class PageFields:
    """A Page as Facebook describes it. None: Facebook left it out, or sent something else.

    ``depth`` says how much was asked for: "full"; "figures" (name, fans and followers only) or
    "basic" (name and category only), where Facebook refused the rest. With less than "full" a None
    says nothing about the Page.
    """

    id: str
    name: str
    category: str | None = None
    about: str | None = None
    website: str | None = None
    link: str | None = None
    username: str | None = None
    phone: str | None = None
    emails: tuple[str, ...] | None = None
    location: dict[str, Any] | None = None
    verification_status: str | None = None
    is_published: bool | None = None
    is_new_page_experience: bool | None = None
    fan_count: int | None = None
    followers_count: int | None = None
    picture_url: str | None = field(default=None, repr=False)
    picture_is_silhouette: bool | None = None
    depth: Depth = "full"


def write_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> str:
    """The value of ``fields=``, without those that Facebook said it does not know.

    A dropped name may also be one within a field (``is_silhouette``): the whole field goes then.
    """
    names = without_fields(fields, dropped)
    return ",".join(fields[name] for name in names)


def without_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> list[str]:
    """The names of the fields that are left to ask for."""
    gone = {name for unknown in dropped for name in fields if _mentions(fields[name], unknown)}
    return [name for name in fields if name not in gone]


def can_drop(fields: Mapping[str, str], dropped: Iterable[str], unknown: str) -> bool:
    """Whether leaving ``unknown`` out makes another request than the last one, and one of use."""
    left = without_fields(fields, dropped)
    fewer = without_fields(fields, [*dropped, unknown])
    return fewer != left and not INDISPENSABLE.intersection(set(left) - set(fewer))


def parse_page_fields(node: Mapping[str, Any], depth: Depth = "full") -> PageFields | None:
    """Reads a Page; None when it has no id. Whatever is of a wrong type counts as left out."""
    get = node.get
    page_id = to_id(get("id"))
    if page_id is None:
        return None
    picture = get("picture")
    image = picture.get("data") if isinstance(picture, dict) else None
    if not isinstance(image, dict):
        image = {}
    emails = get("emails")
    location = get("location")
    return PageFields(
        page_id,
        _text(get("name")) or page_id,
        _text(get("category")),
        _text(get("about")),
        _text(get("website")),
        _text(get("link")),
        _text(get("username")),
        _text(get("phone")),
        _texts(emails) if isinstance(emails, list) else None,
        _location(location) if isinstance(location, dict) else None,
        _text(get("verification_status")),
        _flag(get("is_published")),
        _flag(get("has_transitioned_to_new_page_experience")),
        _count(get("fan_count")),
        _count(get("followers_count")),
        _text(image.get("url")),
        _flag(image.get("is_silhouette")),
        depth,
    )


def to_id(value: object) -> str | None:
    """An id as text, also from a number; None for anything but up to 32 digits.

    Ids exceed 2^53 and stand in paths, so they are digits and text everywhere.
    """
    if type(value) is int:
        value = str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 32:
        return value
    return None


def _mentions(spec: str, name: str) -> bool:
    if spec == name:
        return True
    head, _, inner = spec.partition("{")
    return head.partition(".")[0] == name or name in inner.rstrip("}").split(",")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str) and value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _LARGEST_COUNT else None


def _location(found: dict[str, Any]) -> dict[str, Any] | None:
    kept = {
        key: value
        for key in _LOCATION_KEYS
        if (isinstance(value := found.get(key), str) and value)
        or (type(value) is float and math.isfinite(value))
        or (type(value) is int and abs(value) < 2**53)
    }
    return kept or None
