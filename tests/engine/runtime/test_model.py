"""A flow against a model of it in thirty lines: after every step whatever stands in the database is what the model says.

Records, moves that are allowed and that are not, a promise with a pause, and time that passes, in any order Hypothesis thinks of;
a failing run is printed as the steps that lead there, the shortest it found.
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from engine.errors import FlowloomError
from engine.store import audit
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: card
title: "{{ company }}"
fields:
  company: {type: text}
  budget: {type: integer}
  waiting: {type: yes_no, default: false}
  calls: {type: integer, default: 0}
  warned: {type: integer, default: 0}
  missed: {type: integer, default: 0}
  asked: {type: integer, default: 0}
---
kind: state_machine
name: loop
entity: card
field: stage
initial: new
states: {new: {}, called: {}, won: {final: true}, lost: {final: true}}
transitions:
  call: {from: new, to: called}
  win: {from: called, to: won, require: [{field: budget}]}
  lose: {from: [new, called], to: lost}
  reopen: {from: lost, to: new}
---
kind: sla
name: answer
entity: card
start: {event: created}
stop: {if: "stage != 'new'"}
pause: {if: waiting}
target: 2h
warn_at: 50%
calendar: always
escalate: [{after: 0m, do: [{set: {missed: "=missed + 1"}}]}]
---
kind: trigger
name: warn
when: {event: sla_warning, entity: card, sla: answer}
do: [{set: {warned: "=warned + 1"}}]
---
kind: trigger
name: count
when: {event: transition, entity: card, machine: loop, transition: call}
do: [{set: {calls: "=calls + 1"}}]
---
kind: trigger
name: ask
when: {event: transition, entity: card, machine: loop, transition: call}
do: [{wait: 3h}, {set: {asked: "=asked + 1"}}]
"""
MOVES = {"call": ("new", "called"), "win": ("called", "won"), "lose": ("new called", "lost"), "reopen": ("lost", "new")}
WARN, DUE, ASK = dt.timedelta(hours=1), dt.timedelta(hours=2), dt.timedelta(hours=3)


@dataclass
class Card:
    """What must stand in the database. ``running``: time that counted for the promise; ``asks``: when a waiting run goes on."""

    stage: str = "new"
    budget: int | None = None
    waiting: bool = False
    calls: int = 0
    warned: int = 0
    missed: int = 0
    asked: int = 0
    kept: bool = False
    running: dt.timedelta = dt.timedelta()
    asks: list[dt.timedelta] = field(default_factory=list)
    way: list[str] = field(default_factory=lambda: ["new"])

    def move(self, name: str) -> bool:
        """Whether it may; then it has."""
        before, after = MOVES[name]
        if self.stage not in before.split() or (name == "win" and self.budget is None):
            return False
        self.stage = after
        self.way.append(after)
        self.kept = self.kept or not self.missed
        if name == "call":
            self.calls += 1
            self.asks.append(ASK)
        return True

    def live(self, span: dt.timedelta) -> None:
        """Let time pass."""
        if self.stage == "new" and not self.waiting and not self.kept:
            self.running += span
        self.warned, self.missed = int(self.running >= WARN), int(self.running >= DUE)
        self.asks = [left - span for left in self.asks]
        self.asked += sum(left <= dt.timedelta() for left in self.asks)
        self.asks = [left for left in self.asks if left > dt.timedelta()]


@functools.cache
def staged() -> Stage:
    """One site for all runs: they have cards of their own."""
    return Stage(SITE)


class Flow(RuleBasedStateMachine):
    """The engine and the model, side by side."""

    cards = Bundle("cards")

    def __init__(self) -> None:
        super().__init__()
        self.stage = staged()
        self.model: dict[int, Card] = {}

    @rule(target=cards)
    def create(self) -> int:
        """A new card."""
        number = self.stage.create("card", company="锐视").id
        self.model[number] = Card()
        return number

    @rule(card=cards, name=st.sampled_from(sorted(MOVES)))
    def move(self, card: int, name: str) -> None:
        """Somebody tries a transition: it happens, or nothing does."""
        record = self.stage.get("card", card)
        try:
            self.stage.move(record, name)
            moved = True
        except FlowloomError:
            moved = False
            assert self.stage.get("card", card).version == record.version
        assert moved == self.model[card].move(name)

    @rule(card=cards, waiting=st.booleans())
    def pause(self, card: int, waiting: bool) -> None:
        """The customer asks for time, or is back."""
        self.stage.update(self.stage.get("card", card), waiting=waiting)
        self.model[card].waiting = waiting

    @rule(card=cards, budget=st.sampled_from([None, 5]))
    def estimate(self, card: int, budget: int | None) -> None:
        """What a win needs is filled in, or taken out."""
        self.stage.update(self.stage.get("card", card), budget=budget)
        self.model[card].budget = budget

    @rule(minutes=st.sampled_from([1, 30, 59, 60, 120, 180]))
    def wait(self, minutes: int) -> None:
        """Time passes for all of them."""
        self.stage.advance(minutes=minutes)
        for card in self.model.values():
            card.live(dt.timedelta(minutes=minutes))

    @rule(card=consumes(cards))
    def trash(self, card: int) -> None:
        """It goes, and nothing fires for it any more."""
        self.stage.do(lambda context: context.delete("card", card))
        del self.model[card]

    @invariant()
    def same(self) -> None:
        """What stands there is what the model says."""
        for number, card in self.model.items():
            found = self.stage.get("card", number)
            names = ("stage", "budget", "waiting", "calls", "warned", "missed", "asked")
            assert {name: found[name] for name in names} == {name: getattr(card, name) for name in names}
            text = f"SELECT state FROM fl_history WHERE entity = 'card' AND record = {number} ORDER BY id"
            assert [state for (state,) in self.stage.rows(text)] == card.way

    def teardown(self) -> None:
        """The log fits, and the next run begins with nothing that still fires."""
        for number in list(self.model):
            self.trash(number)
        late = "SELECT COUNT(*) FROM fl_timers WHERE entity = 'card' AND state IN ('waiting', 'paused')"
        assert self.stage.rows(late) == [(0,)]
        assert self.stage.ask(lambda context: audit.verify(context.connection).intact)


TestFlow = Flow.TestCase
TestFlow.settings = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
