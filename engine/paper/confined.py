"""A child process with an empty folder, no network, and limits it cannot lift. Floor: 2.

What is laid out or read comes from strangers, and the libraries that do it are large. So they never run in the process that
serves people: a child gets its input as files, has so much time, memory and output, and is gone afterwards. A child that is
killed takes nothing with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Problem, Refused

CHILD = Path(__file__).with_name("inside.py")
RESULT = "result.json"
MB = 1024 * 1024
#: All a child sees of the environment: no secrets. A thread for each of many cores would use up its memory by their stacks alone.
SURROUNDINGS = {"LANG": "C.UTF-8", "RAYON_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` by the clock and of computing, bytes of ``memory`` and of each file written."""

    seconds: float = 20.0
    computing: int = 10
    memory: int = 1024 * MB
    output: int = 40 * MB


@dataclass(frozen=True, slots=True)
class Came:
    """What a child left: its answer, and the files it wrote."""

    answer: Mapping[str, Any]
    files: Mapping[str, bytes]


def run(task: str, given: Mapping[str, bytes], limits: Limits, wanted: tuple[str, ...] = ()) -> Came:
    """Do ``task`` (a module of this package with ``work(folder)``) over the files ``given``, in a child.

    Raises Refused: R201 when a limit was passed, R202 when the child gave no answer, or the problem the child found.
    """
    with tempfile.TemporaryDirectory(prefix="flowloom-") as name:
        folder = Path(name)
        for path, content in given.items():
            (folder / path).write_bytes(content)
        _run(task, folder, limits)
        try:
            answer = json.loads((folder / RESULT).read_bytes())
        except (OSError, ValueError):
            raise Refused(Problem("R202", parameters={"reason": "no answer"})) from None
        problem = answer.get("problem")
        if problem is not None:
            raise Refused(Problem(problem["code"], parameters=problem["parameters"]))
        files = {path: (folder / path).read_bytes() for path in wanted if (folder / path).is_file()}
        return Came(answer, files)


def _run(task: str, folder: Path, limits: Limits) -> None:
    numbers = [str(int(each)) for each in (limits.computing, limits.memory, limits.output)]
    child = subprocess.Popen(
        [sys.executable, "-I", str(CHILD), task, str(folder), *numbers],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        cwd=folder, env={**SURROUNDINGS, "HOME": str(folder), "TMPDIR": str(folder)}, start_new_session=True,
    )  # fmt: skip
    try:
        _, told = child.communicate(timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        end(child)
        raise Refused(Problem("R201", parameters={"limit": f"{limits.seconds:g} s"})) from None
    if child.returncode == 0:
        return
    words = told.decode("utf-8", "replace").strip().splitlines()
    last = words[-1][:200] if words else ""
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Refused(Problem("R201", parameters={"limit": f"{limits.computing} s CPU"}))
    if child.returncode == -signal.SIGXFSZ or "File too large" in last:
        raise Refused(Problem("R201", parameters={"limit": f"{limits.output // MB} MB"}))
    if "MemoryError" in last or "memory allocation" in last or child.returncode == -signal.SIGABRT:
        raise Refused(Problem("R201", parameters={"limit": f"{limits.memory // MB} MB"}))
    raise Refused(Problem("R202", parameters={"reason": last or f"exit {child.returncode}"}))


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and whatever it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except OSError:
        child.kill()
    child.wait()
