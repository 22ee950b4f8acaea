from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader
from tests.engine.load.test_pipeline import MACHINE

SLA = """---
kind: sla
name: answer
entity: ticket
start: {event: created}
stop: {if: amount is not None}
target: 2h
escalate:
  - {after: 0m, do: [{set: {amount: 1}}]}
  - {after: 15m, do: [{set: {amount: 2}}]}
"""


def test_a_state_with_a_limit_becomes_a_promise(loaded: Loader) -> None:
    manifest = loaded(TICKET + MACHINE).manifest
    assert manifest is not None
    promise = manifest.slas["ticket_stage.new"]
    assert (promise.start.event, dict(promise.start.params)) == ("entered", {"state": "new", "machine": "ticket_stage"})
    assert promise.stop.event == "left"
    assert (str(promise.target), promise.warn_at) == ("4h", 0.75)
    assert str(promise.where) == "custom/x.yaml:17:3"


def test_what_a_transition_does_becomes_a_trigger_at_its_place(loaded: Loader) -> None:
    manifest = loaded(TICKET + MACHINE).manifest
    assert manifest is not None
    trigger = manifest.triggers["ticket_stage.finish.do"]
    assert (trigger.when.event, dict(trigger.when.params)) == (
        "transition",
        {"machine": "ticket_stage", "transition": "finish"},
    )
    assert trigger.made_by == "state_machine/ticket_stage"
    assert [step.action for step in trigger.do] == ["set"]


def test_every_escalation_becomes_a_trigger(loaded: Loader) -> None:
    manifest = loaded(TICKET + SLA).manifest
    assert manifest is not None
    assert list(manifest.triggers) == ["answer.escalate.0", "answer.escalate.1"]
    second = manifest.triggers["answer.escalate.1"]
    assert dict(second.when.params) == {"sla": "answer", "step": "escalate.1"}
    assert str(second.where) == "custom/x.yaml:19:5"


def test_the_field_of_a_machine_is_made_and_knows_its_states(loaded: Loader) -> None:
    manifest = loaded(TICKET + MACHINE).manifest
    assert manifest is not None
    field = manifest.entities["ticket"].fields["stage"]
    assert (field.type, dict(field.options)) == ("state", {"machine": "ticket_stage"})
    assert [choice.name for choice in field.choices] == ["new", "done"]


def test_a_field_that_is_declared_keeps_its_label(loaded: Loader) -> None:
    text = TICKET + "  stage: {type: state, label: 进度}\n"
    manifest = loaded(text + MACHINE).manifest
    assert manifest is not None
    field = manifest.entities["ticket"].fields["stage"]
    assert field.label.zh == "进度"
    assert [choice.name for choice in field.choices] == ["new", "done"]


def test_an_amount_that_names_no_currency_is_in_the_sites(loaded: Loader) -> None:
    text = "kind: entity\nname: deal\nfields: {a: {type: money}, b: {type: money, currency: USD}, c: {type: number}}\n"
    for site, expected in (("", None), ("currency: HKD\n", "HKD")):
        manifest = loaded(text, site=f"name: test\n{site}").manifest
        assert manifest is not None
        fields = manifest.entities["deal"].fields
        assert [fields[name].options.get("currency") for name in "abc"] == [expected, "USD", None]
