"""Page fields: turns the fields of a record into Graph's ``fields=``, and an answer into a record.

The record is the caller's dataclass. Each of its fields is requested under its own name, or under
"graph_name" in its metadata. So a new field is one line in the record.

https://developers.facebook.com/docs/graph-api/reference/page
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar, get_type_hints

from fb.graph.json_values import to_address, to_count, to_flag, to_id, to_text, to_texts

# Which fields are requested, since Facebook may refuse the others. "full": all; "figures": name,
# fans and followers; "basic": name and category.
Depth = Literal["full", "figures", "basic"]


class PageRecord(Protocol):
    """The fields that every record of a Page has.

    Any other field is None when Facebook left it out or sent another type. With a depth other than
    "full", None may also mean that the field was not requested.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def depth(self) -> Depth: ...


T = TypeVar("T", bound=PageRecord)

# The expression for ``fields=`` where the name alone is not enough.
_SPECS: Mapping[str, str] = {"picture": "picture.width(100).height(100){url,is_silhouette}"}
# Requested in an account's list of Pages only; "tasks" is not a field of the Page.
ACCESS_FIELDS: Mapping[str, str] = {"tasks": "tasks", "access_token": "access_token"}
# Never dropped: an answer without one of them would look like missing access.
INDISPENSABLE = frozenset({"id", "name", "access_token"})
_FIELDS_OF_DEPTH: Mapping[Depth, frozenset[str]] = {
    "figures": frozenset({"id", "name", "fan_count", "followers_count"}),
    "basic": frozenset({"id", "name", "category"}),
}
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


def page_fields(record: type[T], depth: Depth) -> dict[str, str]:
    """Return the fields to request: Graph's name → its expression in ``fields=``."""
    names = [graph_name for _, graph_name, _ in _readers(record)]
    if depth != "full":
        names = [name for name in names if name in _FIELDS_OF_DEPTH[depth]]
    return {name: _SPECS.get(name, name) for name in names}


def write_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> str:
    """Return the value of ``fields=`` without the dropped fields.

    A dropped name may be a subfield (``is_silhouette``); its whole field is then left out.
    """
    return ",".join(fields[name] for name in without_fields(fields, dropped))


def without_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> list[str]:
    """Return the names of the fields that are not dropped."""
    excluded = {name for unknown in dropped for name in fields if _mentions(fields[name], unknown)}
    return [name for name in fields if name not in excluded]


def can_drop(fields: Mapping[str, str], dropped: Iterable[str], unknown: str) -> bool:
    """Whether dropping ``unknown`` changes the request and keeps the indispensable fields."""
    before = without_fields(fields, dropped)
    after = without_fields(fields, [*dropped, unknown])
    return after != before and not INDISPENSABLE.intersection(set(before) - set(after))


def parse_page(record: type[T], node: Mapping[str, Any], depth: Depth = "full") -> T | None:
    """Return Graph's answer as a record, None without an id. A missing name becomes the id."""
    page_id = to_id(node.get("id"))
    if page_id is None:
        return None
    values = {name: read(node.get(graph_name)) for name, graph_name, read in _readers(record)}
    values |= {"id": page_id, "name": values["name"] or page_id, "depth": depth}
    make: Callable[..., T] = record
    return make(**values)


@lru_cache
def _readers(record: type[Any]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    """Return, for each field of a record: its name, Graph's name, and the reader of its value."""
    types = get_type_hints(record)
    named = [(f.name, f.metadata.get("graph_name", f.name)) for f in fields(record)]
    return tuple(
        (name, graph_name, _READERS_BY_NAME.get(graph_name) or _READERS_BY_TYPE[types[name]])
        for name, graph_name in named
        if name != "depth"
    )


def _mentions(spec: str, name: str) -> bool:
    if spec == name:
        return True
    head, _, inner = spec.partition("{")
    return head.partition(".")[0] == name or name in inner.rstrip("}").split(",")


def _picture_url(value: object) -> str | None:
    """Return the URL of a Page's picture; None for Facebook's silhouette."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or data.get("is_silhouette") is True:
        return None
    return to_address(data.get("url"))


def _location(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kept = {
        key: to_text(part) or part
        for key in _LOCATION_KEYS
        if to_text(part := value.get(key)) is not None
        or (type(part) is float and math.isfinite(part))
        or (type(part) is int and abs(part) < 2**53)
    }
    return kept or None


_READERS_BY_NAME: Mapping[str, Callable[[Any], Any]] = {
    "picture": _picture_url,
    "link": to_address,
    "website": to_address,
}
_READERS_BY_TYPE: Mapping[Any, Callable[[Any], Any]] = {
    str: to_text,
    str | None: to_text,
    bool | None: to_flag,
    int | None: to_count,
    tuple[str, ...] | None: to_texts,
    dict[str, Any] | None: _location,
}
