from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import NotFound
from engine.load.edit import edit
from engine.load.pipeline import Loaded, load
from engine.plugins.registry import Registry
from tests.engine.load.conftest import BASE

SHOP = {
    **BASE,
    "shop": {
        "pack.yaml": (
            'kind: pack\nname: shop\nversion: "1.0.0"\nparameters:\n  limit: {type: duration, default: 4h}\n'
        ),
        "entity/order.yaml": (
            "kind: entity\nname: order\n# what is sold\nlabel: {zh: 订单, en: Order}\nfields:\n"
            "  number: {type: text, required: true}\n  fax: {type: text}\n  amount: {type: money}\n"
        ),
        "state_machine/order_stage.yaml": (
            "kind: state_machine\nname: order_stage\nentity: order\nfield: stage\ninitial: new\n"
            "states: {new: {within: =param.limit}, paid: {final: true}}\ntransitions:\n  pay:\n    from: new\n    to: paid\n"
            "    do:\n      - {set: {amount: 1}}\n      - {set: {number: a}}\n"
        ),
        "sla/fast.yaml": (
            "kind: sla\nname: fast\nentity: order\nstart: {event: created}\nstop: {if: amount > 0}\ntarget: 2h\n"
            "escalate:\n  - {id: one, after: 0m, do: [{set: {amount: 1}}]}\n"
            "  - {id: two, after: 1h, do: [{set: {amount: 2}}]}\n"
        ),
    },
}
SITE = "# our shop\nname: test\npacks: [shop]\n"


def site(registry: Registry, **custom: str) -> Loaded:
    files = {f"custom/{name}.yaml": text for name, text in custom.items()}
    found = load({"site.yaml": SITE, **files}, registry, SHOP)
    assert found.errors == (), [problem.text() for problem in found.problems]
    return found


def after(registry: Registry, before: Loaded, changed: Mapping[str, str]) -> Loaded:
    files = {path: source.text for path, source in before.sources.items() if not path.startswith("builtin_flows/")}
    return load({**files, **changed}, registry, SHOP)


def value(found: Loaded, kind: str, name: str) -> Any:
    return found.origins[kind, name].plain()


def test_a_value_of_a_pack_becomes_an_overlay(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "order", [{"op": "set", "at": "/fields/fax/required", "value": True}])
    assert changed == {
        "custom/entity/order.yaml": "kind: entity\nextend: shop.order\nfields:\n  fax:\n    required: true\n"
    }
    done = after(registry, before, changed)
    assert value(done, "entity", "order")["fields"]["fax"] == {"type": "text", "required": True}
    assert value(done, "entity", "order")["fields"]["number"] == {"type": "text", "required": True}


def test_a_second_edit_goes_into_the_same_overlay_and_keeps_its_comments(registry: Registry) -> None:
    overlay = (
        "kind: entity\nextend: shop.order\n# we still send faxes\nfields:\n  fax: {required: true}  # since 1998\n"
    )
    before = site(registry, order=overlay)
    changed = edit(before, "entity/order", [{"op": "set", "at": "fields.fax.required", "to": False}])
    assert changed == {"custom/order.yaml": overlay.replace("true", "false")}


def test_a_document_of_the_company_is_changed_where_it_stands(registry: Registry) -> None:
    text = "kind: view  # mine\nname: orders\nentity: order\ncolumns: [number]\n"
    changed = edit(site(registry, v=text), "orders", [{"op": "insert", "at": "/columns/-", "value": "amount"}])
    assert changed == {"custom/v.yaml": text.replace("[number]", "[number, amount]")}


def test_a_removed_field_of_a_pack_is_listed_under_remove(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "order", [{"op": "remove", "at": "/fields/fax"}])
    assert changed == {"custom/entity/order.yaml": "kind: entity\nextend: shop.order\nremove: [fields.fax]\n"}
    assert "fax" not in value(after(registry, before, changed), "entity", "order")["fields"]


