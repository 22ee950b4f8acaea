"""A folder on another machine that tables are put into: which files are whole, which are new, which row comes next. Floor: 5.

``cursor`` is ``{seen: {name: [size, modified, digest, "stays"?]}, known: [digest, …], reading: {name, digest, row} | None}``. A file is taken when
it has stood still (or its marker is there), was fetched in the length that was listed and its content is new; its rows are
taken in pages, and a page's cursor names the last row, so that whoever follows a killed poller goes on behind it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

import orjson

from engine.errors import InvalidDocument, Problem
from engine.plugins.slots import Delivery, Page, Undone, Unreadable, content_of
from engine.source.sheet import Row, open_sheet

#: What names come as: every byte is a letter, so that those in any encoding come through unchanged.
RAW = "latin-1"
#: Rows of a page: what is kept in one turn.
ROWS = 20
#: Megabytes of a file that are fetched at most, unless ``largest`` says otherwise.
LARGEST = 100
#: Seconds a file must stand still.
SETTLE = 5.0
#: Digests of files that are gone from the folder, kept so that one put there again has no effect.
REMEMBERED = 500
#: Bytes of a file nobody can read that are kept for a person to look at.
SHOWN = 64 * 1024
TABLES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as the other side lists it: ``name`` for people and rules, ``path`` as it is asked for."""

    name: str
    path: str
    size: int
    modified: str


class Folder(Protocol):
    """An open session with the other side. Every method raises Undone."""

    def entries(self) -> Sequence[Entry]:
        """The plain files of the folder: no folders, no links."""
        ...

    def fetch(self, entry: Entry, into: IO[bytes], most: int) -> None:
        """Write the file's bytes; more than ``most`` are refused."""
        ...

    def remove(self, entry: Entry) -> None:
        """Delete the file there."""
        ...

    def move(self, entry: Entry, into: str, name: str) -> None:
        """Put the file into the folder ``into`` of the folder, made where it is not there; what is called so there is replaced."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


#: What only a folder on another machine has.
THERE: Mapping[str, Any] = {
    "encoding": {
        "title": "服务器的编码", "x-en": {"title": "The server's encoding"}, "type": "string",
        "enum": ["utf-8", "gb18030"], "default": "utf-8",
    },
    "after": {
        "title": "取完以后",
        "description": "keep 留在原处;move 移到 done 那个文件夹;delete 删掉。都在那些行落盘以后才做。",
        "x-en": {
            "title": "When taken",
            "description": "keep: it stays; move: into the folder `done`; delete. Only once its rows are durable here.",
        },
        "type": "string", "enum": ["keep", "move", "delete"], "default": "keep",
    },
    "done": {
        "title": "移到哪个文件夹", "x-en": {"title": "Folder for what was taken"}, "type": "string", "default": "done",
        "description": "在上面那个文件夹里;没有就新建。文件名里加上内容的记号,同名的不会互相盖掉。", "examples": ["done"],
    },
}  # fmt: skip

PARAMS: Mapping[str, Any] = {
    "folder": {
        "title": "文件夹", "x-en": {"title": "Folder"}, "type": "string", "format": "value", "default": "/",
        "examples": ["/outbox"],
    },
    "files": {
        "title": "哪些文件", "x-en": {"title": "Which files"}, "type": "string", "default": "*.csv *.xlsx",
        "description": "文件名的样子,空格隔开。", "examples": ["leads-*.csv"],
    },
    "marker": {
        "title": "完成标记", "x-en": {"title": "Marker", "description": "A file is whole when name + marker stands beside it."},
        "description": "旁边有「文件名+标记」才算传完,如 .ok;不写就看大小是否不再变。", "type": "string", "examples": [".ok"],
    },
    "settle": {
        "title": "多久不变算传完", "x-en": {"title": "Stands still for"}, "type": "string", "format": "duration", "default": "5s",
    },
    "key": {
        "title": "行的编号列", "x-en": {"title": "Column with a row's id", "description": "Without it a row is known by its content."},
        "description": "不写就按整行内容认。", "type": "string", "examples": ["编号"],
    },
    "repeats": {
        "title": "一样的行", "description": "once 只收一次;each_file 每个文件里都算新的。",
        "x-en": {"title": "Equal rows", "description": "once: taken once; each_file: new in every file."},
        "type": "string", "enum": ["once", "each_file"], "default": "once",
    },
    "largest": {
        "title": "文件最大(MB)", "x-en": {"title": "Largest file (MB)"}, "type": "integer", "minimum": 1, "default": LARGEST,
    },
    "networks": {"title": "允许的内网", "x-en": {"title": "Networks"}, "type": "array", "items": {"type": "string"}},
    "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "type": "string", "format": "duration"},
}  # fmt: skip


def pages(folder: Folder, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
    """The new rows of the folder's files, oldest file first, each with the facts ``file.name`` and ``row``."""
    state = _State(cursor)
    for entry in _whole(folder, settings):
        if state.knows(entry):
            continue
        yield from _file(folder, settings, entry, state)
    there = folder.entries()
    gone = state.forget({entry.name for entry in there})
    if gone:
        yield Page((), state.json())
    away = _tidy(folder, settings, state, there)
    if away and state.forget({entry.name for entry in there} - away):
        # Another file of that name is another file, even one of the same size in the same second.
        yield Page((), state.json())


