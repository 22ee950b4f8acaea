"""Power cuts: of a site's folder only what the disk was told to keep survives.

A SIGKILL leaves everything that was written in the operating system's hands; a power cut does not. So the servers and workers of a site
are given another ``fsync``, SQLite another ``xSync``, that keep what a disk would have once the real one has returned: of a file its
content, of a folder the names in it and which file each leads to. A file is there after the cut only when its folder was told,
with the content it had when it was told itself, and what was renamed or taken away is so only once its folder knows. After a kill the
site is put back to that, on odd occasions with some of what was written later: a piece of a file's end, cut at any byte, a name.
With ``lie`` the disk says yes and keeps nothing: what was acknowledged must then be found missing, or the rig sees nothing.

Works where Python's sqlite3 uses the system's shared library, which it shares with ctypes; ``possible`` says whether it does.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import random
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATABASE = "flowloom.db"
FILES = (DATABASE, f"{DATABASE}-wal")
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_READ = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_SIZE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64))


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int), ("size", ctypes.c_int), ("longest", ctypes.c_int), ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("open", _OPEN),
    ]  # fmt: skip


class _Methods(ctypes.Structure):
    _fields_ = [("version", ctypes.c_int)] + [
        (name, ctypes.c_void_p)
        for name in ("close", "read", "write", "truncate", "sync", "length", *(f"more{n}" for n in range(12)))
    ]


def _library() -> str | None:
    import sqlite3  # noqa: F401

    found = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libsqlite3" in line}
    return next(iter(found), None)


def possible() -> bool:
    """True where the SQLite in use can be given another ``xSync``."""
    return Path("/proc/self/maps").exists() and _library() is not None


class Disk:
    """Keeps what one site's disk would have, in ``durable`` beside the site. One for a process; lives as long as that. Several
    processes may keep the same one."""

    def __init__(self, site: Path, lie: bool) -> None:
        self._durable = _beside(site)
        self._lie = lie
        self._alive: list[Any] = []
        self.names = Names(site, self._durable, lie)
        library = ctypes.CDLL(_library())
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = library.sqlite3_vfs_find(None).contents
        self._first = _OPEN(ctypes.cast(vfs.open, ctypes.c_void_p).value or 0)
        self._mine = _OPEN(self._open)
        with _alone(self._durable):
            for name in FILES:
                if (site / name).exists() and not (self._durable / name).exists():
                    shutil.copy(site / name, self._durable / name)
        vfs.open = self._mine

    def _open(self, vfs: int, name: int, file: int, flags: int, out: int) -> int:
        code: int = self._first(vfs, name, file, flags, out)
        path = Path(ctypes.string_at(name).decode()) if name else Path()
        if code == 0 and path.name in FILES:
            slot = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            methods = _Methods.from_buffer_copy(ctypes.cast(slot[0], ctypes.POINTER(_Methods)).contents)
            hook = _SYNC(self._syncing(path.name, methods))
            methods.sync = ctypes.cast(hook, ctypes.c_void_p).value
            self._alive.append((methods, hook))
            slot[0] = ctypes.addressof(methods)
        return code

    def _syncing(self, name: str, methods: _Methods) -> Any:
        sync, read, length = _SYNC(methods.sync), _READ(methods.read), _SIZE(methods.length)

        def told(file: int, flags: int) -> int:
            if self._lie:
                return 0
            code: int = sync(file, flags)
            if code == 0:
                # Nobody puts an older image in the place of a newer one. By SQLite's own hands: closing a second
                # descriptor of the file would drop the locks on it.
                with _alone(self._durable):
                    size = ctypes.c_int64()
                    length(file, ctypes.byref(size))
                    content = ctypes.create_string_buffer(max(size.value, 1))
                    read(file, content, size.value, 0)
                    _put(self._durable / name, content.raw[: size.value])
            return code

        return told


class Names:
    """Gives this process an ``os.fsync`` that keeps what it was told: ``bytes`` by the file, ``names`` by the folder."""

    def __init__(self, site: Path, durable: Path, lie: bool) -> None:
        self._site, self._durable, self._lie = str(site.resolve()), durable, lie
        with _alone(durable):
            if not (durable / "names").is_dir():
                _remember(site, durable)
        self._real = os.fsync
        os.fsync = self._told

    def _told(self, file: Any) -> None:
        number = file if isinstance(file, int) else file.fileno()
        if self._lie:
            return
        facts, path = os.fstat(number), os.readlink(f"/proc/self/fd/{number}")
        # What comes while it is told may be kept or not: what was there before must be.
        names = _names(Path(path)) if stat.S_ISDIR(facts.st_mode) else None
        self._real(number)
        if not f"{path}/".startswith(f"{self._site}/") or Path(path).name.startswith(DATABASE):
            return
        with _alone(self._durable):
            if names is not None:
                _put(self._durable / "names" / str(facts.st_ino), json.dumps(names).encode())
            else:
                with open(f"/proc/self/fd/{number}", "rb") as again:
                    _put(self._durable / "bytes" / str(facts.st_ino), again.read(facts.st_size))


def restore(site: Path, chance: random.Random) -> int:
    """Leave of a site what the disk had; how many bytes that were written later happen to be there too."""
    durable = _beside(site)
    return _restore_names(site, durable, chance) + _restore_database(site, durable, chance)


def _restore_database(site: Path, durable: Path, chance: random.Random) -> int:
    if not (site / FILES[0]).exists():
        return 0
    wal = (site / FILES[1]).read_bytes() if (site / FILES[1]).exists() else b""
    image = (durable / FILES[1]).read_bytes() if (durable / FILES[1]).exists() else b""
    image, torn = _torn(image, wal, chance)
    for path in site.glob(f"{DATABASE}*"):
        if path.is_file():
            path.unlink()
    shutil.copy(durable / FILES[0], site / FILES[0])
    (site / FILES[1]).write_bytes(image)
    (durable / FILES[1]).write_bytes(image)
    return torn


def _restore_names(site: Path, durable: Path, chance: random.Random) -> int:
    kept: dict[Path, bytes | None] = {}
    torn = _kept(site, durable, os.stat(site).st_ino, chance, kept)
    for path in site.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith(DATABASE):
            path.unlink()
    for path, content in kept.items():
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
            # Secrets are only read from a file nobody else can read.
            path.chmod(0o600)
    shutil.rmtree(durable / "names")
    shutil.rmtree(durable / "bytes")
    _remember(site, durable)
    return torn


def _kept(folder: Path, durable: Path, number: int, chance: random.Random, found: dict[Path, bytes | None]) -> int:
    """What the disk has below a folder, and with luck some of what it was not told of; how many bytes of luck."""
    told = durable / "names" / str(number)
    names = json.loads(told.read_bytes()) if told.exists() else {}
    lucky = {name: about for name, about in _names(folder).items() if chance.random() < 0.3}
    torn = 0
    for name, (inode, is_folder) in {**lucky, **names}.items():
        path = folder / name
        if is_folder:
            found[path] = None
            torn += _kept(path, durable, inode, chance, found)
            continue
        kept = durable / "bytes" / str(inode)
        now = path.read_bytes() if path.exists() and path.stat().st_ino == inode else b""
        content, more = _torn(kept.read_bytes() if kept.exists() else b"", now, chance)
        found[path] = content
        torn += more
    return torn


def _torn(image: bytes, now: bytes, chance: random.Random) -> tuple[bytes, int]:
    """What was kept, every second time with a piece of what was written behind it since."""
    if chance.random() < 0.5 and len(now) > len(image) and now.startswith(image):
        more = chance.randint(0, len(now) - len(image))
        return now[: len(image) + more], more
    return image, 0


def _remember(folder: Path, durable: Path) -> None:
    """All that lies in a folder now is on the disk."""
    for part in ("names", "bytes"):
        (durable / part).mkdir(exist_ok=True)
    names = _names(folder)
    _put(durable / "names" / str(os.stat(folder).st_ino), json.dumps(names).encode())
    for name, (inode, is_folder) in names.items():
        if is_folder:
            _remember(folder / name, durable)
        else:
            shutil.copy(folder / name, durable / "bytes" / str(inode))


def _names(folder: Path) -> dict[str, tuple[int, bool]]:
    """Name -> which file or folder it leads to, and whether it is a folder; without the database."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {
            each.name: (each.inode(), each.is_dir())
            for each in entries
            if each.is_dir() or not each.name.startswith(DATABASE)
        }


def _beside(site: Path) -> Path:
    return site.with_name(f"{site.name}.durable")


@contextlib.contextmanager
def _alone(durable: Path) -> Iterator[None]:
    """One thread of one process at a time."""
    durable.mkdir(exist_ok=True)
    with open(durable / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all: the process may be killed meanwhile."""
    image = path.with_name(f"{path.name}.new")
    image.write_bytes(content)
    os.replace(image, path)
