"""Every event: what it asks for and when it fires."""

from __future__ import annotations

from typing import Any

import pytest

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.registry import Registry
from engine.plugins.slots import EventPlugin
from engine.source.reader import read
from tests.engine.load.conftest import Loader

REGISTRY = Registry.discover()
EVENTS = {plugin.name: plugin for plugin in REGISTRY.all(EventPlugin)}


def test_the_events_of_the_language_are_all_there() -> None:
    assert {
        "created", "changed", "deleted", "entered", "left", "transition", "refused", "assigned", "sla_warning",
        "sla_breached", "approved", "rejected", "idle", "schedule", "received", "opened", "clicked", "metric",
        "duplicate_found", "published",
    } <= set(EVENTS)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "params", "data", "old", "fires"),
    [
        ("created", {}, {}, {}, True),
        ("changed", {}, {}, {"a": 1}, True),
        ("changed", {"fields": ("a", "b")}, {}, {"b": 1}, True),
        ("changed", {"fields": ("a", "b")}, {}, {"c": 1}, False),
        ("entered", {"state": "won"}, {"state": "won", "machine": "m"}, {}, True),
        ("entered", {"state": ("won", "lost")}, {"state": "lost"}, {}, True),
        ("entered", {"state": "won"}, {"state": "lost"}, {}, False),
        ("entered", {"state": "won", "machine": "n"}, {"state": "won", "machine": "m"}, {}, False),
        ("left", {"state": "new"}, {"state": "new"}, {}, True),
        ("transition", {"transition": "sign", "machine": "m"}, {"transition": "sign", "machine": "m"}, {}, True),
        ("transition", {}, {"transition": "sign"}, {}, True),
        ("refused", {"transition": "sign"}, {"transition": "call"}, {}, False),
        ("assigned", {"rule": "by_region"}, {"rule": "by_region"}, {}, True),
        ("assigned", {"rule": "by_region"}, {"rule": "other"}, {}, False),
        ("sla_warning", {"sla": "s"}, {"sla": "s"}, {}, True),
        ("sla_breached", {"sla": "s"}, {"sla": "s"}, {}, True),
        ("sla_breached", {"sla": "s"}, {"sla": "s", "step": "due"}, {}, True),
        ("sla_breached", {"sla": "s"}, {"sla": "s", "step": "escalate.1"}, {}, False),
        ("sla_breached", {"sla": "s", "step": "escalate.1"}, {"sla": "s", "step": "escalate.1"}, {}, True),
        ("sla_breached", {"sla": "s", "step": "escalate.1"}, {"sla": "s"}, {}, False),
        ("approved", {"transition": "sign"}, {"transition": "sign"}, {}, True),
        ("rejected", {"transition": "sign"}, {"transition": "other"}, {}, False),
        ("idle", {"since": "seen_at"}, {"since": "seen_at"}, {}, True),
        ("schedule", {"cron": "0 9 * * 5"}, {"cron": "0 9 * * 5"}, {}, True),
        ("schedule", {"cron": "0 9 * * 5"}, {"cron": "0 9 * * 4"}, {}, False),
        ("received", {"connection": "c"}, {"connection": "c"}, {}, True),
        ("opened", {}, {"template": "t"}, {}, True),
        ("clicked", {"template": "t", "link": "a"}, {"template": "t", "link": "b"}, {}, False),
        ("metric", {"metric": "m", "below": 0.5}, {"metric": "m"}, {}, True),
        ("duplicate_found", {"rule": "same"}, {"rule": "same"}, {}, True),
        ("published", {}, {}, {}, True),
    ],
)
def test_an_event_fires_for_what_its_parameters_ask(
    name: str, params: dict[str, Any], data: dict[str, Any], old: dict[str, Any], fires: bool
) -> None:
    assert EVENTS[name].fires(params, Event(name, "lead", 1, old=old, data=data)) is fires


def test_a_parameter_that_is_left_out_matches_anything() -> None:
    assert matches({}, Event("x", data={"a": 1}), "a")
    assert not matches({"a": 2}, Event("x", data={}), "a")


ENTITY = """kind: entity
name: lead
fields:
  industry: {type: text}
  last_action_at: {type: datetime}
---
kind: state_machine
name: lead_stage
entity: lead
field: stage
initial: new
states: {new: {within: 4h}, paused: , won: {final: true}}
transitions:
  hold: {from: new, to: paused}
  sign: {from: [new, paused], to: won}
---
kind: sla
name: golden_2h
entity: lead
start: {event: created}
stop: {if: industry is not None}
target: 2h
---
kind: template
name: after_proposal
for: lead
body: x
---
kind: metric
name: lead_activation_rate
entity: lead
count: "True"
---
kind: connection
name: expo_scans
connector: csv
---
kind: trigger
name: example
"""


@pytest.mark.parametrize("name", EVENTS)
def test_the_example_of_an_event_loads(name: str, loaded: Loader) -> None:
    example = EVENTS[name].example
    assert read(example, "x.yaml").documents[0].at("/when/event").value == name  # type: ignore[union-attr]
    found = loaded(ENTITY + example + "\ndo: [{stop: }]\n")
    # Which connectors are installed is not this test's business.
    assert [problem.text() for problem in found.errors if problem.parameters.get("name") != "csv"] == []
