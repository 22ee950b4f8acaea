"""Deliveries that the database cannot or should not take just now: journals on disk, loaded later. Floor: 6.

Whoever keeps something waits for one fsync, which it shares with all that came meanwhile: what one disk can sync a few hundred times
a second is enough for thousands of deliveries. A journal belongs to the process that holds its lock; one that nobody holds is loaded.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import os
import secrets
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from engine.errors import Problem, Unavailable
from engine.store import disk

SUFFIX = ".journal"
#: What one delivery was kept in before there were journals.
SINGLE = ".delivery"
#: Bytes after which a journal is ended and another begun.
LARGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Spooled:
    """A delivery as it lies in a file."""

    connection: str
    key: str
    body: bytes
    received_at: dt.datetime
    headers: dict[str, Any]
    happened_at: dt.datetime | None = None


@dataclass(slots=True)
class _Batch:
    """What shares one fsync."""

    parts: list[bytes] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None
    led: bool = False


class Spool:
    """A folder of journals; everything is durable when ``put`` returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._gathering = threading.Lock()
        self._writing = threading.Lock()
        self._batch = _Batch()
        self._file: BinaryIO | None = None
        self._rooted = False
        self._lying = 0

    @property
    def lying(self) -> int:
        """How many this process has kept that were not handed out yet."""
        return self._lying

    def put(self, *many: Spooled) -> None:
        """Keep them: they are on disk when this returns. Raises Unavailable (H035) when they cannot be."""
        lines = b"".join(_line(one) for one in many)
        with self._gathering:
            batch = self._batch
            batch.parts.append(lines)
            lead, batch.led = not batch.led, True
            self._lying += len(many)
        if lead:
            self._write(batch)
        else:
            batch.done.wait()
        if batch.error is not None:
            with self._gathering:
                self._lying -= len(many)
            why = batch.error.strerror or str(batch.error)
            raise Unavailable(Problem("H035", parameters={"why": why})) from batch.error

    def _write(self, batch: _Batch) -> None:
        with self._writing:
            with self._gathering:
                # Who comes from now on shares the next one.
                self._batch = _Batch()
            try:
                file = self._file or self._begun()
                file.write(b"".join(batch.parts))
                file.flush()
                os.fsync(file.fileno())
                if file.tell() > LARGEST:
                    self._end()
            except OSError as error:
                batch.error = error
                # Half a line may stand at its end: nothing more is written behind it.
                with contextlib.suppress(OSError):
                    self._end()
            finally:
                batch.done.set()

    def _begun(self) -> BinaryIO:
        """A new journal whose name is on disk, held by this process."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        while True:
            name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(8)}{SUFFIX}"
            path = self.folder / name
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), "wb")
            # Another process may have found it before it was held, and taken it away as one that nobody writes into.
            if _hold(file) and _is_there(path, file):
                break
            file.close()
        try:
            disk.sync_folder(self.folder)
            if not self._rooted:
                disk.sync_folder(self.folder.parent)
                self._rooted = True
        except OSError:
            file.close()
            raise
        self._file = file
        return file

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def waiting(self, limit: int = 500) -> Iterator[tuple[Path, Sequence[Spooled]]]:
        """Journals that nobody writes into any more, oldest first, each with what lies in it, until ``limit`` deliveries were given;
        the caller takes the file away. One that cannot be read is left, under a name of its own, for a person."""
        with self._writing:
            self._end()
            with self._gathering:
                self._lying = 0
        names = (
            sorted(path for path in self.folder.glob("*") if path.suffix in (SUFFIX, SINGLE))
            if self.folder.is_dir()
            else []
        )
        given = 0
        for path in names:
            if given >= limit:
                return
            with _alone(path) as content:
                if content is None:
                    continue
                try:
                    found = _read(content) if path.suffix == SUFFIX else [_spooled(orjson.loads(content))]
                except (ValueError, KeyError, TypeError):
                    path.rename(path.with_suffix(".broken"))
                    continue
                given += len(found)
                yield path, found

    def count(self) -> int:
        """How many lie there."""
        if not self.folder.is_dir():
            return 0
        singles = sum(1 for _ in self.folder.glob(f"*{SINGLE}"))
        return singles + sum(path.read_bytes().count(b"\n") for path in self.folder.glob(f"*{SUFFIX}"))


def _line(one: Spooled) -> bytes:
    """One delivery: its checksum and itself as JSON, which holds no line feed."""
    text = orjson.dumps(
        {
            "connection": one.connection,
            "key": one.key,
            "body": base64.b64encode(one.body).decode(),
            "received_at": one.received_at.isoformat(),
            "headers": one.headers,
            "happened_at": one.happened_at.isoformat() if one.happened_at else None,
        }
    )
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _read(content: bytes) -> list[Spooled]:
    """Every delivery of a journal. What stands behind the last line feed, or is torn at the end, was never acknowledged; a line that
    is wrong before a good one raises ValueError."""
    lines = content.split(b"\n")[:-1]
    found: list[Spooled] = []
    torn = False
    for line in lines:
        mark, _, text = line.partition(b" ")
        if len(mark) != 8 or mark != b"%08x" % zlib.crc32(text):
            torn = True
            continue
        if torn:
            raise ValueError("a damaged line before a good one")
        found.append(_spooled(orjson.loads(text)))
    return found


def _spooled(kept: Any) -> Spooled:
    happened = kept["happened_at"]
    return Spooled(
        kept["connection"],
        kept["key"],
        base64.b64decode(kept["body"]),
        dt.datetime.fromisoformat(kept["received_at"]),
        kept["headers"],
        dt.datetime.fromisoformat(happened) if happened else None,
    )


def _hold(file: BinaryIO) -> bool:
    """Hold the journal until it is closed or this process ends, however it ends; False where somebody else holds it. Elsewhere than
    on posix a file that is open cannot be taken away, so nobody needs to."""
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_there(path: Path, file: BinaryIO) -> bool:
    """True while the name still leads to this file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bytes | None]:
    """The content of a file that nobody writes into and nobody else loads, as long as the block lasts; else None."""
    try:
        file = path.open("rb")
    except OSError:
        yield None
        return
    with file:
        try:
            content = file.read() if _hold(file) and _is_there(path, file) else None
        except OSError:
            content = None
        yield content
