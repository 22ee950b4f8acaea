"""Rows of a CSV or XLSX file, each with the number a person sees in Excel. Floor: 2.

The content decides, not the file's ending: an XLSX named .csv is read as XLSX. Text is UTF-8 (with or without BOM), else
GB18030, the two encodings Excel writes in China; a file that is neither is refused, never read as nonsense.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from engine.errors import InvalidDocument, Problem, Where

CHINESE = "gb18030"
DELIMITERS = ",;\t|"
CHUNK = 1 << 20
#: How a workbook begins.
WORKBOOK = b"PK\x03\x04"
#: Bytes a workbook may become when it is unpacked.
UNPACKED = 500_000_000

#: Stands behind a file's last line while its quotes are checked; no cell of a real table holds it.
END = "\x1e\x1f"

#: ``1.38E+10``: what is left of a long number after Excel has shown and saved it.
SHORTENED = re.compile(r"^\d(\.\d+)?E\+\d+$", re.IGNORECASE)


class Row(NamedTuple):
    """One row below the heading: its number in the sheet (the heading is 1), its cells by column, and how many cells it has
    beyond the last column."""

    number: int
    cells: dict[str, str]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's columns, and where its rows come from. ``digest`` is the content's hash; ``encoding`` how it was read, ``heading``
    the row of its column names, ``name`` which sheet of a workbook it is (empty for a text)."""

    path: Path
    columns: tuple[str, ...]
    encoding: str
    delimiter: str
    digest: str
    heading: int = 1
    name: str = ""
    nul: bool = False
    """Whether its text holds the character that means nothing (some exports end their lines with it)."""

    def rows(self, after: int = 1) -> Iterator[Row]:
        """Every row below the heading whose number is larger than ``after``; empty rows are passed over."""
        columns, first, width = self.columns, max(self.heading, after) + 1, len(self.columns)
        for number, cells in self._lines():
            if number < first or not any(cells):
                continue
            beyond = sum(1 for cell in cells[width:] if cell) if len(cells) > width else 0
            yield Row(number, dict(zip(columns, cells, strict=False)), beyond)

    def count(self) -> int:
        """How many rows are below the heading."""
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        if self.encoding == "xlsx":
            yield from enumerate(_xlsx(self.path, self.name), start=1)
        else:
            with self.path.open(encoding=self.encoding, newline="") as file:
                try:
                    lines = _without_nul(file) if self.nul else file
                    for number, cells in enumerate(csv.reader(lines, delimiter=self.delimiter), start=1):
                        yield number, [cell.strip() for cell in cells]
                except csv.Error as error:
                    raise InvalidDocument(
                        Problem("I042", where=Where(self.path.name), parameters={"why": str(error)})
                    ) from None


def open_sheet(path: Path, name: str = "", heading: int = 1) -> Sheet:
    """The sheet in a file: of a workbook the one called ``name``, else its first; its columns stand in row ``heading``.

    Raises InvalidDocument: not text in a known encoding, no heading, a heading twice, a quote that is never closed, a workbook that is none or
    would unpack to more than ``UNPACKED`` bytes. Reading the rows of a CSV may raise it too (I042).
    """
    sheet, quoted = _blank(path, name, heading)
    if quoted:
        _check_quotes(path, sheet.encoding, sheet.delimiter)
    columns = next((cells for number, cells in sheet._lines() if number == heading), [])
    while columns and not columns[-1]:
        columns.pop()
    _check_heading(path.name, columns, heading)
    return replace(sheet, columns=tuple(columns))


def sheets(path: Path) -> tuple[str, ...]:
    """The names of a workbook's sheets that are shown, in order; none for a text. Raises InvalidDocument (I005)."""
    with path.open("rb") as file:
        if file.read(4) != WORKBOOK:
            return ()
        book = _book(path, file)
        shown = tuple(each.title for each in book.worksheets if each.sheet_state == "visible")
        return shown or tuple(each.title for each in book.worksheets)


def top(path: Path, name: str = "", lines: int = 12) -> list[list[str]]:
    """The first lines of a file as they stand, its heading among them. Raises InvalidDocument as ``open_sheet`` does."""
    return [cells for _, cells in islice(_blank(path, name, 1)[0]._lines(), lines)]


