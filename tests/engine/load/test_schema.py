from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.load.check import Checker
from engine.load.schema import combined, of_kind, schema
from engine.model.manifest import KINDS
from engine.plugins.registry import Registry
from engine.source.reader import read

PACKS = Path(__file__).resolve().parents[3] / "builtin_flows"


@pytest.fixture(scope="module")
def published(registry: Registry) -> dict[str, Any]:
    return combined(registry)


def test_the_published_schema_is_a_schema(published: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(published)


def test_plugins_are_part_of_the_published_schema(published: dict[str, Any], registry: Registry) -> None:
    steps = published["$defs"]["common.step"]["properties"]
    assert set(registry.names("step")) | {"if", "id"} == set(steps)
    field = published["$defs"]["entity.field"]
    assert field["properties"]["type"]["enum"] == list(registry.names("field_type"))
    assert published["$defs"]["trigger.when"]["properties"]["event"]["enum"] == list(registry.names("event"))
    events = {rule["if"]["properties"]["event"]["const"] for rule in published["$defs"]["trigger.when"]["allOf"]}
    assert {"idle", "schedule", "changed"} <= events


def test_no_reference_is_left_open(published: dict[str, Any]) -> None:
    text = json.dumps(published)
    for part in text.split('"$ref": "')[1:]:
        name = part.split('"')[0]
        assert name.startswith("#/$defs/")
        assert name.removeprefix("#/$defs/") in published["$defs"]


def test_every_shipped_document_satisfies_the_published_schema(published: dict[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator(published)
    seen = 0
    for path in sorted(PACKS.rglob("*.yaml")):
        if path.name.endswith("layout.yaml") or "sample" in path.parts:
            continue
        for document in read(path.read_bytes(), path.name).documents:
            plain = document.plain()
            if isinstance(plain, dict) and plain.get("kind") in KINDS:
                seen += 1
                assert [error.message for error in checker.iter_errors(plain)] == [], path
    assert seen > 50


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_of_one_kind_stands_alone(kind: str, registry: Registry) -> None:
    body = of_kind(kind, registry)
    jsonschema.Draft202012Validator.check_schema(body)
    for example in schema(kind)["examples"]:
        errors = list(jsonschema.Draft202012Validator(body).iter_errors(example))
        assert [error.message for error in errors] == []


# --- the walker over nodes and a library over plain values come to the same verdict

DOCUMENTS = [document for kind in KINDS for document in schema(kind)["examples"]]
JUNK = st.sampled_from(
    [None, True, 3, -1.5, "x", "", "=x", [], ["a"], [1], {}, {"zzz": 1}, {"zh": "a"}, {"any": ["a"]}]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        found += places(inner, (*path, key))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A good document with one place replaced, taken away or added to."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    path = draw(st.sampled_from([place for place in places(document) if place and place[0] != "kind"]))
    here: Any = document
    for part in path[:-1]:
        here = here[part]
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "replace":
        here[path[-1]] = draw(JUNK)
    elif how == "remove" and isinstance(here, dict):
        del here[path[-1]]
    elif isinstance(here, dict):
        here["zzz"] = draw(JUNK)
    return document


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=damaged())
def test_the_walker_refuses_what_the_library_refuses(
    document: dict[str, Any], registry: Registry, published: dict[str, Any]
) -> None:
    node = read(json.dumps(document, ensure_ascii=False), "x.yaml").documents[0]
    notes = Checker(registry).check(node, document["kind"])
    # Names of plugins and missing names are told by other means; a number where text stands is taken as written.
    ours = [
        problem for problem in notes.problems if problem.code not in ("D011", "D016", "D017", "D018", "D012", "D013")
    ]
    theirs = list(jsonschema.Draft202012Validator(published).iter_errors(document))
    if ours and not theirs:
        # Only a duration, and emptiness that JSON Schema calls a value, are known better here.
        assert {problem.code for problem in ours} <= {"D007", "D014", "D005", "D010"}, [p.text() for p in ours]
    if theirs and not notes.problems:
        assert all(lenient(error) for error in theirs), [error.message for error in theirs]


def lenient(error: Any) -> bool:
    """True for what the language allows and JSON Schema cannot say: raw scalars as text, empty maps, short forms."""
    if error.context:
        return any(lenient(inner) for inner in error.context)
    return (
        error.validator in ("type", "required", "enum", "not")
        and (error.validator != "required" or "name" in error.message or error.instance in ({}, None))
        or error.validator in ("minProperties", "additionalProperties", "const")
        and error.instance in ({}, None)
    )
