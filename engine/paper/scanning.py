"""In the child: the text of any file we read, by what its first bytes say it is. Floor: 2."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.paper import office
from engine.paper.confined import RESULT
from engine.paper.office import Refusal

GIVEN, ASKED = "given.bin", "asked.json"
#: Letters kept of a file, pages read, pages put through OCR, pixels of a picture.
LETTERS, PAGES, SCANNED, PIXELS = 400_000, 300, 30, 40_000_000
#: Dots an inch a page of a PDF is drawn with for OCR; a page with less text than this is taken for a picture.
DPI, SPARSE = 170, 20
PARTS: Mapping[str, tuple[str, Callable[[office.Package], Iterator[str]]]] = {
    "docx": ("word/document.xml", office.docx),
    "pptx": ("ppt/presentation.xml", office.pptx),
    "xlsx": ("xl/workbook.xml", office.xlsx),
}


def work(folder: Path, apart: bool) -> None:
    """Read ``given.bin``; the answer has its ``text``, ``pages``, ``how`` (text or ocr) and whether it was ``cut``."""
    asked = json.loads((folder / ASKED).read_bytes())
    answer: dict[str, Any]
    try:
        answer = {**text_of(folder / GIVEN, asked["ocr"]), "apart": apart}
    except Refusal as refusal:
        answer = {"problem": {"code": refusal.code, "parameters": refusal.parameters}}
    (folder / RESULT).write_text(json.dumps(answer), "utf-8")


def text_of(path: Path, ocr: bool) -> dict[str, Any]:
    """What is written in a file. Raises Refusal: R212 for no file we read, R213 without the library, R214 to R216."""
    with path.open("rb") as stream:
        head = stream.read(1024)
    if not head:
        raise Refusal("R212", reason="0 bytes")
    if b"%PDF-" in head:
        return _pdf(path, ocr)
    if head.startswith(b"PK"):
        return _office(path)
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*")) or head[8:12] == b"WEBP":
        return _picture(path, ocr)
    return _plain(path)


def _cut(parts: Iterator[str], pages: int, how: str = "text") -> dict[str, Any]:
    kept: list[str] = []
    left = LETTERS
    for part in parts:
        part = "\n".join(line.rstrip() for line in part.split("\n") if line.strip())
        kept.append(part[:left])
        left -= len(part)
        if left <= 0:
            break
    return {"text": "\n\n".join(each for each in kept if each), "pages": pages, "how": how, "cut": left <= 0}


def _plain(path: Path) -> dict[str, Any]:
    content = path.read_bytes()[: LETTERS * 4]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _cut(iter([content.decode("utf-16", "replace")]), 1)
    if b"\0" in content:
        raise Refusal("R212", reason="binary")
    for encoding in ("utf-8-sig", "gb18030"):
        text = _decoded(content, encoding)
        if text is not None:
            return _cut(iter([text]), 1)
    raise Refusal("R212", reason="encoding")


def _decoded(content: bytes, encoding: str) -> str | None:
    """The text, without the bytes at its end that a cut may have left of a character; None in another encoding."""
    for back in range(4):
        try:
            return content[: len(content) - back].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _office(path: Path) -> dict[str, Any]:
    package = office.Package(path)
    for main, read in PARTS.values():
        if main in package.names:
            parts = list(read(package))
            return _cut(iter(parts), max(1, len(parts)))
    raise Refusal("R212", reason="zip")


def _pdf(path: Path, ocr: bool) -> dict[str, Any]:
    try:
        import pypdfium2
    except ImportError:
        raise Refusal("R213", package="pypdfium2") from None
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise Refusal("R215" if "assword" in str(error) else "R212", reason="PDF") from error
    count = len(document)
    if count > PAGES:
        raise Refusal("R203", most=PAGES)
    texts, scanned = [], False
    reader = _Eyes() if ocr else None
    for number in range(count):
        page = document[number]
        text = page.get_textpage().get_text_bounded().replace("\r", "")
        if len(text.strip()) < SPARSE and reader is not None and number < SCANNED:
            found = reader.page(page)
            scanned, text = scanned or bool(found), found or text
        texts.append(text)
    return _cut(iter(texts), count, "ocr" if scanned else "text")


def _picture(path: Path, ocr: bool) -> dict[str, Any]:
    if not ocr:
        raise Refusal("R213", package="rapidocr")
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # asked below, with a problem of its own
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > PIXELS:
                raise Refusal("R214", limit=f"{PIXELS // 1_000_000} MP")
            found = _Eyes().picture(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise Refusal("R212", reason="image") from error
    return _cut(iter([found]), 1, "ocr")


class _Eyes:
    """OCR, its models loaded once, when the first page needs it. Nothing is fetched: they come with the package."""

    def __init__(self) -> None:
        self._engine: Any = None

    def picture(self, picture: Any) -> str:
        import numpy

        if self._engine is None:
            from rapidocr import RapidOCR

            self._engine = RapidOCR(params={"Global.log_level": "critical"})
        found = self._engine(numpy.asarray(picture)[:, :, ::-1])
        return "\n".join(found.txts or ())

    def page(self, page: Any) -> str:
        """A page of a PDF, drawn."""
        wide, high = page.get_size()
        scale = min(DPI / 72, (PIXELS / max(1.0, wide * high)) ** 0.5)
        return self.picture(page.render(scale=scale).to_pil().convert("RGB"))
