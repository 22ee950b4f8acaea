"""Where ``=secret.NAME`` comes from: the environment, else a file only its owner can read. Floor: 6."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from engine.errors import Problem, Unavailable

#: In the site's folder: ``NAME=value``, one a line.
FILE = "secrets.env"


def reader(folder: Path) -> Callable[[str], str | None]:
    """A function from a secret's name to its value, None for none. The file is read again when it has changed."""
    kept: dict[str, str] = {}
    seen: list[tuple[int, int]] = []

    def find(name: str) -> str | None:
        given = os.environ.get(name)
        if given is not None:
            return given
        path = folder / FILE
        try:
            about = path.stat()
        except OSError:
            return None
        mark = (about.st_mtime_ns, about.st_size)
        if seen != [mark]:
            kept.clear()
            kept.update(_read(path, about.st_mode))
            seen[:] = [mark]
        return kept.get(name)

    return find


def _read(path: Path, mode: int) -> dict[str, str]:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unavailable(Problem("H034", parameters={"file": path.name}))
    found = {}
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip()
    return found
