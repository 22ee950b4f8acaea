"""Rows of a CSV or XLSX file, each with the number a person sees in Excel. Floor: 2.

The content decides, not the file's ending: an XLSX named .csv is read as XLSX. Text is UTF-8 (with or without BOM), else
GB18030, the two encodings Excel writes in China; a file that is neither is refused, never read as nonsense.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidDocument, Problem, Where

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t|"
CHUNK = 1 << 20
#: Bytes a workbook may become when it is unpacked.
UNPACKED = 500_000_000

#: ``1.38E+10``: what is left of a long number after Excel has shown and saved it.
SHORTENED = re.compile(r"^\d(\.\d+)?E\+\d+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the heading: its number in the sheet (the heading is 1), its cells by column, and how many cells it has
    beyond the last column."""

    number: int
    cells: dict[str, str]
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's columns, and where its rows come from. ``digest`` is the content's hash; ``encoding`` how it was read."""

    path: Path
    columns: tuple[str, ...]
    encoding: str
    delimiter: str
    digest: str

    def rows(self, after: int = 1) -> Iterator[Row]:
        """Every row below the heading whose number is larger than ``after``; empty rows are passed over."""
        for number, cells in self._lines():
            if number == 1 or number <= after or not any(cells):
                continue
            beyond = sum(1 for cell in cells[len(self.columns) :] if cell)
            yield Row(number, dict(zip(self.columns, cells, strict=False)), beyond)

    def count(self) -> int:
        """How many rows are below the heading."""
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        if self.encoding == "xlsx":
            yield from enumerate(_xlsx(self.path), start=1)
        else:
            with self.path.open(encoding=self.encoding, newline="") as file:
                try:
                    for number, cells in enumerate(csv.reader(_without_nul(file), delimiter=self.delimiter), start=1):
                        yield number, [cell.strip() for cell in cells]
                except csv.Error as error:
                    raise InvalidDocument(
                        Problem("I042", where=Where(self.path.name), parameters={"why": str(error)})
                    ) from None


def open_sheet(path: Path) -> Sheet:
    """The sheet in a file. Raises InvalidDocument: not text in a known encoding, no heading, a heading twice, a workbook that is
    none or would unpack to more than ``UNPACKED`` bytes. Reading the rows of a CSV may raise it too (I042)."""
    name = path.name
    digest, start = _digest(path)
    if not start:
        raise InvalidDocument(Problem("I002", where=Where(name)))
    if start[:4] == b"PK\x03\x04":
        encoding, delimiter = "xlsx", ","
        heading = next(_xlsx(path), [])
    else:
        encoding = _encoding(path)
        first = path.open(encoding=encoding, newline="")
        with first:
            line = first.readline()
            delimiter = max(DELIMITERS, key=line.count)
            first.seek(0)
            heading = [cell.strip() for cell in next(csv.reader(first, delimiter=delimiter), [])]
    _check_heading(name, heading)
    return Sheet(path, tuple(heading), encoding, delimiter, digest)


def shortened(text: str) -> bool:
    """True for a long number that Excel has already cut short (``1.38E+10``): what it was cannot be known."""
    return bool(SHORTENED.match(text))


def _check_heading(name: str, heading: list[str]) -> None:
    if not any(heading):
        raise InvalidDocument(Problem("I003", where=Where(name, 1, 1)))
    seen: dict[str, int] = {}
    problems = []
    for position, column in enumerate(heading, start=1):
        if column and column in seen:
            parameters = {"column": column, "first": seen[column], "second": position}
            problems.append(Problem("I004", where=Where(name, 1, position), parameters=parameters))
        seen.setdefault(column, position)
    if problems:
        raise InvalidDocument(problems)


def _digest(path: Path) -> tuple[str, bytes]:
    whole = hashlib.sha256()
    start = b""
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            start = start or part
            whole.update(part)
    return whole.hexdigest(), start


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding) as file:
                while file.read(CHUNK):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise InvalidDocument(Problem("I001", where=Where(path.name)))


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "")


def _xlsx(path: Path) -> Iterator[list[str]]:
    from zipfile import BadZipFile, ZipFile

    from openpyxl import load_workbook

    # An open file, not its name: openpyxl would refuse a wrong ending.
    with path.open("rb") as file:
        try:
            # What the archive says of itself is what can come out of it: more is refused while unpacking.
            with ZipFile(file) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > UNPACKED:
                problem = Problem("I044", where=Where(path.name), parameters={"most": UNPACKED // 1_000_000})
                raise InvalidDocument(problem)
            book = load_workbook(file, read_only=True, data_only=True)
        except (BadZipFile, KeyError, ValueError, OSError):
            raise InvalidDocument(Problem("I005", where=Where(path.name))) from None
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_cell(value) for value in row]


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
