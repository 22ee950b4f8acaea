"""Files on disk: a folder read whole, a file written whole or not at all. Floor: 2."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from engine.errors import Conflict, Problem, Unavailable, Where
from engine.source.bounds import MAX_BYTES

SUFFIXES = (".yaml", ".yml")
#: A folder with more files than this is no site.
MAX_FILES = 5_000

_LEFT_BY_EDITORS = ("~", ".swp", ".swo", ".tmp", ".bak", ".orig", ".rej")


def sha256(text: str | bytes) -> str:
    """The hash of a file's bytes, as hexadecimal digits; text counts as UTF-8."""
    return hashlib.sha256(text.encode("utf-8") if isinstance(text, str) else text).hexdigest()


def read_folder(root: str | os.PathLike[str]) -> dict[str, str | bytes]:
    """The YAML files below ``root``: path with slashes, relative to it -> text, ordered by path.

    Hidden files and folders and what editors leave behind (``~``, ``.swp`` …) are passed over, as are links that lead
    out of ``root``. A file that is not UTF-8 or past the size limit comes as bytes (cut at the limit), so that
    ``reader.read`` says what is wrong with it. Line breaks stay as they are.
    """
    top = Path(root).resolve()
    found: dict[str, str | bytes] = {}
    for folder, names, files in os.walk(top):
        names[:] = sorted(name for name in names if not name.startswith(".") and name != "node_modules")
        for name in sorted(files):
            path = Path(folder, name)
            if is_document(name) and path.resolve().is_relative_to(top) and len(found) < MAX_FILES:
                found[path.relative_to(top).as_posix()] = read_file(path)
    return dict(sorted(found.items()))


def is_document(name: str) -> bool:
    """True for the name of a YAML file that a person wrote."""
    return name.endswith(SUFFIXES) and not name.startswith((".", "#")) and not name.endswith(_LEFT_BY_EDITORS)


def read_file(path: str | os.PathLike[str]) -> str | bytes:
    """The file's text, or its bytes where they are not UTF-8 or too many. Unavailable when it cannot be read."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unavailable(_disk(path, error)) from error
    if len(raw) > MAX_BYTES:
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def write(path: str | os.PathLike[str], text: str, expected_hash: str | None = None) -> str:
    """Write the file whole: a temporary file beside it, on disk, then renamed over it. Its new hash.

    With ``expected_hash`` (empty: the file must not exist yet) Conflict when the file is no longer what was opened.
    Unavailable when the disk does not take it; the old file stays as it was.
    """
    target = Path(path)
    raw = text.encode("utf-8")
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(target, temporary)
        if expected_hash is not None and hash_of(target) != expected_hash:
            raise Conflict(Problem("Y054", Where(str(path))))
        os.replace(temporary, target)
        temporary = ""
        _sync_folder(target.parent)
    except OSError as error:
        raise Unavailable(_disk(path, error)) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return sha256(raw)


def hash_of(path: str | os.PathLike[str]) -> str:
    """The hash of the file as it is now; empty when there is none."""
    try:
        return sha256(Path(path).read_bytes())
    except FileNotFoundError:
        return ""


def _keep_mode(target: Path, temporary: str) -> None:
    try:
        mode = target.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = 0o644
    os.chmod(temporary, mode)


def _sync_folder(folder: Path) -> None:
    """A rename is safe from a power cut only once the folder is on disk; not every system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _disk(path: str | os.PathLike[str], error: OSError) -> Problem:
    return Problem("Y056", Where(str(path)), parameters={"reason": error.strerror or str(error)})
