from __future__ import annotations

from engine.expression.types import ANY, DURATION, INTEGER, TEXT, record_of
from engine.model.entity import Entity, Field
from engine.model.manifest import Manifest
from engine.model.pack import Parameter
from engine.model.site import Site
from engine.model.terms import Choice
from engine.plugins.registry import Registry
from engine.plugins.scopes import candidate_names, entity_types, parameter_types, record_scope, rule_names

REGISTRY = Registry.discover()
LEAD = Entity(
    name="lead",
    fields={
        "level": Field(name="level", type="choice", choices=(Choice("high"), Choice("low"))),
        "size": Field(name="size", type="integer"),
        "owner": Field(name="owner", type="user"),
        "odd": Field(name="odd", type="from_another_world"),
    },
)
MANIFEST = Manifest(
    site=Site(name="s"),
    entities={"lead": LEAD, "user": Entity(name="user", fields={"login": Field(name="login", type="text")})},
    parameters={"limit": Parameter(name="limit", type="duration"), "names": Parameter(name="names", type="choices")},
)


def test_a_record_scope_names_fields_the_record_me_and_param() -> None:
    scope = record_scope(MANIFEST, REGISTRY, "lead")
    assert scope.names["size"] == INTEGER
    assert scope.names["lead"] == record_of("lead")
    assert scope.names["me"] == scope.names["owner"] == record_of("user")
    assert scope.names["created_by"] == record_of("user")
    assert (scope.entity, scope.parameters["limit"]) == ("lead", DURATION)


def test_a_choice_knows_its_words() -> None:
    scope = record_scope(MANIFEST, REGISTRY, "lead")
    assert (scope.names["level"], scope.names["level"].choices) == (TEXT, ("high", "low"))


def test_a_field_of_an_unknown_type_may_be_anything() -> None:
    assert entity_types(MANIFEST, REGISTRY)["lead"]["odd"] == ANY


def test_extra_names_win_over_fields_and_fields_over_the_entity() -> None:
    assert record_scope(MANIFEST, REGISTRY, "lead", {"size": TEXT}).names["size"] == TEXT
    assert record_scope(MANIFEST, REGISTRY, None).names.keys() == {"me", "param"}


def test_rules_and_assignments_name_more() -> None:
    assert rule_names("lead")["old"] == record_of("lead")
    assert "old" not in rule_names(None)
    assert {"lead", "open_count", "open_leads", "today_count"} == set(candidate_names("lead"))


def test_parameters_of_several_values_are_lists() -> None:
    assert str(parameter_types(MANIFEST.parameters, REGISTRY)["names"]) == "list of text"
