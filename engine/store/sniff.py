"""What a file is, by its bytes and not by its name. Floor: 3.

Nothing is decoded: signatures, the list of what an archive holds and the size a picture says it has are enough to tell what
may be kept. What a browser or a computer would run is refused whatever it calls itself.
"""

from __future__ import annotations

import fnmatch
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from engine.errors import Problem, Refused

#: Bytes looked at from the front and from the end.
HEAD = 64 * 1024
#: Pixels of a picture at most: a page that shows it needs four bytes for each.
PIXELS = 64_000_000
#: What an archive may become when it is unpacked: bytes, entries, and how many times its size.
UNPACKED, ENTRIES, RATIO = 500_000_000, 10_000, 100
#: Below this much nobody is harmed, whatever the ratio.
SUSPECT = 10_000_000

#: (where, signature, media type); the first that fits tells.
SIGNATURES: Sequence[tuple[int, bytes, str]] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"{\\rtf", "application/rtf"),
)
#: What a computer would run.
PROGRAMS = (
    b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"L\x00\x00\x00\x01\x14\x02\x00", b"#!/", b"#! /",
)  # fmt: skip
#: What a browser would run, at the front of a text.
ACTIVE = re.compile(rb"<\s*(!doctype\s+html|html|head|body|script|iframe|svg|\?php)\b", re.I)
#: What hides a page or another file inside a picture or a document.
HIDDEN = re.compile(rb"<\s*(script|html|iframe|svg|\?php)[\s>/]", re.I)
#: Endings that make a computer run a file by a double click, whatever is in it.
RUNS = frozenset(
    [
        "exe",
        "dll",
        "com",
        "scr",
        "pif",
        "bat",
        "cmd",
        "ps1",
        "msi",
        "jar",
        "apk",
        "vbs",
        "vbe",
        "js",
        "mjs",
        "jse",
        "wsf",
        "hta",
        "lnk",
        "sh",
        "svg",
        "svgz",
        "html",
        "htm",
        "xhtml",
        "shtml",
        "mht",
        "php",
        "jsp",
        "asp",
        "aspx",
    ]
)
WORD = "application/vnd.openxmlformats-officedocument."
#: Media type -> the endings its files have; another known ending is a name that does not fit.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/bmp": ("bmp",),
    "image/tiff": ("tif", "tiff"),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "audio/wav": ("wav",),
    "audio/mpeg": ("mp3",),
    "audio/aac": ("aac",),
    "audio/amr": ("amr",),
    "audio/flac": ("flac",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a", "mp4", "3gp", "aac"),
    "audio/webm": ("weba", "webm"),
    "video/mp4": ("mp4", "m4v", "3gp"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm", "mkv"),
    "video/ogg": ("ogv", "ogg"),
    "video/x-msvideo": ("avi",),
    "application/zip": ("zip",),
    "application/vnd.rar": ("rar",),
    "application/x-7z-compressed": ("7z",),
    "application/gzip": ("gz", "tgz"),
    "application/rtf": ("rtf", "doc"),
    f"{WORD}wordprocessingml.document": ("docx",),
    f"{WORD}spreadsheetml.sheet": ("xlsx",),
    f"{WORD}presentationml.presentation": ("pptx",),
    "application/msword": ("doc", "wps"),
    "application/vnd.ms-excel": ("xls", "et"),
    "application/vnd.ms-powerpoint": ("ppt", "dps"),
    "application/vnd.ms-outlook": ("msg",),
    "text/csv": ("csv",),
    "application/json": ("json",),
    "text/markdown": ("md",),
    "application/xml": ("xml",),
}  # fmt: skip
KNOWN = frozenset(ending for endings in ENDINGS.values() for ending in endings)
#: The first folder of an office document -> what it is.
OFFICE = {"word/": "wordprocessingml.document", "xl/": "spreadsheetml.sheet", "ppt/": "presentationml.presentation"}


@dataclass(frozen=True, slots=True)
class _Parts:
    """A file at hand: its name, its first and last bytes, the stream itself."""

    name: str
    head: bytes
    tail: bytes
    stream: IO[bytes]

    @property
    def ending(self) -> str:
        """The letters behind the last dot, in small ones."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


def media_type(name: str, stream: IO[bytes], size: int) -> str:
    """The media type of a seekable stream of ``size`` bytes, from its bytes.

    Raises Refused: R181 what would be run, R183 a name that says something else, R184 a picture that is too large, R185 an
    archive that is a trap, R186 nothing known, R187 an empty file, R188 another file hidden inside.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    stream.seek(max(0, size - HEAD))
    parts = _Parts(name, head, stream.read(HEAD), stream)
    if not head:
        raise _refused("R187", name)
    if parts.ending in RUNS or head.startswith(PROGRAMS):
        raise _refused("R181", name)
    found = _signature(parts) or _text(parts)
    if found is None:
        raise _refused("R186", name)
    if parts.ending in KNOWN and parts.ending not in ENDINGS.get(found, (parts.ending,)):
        raise _refused("R183", name, ending=parts.ending, type=found)
    return found


def accepted(type: str, patterns: Sequence[str]) -> bool:
    """Whether a media type is among those of a field (``audio/*``); no patterns take everything."""
    return not patterns or any(fnmatch.fnmatchcase(type, pattern) for pattern in patterns)


def _refused(code: str, name: str, **more: object) -> Refused:
    return Refused(Problem(code, parameters={"file": name, **more}))


def _signature(parts: _Parts) -> str | None:
    for at, mark, type in SIGNATURES:
        if not parts.head.startswith(mark, at):
            continue
        if type == "application/zip":
            return _archive(parts)
        if HIDDEN.search(parts.head[:4096]) or HIDDEN.search(parts.tail[-4096:]) or _archived(parts.tail):
            raise _refused("R188", parts.name)
        if type.startswith("image/"):
            _measure(parts, type)
        return _closer(parts, type)
    return None


def _archived(tail: bytes) -> bool:
    """Whether an archive ends where the file ends: its last record says how many bytes of comment follow."""
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def _closer(parts: _Parts, type: str) -> str:
    """Sound or film, and which of the old office formats: the same container holds several."""
    both = parts.head + parts.tail
    if type == "audio/mp4":
        brand = parts.head[8:12]
        if brand in (b"heic", b"heix", b"mif1", b"heim"):
            return "image/heic"
        if brand == b"avif":
            return "image/avif"
        if brand == b"qt  ":
            return "video/quicktime"
        return "video/mp4" if b"vide" in both else type
    if type == "audio/webm":
        return "video/webm" if b"V_" in both else type
    if type == "audio/ogg":
        return "video/ogg" if b"theora" in parts.head else type
    if type == "application/x-ole-storage":
        old = (
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.ms-outlook",
        )
        return next((one for one in old if parts.ending in ENDINGS[one]), type)
    return type


def _archive(parts: _Parts) -> str:
    """An office document or a plain archive; its list is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(parts.stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refused("R185", parts.name, why=str(error)) from error
    parts.stream.seek(0, 2)
    whole, unpacked = parts.stream.tell(), sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES or unpacked > (UNPACKED if unpacked <= whole * RATIO else SUSPECT):
        raise _refused("R185", parts.name, why=f"{len(entries)} × {unpacked // 1_000_000} MB")
    names = [entry.filename.replace("\\", "/") for entry in entries]
    odd = next((one for one in names if one.startswith("/") or ".." in one.split("/")), None)
    if odd is not None:
        raise _refused("R185", parts.name, why=odd[:80])
    if "[Content_Types].xml" in names:
        kind = next((kind for folder, kind in OFFICE.items() if any(one.startswith(folder) for one in names)), None)
        if kind is not None:
            macros = any(one.endswith("vbaProject.bin") for one in names)
            return "application/vnd.ms-office.macroEnabled" if macros else WORD + kind
    return "application/zip"


def _text(parts: _Parts) -> str | None:
    """Plain text in UTF-8, UTF-16 or GB18030, by its ending CSV, JSON, Markdown or XML; None when it is none."""
    head = parts.head
    for encoding in ("utf-16",) if head[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        text = head.decode(encoding, "ignore")
        # An encoding that fits loses at most the character cut in two at the end.
        if len(text.encode(encoding.removesuffix("-sig"), "ignore")) >= len(head) - 7:
            break
    else:
        return None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f\x1b" for letter in text):
        return None
    plain = text.encode("utf-8", "ignore")
    if ACTIVE.search(plain[:4096]) or HIDDEN.search(plain[:HEAD]):
        raise _refused("R181", parts.name)
    by_ending = {"csv": "text/csv", "json": "application/json", "md": "text/markdown", "xml": "application/xml"}
    return by_ending.get(parts.ending, "text/plain")


def _measure(parts: _Parts, type: str) -> None:
    size = _dimensions(parts, type)
    if size is not None and size[0] * size[1] > PIXELS:
        shown = f"{size[0]} × {size[1]}"
        raise _refused("R184", parts.name, size=shown, most=PIXELS // 1_000_000)


def _dimensions(parts: _Parts, type: str) -> tuple[int, int] | None:
    """(width, height) as the picture says; None where it does not say, or not simply."""
    head = parts.head
    try:
        if type == "image/png":
            return struct.unpack(">II", head[16:24])
        if type == "image/gif":
            return struct.unpack("<HH", head[6:10])
        if type == "image/bmp":
            wide, high = struct.unpack("<ii", head[18:26])
            return abs(wide), abs(high)
        if type == "image/webp":
            return _webp(head)
        if type == "image/jpeg":
            return _jpeg(parts.stream)
    except (struct.error, IndexError):
        raise _refused("R186", parts.name) from None
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    wide, high = struct.unpack("<HH", head[26:30])
    return wide & 0x3FFF, high & 0x3FFF


def _jpeg(stream: IO[bytes]) -> tuple[int, int] | None:
    """The frame's size: the segments before it, pictures of cameras among them, are jumped over."""
    stream.seek(2)
    for _ in range(1000):
        mark = stream.read(2)
        if len(mark) < 2 or mark[0] != 0xFF:
            return None
        if 0xC0 <= mark[1] <= 0xCF and mark[1] not in (0xC4, 0xC8, 0xCC):
            high, wide = struct.unpack(">HH", stream.read(7)[3:7])
            return wide, high
        if mark[1] == 0xDA:
            return None
        if mark[1] == 0xFF:
            stream.seek(-1, 1)
        elif not (0xD0 <= mark[1] <= 0xD8 or mark[1] == 0x01):
            stream.seek(struct.unpack(">H", stream.read(2))[0] - 2, 1)
    return None
