"""Two people at one card: exactly one winner each time, and the loser is told who it was and what was done.

Five hundred races on each database; ``FLOWLOOM_RACES=10000`` for the full run.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.errors import Conflict, FlowloomError, Stale
from engine.facts import Actor
from engine.runtime import entity, state_machine
from engine.store import audit
from tests.engine.runtime.stage import Stage

RACES = int(os.environ.get("FLOWLOOM_RACES", 500))
#: Cards in use by turns, so that no card has a history of ten thousand moves.
CARDS = 40
STATES = {"new": "新", "called": "已首通", "sent": "已发方案", "won": "已签约"}
SITE = """
kind: role
name: sales
inherits: [staff]
can: {card: {read: true, create: true, update: true}}
---
kind: entity
name: card
title: "{{ company }}"
fields:
  company: {type: text}
  note: {type: text, label: {zh: 备注}}
  budget: {type: integer, label: {zh: 预算}}
---
kind: state_machine
name: loop
entity: card
field: stage
initial: new
states:
  new: {label: {zh: 新}}
  called: {label: {zh: 已首通}}
  sent: {label: {zh: 已发方案}}
  won: {label: {zh: 已签约}}
transitions:
  to_called: {from: [new, sent, won], to: called}
  to_sent: {from: [new, called, won], to: sent}
  to_won: {from: [new, called, sent], to: won}
"""


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    made = Stage(SITE, url=database_url)
    yield made
    made.database.close()


class Race:
    """Two people with a card before them, who act at the same moment."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people = [stage.user(login, "sales", name=name) for login, name in (("li", "李强"), ("wang", "王芳"))]
        self._gate = threading.Barrier(2)
        self._turn = 1
        self._pool = ThreadPoolExecutor(2)

    def run(self, *acts: Callable[[Any], Any]) -> list[Any]:
        """What each got: a record, or the error they were told."""
        # Who comes to the gate last is through it first, so they come by turns.
        self._turn = -self._turn
        people = list(zip(self.people, acts, strict=True))[:: self._turn]
        return [one.result() for one in [self._pool.submit(self._act, *each) for each in people][:: self._turn]]

    def _act(self, actor: Actor, act: Callable[[Any], Any]) -> Any:
        self._gate.wait()
        try:
            return self.stage.do(act, actor).value
        except FlowloomError as error:
            return error

    def close(self) -> None:
        self._pool.shutdown()


@pytest.fixture
def race(stage: Stage) -> Iterator[Race]:
    made = Race(stage)
    yield made
    made.close()


def one_winner(results: list[Any]) -> tuple[int, FlowloomError]:
    """Who won, and what the other was told."""
    lost = [number for number, result in enumerate(results) if isinstance(result, FlowloomError)]
    assert len(lost) == 1, results
    return 1 - lost[0], results[lost[0]]


def test_fault_053_of_two_people_who_move_one_card_exactly_one_wins_and_the_other_is_told(race: Race) -> None:
    stage, wins = race.stage, Counter[int]()
    cards = [stage.create("card", company=f"单位{number}").id for number in range(CARDS)]
    moves = dict.fromkeys(cards, 0)
    for number in range(RACES):
        card = stage.get("card", cards[number % CARDS])
        ways = [name for name in ("called", "sent", "won") if name != card["stage"]]
        # Who takes which way changes, and both ways are open to both.
        ways = ways[number % 2 :] + ways[: number % 2]

        def move(to: str, id: int = card.id, version: int = card.version) -> Callable[[Any], Any]:
            return lambda context: state_machine.transition(context, "card", id, f"to_{to}", version=version)

        winner, told = one_winner(race.run(move(ways[0]), move(ways[1])))
        wins[winner] += 1
        moves[card.id] += 1
        assert isinstance(told, Conflict) and told.status == 409
        name = ("李强", "王芳")[winner]
        assert told.problems[0].what("zh") == f"{name} 在 09:00 已经把它移到“{STATES[ways[winner]]}”"
        assert stage.get("card", card.id)["stage"] == ways[winner]
    for id, count in moves.items():
        assert stage.rows(f"SELECT COUNT(*) FROM fl_history WHERE entity = 'card' AND record = {id}") == [(count + 1,)]
        open_ = f"SELECT state FROM fl_history WHERE entity = 'card' AND record = {id} AND left_at IS NULL"
        assert stage.rows(open_) == [(stage.get("card", id)["stage"],)]
    assert stage.ask(lambda context: audit.verify(context.connection)).intact
    print(f"{RACES} races, won by {dict(wins)}")


def test_fault_055_of_two_people_who_write_one_field_exactly_one_wins_and_two_fields_are_both_kept(race: Race) -> None:
    stage = race.stage
    cards = [stage.create("card", company=f"单位{number}").id for number in range(CARDS)]
    for number in range(RACES // 5):
        card = stage.get("card", cards[number % CARDS])

        def change(id: int = card.id, version: int = card.version, **values: Any) -> Callable[[Any], Any]:
            return lambda context: entity.update(context, "card", id, values, version=version)

        if number % 2:
            results = race.run(change(note=f"甲{number}"), change(budget=number))
            assert not any(isinstance(result, FlowloomError) for result in results)
            after = stage.get("card", card.id)
            assert (after["note"], after["budget"]) == (f"甲{number}", number)
            continue
        winner, told = one_winner(race.run(change(note=f"甲{number}"), change(note=f"乙{number}")))
        assert isinstance(told, Stale) and told.status == 412
        assert ("李强", "王芳")[winner] in told.problems[0].what("zh")
        assert stage.get("card", card.id)["note"] == f"{'甲乙'[winner]}{number}"
