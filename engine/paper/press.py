"""A document as PDF. Floor: 2."""

from __future__ import annotations

import importlib.util
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, Refused
from engine.paper import confined
from engine.paper.typesetting import DOCUMENT, FONTS, PAPER, PICTURED, SHOWN

#: What a page of a document may take.
LIMITS = confined.Limits(seconds=30, computing=20, memory=1024 * confined.MB, output=40 * confined.MB)
#: A picture has at most so many pixels, bytes; a document so many bytes of text.
PIXELS, PICTURE, TEXT = 30_000_000, 10 * confined.MB, 4 * confined.MB


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF, how many pages it has, and the characters that no font has (their names stand in their place)."""

    content: bytes
    pages: int
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many pages a document has, and its first ones as PNG; none of a longer one than is drawn."""

    pages: int
    images: tuple[bytes, ...]
    missed: tuple[str, ...]


def drawn(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Drawn:
    """The document as pictures to look at on a screen. Raises as ``press``."""
    came = _pressed(
        {**document, "draw": True}, pictures, tuple(PICTURED.format(p=number) for number in range(1, SHOWN + 1))
    )
    images = tuple(came.files[name] for name in sorted(came.files) if name != PAPER)
    return Drawn(int(came.answer["pages"]), images, tuple(came.answer["missed"]))


def press(document: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Paper:
    """The document (see ``engine.runtime.paper``) as PDF; ``pictures`` are the images it names, by the names it uses.

    Raises Refused: R200 without the library, R203 above 300 pages, R204 for a picture that is none, R201 when a limit is passed.
    """
    came = _pressed(document, pictures, (PAPER,))
    return Paper(came.files[PAPER], int(came.answer["pages"]), tuple(came.answer["missed"]))


def _pressed(document: Mapping[str, Any], pictures: Mapping[str, bytes], wanted: tuple[str, ...]) -> confined.Came:
    if importlib.util.find_spec("typst") is None or importlib.util.find_spec(FONTS[0]) is None:
        raise Refused(Problem("R200"))
    text = json.dumps(document).encode()
    if len(text) > TEXT:
        raise Refused(Problem("R201", parameters={"limit": f"{TEXT // confined.MB} MB"}))
    given = {name: checked(name, content) for name, content in pictures.items()}
    return confined.run("typesetting", {**given, DOCUMENT: text}, LIMITS, wanted)


def kind_of(content: bytes) -> str:
    """png, jpg, gif or webp by the first bytes; empty for anything else, whatever it is called."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def checked(name: str, content: bytes) -> bytes:
    """The picture, if it is one of a sane size. Raises Refused (R204): an SVG can refer to other files, so it is none."""
    width, height = size_of(content)
    if not width or not height or width * height > PIXELS or len(content) > PICTURE:
        raise Refused(Problem("R204", parameters={"name": name}))
    return content


def size_of(content: bytes) -> tuple[int, int]:
    """(width, height) in pixels as the file's own head says; (0, 0) for what is no picture."""
    kind = kind_of(content)
    try:
        if kind == "png":
            return struct.unpack_from(">II", content, 16)
        if kind == "gif":
            return struct.unpack_from("<HH", content, 6)
        if kind == "jpg":
            return _jpeg(content)
        if kind == "webp":
            return _webp(content)
    except struct.error:
        pass
    return 0, 0


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(content):
        mark, length = content[at + 1], struct.unpack_from(">H", content, at + 2)[0]
        if content[at] != 0xFF:
            return 0, 0
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + length
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    part = content[12:16]
    if part == b"VP8X":
        wide, high = content[24:27], content[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if part == b"VP8L":
        bits = struct.unpack_from("<I", content, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", content, 26)
    return width & 0x3FFF, height & 0x3FFF
