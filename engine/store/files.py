"""Files that belong to records: content-addressed, beside the database or in it. Floor: 3."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from engine.errors import NotFound, Problem, Unavailable
from engine.store.connection import Connection
from engine.store.encode import instant, micros

SELECT = "SELECT id, name, type, size, digest, at, by_user FROM fl_files WHERE id = ?"


@dataclass(frozen=True, slots=True)
class File:
    """A kept file. ``name`` is the sender's, for people only; ``id`` is ours and tells nothing."""

    id: str
    name: str
    type: str
    size: int
    digest: str
    at: dt.datetime
    by_user: int | None


class Files:
    """``folder`` is where contents lie, by their hash; without one they are kept in the database."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def save(
        self, connection: Connection, name: str, type: str, content: bytes, now: dt.datetime, user: int | None
    ) -> File:
        """Keep a file. Its bytes are on disk before the row is committed; the same bytes are kept once."""
        digest = hashlib.sha256(content).hexdigest()
        file = File(secrets.token_hex(16), Path(name).name[:255] or "file", type, len(content), digest, now, user)
        inside = content
        if self.folder is not None:
            self._write(digest, content)
            inside = None  # type: ignore[assignment]
        connection.execute(
            "INSERT INTO fl_files (id, name, type, size, digest, at, by_user, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (file.id, file.name, file.type, file.size, digest, micros(now), user, inside),
        )
        return file

    def _path(self, digest: str) -> Path:
        assert self.folder is not None
        return self.folder / digest[:2] / digest

    def _write(self, digest: str, content: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{secrets.token_hex(4)}")
            with open(half, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(half, path)
        except OSError as error:
            raise Unavailable(Problem("B003", parameters={"reason": error.strerror or str(error)})) from error

    def get(self, connection: Connection, id: str) -> File | None:
        """What is known of a file, or None."""
        row = connection.one(SELECT, (id,))
        if row is None:
            return None
        id, name, type, size, digest, at, user = row
        return File(id, name, type, size, digest, instant(at), user)

    def read(self, connection: Connection, id: str) -> bytes:
        """A file's bytes. Raises NotFound when there is none, B032 when its bytes are gone or changed."""
        file = self.get(connection, id)
        if file is None:
            raise NotFound(Problem("B011", parameters={"entity": "file", "id": id}))
        content = connection.scalar("SELECT content FROM fl_files WHERE id = ?", (id,))
        if content is None and self.folder is not None:
            path = self._path(file.digest)
            content = path.read_bytes() if path.exists() else None
        if content is None or hashlib.sha256(bytes(content)).hexdigest() != file.digest:
            raise NotFound(Problem("B032", parameters={"name": file.name}))
        return bytes(content)
