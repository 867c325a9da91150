"""Addresses of Page pictures: our own route for stored Pages, a data URL for the others."""

from __future__ import annotations

from urllib.parse import quote

from fb.web.avatar import initial_svg


def picture_path(page_id: str, etag: str | None) -> str:
    """Where a Page's picture is served; its initial where there is none.

    The tag makes the address of a new picture a new one: the old answer may be cached for an hour.
    """
    path = f"/pictures/{quote(page_id, safe='')}"
    return path if etag is None else f"{path}?v={quote(etag.strip(chr(34))[:8])}"


def initial_tile(page_id: str, name: str) -> str:
    """A ``data:`` URL of a Page's initial, for Pages that are not stored: nothing is fetched."""
    drawn = initial_svg(page_id, name).decode()
    return "data:image/svg+xml;utf8," + quote(drawn, safe="/:=<> \"';,")
