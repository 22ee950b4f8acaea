"""A transition against bare ``transitions``: python bench/transition.py

Ratios from one alternating run; the aim is 5x for what the engine adds in memory (values, form, requirements, guard). The
whole turn (update, history, timers, audit, events, commit) is given beside it against one plain update and commit.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from transitions import Machine

from engine.runtime import state_machine
from engine.runtime.context import values_of
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: card
fields:
  title: {type: text}
  note: {type: long_text}
  points: {type: list}
---
kind: state_machine
name: loop
entity: card
field: stage
initial: a
states: {a: {}, b: {}}
transitions:
  there: {from: a, to: b, if: "title is not None", require: [{field: note}, {check: "len(points) >= 1"}]}
  back: {from: b, to: a}
"""
ROUNDS, EACH = 15, 400


def bare() -> Callable[[], None]:
    """One shared machine, a throw-away model, three conditions: what somebody writes by hand."""

    class Model:
        state = "a"
        title, note, points = "x", "y", ("z",)

    def fits(event: object) -> bool:
        model = event.model  # type: ignore[attr-defined]
        return model.title is not None and bool(model.note) and len(model.points) >= 1

    machine = Machine(
        model=None,
        states=["a", "b"],
        initial="a",
        auto_transitions=False,
        send_event=True,
        transitions=[{"trigger": "there", "source": "a", "dest": "b", "conditions": fits}],
    )
    event = machine.events["there"]
    return lambda: event.trigger(Model())


def guarded(stage: Stage, number: int) -> Callable[[], None]:
    """The engine's own: the same decision with the record's values, the form and every requirement."""
    from engine.runtime.acts import Acting

    connection = stage.database.read().__enter__()
    context = Acting(stage.parts, connection)
    plan = context.plan("card")
    machine, chosen = state_machine.find(context, plan, "there")
    record = context.need("card", number)

    def once() -> None:
        values = values_of(record)
        environment = context.environment("card", values)

        def guard() -> bool:
            closed = state_machine.closed(context, plan, chosen, values)
            return not closed and not state_machine.missing(context, plan, chosen, values, environment, [])

        assert machine.move("there", "a", guard) == "b"

    return once


def whole(stage: Stage, number: int) -> Callable[[], None]:
    """A whole turn there and back: two transitions."""

    def once() -> None:
        stage.do(lambda context: context.transition("card", number, "there", {}))
        stage.do(lambda context: context.transition("card", number, "back", {}))

    return once


def plain(path: str) -> Callable[[], None]:
    """Two plain updates, each committed with synchronous=FULL."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE card (id INTEGER PRIMARY KEY, stage TEXT)")
    raw.execute("INSERT INTO card VALUES (1, 'a')")

    def once() -> None:
        for state in ("b", "a"):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("UPDATE card SET stage = ? WHERE id = 1", (state,))
            raw.execute("COMMIT")

    return once


def alternate(one: Callable[[], None], other: Callable[[], None], each: int) -> tuple[float, float, float]:
    """(CPU microseconds of each, the median ratio of other to one), taken in turns."""
    took: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        row = []
        for work in (one, other):
            begun = time.process_time()
            for _ in range(each):
                work()
            row.append((time.process_time() - begun) / each * 1e6)
        took.append((row[0], row[1]))
    ratio = statistics.median(second / first for first, second in took)
    return min(first for first, _ in took), min(second for _, second in took), ratio


def main() -> None:
    """Print the two comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(SITE, url=f"sqlite:///{folder}/engine.db")
        card = stage.create("card", title="x", note="y", points=["z"])
        by_hand, engine, ratio = alternate(bare(), guarded(stage, card.id), EACH)
        print(f"in memory: transitions {by_hand:.1f} us, engine {engine:.1f} us, ratio {ratio:.2f} (aim 5)")
        by_hand, engine, ratio = alternate(plain(f"{folder}/plain.db"), whole(stage, card.id), 20)
        print(f"two on disk (CPU): plain update {by_hand:.0f} us, whole turn {engine:.0f} us, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
