from __future__ import annotations

import dataclasses

import pytest

from engine.model.entity import SYSTEM_FIELDS, Entity
from engine.model.manifest import KINDS, PLURAL, Manifest
from engine.model.metric import MEASURES, Metric, Ratio
from engine.model.site import Site
from engine.model.state_machine import StateMachine
from engine.model.terms import Condition


def machine(name: str, entity: str) -> StateMachine:
    return StateMachine(name=name, entity=entity, field="stage", initial="new", states={}, transitions={})


def test_documents_are_found_by_the_name_of_their_kind() -> None:
    manifest = Manifest(site=Site(name="s"), entities={"lead": Entity(name="lead")})
    assert manifest.of("entity") == manifest.entities
    assert all(manifest.of(kind) == getattr(manifest, PLURAL[kind]) for kind in KINDS)


def test_machines_of_an_entity_come_by_name() -> None:
    machines = {"b": machine("b", "lead"), "a": machine("a", "lead"), "c": machine("c", "order")}
    manifest = Manifest(site=Site(name="s"), state_machines=machines)
    assert [each.name for each in manifest.machines_of("lead")] == ["a", "b"]


def test_a_manifest_never_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Manifest(site=Site(name="s")).digest = "x"  # type: ignore[misc]


def test_a_metric_names_its_measure() -> None:
    assert Metric(name="m", entity="e").measure == "count"
    assert Metric(name="m", entity="e", fill_rate=("a",)).measure == "fill_rate"
    nothing = Condition(())
    assert Metric(name="m", entity="e", ratio=Ratio(of=nothing, per=nothing)).measure == "ratio"
    assert len(MEASURES) == 11


def test_system_fields_are_named_in_both_languages() -> None:
    assert all(field.label.zh and field.label.en and field.name == name for name, field in SYSTEM_FIELDS.items())