def test_a_renamed_field_says_what_it_was_called(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "order", [{"op": "rename", "at": "/fields/fax", "to": "telefax"}])
    fields = value(after(registry, before, changed), "entity", "order")["fields"]
    assert "fax" not in fields
    assert fields["telefax"] == {"type": "text", "renamed_from": "fax"}


def test_a_value_inside_a_list_of_a_pack_lays_the_whole_list_anew(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "order_stage", [{"op": "set", "at": "/transitions/pay/do/1/set/number", "value": "b"}])
    done = value(after(registry, before, changed), "state_machine", "order_stage")
    assert done["transitions"]["pay"] == {
        "from": "new",
        "to": "paid",
        "do": [{"set": {"amount": 1}}, {"set": {"number": "b"}}],
    }


def test_entries_with_an_id_can_be_taken_out_and_moved(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "fast", [{"op": "remove", "at": "/escalate/0"}])
    done = value(after(registry, before, changed), "sla", "fast")
    assert [entry["id"] for entry in done["escalate"]] == ["two"]


def test_a_parameter_of_a_pack_is_set_in_the_site(registry: Registry) -> None:
    before = site(registry)
    changed = edit(before, "shop", [{"op": "set", "at": "/parameters/limit/default", "value": "8h"}])
    assert changed == {"site.yaml": SITE + "parameters: {limit: 8h}\n"}
    manifest = after(registry, before, changed).manifest
    assert manifest is not None
    assert str(manifest.parameters["limit"].seasons[0].value) == "8h"


def test_the_site_itself_can_be_edited(registry: Registry) -> None:
    changed = edit(site(registry), "site/test", [{"op": "set", "at": "/timezone", "value": "Europe/Berlin"}])
    assert changed == {"site.yaml": SITE + "timezone: Europe/Berlin\n"}


def test_an_unknown_name_is_refused_with_the_nearest(registry: Registry) -> None:
    with pytest.raises(NotFound) as refused:
        edit(site(registry), "ordre", [{"op": "set", "at": "/label", "value": "x"}])
    assert refused.value.problems[0].suggestion == "order"


PLACES = st.sampled_from(
    ["/fields/fax/required", "/fields/number/max_length", "/fields/amount/min", "/label/zh", "/icon"]
)
CHANGES = st.lists(st.tuples(PLACES, st.sampled_from([True, 1, 7, "x", "0138"])), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_the_merged_document_says_what_the_edits_asked(changes: list[tuple[str, Any]], registry: Registry) -> None:
    before = load({"site.yaml": SITE}, registry, SHOP)
    changed = edit(before, "order", [{"op": "set", "at": at, "value": to} for at, to in changes])
    assert set(changed) == {"custom/entity/order.yaml"}
    done = after(registry, before, changed).origins["entity", "order"]
    for at, to in dict(changes).items():
        node = done.at(at)
        assert node is not None and node.plain() == to


@pytest.mark.parametrize("head", ["extend: shop.order", "name: visit"])
def test_a_field_of_ones_own_is_renamed_in_place_and_back_again(registry: Registry, head: str) -> None:
    text = f"kind: entity\n{head}\nfields:\n  way: {{type: text}}   # how they buy\n"
    before = site(registry, own=text)
    name = "order" if head.startswith("extend") else "visit"
    changed = edit(before, name, [{"op": "rename", "at": "/fields/way", "to": "manner"}])
    assert list(changed) == ["custom/own.yaml"]
    renamed = after(registry, before, changed)
    assert renamed.errors == ()
    assert value(renamed, "entity", name)["fields"]["manner"] == {"type": "text", "renamed_from": "way"}
    back = edit(renamed, name, [{"op": "rename", "at": "/fields/manner", "to": "way"}])
    assert back == {"custom/own.yaml": text}


def test_a_field_one_added_to_a_packs_document_goes_away_again(registry: Registry) -> None:
    before = site(registry, own="kind: entity\nextend: shop.order\nfields:\n  way: {type: text}\n  why: {type: text}\n")
    changed = edit(before, "order", [{"op": "remove", "at": "/fields/way"}])
    assert changed == {"custom/own.yaml": "kind: entity\nextend: shop.order\nfields:\n  why: {type: text}\n"}
