from __future__ import annotations

import dataclasses

from engine.errors import Where
from engine.expression.parse import parse
from engine.model.diff import diff, differences, plain
from engine.model.entity import Entity, Field
from engine.model.manifest import Manifest
from engine.model.site import Site
from engine.model.sla import EventPattern, Sla
from engine.model.terms import Condition, Duration, Label, Step
from engine.model.trigger import Trigger, When

ORDER = Entity(
    name="order",
    label=Label("订单", "Order"),
    fields={"number": Field(name="number", type="text"), "amount": Field(name="amount", type="money")},
)


def manifest(*entities: Entity, **rest: object) -> Manifest:
    return Manifest(site=Site(name="test"), entities={each.name: each for each in entities}, **rest)  # type: ignore[arg-type]


def test_nothing_changed_gives_nothing() -> None:
    moved = dataclasses.replace(ORDER, where=Where("custom/other.yaml", 9, 1))
    assert diff(manifest(ORDER), manifest(moved)) == []


def test_documents_that_come_and_go_are_named() -> None:
    ticket = Entity(name="ticket")
    changes = diff(manifest(ORDER), manifest(ticket))
    assert [(change.name, change.how) for change in changes] == [("order", "removed"), ("ticket", "added")]
    assert changes[0].label("zh") == "订单(order)"
    assert changes[1].label("zh") == "ticket"


def test_a_changed_value_is_shown_with_its_path_and_both_values() -> None:
    fields = {**ORDER.fields, "number": Field(name="number", type="text", required=True)}
    change = diff(manifest(ORDER), manifest(dataclasses.replace(ORDER, fields=fields)))[0]
    assert [(each.path, each.old, each.new) for each in change.values] == [("/fields/number/required", "false", "true")]


def test_a_field_that_comes_is_one_difference() -> None:
    fields = {**ORDER.fields, "fax": Field(name="fax", type="phone", label=Label("传真", "Fax"))}
    change = diff(manifest(ORDER), manifest(dataclasses.replace(ORDER, fields=fields)))[0]
    assert [each.path for each in change.values] == ["/fields/fax"]
    assert change.values[0].old == ""
    assert "phone" in change.values[0].new


def test_what_the_loader_made_of_other_documents_is_left_out() -> None:
    made = Sla(
        name="order_stage.new",
        entity="order",
        start=EventPattern(event="entered"),
        stop=EventPattern(event="left"),
        target=Duration(3600, 0, "1h"),
    )
    assert diff(manifest(ORDER), manifest(ORDER, slas={made.name: made})) == []


def test_steps_and_conditions_are_told_as_they_are_written() -> None:
    trigger = Trigger(
        name="t",
        when=When(event="created", entity="order", params={"for": Duration(7200, 0, "2h")}),
        if_=Condition((parse("amount > 5"), parse("number is None"))),
        do=(Step("set", {"amount": parse("amount * 2")}),),
    )
    shape = plain(trigger)
    assert shape["if"] == ["amount > 5", "number is None"]
    assert shape["when"]["params"] == {"for": "2h"}
    assert shape["do"] == [{"action": "set", "params": {"amount": "=amount * 2"}}]
    other = dataclasses.replace(trigger, if_=Condition((parse("amount > 6"), parse("number is None")), any=True))
    change = diff(manifest(triggers={"t": trigger}), manifest(triggers={"t": other}))[0]
    assert [each.path for each in change.values] == ["/if"]


def test_lists_of_equal_length_are_compared_entry_by_entry() -> None:
    assert [each.path for each in differences({"a": [1, 2, 3]}, {"a": [1, 5, 3]})] == ["/a/1"]
    assert [(each.old, each.new) for each in differences([1], [1, 2])] == [("[1]", "[1, 2]")]


def test_a_setting_of_the_site_is_a_change_too() -> None:
    after = dataclasses.replace(manifest(ORDER), site=Site(name="test", timezone="Europe/Berlin"))
    change = diff(manifest(ORDER), after)[0]
    assert (change.kind, change.values[0].path, change.values[0].new) == ("site", "/timezone", "Europe/Berlin")
