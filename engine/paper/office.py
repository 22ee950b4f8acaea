"""In the child: the text of DOCX, PPTX and XLSX. Floor: 2.

They are zip files of XML, and both can be made to explode. What the zip says is checked before anything is unpacked, unpacking stops
at its limit whatever the zip said, and XML with a document type is refused: entities come by nothing else.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

#: Entries of a file, bytes of one part and of all that is read, and how much bigger a part may be than it is packed.
ENTRIES, PART, WHOLE, RATIO = 5_000, 30_000_000, 120_000_000, 200
NUMBER = re.compile(r"(\d+)\.xml$")


class Refusal(Exception):
    """The file is not read: ``code`` and parameters of the problem."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code, self.parameters = code, parameters


class Package:
    """An office file, read with limits."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Refusal("R212", reason="zip") from error
        entries = self._zip.infolist()
        self._left = WHOLE
        if len(entries) > ENTRIES:
            raise Refusal("R214", limit=f"{ENTRIES} entries")
        if any(each.flag_bits & 1 for each in entries):
            raise Refusal("R215")
        self.names = [each.filename for each in entries]

    def read(self, name: str) -> bytes:
        """One part, never more than its limit."""
        try:
            entry = self._zip.getinfo(name)
        except KeyError:
            return b""
        most = min(PART, self._left)
        if (
            entry.file_size > most
            or entry.file_size > 1_000_000
            and entry.file_size > RATIO * max(1, entry.compress_size)
        ):
            raise Refusal("R214", limit=f"{most // 1_000_000} MB")
        try:
            with self._zip.open(entry) as stream:
                content = stream.read(most + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise Refusal("R212", reason="zip") from error
        if len(content) > most:
            raise Refusal("R214", limit=f"{most // 1_000_000} MB")
        self._left -= len(content)
        return content

    def numbered(self, folder: str, stem: str) -> list[str]:
        """Parts like ``ppt/slides/slide12.xml`` in the order of their numbers."""
        found = [
            each
            for each in self.names
            if posixpath.dirname(each) == folder and posixpath.basename(each).startswith(stem)
        ]
        return sorted((each for each in found if NUMBER.search(each)), key=_number)


def _number(name: str) -> int:
    found = NUMBER.search(name)
    return int(found.group(1)) if found else 0


def walk(
    content: bytes, start: Callable[[str, Any], None], text: Callable[[str], None], end: Callable[[str], None]
) -> None:
    """Go through XML: ``start(name, attributes)``, ``text``, ``end(name)``, names without their namespaces."""
    parser = expat.ParserCreate()

    def doctype(*_: Any) -> None:
        raise Refusal("R216")

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Refusal("R212", reason="XML") from error


def written(content: bytes) -> str:
    """The text of WordprocessingML or DrawingML: what stands in ``t``, a line for each paragraph, cells parted by tabs."""
    parts: list[str] = []
    inside = False

    def start(name: str, _: Any) -> None:
        nonlocal inside
        inside = inside or name == "t"
        if name in ("tab", "br", "cr"):
            parts.append("\t" if name == "tab" else "\n")

    def end(name: str) -> None:
        nonlocal inside
        if name == "t":
            inside = False
        elif name == "p":
            parts.append("\n")
        elif name == "tc":
            if parts and parts[-1] == "\n":
                parts.pop()
            parts.append("\t")
        elif name == "tr":
            parts.append("\n")

    walk(content, start, lambda words: parts.append(words) if inside else None, end)
    return "".join(parts)


def docx(package: Package) -> Iterator[str]:
    """The document, its notes, heads and feet."""
    yield written(package.read("word/document.xml"))
    for stem in ("footnote", "header", "footer"):
        for name in package.names:
            if name.startswith(f"word/{stem}") and name.endswith(".xml"):
                yield written(package.read(name))


def pptx(package: Package) -> Iterator[str]:
    """Slide by slide, with its notes."""
    for name in package.numbered("ppt/slides", "slide"):
        yield written(package.read(name))
    for name in package.numbered("ppt/notesSlides", "notesSlide"):
        yield written(package.read(name))


def xlsx(package: Package) -> Iterator[str]:
    """Sheet by sheet, a line for each row; what is shown by a number stays the number."""
    shared = _shared(package.read("xl/sharedStrings.xml"))
    for name in package.numbered("xl/worksheets", "sheet"):
        yield _sheet(package.read(name), shared)


def _shared(content: bytes) -> list[str]:
    found: list[str] = []
    inside = False

    def start(name: str, _: Any) -> None:
        nonlocal inside
        if name == "si":
            found.append("")
        inside = name == "t" or (inside and name != "rPh")

    def text(words: str) -> None:
        if inside and found:
            found[-1] += words

    def end(name: str) -> None:
        nonlocal inside
        inside = False if name == "t" else inside

    if content:
        walk(content, start, text, end)
    return found


def _sheet(content: bytes, shared: list[str]) -> str:
    lines: list[str] = []
    cells: list[str] = []
    kind = value = ""
    inside = False

    def start(name: str, attributes: Any) -> None:
        nonlocal kind, value, inside
        if name == "c":
            kind, value = attributes.get("t", ""), ""
        inside = name in ("v", "t")

    def text(words: str) -> None:
        nonlocal value
        if inside:
            value += words

    def end(name: str) -> None:
        nonlocal inside
        inside = False if name in ("v", "t") else inside
        if name == "c" and value:
            at = int(value) if kind == "s" and value.isdigit() else -1
            cells.append(shared[at] if 0 <= at < len(shared) else value)
        elif name == "row":
            lines.append("\t".join(cells))
            cells.clear()

    if content:
        walk(content, start, text, end)
    return "\n".join(lines)
