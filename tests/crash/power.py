"""Power cuts: of the database file and its WAL only what SQLite has told the disk to keep survives.

A SIGKILL leaves everything that was written in the operating system's hands; a power cut does not. So the server's SQLite is given
an ``xSync`` that, once the real one has returned, keeps the file as it is then: that is what a disk would have. After a kill those
images are put in place of the files, on odd occasions with a piece of what was written later behind them, cut at any byte.
With ``lie`` the disk says yes and keeps nothing: what was acknowledged must then be found missing, or the rig sees nothing.

Works where Python's sqlite3 uses the system's shared library, which it shares with ctypes; ``possible`` says whether it does.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
from pathlib import Path
from typing import Any

FILES = ("flowloom.db", "flowloom.db-wal")
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
    """Keeps the images of one site's database, in ``durable`` beside it. One for a process; lives as long as that."""

    def __init__(self, site: Path, lie: bool) -> None:
        self._durable = site / "durable"
        self._lie = lie
        self._alive: list[Any] = []
        library = ctypes.CDLL(_library())
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = library.sqlite3_vfs_find(None).contents
        self._first = _OPEN(ctypes.cast(vfs.open, ctypes.c_void_p).value or 0)
        self._mine = _OPEN(self._open)
        if not self._durable.is_dir():
            self._durable.mkdir()
            for name in FILES:
                if (site / name).exists():
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
                # By SQLite's own hands: closing a second descriptor of the file would drop the locks on it.
                size = ctypes.c_int64()
                length(file, ctypes.byref(size))
                content = ctypes.create_string_buffer(max(size.value, 1))
                read(file, content, size.value, 0)
                image = self._durable / f"{name}.new"
                image.write_bytes(content.raw[: size.value])
                os.replace(image, self._durable / name)
            return code

        return told


def restore(site: Path, chance: random.Random) -> int:
    """Leave of the database what the disk had; how many bytes of the WAL that were written later happen to be there too."""
    durable, torn = site / "durable", 0
    wal = (site / FILES[1]).read_bytes() if (site / FILES[1]).exists() else b""
    image = (durable / FILES[1]).read_bytes() if (durable / FILES[1]).exists() else b""
    if chance.random() < 0.5 and len(wal) > len(image) and wal.startswith(image):
        torn = chance.randint(0, len(wal) - len(image))
        image = wal[: len(image) + torn]
    for path in site.glob("flowloom.db*"):
        path.unlink()
    shutil.copy(durable / FILES[0], site / FILES[0])
    (site / FILES[1]).write_bytes(image)
    (durable / FILES[1]).write_bytes(image)
    return torn