def _tidy(folder: Folder, settings: Mapping[str, Any], state: _State, there: Sequence[Entry]) -> set[str]:
    """Move or delete the files whose rows are durable here, as they are listed now: what was changed since it was read stays, and so
    does what could not be read to its end. Whoever is killed before this finds them at the next look. The names of those that are
    away. Raises Undone (I051)."""
    way, marker = settings.get("after") or "keep", str(settings.get("marker") or "")
    away: set[str] = set()
    if way == "keep":
        return away
    names = {each.name: each for each in there}
    for entry in there:
        digest = state.taken(entry)
        if digest is None:
            continue
        try:
            mark = names.get(entry.name + marker) if marker else None
            if mark is not None:
                # First: a marker alone would let the next file of that name pass for whole while it is still being written.
                folder.remove(mark)
            if way == "delete":
                folder.remove(entry)
            else:
                stem, dot, kind = entry.name.rpartition(".")
                folder.move(entry, str(settings.get("done") or "done"), f"{stem}.{digest[:8]}{dot}{kind}")
        except Undone as error:
            problem = error.problems[0]
            reason = {"zh": problem.what("zh"), "en": problem.what("en")}
            raise Undone(Problem("I051", parameters={"file": entry.name, "reason": reason})) from error
        away.add(entry.name)
    return away


def probe(folder: Folder, settings: Mapping[str, Any]) -> str:
    """What stands there now."""
    found = _chosen(folder.entries(), settings)
    return f"{len(found)} × {settings.get('files') or PARAMS['files']['default']}"


class _State:
    """How far the folder was read."""

    def __init__(self, cursor: Any) -> None:
        found: Mapping[str, Any] = cursor or {}
        self.seen: dict[str, list[Any]] = dict(found.get("seen") or {})
        self.known: list[str] = list(found.get("known") or [])
        self.reading: dict[str, Any] | None = found.get("reading")

    def knows(self, entry: Entry) -> bool:
        """True for a file that was read to its end and has not changed since."""
        return self.seen.get(entry.name, [None, None])[:2] == [entry.size, entry.modified]

    def taken(self, entry: Entry) -> str | None:
        """The digest of a file of which every row was taken and that has not changed since; None for any other."""
        found = self.seen.get(entry.name, [])
        return str(found[2]) if self.knows(entry) and len(found) == 3 else None

    def row_of(self, entry: Entry, digest: str) -> int:
        """The last row of the file that was kept; 1 (the heading) for none."""
        at = self.reading or {}
        return int(at["row"]) if (at.get("name"), at.get("digest")) == (entry.name, digest) else 1

    def had(self, digest: str) -> bool:
        """True when a file with this content was read, whatever it was called."""
        return digest in self.known or any(one[2] == digest for one in self.seen.values())

    def at(self, entry: Entry, digest: str, row: int) -> dict[str, Any]:
        """The cursor behind a row."""
        self.reading = {"name": entry.name, "digest": digest, "row": row}
        return self.json()

    def read(self, entry: Entry, digest: str, *, whole: bool = True) -> dict[str, Any]:
        """The cursor behind the file; ``whole``: every row of it was taken."""
        old = self.seen.get(entry.name)
        if old is not None and old[2] != digest:
            self._remember(old[2])
        self.seen[entry.name] = [entry.size, entry.modified, digest, *(() if whole else ("stays",))]
        self.reading = None
        return self.json()

    def forget(self, present: set[str]) -> bool:
        """Files that are gone need no place of their own; true when there were some."""
        gone = [name for name in self.seen if name not in present]
        for name in gone:
            self._remember(self.seen.pop(name)[2])
        return bool(gone)

    def _remember(self, digest: str) -> None:
        self.known = [*self.known, digest][-REMEMBERED:]

    def json(self) -> dict[str, Any]:
        """The cursor."""
        return {"seen": dict(self.seen), "known": list(self.known), "reading": self.reading}


def _chosen(entries: Sequence[Entry], settings: Mapping[str, Any]) -> list[Entry]:
    patterns = str(settings.get("files") or PARAMS["files"]["default"]).split()
    fits = [each for each in entries if plain(each.name) and any(fnmatch.fnmatch(each.name, one) for one in patterns)]
    return sorted(fits, key=lambda each: (each.modified, each.name))


def plain(name: str) -> bool:
    """True for the bare name of a file: nothing in it leads anywhere else or hides what it is."""
    return (
        bool(name)
        and len(name.encode("utf-8", "replace")) <= 255
        and not name.startswith(".")
        and not any(each in "/\\:" or not each.isprintable() or each == "\ufffd" for each in name)
    )


def _whole(folder: Folder, settings: Mapping[str, Any]) -> list[Entry]:
    """The files that are no longer being written, oldest first."""
    before = folder.entries()
    chosen, marker = _chosen(before, settings), str(settings.get("marker") or "")
    if marker:
        names = {each.name for each in before}
        return [each for each in chosen if each.name + marker in names]
    if not chosen:
        return []
    settle = settings.get("settle")
    time.sleep(float(settle) if isinstance(settle, int | float) else SETTLE)
    after = {(each.name, each.size, each.modified) for each in folder.entries()}
    return [each for each in chosen if (each.name, each.size, each.modified) in after]


