"""Files that belong to records: content-addressed, beside the database or in it. Floor: 3."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.errors import NotFound, Problem, Refused, Unavailable
from engine.store import disk
from engine.store.connection import Connection
from engine.store.encode import instant, micros

SELECT = "SELECT id, name, type, size, digest, at, by_user, held FROM fl_files WHERE id"
#: Bytes read at once.
PART = 1 << 18
#: Letters of a name at most; longer ones are cut in the middle of the name, never of its ending.
LONGEST = 120
#: Names Windows keeps for itself, with or without an ending.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)
#: A file nobody refers to lies at least this long before its bytes are given back.
SETTLED = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class File:
    """A kept file. ``name`` is the sender's, for people only; ``id`` is ours and tells nothing. ``held`` is True once a
    record has had it."""

    id: str
    name: str
    type: str
    size: int
    digest: str
    at: dt.datetime
    by_user: int | None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Bytes:
    """What was taken in and lies on the disk, before anything points to it. ``stream`` is open for reading."""

    stream: IO[bytes]
    size: int
    digest: str


def beside(folder: Path, url: str) -> Path | None:
    """Where the files of a database lie: ``flowloom.files`` next to ``flowloom.db``; ``files`` in the site's folder for a
    database on a server; nowhere for one in memory, which keeps them itself."""
    scheme, _, rest = url.partition("://")
    if scheme != "sqlite":
        return folder / "files"
    path = rest.removeprefix("/").partition("?")[0]
    return Path(path).with_suffix(".files") if path and path != ":memory:" else None


def safe_name(name: str) -> str:
    """The sender's name as people may see it and save it: no folders, no signs that turn text around, nothing reserved."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # Controls and the marks that reverse writing direction make "gpj.exe" look like "exe.jpg".
    kept = "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in last)
    kept = re.sub(r'[<>:"|?*]', "_", kept).strip(" .") or "file"
    if RESERVED.match(kept):
        kept = f"_{kept}"
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST and dot and len(ending) <= 10:
        return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
    return kept[:LONGEST]


