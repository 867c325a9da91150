"""Logo of a report: checks an uploaded picture by decoding it."""

from __future__ import annotations

import io

from PIL import Image

from pages.text.formats import count
from storage.export.report_headings import Logo

MAX_BYTES = 200_000
MIN_SIDE, MAX_SIDE = 16, 2_000  # pixels
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


class LogoRefused(Exception):
    """The picture can't be a logo; the text says why, and what to do."""


def read_logo(content: bytes) -> Logo:
    """The logo of a file's bytes; its name and its stated type don't count.

    Raises LogoRefused. Only PNG and JPEG: an SVG is a program, and what is not decoded here as a
    whole may be something else.
    """
    if len(content) > MAX_BYTES:
        raise LogoRefused(f"The logo has more than {MAX_BYTES // 1000} kB. Take a smaller picture.")
    try:
        with Image.open(io.BytesIO(content), formats=list(TYPES)) as picture:
            # Before it is decoded: a small file may hold a picture of a billion pixels.
            _judge_size(*picture.size)
            content_type = TYPES[picture.format or ""]
            picture.load()
    except LogoRefused:
        raise
    except Exception as error:  # Pillow raises many kinds for a broken file
        raise LogoRefused("This is no PNG or JPEG picture that can be read.") from error
    return Logo(content, content_type)


def _judge_size(width: int, height: int) -> None:
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise LogoRefused(
            f"The logo has {count(width)} × {count(height)} pixels. Between {MIN_SIDE} and "
            f"{count(MAX_SIDE)} on each side are possible."
        )
