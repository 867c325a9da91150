"""Profile pictures: draw PNGs from the owner's id, without an image library."""

import hashlib
import math
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

Span = tuple[float, float]
Shape = Callable[[float], list[Span]]  # height (0 top to 1) -> filled spans of the width (0 to 1)
Color = tuple[int, int, int]

MAX_SIDE = 400
_GROUNDS: tuple[Color, ...] = (
    *((38, 70, 83), (42, 120, 112), (120, 72, 110), (176, 92, 60), (84, 96, 48), (58, 76, 120)),
    *((150, 60, 66), (92, 84, 78), (196, 134, 46), (70, 110, 140)),
)
_INKS: tuple[Color, ...] = ((246, 239, 224), (250, 214, 140), (214, 232, 222), (244, 208, 196))


@lru_cache(maxsize=512)
def draw_picture(owner_id: str, width: int, height: int) -> bytes:
    """Return the PNG of a Page or person, always the same; grey for the owner "silhouette"."""
    if owner_id == "silhouette":
        return _draw((205, 209, 215), (240, 242, 245), _figure, width, height)
    dice = hashlib.sha256(owner_id.encode()).digest()
    ground = _GROUNDS[dice[0] % len(_GROUNDS)]
    return _draw(
        ground, _INKS[dice[1] % len(_INKS)], _SHAPES[dice[2] % len(_SHAPES)], width, height
    )


def parse_size(text: str) -> tuple[int, int] | None:
    """Return width and height of ``100x100.png``; None for other texts or beyond MAX_SIDE."""
    width, _, height = text.removesuffix(".png").partition("x")
    if not (width.isdecimal() and height.isdecimal() and text.isascii() and len(text) <= 11):
        return None
    sides = int(width), int(height)
    return sides if min(sides) > 0 and max(sides) <= MAX_SIDE else None


def _draw(ground: Color, ink: Color, shape: Shape, width: int, height: int) -> bytes:
    rows = bytearray()
    for row in range(height):
        shares = _coverage(shape((row + 0.5) / height), width)
        rows.append(0)
        for share in shares:
            rows += bytes(round(g + (i - g) * share) for g, i in zip(ground, ink, strict=True))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _coverage(spans: list[Span], width: int) -> list[float]:
    """Return the filled share of each pixel; partly filled pixels make smooth edges."""
    shares = [0.0] * width
    for left, right in spans:
        start, end = max(left, 0.0) * width, min(right, 1.0) * width
        for x in range(math.floor(start), min(math.ceil(end), width)):
            shares[x] = min(1.0, shares[x] + max(0.0, min(end, x + 1) - max(start, x)))
    return shares


def _disc(y: float, at_x: float, at_y: float, radius: float) -> list[Span]:
    inside = radius * radius - (y - at_y) ** 2
    return [(at_x - math.sqrt(inside), at_x + math.sqrt(inside))] if inside > 0 else []


def _figure(y: float) -> list[Span]:
    return _disc(y, 0.5, 0.38, 0.17) + _disc(y, 0.5, 0.98, 0.34)


def _cup(y: float) -> list[Span]:
    if 0.3 <= y < 0.72:
        return [(0.26 + max(0.0, y - 0.55) * 0.6, 0.68 - max(0.0, y - 0.55) * 0.6)] + (
            [(0.72, 0.8)] if 0.38 <= y < 0.58 else []
        )
    return [(0.2, 0.74)] if 0.76 <= y < 0.8 else []


def _leaf(y: float) -> list[Span]:
    reach = math.sin(math.pi * min(max((y - 0.16) / 0.62, 0.0), 1.0)) * 0.24
    if 0.78 <= y < 0.9:
        return [(0.48, 0.52)]
    return [(0.5 - reach, 0.485), (0.515, 0.5 + reach)] if reach else []


def _hills(y: float) -> list[Span]:
    sun = _disc(y, 0.68, 0.3, 0.11)
    return sun + ([(0.5 - (y - 0.42) * 0.9, 0.42 + (y - 0.42) * 0.9)] if 0.42 <= y < 0.8 else [])


def _ring(y: float) -> list[Span]:
    outer, inner = _disc(y, 0.5, 0.5, 0.3), _disc(y, 0.5, 0.5, 0.2)
    if not outer or not inner:
        return outer
    return [(outer[0][0], inner[0][0]), (inner[0][1], outer[0][1])]


def _books(y: float) -> list[Span]:
    books = ((0.26, 0.36, 0.28), (0.39, 0.47, 0.22), (0.5, 0.62, 0.34), (0.65, 0.73, 0.26))
    if 0.77 <= y < 0.81:
        return [(0.2, 0.8)]
    return [(left, right) for left, right, top in books if top <= y < 0.74]


def _diamond(y: float) -> list[Span]:
    reach = 0.3 - abs(y - 0.5)
    return [(0.5 - reach, 0.47), (0.53, 0.5 + reach)] if reach > 0.03 else []


_SHAPES: tuple[Shape, ...] = (_cup, _leaf, _hills, _ring, _books, _diamond)
