"""Run benches by name, or all of them, each in a process of its own. Usage: python -m bench [name …] [--full]."""

from __future__ import annotations

import os
import subprocess
import sys
import time

#: Leads of the large CRM that lists and dashboards are measured on, unless --full asks for the million.
FEW = "50000"
#: name -> (arguments of a short run, arguments with --full).
BENCHES: dict[str, tuple[list[str], list[str]]] = {
    "intake": ([], ["--full"]),
    "bulk": ([], ["--full"]),
    "list_page": ([], []),
    "dashboard": ([], []),
    "expression": (["20000"], []),
    "transition": ([], []),
    "lint": ([], []),
    "start": ([], []),
    "documents": ([], []),
    "timers": (["100000"], []),
    "store": (["20000"], ["100000"]),
    "burst": (["1000", "5"], []),
    "compared": ([], ["--full"]),
}


def main() -> int:
    """Run what was asked for; 1 when one of them failed, 2 for an unknown name."""
    full = "--full" in sys.argv
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench called {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    failed = 0
    environment = os.environ if full else {"FLOWLOOM_BENCH_LEADS": FEW, **os.environ}
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {load}, Python {sys.version.split()[0]}")
    for name in names:
        arguments = BENCHES[name][full]
        print(f"\n== python -m bench.{name} {' '.join(arguments)}".rstrip(), flush=True)
        started = time.perf_counter()
        command = [sys.executable, "-m", f"bench.{name}", *arguments]
        failed |= subprocess.run(command, env=environment, check=False).returncode != 0
        print(f"   ({time.perf_counter() - started:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
