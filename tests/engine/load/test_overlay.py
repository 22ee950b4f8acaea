from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.load.overlay import lay, merged, parts_of, without
from engine.source.node import Node
from engine.source.reader import read
from tests.engine.load.conftest import TICKET, Loader, codes


def node(text: str, path: str = "a.yaml") -> Node:
    return read(text, path).documents[0]


def test_maps_merge_and_every_value_keeps_its_place() -> None:
    under = node("kind: entity\nname: a\nfields:\n  x: {type: text}\n  y: {type: text}\n", "pack.yaml")
    over = node("kind: entity\nextend: p.a\nfields:\n  x: {required: true}\n  z: {type: text}\n", "own.yaml")
    found, problems = lay(under, over, "a")
    assert problems == []
    assert found.plain() == {
        "kind": "entity",
        "name": "a",
        "fields": {"x": {"type": "text", "required": True}, "y": {"type": "text"}, "z": {"type": "text"}},
    }
    assert str(found.at("/fields/x/type").where) == "pack.yaml:4:13"  # type: ignore[union-attr]
    assert str(found.at("/fields/x/required").where) == "own.yaml:4:17"  # type: ignore[union-attr]


def test_lists_are_replaced_whole() -> None:
    assert merged(node("x: [1, 2]\n"), node("x: [3]\n")).plain() == {"x": [3]}


def test_lists_of_named_entries_merge_by_their_id() -> None:
    under = node("x:\n  - {id: one, after: 1h}\n  - {id: two, after: 2h}\n")
    over = node("x:\n  - {id: two, after: 3h}\n  - {id: three, after: 4h}\n")
    assert merged(under, over).plain()["x"] == [
        {"id": "one", "after": "1h"},
        {"id": "two", "after": "3h"},
        {"id": "three", "after": "4h"},
    ]


def test_a_list_named_only_on_one_side_is_replaced() -> None:
    assert merged(node("x: [{id: one}]\n"), node("x: [{after: 1h}]\n")).plain()["x"] == [{"after": "1h"}]


def test_removing_comes_before_laying() -> None:
    under = node("kind: sla\nname: a\nescalate:\n  - {id: one, after: 1h}\n")
    over = node("kind: sla\nextend: p.a\nremove: [escalate]\nescalate:\n  - {id: two, after: 2h}\n")
    assert lay(under, over, "a")[0].plain()["escalate"] == [{"id": "two", "after": "2h"}]


def test_paths_of_remove_may_use_dots_slashes_ids_and_numbers() -> None:
    assert parts_of("fields.fax") == parts_of("/fields/fax") == ["fields", "fax"]
    steps = node("do:\n  - {id: one, set: 1}\n  - {id: two, set: 2}\n")
    for path in ("do.two", "do.1"):
        left = without(steps, parts_of(path))
        assert left is not None and left.plain() == {"do": [{"id": "one", "set": 1}]}
    assert without(steps, ["do", "three"]) is None
    assert without(steps, ["do", "one", "set"]).plain()["do"][0] == {"id": "one"}  # type: ignore[union-attr]


def test_several_overlays_are_laid_in_the_order_of_their_files(loaded: Loader) -> None:
    found = loaded(
        TICKET,
        custom__a="kind: entity\nextend: ticket\nicon: first\n",
        custom__b="kind: entity\nextend: custom.ticket\nicon: second\n",
    )
    assert codes(found) == []
    assert found.manifest is not None and found.manifest.entities["ticket"].icon == "second"


def test_an_overlay_need_not_repeat_what_is_required(loaded: Loader) -> None:
    found = loaded(TICKET, custom__a="kind: entity\nextend: ticket\nfields: {subject: {max_length: 40}}\n")
    assert codes(found) == []
    assert found.manifest is not None
    assert found.manifest.entities["ticket"].fields["subject"].max_length == 40


def test_a_mistake_in_an_overlay_is_told_once_at_its_own_place(loaded: Loader) -> None:
    found = loaded(TICKET, custom__a="kind: entity\nextend: ticket\nfields: {subject: {max_lenght: 40}}\n")
    assert [str(problem.where) for problem in found.problems] == ["custom/a.yaml:3:20"]


def test_fault_019_a_removed_field_lists_everything_that_uses_it(loaded: Loader) -> None:
    found = loaded(
        TICKET,
        custom__a="kind: entity\nextend: ticket\nremove: [fields.amount]\n",
        custom__v="kind: view\nname: v\nentity: ticket\ncolumns: [amount]\nwhere: amount > 3\n",
        custom__f="kind: form\nname: f\nentity: ticket\nfields: [subject, amount]\n",
    )
    assert codes(found) == ["D022"]
    assert found.problems[0].parameters["count"] == 3
    assert "custom/f.yaml:4:19" in found.problems[0].parameters["places"]


plain_trees = st.recursive(
    st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3),
    max_leaves=6,
)
maps = st.dictionaries(st.sampled_from(["x", "y", "z"]), plain_trees, min_size=1, max_size=3)


def as_node(value: Any) -> Node:
    import json

    return read(json.dumps(value), "x.yaml").documents[0]


@given(under=maps, over=maps)
def test_what_the_overlay_says_is_so_and_what_it_does_not_name_stays(
    under: dict[str, Any], over: dict[str, Any]
) -> None:
    found = merged(as_node(under), as_node(over)).plain()
    assert set(found) == set(under) | set(over)
    for key, value in over.items():
        if not (isinstance(value, dict) and isinstance(under.get(key), dict)):
            assert found[key] == value
    for key in set(under) - set(over):
        assert found[key] == under[key]


@given(under=maps)
def test_laying_a_document_over_itself_changes_nothing(under: dict[str, Any]) -> None:
    assert merged(as_node(under), as_node(under)).plain() == under
