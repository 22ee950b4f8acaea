"""What was acknowledged is on disk, whenever the process dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from engine.clock import SystemClock
from engine.store import audit
from engine.store.database import Database

WRITER = """
import datetime as dt, sys, threading
from engine.clock import SystemClock
from engine.facts import SYSTEM
from engine.store import audit
from engine.store.database import Database

database, now = Database.open(sys.argv[1], SystemClock()), dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc)
said = threading.Lock()

def work(number):
    for count in range(100_000):
        key = f"{number}.{count}"

        def turn(connection):
            connection.execute("INSERT INTO fl_settings (name, value) VALUES (?, '1')", (key,))
            audit.write(connection, now, SYSTEM, "create", detail={"key": key})

        database.write(turn)
        with said:
            sys.stdout.write(key + "\\n")
            sys.stdout.flush()

for number in range(6):
    threading.Thread(target=work, args=(number,)).start()
"""


def test_fault_083_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    script = tmp_path / "writer.py"
    script.write_text(textwrap.dedent(WRITER), "utf-8")
    acknowledged: list[str] = []
    for pause in (0.5, 0.05, 0.21):
        database.write(lambda c: c.execute("DELETE FROM fl_settings WHERE name <> 'shape'"))
        command = [sys.executable, str(script), database_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged = [process.stdout.readline().strip()]
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().splitlines()
        again = Database.open(database_url, SystemClock())
        with again.read() as connection:
            kept = {name for (name,) in connection.execute("SELECT name FROM fl_settings")}
            verdict = audit.verify(connection)
            if again.dialect == "sqlite":
                assert connection.scalar("PRAGMA integrity_check") == "ok"
        again.close()
        # The last line may be cut by the kill itself.
        whole = [key for key in acknowledged[:-1] if "." in key]
        assert whole and set(whole) <= kept
        assert len(kept - {"shape"} - set(acknowledged)) <= 64
        assert verdict.intact
    assert len(acknowledged) > 1
