"""What a confined child may still open: its own folder, and to read the libraries it runs on. Floor: 2.

On Linux the kernel holds the fence (Landlock, which needs no rights): it holds for native code too, and cannot be lifted again. Beside
it, and alone elsewhere, Python's own audit events are refused.
"""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Source: linux/landlock.h; the numbers of the calls are the same on every architecture.
CREATE, ADD, RESTRICT = 444, 445, 446
BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
#: What each version of Landlock can forbid about files, and since which one it knows about TCP.
FILES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}
NEWEST, TCP_SINCE, TCP = 0xFFFF, 4, 0b11
NO_NEW_PRIVILEGES = 38
#: Beside the libraries: what the machine is like, and chance. No user, no home, no configuration.
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev/urandom", "/dev/null",
)  # fmt: skip
#: Events of Python that nothing in a child has a use for.
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile", "pty.", "ftplib.", "smtplib.",
    "urllib.", "http.", "imaplib.", "poplib.", "telnetlib.", "nntplib.", "webbrowser.", "winreg.", "os.link", "os.symlink", "os.chmod", "os.chown",
    "os.kill", "signal.pthread_kill",
)  # fmt: skip
#: Those that change a file, with the places of the paths among their arguments.
CHANGES = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "shutil.move": (0, 1),
}


def libraries() -> Iterator[str]:
    """The folders the interpreter and its packages lie in; of our own, the code alone."""
    own = Path(__file__).resolve().parents[1]
    known = {*sysconfig.get_paths().values(), *sys.path, os.path.join(sys.base_prefix, "lib"), str(own)}
    for each in sorted(known - {"", str(own.parent)}):
        found = os.path.realpath(each)
        # A package that is being worked on may put a whole disk on the path.
        if os.path.isdir(found) and found not in ("/", str(own.parent), os.path.expanduser("~")):
            yield found


def fence(folder: Path) -> bool:
    """Close this process in; True when the kernel holds it."""
    inside, readable = os.path.realpath(folder), (*libraries(), *SYSTEM)
    held = _landlock(inside, readable)
    sys.addaudithook(_hook(inside, tuple(os.path.realpath(each) for each in readable)))
    return held


def _hook(inside: str, readable: tuple[str, ...]) -> Any:
    def within(path: Any, roots: tuple[str, ...]) -> bool:
        if isinstance(path, int):
            return True
        found = os.path.realpath(os.fsdecode(path))
        return any(found == root or found.startswith(root.rstrip("/") + "/") for root in roots)

    def heard(event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = given
            writes = (isinstance(mode, str) and any(each in mode for each in "wax+")) or (
                isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
            )
            allowed = path is None or within(path, (inside, "/dev/null") if writes else (inside, *readable))
        elif event in CHANGES:
            allowed = all(within(given[at], (inside,)) for at in CHANGES[event])
        else:
            allowed = not event.startswith(REFUSED)
        if not allowed:
            raise PermissionError(f"{event} {given[0] if given else ''!r}"[:120])

    return heard


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(inside: str, readable: tuple[str, ...]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    every = FILES.get(version, NEWEST)
    asked = _Ruleset(every, TCP if version >= TCP_SINCE else 0)
    size = ctypes.sizeof(asked) if version >= TCP_SINCE else 8
    rules = system.syscall(CREATE, ctypes.byref(asked), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if rules < 0:
        return False
    try:
        _allow(system, rules, inside, every & ~EXECUTE)
        for path in readable:
            _allow(system, rules, path, READ_FILE | READ_DIR)
        _allow(system, rules, "/dev/null", READ_FILE | WRITE_FILE)
        system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(system.syscall(RESTRICT, rules, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(rules)


def _allow(system: Any, rules: int, path: str, access: int) -> None:
    """Let what lies below a path be opened; a path that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        wanted = access if os.path.isdir(path) else access & (READ_FILE | WRITE_FILE)
        rule = _Beneath(wanted, place)
        system.syscall(ADD, rules, BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(place)
