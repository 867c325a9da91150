"""URLs of Page pictures: the dashboard's own route for stored Pages, a data URL for others."""

from __future__ import annotations

from urllib.parse import quote

from fb.web.avatar import initial_svg


def picture_path(page_id: str, etag: str | None) -> str:
    """The path of a Page's picture; the route serves its initial where there is none.

    The ETag is part of the path, since browsers cache the old picture for an hour.
    """
    path = f"/pictures/{quote(page_id, safe='')}"
    return path if etag is None else f"{path}?v={quote(etag.strip(chr(34))[:8])}"


def initial_tile(page_id: str, name: str) -> str:
    """A ``data:`` URL of a Page's initial, for Pages that are not stored."""
    drawn = initial_svg(page_id, name).decode()
    return "data:image/svg+xml;utf8," + quote(drawn, safe="/:=<> \"';,")
