"""The master data hub: loads clean, its scenarios hold, and a change from the ERP is not sent back to it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.load.pipeline import load
from engine.plugins.registry import Registry
from engine.runtime.scenario import run

SITE = {"site.yaml": "name: hub\nlabel: {zh: 中枢, en: Hub}\npacks: {master_data_hub: '*'}\n"}


@pytest.fixture(scope="module")
def loaded() -> Any:
    registry = Registry.discover(entry_points=False)
    return load(SITE, registry), registry


def test_the_pack_loads_without_a_word_of_complaint(loaded: Any) -> None:
    found, _ = loaded
    assert not [problem.text() for problem in found.problems if "master_data_hub" in str(problem.where)]
    assert not found.errors, [problem.text() for problem in found.errors]


@pytest.mark.parametrize(
    "name",
    [
        "m46_one_number_gathers_what_every_system_knows",
        "m47_in_sync_both_ways_without_a_circle",
        "m13_registry_values_by_credit_code",
    ],
)
def test_the_scenario_holds(loaded: Any, name: str) -> None:
    found, registry = loaded
    result = run(found.manifest, registry, found.manifest.scenarios[name])
    assert not result.problems, [problem.text() for problem in result.problems]


def test_an_address_is_told_to_the_erp_once_and_never_what_came_from_it() -> None:
    from tests.engine.runtime.stage import Stage

    text = """
kind: entity
name: client
title: "{{ name }}"
fields: {name: {type: text}, ship_to: {type: text}, told: {type: integer, default: 0}}
---
kind: connection
name: erp_clients
connector: webhook
settings: {secret: "=secret.ERP_HOOK", verify: token, header: X-Token, id: no}
into: client
map: {name: name, ship_to: place}
match_on: [name]
---
kind: connection
name: shy
connector: webhook
settings: {secret: "=secret.ERP_HOOK", verify: token, header: X-Token, id: no}
into: client
map: {name: name, ship_to: place}
match_on: [name]
fill_only: [ship_to]
---
kind: trigger
name: tell
when: {event: changed, entity: client, fields: [ship_to]}
if: "event.source is None"
do: [{set: {told: "=told + 1"}}]
"""
    from engine.runtime.connection import route_of, take

    stage = Stage(text)
    one = stage.create("client", name="甲")
    one = stage.update(one, ship_to="滨江路 8 号")
    assert one["told"] == 1

    def comes(connection: str, place: str) -> Any:
        route = route_of(stage.manifest, connection)
        stage.do(lambda c: take(c, route, {"name": "甲", "place": place}, {}), via=f"connection:{connection}")
        return stage.get("client", one.id)

    assert (comes("shy", "明湖路 1 号")["ship_to"], comes("shy", "明湖路 1 号")["told"]) == ("滨江路 8 号", 1)
    came = comes("erp_clients", "明湖路 1 号")
    assert (came["ship_to"], came["told"]) == ("明湖路 1 号", 1)
    assert stage.update(came, ship_to="湖滨路 3 号")["told"] == 2
