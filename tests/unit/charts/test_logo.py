"""A logo is what decodes as a PNG or JPEG picture of a sensible size, whatever its name is."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pages.ui.export.logo import MAX_BYTES, MAX_SIDE, LogoRefused, read_logo


def picture(format: str, width: int = 60, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, format)
    return out.getvalue()


@pytest.mark.parametrize(("format", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_kept_as_it_is(format: str, content_type: str) -> None:
    content = picture(format)
    logo = read_logo(content)
    assert (logo.content, logo.content_type) == (content, content_type)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture("GIF"),
        picture("WEBP"),
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
        picture("PNG")[:60],
        picture("JPEG")[:200],
    ],
)
def test_what_does_not_decode_is_refused(content: bytes) -> None:
    with pytest.raises(LogoRefused, match="no PNG or JPEG picture that can be read"):
        read_logo(content)


@pytest.mark.parametrize("size", [(MAX_SIDE + 1, 20), (20, MAX_SIDE + 1), (8, 8), (5, 900)])
def test_the_size_is_bounded(size: tuple[int, int]) -> None:
    with pytest.raises(LogoRefused, match="pixels"):
        read_logo(picture("PNG", *size))


def test_the_bytes_are_bounded() -> None:
    with pytest.raises(LogoRefused, match="more than 200 kB"):
        read_logo(picture("PNG") + b"\0" * MAX_BYTES)
