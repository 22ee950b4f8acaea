"""What a disk does: whether it is full (there are more ways to be than no free bytes), and what it keeps. Floor: 3."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from engine.errors import Problem

#: What the system answers when a file may not grow: no space, a quota, or the largest size a file may have there.
FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
#: Bytes tried behind the end of a file, as many as one page of the log takes.
TRIED = 8192


def free_megabytes(path: str) -> int:
    """Whole megabytes left on the disk the file is on."""
    try:
        return shutil.disk_usage(Path(path).resolve().parent).free // 1_000_000
    except OSError:
        return 0


def problem(error: OSError, path: str) -> Problem:
    """B002 for a disk that is full, by whatever way; B003 for any other failure of it."""
    if error.errno in FULL:
        return Problem("B002", parameters={"free": free_megabytes(path)})
    return Problem("B003", parameters={"reason": error.strerror or str(error)})


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk: a new file, or one with a new name, is only there after a power cut once its
    folder is, and a new folder once the one above it is. Raises OSError."""
    if os.name == "posix":
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def is_full(path: str) -> bool:
    """Whether a file as long as this one, or as its log, could not grow: tried beside it, for SQLite only says that a write
    failed."""
    beside = Path(path).resolve().parent
    longest = max((_size(f"{path}{ending}") for ending in ("", "-wal")), default=0)
    try:
        with tempfile.TemporaryFile(dir=beside) as file:
            file.seek(longest)
            file.write(b"\0" * TRIED)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno in FULL
    return False


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
