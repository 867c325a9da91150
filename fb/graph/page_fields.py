"""Page fields: what Graph is asked about a Page, and how its answer becomes a record.

The record is the caller's dataclass, and its fields are the list of what to ask for: each is asked
for by its own name, or by the one in its metadata under "graph_name". So a new field is one line,
in the record.

https://developers.facebook.com/docs/graph-api/reference/page
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar, get_type_hints

from fb.graph.json_values import to_count, to_flag, to_id, to_text, to_texts

# How much was asked for, since Facebook may refuse the rest: everything; name, fans and followers
# only; name and category only.
Depth = Literal["full", "figures", "basic"]


class PageRecord(Protocol):
    """What a record of a Page has besides the fields of the caller's choice.

    Any other field is None where Facebook left it out or sent something of another type; with less
    than "full" a None says nothing about the Page.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def depth(self) -> Depth: ...


T = TypeVar("T", bound=PageRecord)

# What to write in ``fields=`` where the bare name is not enough.
_SPECS: Mapping[str, str] = {"picture": "picture.width(100).height(100){url,is_silhouette}"}
# What only the list of an account's Pages can say; "tasks" is no field of the Page itself.
ACCESS_FIELDS: Mapping[str, str] = {"tasks": "tasks", "access_token": "access_token"}
# Without these an answer is of no use, and silence about them would pass for "no access".
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
    """The fields to ask for: Graph's name → what to write in ``fields=``."""
    names = [graph_name for _, graph_name, _ in _readers(record)]
    if depth != "full":
        names = [name for name in names if name in _FIELDS_OF_DEPTH[depth]]
    return {name: _SPECS.get(name, name) for name in names}


def write_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> str:
    """The value of ``fields=``, without those that Facebook said it does not know.

    A dropped name may also be one within a field (``is_silhouette``): the whole field goes then.
    """
    return ",".join(fields[name] for name in without_fields(fields, dropped))


def without_fields(fields: Mapping[str, str], dropped: Iterable[str]) -> list[str]:
    """The names of the fields that are left to ask for."""
    gone = {name for unknown in dropped for name in fields if _mentions(fields[name], unknown)}
    return [name for name in fields if name not in gone]


def can_drop(fields: Mapping[str, str], dropped: Iterable[str], unknown: str) -> bool:
    """Whether leaving ``unknown`` out makes another request than the last one, and one of use."""
    left = without_fields(fields, dropped)
    fewer = without_fields(fields, [*dropped, unknown])
    return fewer != left and not INDISPENSABLE.intersection(set(left) - set(fewer))


def parse_page(record: type[T], node: Mapping[str, Any], depth: Depth = "full") -> T | None:
    """Make a record of Graph's answer; None when it has no id. A Page without a name has its id."""
    page_id = to_id(node.get("id"))
    if page_id is None:
        return None
    values = {name: read(node.get(graph_name)) for name, graph_name, read in _readers(record)}
    values |= {"id": page_id, "name": values["name"] or page_id, "depth": depth}
    make: Callable[..., T] = record
    return make(**values)


@lru_cache
def _readers(record: type[Any]) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    """For each field of a record: its name, Graph's name, and what reads the value."""
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
    """The link to a Page's picture; None for a silhouette, which says less than an initial."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or data.get("is_silhouette") is True:
        return None
    return to_text(data.get("url"))


def _location(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kept = {
        key: part
        for key in _LOCATION_KEYS
        if (isinstance(part := value.get(key), str) and part)
        or (type(part) is float and math.isfinite(part))
        or (type(part) is int and abs(part) < 2**53)
    }
    return kept or None


_READERS_BY_NAME: Mapping[str, Callable[[Any], Any]] = {"picture": _picture_url}
_READERS_BY_TYPE: Mapping[Any, Callable[[Any], Any]] = {
    str: to_text,
    str | None: to_text,
    bool | None: to_flag,
    int | None: to_count,
    tuple[str, ...] | None: to_texts,
    dict[str, Any] | None: _location,
}