class Files:
    """``folder`` is where contents lie, by their hash; without one they are kept in the database."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._rooted = False

    # --- in

    @contextlib.contextmanager
    def take(self, stream: IO[bytes], most: int, name: str) -> Iterator[Bytes]:
        """The bytes of a stream, read in parts to a place of their own, which is gone afterwards unless ``keep`` kept it.

        Raises Refused (R180) behind ``most`` bytes without reading on, Unavailable when the disk does not take them.
        """
        digest, size = hashlib.sha256(), 0
        with contextlib.ExitStack() as stack:
            try:
                half = stack.enter_context(self._half())
                while part := stream.read(PART):
                    size += len(part)
                    if size > most:
                        raise Refused(Problem("R180", parameters={"file": name, "most": shown_size(most)}))
                    digest.update(part)
                    half.write(part)
                half.flush()
            except OSError as error:
                raise _failed(error, self.folder) from error
            yield Bytes(half, size, digest.hexdigest())

    @contextlib.contextmanager
    def _half(self) -> Iterator[IO[bytes]]:
        if self.folder is None:
            with tempfile.TemporaryFile() as file:
                yield file
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"half.{secrets.token_hex(8)}"
        try:
            with open(path, "x+b", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                yield file
        finally:
            path.unlink(missing_ok=True)

    def keep(self, taken: Bytes) -> None:
        """Give what was taken its place: on disk, under its hash, when this returns. Nothing where the database keeps it."""
        if self.folder is None:
            return
        path = self._path(taken.digest)
        try:
            os.fsync(taken.stream.fileno())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            # Also where the same bytes lie already: what was just put there is not given back as forgotten.
            os.replace(taken.stream.name, path)
            disk.sync_folder(path.parent)
            disk.sync_folder(self.folder)
            if not self._rooted:
                disk.sync_folder(self.folder.parent)
                self._rooted = True
        except OSError as error:
            raise _failed(error, self.folder) from error

    def add(
        self,
        connection: Connection,
        taken: Bytes,
        name: str,
        type: str,
        now: dt.datetime,
        user: int | None,
        seed: str = "",
    ) -> File:
        """The file that points to what was kept, in this turn; with a ``seed`` the same bytes under the same seed are one file.

        Raises Unavailable when the bytes have been cleared away in between: then nothing points to nothing.
        """
        id = hashlib.sha256(f"{seed}:{taken.digest}".encode()).hexdigest()[:32] if seed else ""
        known = self.get(connection, id) if id else None
        if known is not None:
            return known
        file = File(id or secrets.token_hex(16), safe_name(name), type, taken.size, taken.digest, now, user)
        content = None
        if self.folder is None:
            taken.stream.seek(0)
            content = taken.stream.read()
        connection.execute(
            "INSERT INTO fl_files (id, name, type, size, digest, at, by_user, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (file.id, file.name, file.type, file.size, file.digest, micros(now), user, content),
        )
        # After the row: who clears away waits for this turn or has finished before it.
        if self.folder is not None and not self._path(file.digest).is_file():
            raise Unavailable(Problem("B032", parameters={"name": file.name}))
        return file

    def save(
        self, connection: Connection, name: str, type: str, content: bytes, now: dt.datetime, user: int | None
    ) -> File:
        """Keep bytes that are at hand. They are on disk before the row is committed; the same bytes are kept once."""
        with self.take(io.BytesIO(content), len(content), name) as taken:
            self.keep(taken)
            return self.add(connection, taken, name, type, now, user)

    # --- out

    def _path(self, digest: str) -> Path:
        assert self.folder is not None
        return self.folder / digest[:2] / digest

    def get(self, connection: Connection, id: str) -> File | None:
        """What is known of a file, or None."""
        row = connection.one(f"{SELECT} = ?", (id,))
        return None if row is None else _file(row)

    def several(self, connection: Connection, ids: Iterable[str]) -> dict[str, File]:
        """Those of these files that exist, by their ids."""
        wanted = sorted(set(ids))
        found: dict[str, File] = {}
        for at in range(0, len(wanted), 500):
            lot = wanted[at : at + 500]
            for row in connection.execute(f"{SELECT} IN ({', '.join('?' * len(lot))})", tuple(lot)):
                found[row[0]] = _file(row)
        return found

    def open(self, connection: Connection, file: File) -> IO[bytes]:
        """A file's bytes from their beginning, to be read in parts. Raises NotFound (B032) when they are gone or changed."""
        content = connection.scalar("SELECT content FROM fl_files WHERE id = ?", (file.id,))
        path = self._path(file.digest) if self.folder is not None else None
        stream: IO[bytes] | None = None
        if content is not None:
            stream = io.BytesIO(bytes(content))
        elif path is not None and path.is_file():
            stream = path.open("rb")
        if stream is None or hashlib.file_digest(stream, "sha256").hexdigest() != file.digest:  # type: ignore[arg-type]
            raise NotFound(Problem("B032", parameters={"name": file.name}))
        stream.seek(0)
        return stream

    def read(self, connection: Connection, id: str) -> bytes:
        """A file's bytes. Raises NotFound when there is none, B032 when its bytes are gone or changed."""
        file = self.get(connection, id)
        if file is None:
            raise NotFound(Problem("B011", parameters={"entity": "file", "id": id}))
        with self.open(connection, file) as stream:
            return stream.read()

    # --- away

    def clear(self, connection: Connection, now: dt.datetime) -> int:
        """Give back the bytes nothing points to any more, in this turn; how many files they were."""
        if self.folder is None or not self.folder.is_dir():
            return 0
        if connection.dialect == "postgresql":
            connection.execute("LOCK TABLE fl_files IN SHARE ROW EXCLUSIVE MODE")
        gone = 0
        settled = (now - SETTLED).timestamp()
        for path in [*self.folder.glob("half.*"), *self.folder.glob("??/*")]:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime > settled:
                    continue
                if not connection.one("SELECT 1 FROM fl_files WHERE digest = ? LIMIT 1", (path.name,)):
                    path.unlink()
                    gone += 1
        return gone


def _file(row: Sequence[Any]) -> File:
    id, name, type, size, digest, at, user, held = row
    return File(id, name, type, size, digest, instant(at), user, bool(held))


def shown_size(size: int) -> str:
    """``20 MB``, ``512 KB``."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def _failed(error: OSError, folder: Path | None) -> Unavailable:
    return Unavailable(disk.problem(error, str((folder or Path(tempfile.gettempdir())) / "half")))