def _blank(path: Path, name: str, heading: int) -> tuple[Sheet, bool]:
    """A file's sheet without its columns yet, and whether its text has quotes. All that has to be known of every byte is
    found in one reading: the digest, the encoding, and which of the rare characters there are."""
    digest, start, quoted, nul = hashlib.sha256(), b"", False, False
    unicode = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            start = start or part
            digest.update(part)
            # Neither byte is ever part of a longer character.
            quoted, nul = quoted or b'"' in part, nul or b"\0" in part
            if encoding and start[:4] != WORKBOOK and not _decodes(unicode, part):
                encoding = ""
    if not start:
        raise InvalidDocument(Problem("I002", where=Where(path.name)))
    if start[:4] == WORKBOOK:
        named = name or next(iter(sheets(path)), "")
        return Sheet(path, (), "xlsx", ",", digest.hexdigest(), heading, named), False
    if not encoding or not _decodes(unicode, b"", True):
        encoding = _chinese(path)
    elif start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    with path.open(encoding=encoding, newline="") as first:
        line = first.readline()
    return Sheet(path, (), encoding, max(DELIMITERS, key=line.count), digest.hexdigest(), heading, "", nul), quoted


def _decodes(decoder: codecs.IncrementalDecoder, part: bytes, last: bool = False) -> bool:
    try:
        decoder.decode(part, last)
    except UnicodeDecodeError:
        return False
    return True


def _chinese(path: Path) -> str:
    """The other encoding, if the file is in it; raises InvalidDocument (I001) if not."""
    decoder = codecs.getincrementaldecoder(CHINESE)()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            if not _decodes(decoder, part):
                break
        else:
            if _decodes(decoder, b"", True):
                return CHINESE
    raise InvalidDocument(Problem("I001", where=Where(path.name)))


def shortened(text: str) -> bool:
    """True for a long number that Excel has already cut short (``1.38E+10``): what it was cannot be known."""
    return bool(SHORTENED.match(text))


def _check_heading(name: str, heading: list[str], line: int) -> None:
    if not any(heading):
        raise InvalidDocument(Problem("I003", where=Where(name, line, 1)))
    seen: dict[str, int] = {}
    problems = []
    for position, column in enumerate(heading, start=1):
        if column and column in seen:
            parameters = {"column": column, "first": seen[column], "second": position}
            problems.append(Problem("I004", where=Where(name, line, position), parameters=parameters))
        seen.setdefault(column, position)
    if problems:
        raise InvalidDocument(problems)


def _check_quotes(path: Path, encoding: str, delimiter: str) -> None:
    """A quote without its end takes the rest of the file into one cell, without a word from the reader of CSV: a line put
    behind the last one shows it, for it would be swallowed too."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(chain(_without_nul(file), (END,)), delimiter=delimiter)
        begins = 1
        try:
            for cells in reader:
                if cells and cells[-1].endswith(END) and cells != [END]:
                    raise InvalidDocument(Problem("I015", Where(path.name, begins, 1), parameters={"line": begins}))
                begins = reader.line_num + 1
        except csv.Error:
            return


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "")


def _xlsx(path: Path, name: str) -> Iterator[list[str]]:
    # An open file, not its name: openpyxl would refuse a wrong ending.
    with path.open("rb") as file:
        book = _book(path, file)
        found = next((each for each in book.worksheets if each.title == name), None)
        if found is None:
            known = "、".join(each.title for each in book.worksheets)
            raise InvalidDocument(Problem("I060", where=Where(path.name), parameters={"sheet": name, "known": known}))
        with _readable(path):
            for row in found.iter_rows(values_only=True):
                yield [_cell(value) for value in row]


def _book(path: Path, file: IO[bytes]) -> Any:
    """The workbook in an open file."""
    from zipfile import ZipFile

    from openpyxl import load_workbook

    with _readable(path):
        # What the archive says of itself is what can come out of it: more is refused while unpacking.
        with ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > UNPACKED:
            raise InvalidDocument(Problem("I044", where=Where(path.name), parameters={"most": UNPACKED // 1_000_000}))
        book = load_workbook(file, read_only=True, data_only=True)
        # Looked at here, for a part that is broken is found only when it is read.
        book.worksheets  # noqa: B018
        return book


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Whatever a broken or hostile workbook raises while it is read is one refusal: I005."""
    import zlib
    from zipfile import BadZipFile

    try:
        yield
    except InvalidDocument:
        raise
    except (
        BadZipFile, zlib.error, EOFError, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError, RuntimeError, SyntaxError
    ):  # fmt: skip
        raise InvalidDocument(Problem("I005", where=Where(path.name))) from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    return str(value).strip()
