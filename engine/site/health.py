"""Whether all is well: the database, the audit log, the clock, the holidays. Floor: 6."""

from __future__ import annotations

from typing import Any

from engine.errors import FlowloomError
from engine.runtime import calendar
from engine.site import publishing
from engine.site.running import Running
from engine.store import audit

CLOCKS = {
    "sqlite": "SELECT CAST(strftime('%s', 'now') AS REAL)",
    "postgresql": "SELECT CAST(extract(epoch FROM now()) AS DOUBLE PRECISION)",
}


class Health:
    """Looks at one running site; changes nothing."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def ready(self) -> dict[str, Any]:
        """``ready``: the database answers and a revision runs; ``revision`` its number, ``problem`` what is in the way."""
        running = self._running
        try:
            with running.database.read() as connection:
                publishing.exists(connection)
        except FlowloomError as error:
            return {"ready": False, "revision": 0, "problem": error.problems[0].code}
        number = running.revision if running.published else 0
        return {"ready": running.published, "revision": number, "problem": None if running.published else "C011"}

    def audit(self) -> dict[str, Any]:
        """``ok``, ``rows`` read, and the first ``bad`` place of the audit log with its ``kind`` of damage."""
        with self._running.database.read() as connection:
            verdict = audit.verify(connection)
        first = verdict.damage[0] if verdict.damage else None
        return {
            "ok": verdict.intact,
            "rows": verdict.rows,
            "bad": f"{first.chain}:{first.seq}" if first else None,
            "kind": first.kind if first else None,
        }

    def holiday_years(self) -> list[int]:
        """The years whose holidays are known."""
        known = calendar.holidays("cn")
        return sorted(known.years) if known else []

    def clock_skew(self) -> float:
        """The seconds the database's clock is ahead of this machine's."""
        with self._running.database.read() as connection:
            theirs = float(connection.scalar(CLOCKS[connection.dialect]))
        return theirs - self._running.clock.now().timestamp()
