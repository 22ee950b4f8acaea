"""What is settled before parsing: size, encoding, characters that may not stand in YAML. Floor: 2."""

from __future__ import annotations

import codecs
import re

from engine.source.found import Found

#: Bytes a file may have.
MAX_BYTES = 1_000_000
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Control and private characters: what bytes that are no text decode to.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufffe\uffff]")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def too_large(text: str | bytes) -> Found | None:
    """The problem of a file past MAX_BYTES, or None."""
    size = len(text)
    if size <= MAX_BYTES and isinstance(text, str) and not text.isascii():
        size = len(text.encode("utf-8", "surrogatepass"))
    return Found("Y001", 0, {"size": f"{size / 1_000_000:.1f}", "limit": 1}) if size > MAX_BYTES else None


def decode(raw: bytes) -> tuple[str, Found | None]:
    """The text of UTF-8 bytes; else an empty text and what the bytes seem to be (never a guess passed on)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return "", _name_encoding(raw, error.start)
    if "\x00" in text and _is_utf16(raw):
        return "", Found("Y005", 0)
    return text, None


def _name_encoding(raw: bytes, at: int) -> Found:
    if _is_utf16(raw):
        return Found("Y005", 0)
    line = raw.count(b"\n", 0, at) + 1
    encoding = guess_encoding(raw)
    if encoding is None:
        return Found("Y006", 0, {"line": line, "byte": f"0x{raw[at]:02X}"})
    return Found("Y004", 0, {"encoding": "GBK" if encoding == "gb18030" else "Big5", "line": line})


def guess_encoding(raw: bytes) -> str | None:
    """The encoding in which the bytes are text without control characters: utf-8, utf-16, gb18030 or big5; else None.

    Source: the order follows what Windows programs in China write (UTF-8, then Notepad's Unicode, then GBK).
    """
    if _is_utf16(raw):
        little = raw.startswith(codecs.BOM_UTF16_LE) or (raw[1::2].count(0) > raw[0::2].count(0))
        marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        candidates = ["utf-16" if marked else "utf-16-le" if little else "utf-16-be"]
    else:
        candidates = ["utf-8", "gb18030", "big5"]
    for encoding in candidates:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _NO_TEXT.search(text):
            return encoding
    return None


def _is_utf16(raw: bytes) -> bool:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    sample = raw[:400]
    zeros = max(sample[0::2].count(0), sample[1::2].count(0))
    return len(sample) >= 4 and zeros * 3 > len(sample)


def forbidden_characters(text: str, limit: int) -> tuple[str, list[Found]]:
    """The text with a space for every control character, lone surrogate and line separator no editor shows
    (its length stays the same), and the first ``limit`` of them; marks that turn text are told but stay."""
    found: list[Found] = []
    for match in _FORBIDDEN.finditer(text):
        sign, at = match.group(), match.start()
        found.append(Found("Y036" if sign in _TURNING else "Y003", at, {"sign": f"U+{ord(sign):04X}"}))
        if len(found) >= limit:
            break
    return (_FORBIDDEN.sub(lambda match: match[0] if match[0] in _TURNING else " ", text) if found else text), found
