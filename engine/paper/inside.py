"""What a confined child runs first: it gives up its rights, then does its task. Floor: 2.

Run as a script: ``python -I inside.py TASK FOLDER CPU-SECONDS MEMORY OUTPUT``.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from pathlib import Path

#: New user and network namespaces of Linux: inside them there is no interface to reach anything by.
NEWUSER, NEWNET = 0x10000000, 0x40000000
NO_NEW_PRIVILEGES = 38


def confine(computing: int, memory: int, output: int) -> None:
    """Limits for this process; where the system knows none of them, the parent's clock remains."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_CPU, computing),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(what, (most, most))


def alone() -> bool:
    """True when this process is in a network of its own, with nobody in it."""
    if not sys.platform.startswith("linux"):
        return False
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return any(system.unshare(spaces) == 0 for spaces in (NEWNET, NEWUSER | NEWNET))


def main(task: str, folder: str, computing: int, memory: int, output: int) -> None:
    """Confine this process and do the task."""
    apart = alone()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    module = importlib.import_module(f"engine.paper.{task}")
    from engine.paper.fence import fence

    fence(Path(folder))
    confine(computing, memory, output)
    module.work(Path(folder), apart)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(each) for each in sys.argv[3:6]))
