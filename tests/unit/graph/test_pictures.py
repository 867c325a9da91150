"""Pictures come from Facebook's hosts, small and of a known kind, or not at all."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests

from fb.graph.pictures import MAX_PICTURE_BYTES, Picture, fetch_picture

URL = "https://scontent.xx.fbcdn.net/v/t1/p.jpg?oh=1&oe=2"
JPEG = b"\xff\xd8\xff\xe0rest"
PNG = b"\x89PNG\r\n\x1a\nrest"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "


class FakeResponse:
    def __init__(self, content: bytes, status: int = 200) -> None:
        self.status_code = status
        self.raw = self
        self._stream = io.BytesIO(content)
        self.read_bytes = 0

    def read(self, size: int, *, decode_content: bool) -> bytes:
        assert not decode_content
        piece = self._stream.read(size)
        self.read_bytes += len(piece)
        return piece

    def __enter__(self) -> FakeResponse:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class FakeSession(requests.Session):
    def __init__(self, response: FakeResponse | Exception) -> None:
        super().__init__()
        self.response = response
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def get(self, url: str | bytes, **options: Any) -> Any:
        self.asked.append((str(url), options))
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


def fetch(content: bytes, url: str = URL, status: int = 200, **options: Any) -> Picture | None:
    return fetch_picture(url, session=FakeSession(FakeResponse(content, status)), **options)


@pytest.mark.parametrize(
    ("content", "kind"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp")]
)
def test_the_kind_is_judged_by_the_first_bytes(content: bytes, kind: str) -> None:
    assert fetch(content) == Picture(content, kind)


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", b"GIF89a", b"\xff\xd8", b"RIFF\x10\x00\x00\x00WAVE", b"\x89PN"],
)
def test_other_kinds_are_refused(content: bytes) -> None:
    assert fetch(content) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://scontent.xx.fbcdn.net/p.jpg",
        "https://evil.example/p.jpg",
        "https://notfbcdn.net/p.jpg",
        "https://fbcdn.net.evil.example/p.jpg",
        "https://scontent.xx.fbcdn.net@evil.example/p.jpg",
        "https://user@scontent.xx.fbcdn.net/p.jpg",
        "https://evil.example\\@scontent.xx.fbcdn.net/p.jpg",
        "https://scontent.xx.fbcdn.net:8443/p.jpg",
        "https://scontent.xx.fbcdn.net:x/p.jpg",
        "https://127.0.0.1/p.jpg",
        "https://[::1]/p.jpg",
        "https://[/p.jpg",
        "https:///p.jpg",
        "file:///etc/passwd",
        "//scontent.xx.fbcdn.net/p.jpg",
        "https://scontent.xx.fbcdn.net/ p.jpg",
        "https://scontent.xx.fbcdn.net/p\n.jpg",
        "https://scontent.xx.fbcdn.nét/p.jpg",
        "https://scontent.xx.fbcdn.net/" + "p" * 4000,
        "",
    ],
)
def test_other_places_are_not_asked(url: str) -> None:
    session = FakeSession(FakeResponse(JPEG))
    assert fetch_picture(url, session=session) is None
    assert session.asked == []


@pytest.mark.parametrize(
    "host", ["fbcdn.net", "SCONTENT.FBCDN.NET", "www.facebook.com", "x.fbsbx.com"]
)
def test_facebooks_own_places_are_asked_without_credentials(host: str) -> None:
    session = FakeSession(FakeResponse(JPEG))
    assert fetch_picture(f"https://{host}/p.jpg", session=session) is not None
    ((_, options),) = session.asked
    assert options["allow_redirects"] is False
    assert options["stream"] is True
    request = options["auth"](requests.Request("GET", URL).prepare())
    assert "Authorization" not in request.headers
    assert all(0 < seconds <= 10 for seconds in options["timeout"])


def test_in_the_sandbox_exactly_its_origin_is_asked() -> None:
    origin = "http://127.0.0.1:8501"
    assert fetch(PNG, f"{origin}/sandbox/pictures/1.png", sandbox_origin=origin) is not None
    for other in (
        "http://127.0.0.1:8502/1.png",
        "http://127.0.0.1:85010/1.png",
        "http://localhost:8501/1.png",
        "https://127.0.0.1:8501/1.png",
        "http://127.0.0.1:8501@evil.example/1.png",
        URL,
    ):
        assert fetch(PNG, other, sandbox_origin=origin) is None
    assert fetch(PNG, f"{origin}/1.png") is None


@pytest.mark.parametrize("status", [301, 302, 307, 206, 204, 403, 404, 500])
def test_anything_but_success_is_refused(status: int) -> None:
    assert fetch(JPEG, status=status) is None


def test_the_largest_picture_fits_and_one_byte_more_does_not() -> None:
    largest = JPEG + bytes(MAX_PICTURE_BYTES - len(JPEG))
    assert fetch(largest) is not None
    assert fetch(largest + b"x") is None


def test_an_endless_picture_is_given_up_early() -> None:
    response = FakeResponse(JPEG + bytes(10_000_000))
    assert fetch_picture(URL, session=FakeSession(response)) is None
    assert response.read_bytes < MAX_PICTURE_BYTES + 20_000


def test_a_slow_picture_is_given_up() -> None:
    moments = iter([0.0, 30.0])
    assert fetch(JPEG, monotonic=lambda: next(moments)) is None


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError(),
        requests.Timeout(),
        OSError(),
        ValueError(),
        requests.TooManyRedirects(),
    ],
)
def test_what_can_not_be_had_is_none(failure: Exception) -> None:
    assert fetch_picture(URL, session=FakeSession(failure)) is None


def test_a_picture_does_not_fill_the_log() -> None:
    assert repr(Picture(JPEG, "image/jpeg")) == "Picture(content_type='image/jpeg')"
