"""(e) From ``flowloom serve`` to the first answer, the memory it holds idle, and how long small commands take.

Run: python -m bench.start [rounds]. Beside the wall time stands the CPU time, which a busy machine does not stretch as much.
Python may keep its compiled files, as it does for whoever installs the product; the first start, which makes them, is not counted.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import crm
from bench.client import Connection
from bench.server import Server, free_port, wait

ROUNDS = 5
FLOWLOOM = str(Path(sys.executable).with_name("flowloom"))


def environment() -> dict[str, str]:
    """This process's, with compiled files allowed, in a folder that is not the work tree."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**given, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "flowloom-bench-compiled")}


def serve(folder: Path) -> tuple[float, float, float]:
    """(seconds to the first answer, seconds of CPU until then, megabytes idle)."""
    port = free_port()
    command = [FLOWLOOM, "-C", str(folder), "serve", "--port", str(port), "--login", "clerk"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
    try:
        wait(port, process)
        status, _ = Connection(port, "").get("/readyz")
        seconds = time.perf_counter() - started
        assert status == 200, status
        server = Server(process, port)
        used = server.cpu()
        time.sleep(3)
        return seconds, used, server.resident()
    finally:
        process.terminate()
        process.wait(10)


def command(*arguments: str) -> tuple[float, float]:
    """(seconds, seconds of CPU) of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run([FLOWLOOM, *arguments], stdout=subprocess.DEVNULL, check=True, env=environment())
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print every figure: the middle and the best of the rounds."""
    rounds = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else ROUNDS
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder = Path(name) / "site"
        crm.found(folder)
        serve(folder)
        starts = [serve(folder) for _ in range(rounds)]
        wall, used = [one[0] for one in starts], [one[1] for one in starts]
        print(
            f"flowloom serve to the first answer {statistics.median(wall):5.2f} s (best {min(wall):4.2f}), "
            f"CPU {statistics.median(used):4.2f} s (best {min(used):4.2f}); bar 3, aim 1"
        )
        print(f"resident memory, idle {statistics.median(one[2] for one in starts):6.0f} MB; bar 120, aim 80")
        for words in (("--version",), ("-C", str(folder), "lint")):
            command(*words)
            runs = [command(*words) for _ in range(rounds)]
            shown = " ".join(word for word in words if not word.startswith(("-C", os.sep)))
            print(
                f"flowloom {shown:10} {statistics.median(one[0] for one in runs):5.2f} s "
                f"(best {min(one[0] for one in runs):4.2f}), CPU {statistics.median(one[1] for one in runs):4.2f} s"
            )


if __name__ == "__main__":
    main()
