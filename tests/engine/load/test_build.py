from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Where
from engine.expression.parse import Condition, Expression
from engine.load.build import Builder
from engine.model.entity import Entity
from engine.model.metric import Metric
from engine.model.state_machine import StateMachine
from engine.model.terms import Bounds, Choice, Duration, Label, Step, Template
from engine.model.trigger import Trigger
from engine.plugins.registry import Registry
from engine.source.reader import read


@pytest.fixture
def builder(registry: Registry) -> Builder:
    return Builder(registry)


def build(builder: Builder, kind: str, body: str) -> Any:
    node = read(f"kind: {kind}\nname: a\n{body}", "x.yaml").documents[0]
    found = builder.document(kind, node, "crm")
    assert builder.shaper.problems == []
    return found


def test_an_entity_is_built_with_places_and_the_options_of_its_types(builder: Builder) -> None:
    entity = build(
        builder,
        "entity",
        "label: {zh: 线索, en: Lead}\ntitle: '{{ company }}'\nunique: [uscc, [company, phone]]\nfields:\n"
        "  phone: {type: phone, region: CN, required_if: [a > 1, b]}\n  heat: {type: number, value: =downloads * 10}\n"
        "  level: {type: choice, choices: {A: 高, B: {zh: 低, en: Low}}, default: {decide: level}}\n",
    )
    assert isinstance(entity, Entity)
    assert (entity.pack, entity.label, entity.title) == ("crm", Label("线索", "Lead"), Template("{{ company }}"))
    assert entity.unique == (("uscc",), ("company", "phone"))
    phone = entity.fields["phone"]
    assert (phone.name, phone.type, dict(phone.options)) == ("phone", "phone", {"region": "CN"})
    assert isinstance(phone.required_if, Condition) and len(phone.required_if.parts) == 2
    assert phone.where == Where("x.yaml", 7, 3)
    assert isinstance(entity.fields["heat"].value, Expression)
    assert entity.fields["heat"].value.text == "downloads * 10"
    assert str(entity.fields["heat"].value.where) == "x.yaml:8:32"
    level = entity.fields["level"]
    assert level.choices == (Choice("A", Label("高", "高")), Choice("B", Label("低", "Low")))
    assert level.default == {"decide": "level"}


def test_a_state_machine_is_built_with_one_or_several_origins(builder: Builder) -> None:
    machine = build(
        builder,
        "state_machine",
        "entity: e\nfield: s\ninitial: new\nstates: {new: {within: =param.limit, warn_at: 75%}, old: {within: 4h}, end: }\n"
        "transitions:\n  one: {from: new, to: end, if: owner == me}\n"
        "  two: {from: [new, old], to: end, require: [{field: x, message: 请填写}, {check: y > 1}]}\n",
    )
    assert isinstance(machine, StateMachine)
    assert isinstance(machine.states["new"].within, Expression) and machine.states["new"].warn_at == 0.75
    assert machine.states["old"].within == Duration.parse("4h")
    assert machine.states["end"].final is False
    assert machine.transitions["one"].from_ == ("new",)
    assert machine.transitions["two"].from_ == ("new", "old")
    assert machine.transitions["two"].require[0].message == Label("请填写", "请填写")
    assert machine.transitions["two"].require[1].field is None


def test_steps_become_what_their_plugins_say(builder: Builder) -> None:
    trigger = build(
        builder,
        "trigger",
        "when: {event: idle, entity: lead, since: seen_at, for: 3d, where: x > 1}\ndo:\n"
        "  - set: {phone: 013800138000, at: =now(), title: '回访 {{ company }}'}\n    if: y > 2\n    id: first\n"
        "  - assign: by_region\n"
        "  - branch: {if: z, then: [{stop: }]}\n",
    )
    assert isinstance(trigger, Trigger)
    assert trigger.when.params["for"] == Duration.parse("3d")
    assert isinstance(trigger.when.params["where"], Condition)
    write, assign, branch = trigger.do
    assert (write.action, write.id, str(write.where)) == ("set", "first", "x.yaml:5:5")
    assert write.params["phone"] == "013800138000"
    assert isinstance(write.params["at"], Expression)
    assert write.params["title"] == Template("回访 {{ company }}")
    assert isinstance(write.if_, Condition)
    assert assign == Step("assign", {"rule": "by_region"}, where=assign.where)
    assert branch.params["then"][0].action == "stop"


def test_a_metric_reads_field_names_and_shares(builder: Builder) -> None:
    metric = build(
        builder,
        "metric",
        "entity: lead\nshare: {any: [a, b]}\nby: [source, '=hour_of(created_at)']\ngood: {above: 85%}\n",
    )
    assert isinstance(metric, Metric)
    assert metric.measure == "share" and metric.share is not None and metric.share.any
    assert [each.text for each in metric.by] == ["source", "hour_of(created_at)"]
    assert metric.good == Bounds(above=0.85)


def test_keys_that_are_words_of_python_find_their_attribute(builder: Builder) -> None:
    scenario = build(builder, "scenario", "steps: [{try: {transition: x, on: l1}, as: li, expect: {refused: [y]}}]\n")
    assert scenario.steps[0].try_ == {"transition": "x", "on": "l1"}
    assert (scenario.steps[0].as_, scenario.steps[0].expect) == ("li", {"refused": ("y",)})
    workspace = build(builder, "workspace", "for: sales\nhome: [{view: v}]\n")
    assert workspace.for_ == ("sales",)


def test_a_row_keeps_its_tests_and_its_answer_apart(builder: Builder) -> None:
    decision = build(builder, "decision", "inputs: {x: =x}\nrows: [{x: '>= 5', then: A}, {then: '=y'}]\n")
    assert decision.rows[0].tests == {"x": ">= 5"} and decision.rows[0].then == "A"
    assert isinstance(decision.rows[1].then, Expression)


def test_advice_may_name_a_pack(builder: Builder) -> None:
    diagnosis = build(builder, "diagnosis", "entity: e\nmetric: m\nbad: {above: 4}\nadvise: [{pack: night_duty}]\n")
    assert diagnosis.advise[0].pack == "night_duty"
    assert diagnosis.pack == "crm"


def test_duplicates_take_exact_and_similar(builder: Builder) -> None:
    entity = build(
        builder, "entity", "fields: {}\nduplicates: {d: {match: {phone: exact, company: {similar: 0.85}, x: 1}}}\n"
    )
    assert entity.duplicates["d"].match == {"phone": "exact", "company": 0.85, "x": 1.0}


def test_what_cannot_be_built_is_left_out_and_the_rest_kept(registry: Registry) -> None:
    builder = Builder(registry)
    node = read(
        "kind: entity\nname: a\nfields: {x: {type: text, value: =1 +}, y: {type: text, max_length: z}}\n", "x.yaml"
    )
    entity = builder.document("entity", node.documents[0], "crm")
    assert isinstance(entity, Entity)
    assert entity.fields["x"].value is None and entity.fields["y"].max_length is None
    assert [problem.code for problem in builder.shaper.problems] == ["X001"]
    assert builder.document("view", node.documents[0], "crm") is None
