"""Time passes: what a process that serves or works does once a second. Floor: 7."""

from __future__ import annotations

import sys
import threading
import traceback

from engine.api import Engine


def keep_time(engine: Engine, stop: threading.Event, pages: bool = False) -> None:
    """Until told to stop: due timers fire, schedules run, a revision published elsewhere is taken up; with ``pages`` dashboards
    stay warm."""
    while not stop.wait(1.0):
        try:
            engine.tick()
            if pages:
                engine.numbers.keep_warm()
        except Exception:  # a failing tick is told and tried again; the next one must not be lost
            traceback.print_exc(file=sys.stderr)
    engine.numbers.stop()
