"""Deliveries that came while the database could not take them: files on disk, loaded later. Floor: 6."""

from __future__ import annotations

import base64
import datetime as dt
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.errors import Problem, Unavailable

SUFFIX = ".delivery"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A delivery as it lies in a file."""

    connection: str
    key: str
    body: bytes
    received_at: dt.datetime
    headers: dict[str, Any]
    happened_at: dt.datetime | None = None


class Spool:
    """A folder of deliveries, each durable when ``put`` returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, one: Spooled) -> None:
        """Keep it: the file and its name are on disk when this returns. Raises Unavailable (H035) when they cannot be."""
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
        name = f"{one.received_at:%Y%m%dT%H%M%S%f}-{secrets.token_hex(8)}"
        path = self.folder / f"{name}.part"
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            path.rename(self.folder / f"{name}{SUFFIX}")
            self._sync()
        except OSError as error:
            raise Unavailable(Problem("H035", parameters={"why": error.strerror or str(error)})) from error

    def _sync(self) -> None:
        if os.name == "posix":
            entry = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(entry)
            finally:
                os.close(entry)

    def waiting(self, limit: int = 500) -> Iterator[tuple[Path, Spooled]]:
        """What lies there, oldest first; a file that cannot be read is left, under a name of its own, for a person."""
        names = sorted(path for path in self.folder.glob(f"*{SUFFIX}")) if self.folder.is_dir() else []
        for path in names[:limit]:
            try:
                kept = orjson.loads(path.read_bytes())
                happened = kept["happened_at"]
                one = Spooled(
                    kept["connection"],
                    kept["key"],
                    base64.b64decode(kept["body"]),
                    dt.datetime.fromisoformat(kept["received_at"]),
                    kept["headers"],
                    dt.datetime.fromisoformat(happened) if happened else None,
                )
            except (ValueError, KeyError, TypeError):
                path.rename(path.with_suffix(".broken"))
                continue
            yield path, one

    def count(self) -> int:
        """How many lie there."""
        return sum(1 for _ in self.folder.glob(f"*{SUFFIX}")) if self.folder.is_dir() else 0