def _file(folder: Folder, settings: Mapping[str, Any], entry: Entry, state: _State) -> Iterator[Page]:
    most = int(settings.get("largest") or LARGEST)
    if entry.size > most * 1_000_000:
        parameters = {"file": entry.name, "size": entry.size // 1_000_000, "most": most}
        key = f"{entry.name}:{entry.size}:{entry.modified}"
        yield Page(
            [_broken(entry, b"", key, Problem("I041", parameters=parameters))], state.read(entry, key, whole=False)
        )
        return
    with tempfile.TemporaryDirectory(prefix="flowloom-") as room:
        # A name of our own: what the other side calls it never becomes a path here.
        path = Path(room) / "fetched"
        with path.open("wb") as into:
            folder.fetch(entry, into, most * 1_000_000)
        if path.stat().st_size != entry.size:
            # Half a file, or one that grew while it was fetched: the next look finds it again.
            reason = f"{entry.name}: {path.stat().st_size} / {entry.size} B"
            raise Undone(Problem("R112", parameters={"reason": reason}))
        yield from _rows(path, settings, entry, state)


def _rows(path: Path, settings: Mapping[str, Any], entry: Entry, state: _State) -> Iterator[Page]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if state.had(digest):
        yield Page((), state.read(entry, digest))
        return
    after, lot, row, whole = state.row_of(entry, digest), list[Delivery](), 1, True
    try:
        for row, one in _deliveries(path, settings, entry.name):
            if row <= after:
                continue
            lot.append(one)
            if len(lot) == ROWS:
                yield Page(lot, state.at(entry, digest, row))
                lot = []
    except InvalidDocument as error:
        lot.append(_broken(entry, _start(path), f"{entry.name}:{digest}", error.problems[0]))
        whole = False
    yield Page(lot, state.read(entry, digest, whole=whole))


def _deliveries(path: Path, settings: Mapping[str, Any], name: str) -> Iterator[tuple[int, Delivery]]:
    """Number and delivery of every row. Raises InvalidDocument that names the file as people know it."""
    try:
        yield from _numbered(path, settings, name)
    except InvalidDocument as error:
        named = [dataclasses.replace(each, where=dataclasses.replace(each.where, file=name)) for each in error.problems]
        raise InvalidDocument(named) from error


def _numbered(path: Path, settings: Mapping[str, Any], name: str) -> Iterator[tuple[int, Delivery]]:
    times: Counter[str] = Counter()
    column, each_file = str(settings.get("key") or ""), settings.get("repeats") == "each_file"
    for row in open_sheet(path).rows():
        body = orjson.dumps(row.cells)
        mark = hashlib.sha256(body).hexdigest()[:32]
        times[mark] += 1
        own = row.cells.get(column)
        # Two equal rows of one file are two; the same row in the next file is the same.
        key = f"{own}:{mark}" if own else f"{mark}#{times[mark]}"
        facts = {"file": {"name": name}, "row": row.number}
        yield (
            row.number,
            Delivery(f"{name}:{key}" if each_file else key, row.cells, body, facts=facts, problem=_beyond(row, name)),
        )


def _beyond(row: Row, name: str) -> Problem | None:
    parameters = {"file": name, "row": row.number, "beyond": row.beyond}
    return Problem("I040", parameters=parameters) if row.beyond else None


def _broken(entry: Entry, body: bytes, key: str, problem: Problem) -> Delivery:
    """A file of which nothing can be made: a person finds it in the inbox, with the reason."""
    return Delivery(
        f"file:{key}", None, body, "application/octet-stream", facts={"file": {"name": entry.name}}, problem=problem
    )


def raw(text: Any, encoding: str) -> str:
    """Text as the other side takes it: its bytes in that encoding as letters."""
    return str(text).encode(encoding).decode(RAW)


def shown(name: str) -> str:
    """A raw name for people: UTF-8, else GB18030."""
    sent = name.encode(RAW, "replace")
    for encoding in ("utf-8", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return sent.decode(encoding)
    return sent.decode("utf-8", "replace")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SHOWN)


class Tables:
    """What connectors of tables have in common: reading a row again, and a whole file for a trial."""

    offers: ClassVar[frozenset[str]] = frozenset({"poll", "upload"})

    def read(self, body: bytes, kind: str) -> Any:
        """A row, as it was kept or as a person mended it."""
        return content_of(body, kind)

    def sample(self, settings: Mapping[str, Any], body: bytes, kind: str, name: str) -> Sequence[Delivery]:
        """Every row of a CSV or XLSX file; a single row as JSON."""
        with contextlib.suppress(Unreadable):
            return [Delivery("", self.read(body, kind), body, kind)]
        with tempfile.TemporaryDirectory(prefix="flowloom-") as room:
            path = Path(room) / "sample"
            path.write_bytes(body)
            return [one for _, one in _deliveries(path, settings, name)]
