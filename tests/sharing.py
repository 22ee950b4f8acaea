"""What the tests of one process share because it cannot differ between them: files of packs read once, founded companies
kept as copies. Nothing here is changed by a test: a pack's file is known by its text, a company by what it is founded from."""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.load.document import Parsed
from engine.load.read import Memory
from engine.plugins.registry import Registry

PACKS = "builtin_flows/"
FILE = "flowloom.db"


def kinds(registry: Registry) -> frozenset[type]:
    """The plugins a registry knows; two that know the same read a file in the same way."""
    return frozenset(type(plugin) for names in registry.plugins.values() for plugin in names.values())


@contextmanager
def packs_read_once() -> Iterator[None]:
    """While it lasts, a file of a pack that came with the engine is read, checked and built once per kind of registry."""
    seen: dict[tuple[object, ...], Parsed] = {}
    plain = Memory.parse

    def parse(self: Memory, path: str, text: str | bytes, pack: str) -> Parsed:
        if not path.startswith(PACKS):
            return plain(self, path, text, pack)
        whole = text.decode() if isinstance(text, bytes) else text
        key = (kinds_of(self), self.trusting, path, whole, pack)
        if key not in seen:
            seen[key] = plain(self, path, text, pack)
        return seen[key]

    def kinds_of(memory: Memory) -> frozenset[type]:
        if not hasattr(memory, "kinds"):
            memory.kinds = kinds(memory.registry)  # type: ignore[attr-defined]
        return memory.kinds  # type: ignore[attr-defined,no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Memory, "parse", parse)
        yield


def spare_the_collector() -> None:
    """What was imported and collected lives as long as the process: it need not be searched for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@dataclass
class Founded:
    """Companies as they were just after they were founded. ``copy`` puts one into an empty folder and, when a url is given,
    into that PostgreSQL database; the first time it has ``found`` make it."""

    root: Path
    _kept: dict[tuple[object, ...], tuple[str, dict[str, int]]] = field(default_factory=dict)

    def copy(
        self,
        folder: Path,
        start: dt.datetime,
        registry: Registry,
        database: str | None,
        found: Callable[[Path, VirtualClock, str | None], dict[str, int]],
    ) -> dict[str, int]:
        """The users of the company by login; its files and tables are in place, no engine has them open."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        own = tuple((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths)
        elsewhere = server_of(database)
        key = (own, start, kinds(registry), elsewhere)
        if key not in self._kept:
            name = f"founded_{len(self._kept)}"
            shutil.copytree(folder, self.root / name)
            url = beside(str(database), name) if elsewhere else None
            if url:
                create(url)
            self._kept[key] = name, found(self.root / name, VirtualClock(start), url)
        name, ids = self._kept[key]
        shutil.copytree(self.root / name, folder, dirs_exist_ok=True)
        if elsewhere:
            create(str(database), template=name)
        elif database:
            shutil.move(folder / FILE, database.removeprefix("sqlite:///"))
        return dict(ids)


@cache
def founded() -> Founded:
    """The founded companies of this process, in a temporary folder that goes with it."""
    root = Path(tempfile.mkdtemp(prefix="flowloom-founded-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return Founded(root)


def server_of(url: str | None) -> str:
    """The PostgreSQL server of a url; empty for none and for SQLite."""
    return beside(url, "") if url and not url.startswith("sqlite") else ""


def beside(url: str, name: str) -> str:
    """The url of another database on the same server."""
    head, mark, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{mark}{query}"


def name_of(url: str) -> str:
    """The database's name in a url."""
    return url.partition("?")[0].rpartition("/")[2]


def create(url: str, template: str = "template0") -> None:
    """Make the database anew, as a copy of another; nobody may have either open."""
    import psycopg

    with psycopg.connect(beside(url, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name_of(url)} TEMPLATE {template}")
