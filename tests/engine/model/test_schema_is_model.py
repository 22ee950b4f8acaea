"""Each kind has one schema and one class, and they say the same."""

from __future__ import annotations

import dataclasses
import importlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engine.load.schema import FOLDER, schema
from engine.model.manifest import KINDS
from engine.model.site import Site
from engine.model.terms import Document

#: Keys every document may have that its class does not keep.
WRITTEN = {"kind", "extend", "remove"}
#: Attributes that no key gives: where it stands, what pack it came from, what the loader adds.
ADDED = {"where", "made_by"}
#: (class, attribute) that takes the keys no property names, or is put there by the loader.
FREE = {
    ("Field", "options"), ("When", "params"), ("EventPattern", "params"), ("Row", "tests"), ("Parameter", "seasons"),
    ("Parameter", "pack"),
}  # fmt: skip
CLASSES = {"site": Site, **KINDS}


def keys(cls: type) -> set[str]:
    """The YAML keys of a class, by its attributes."""
    return {
        field.name.removesuffix("_")
        for field in dataclasses.fields(cls)
        if field.name not in ADDED and (cls.__name__, field.name) not in FREE
    }


def parts(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, part in schema(kind).get("$defs", {}).items():
        if "x-class" in part:
            yield name, part


@pytest.mark.parametrize("kind", CLASSES)
def test_a_schema_names_exactly_what_its_class_keeps(kind: str) -> None:
    written = set(schema(kind)["properties"]) - WRITTEN
    assert written == keys(CLASSES[kind]) - {"pack"}


@pytest.mark.parametrize("kind", CLASSES)
def test_the_parts_of_a_schema_name_exactly_what_their_classes_keep(kind: str) -> None:
    classes = vars(importlib.import_module(CLASSES[kind].__module__)) | vars(
        importlib.import_module("engine.model.pack")
    )
    for name, part in parts(kind):
        own = keys(classes[part["x-class"]])
        # A map's entries take their name from the key.
        assert set(part["properties"]) in (own, own - {"name"}), f"{kind}/{name}"


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_class_cannot_be_made_without_is_required(kind: str) -> None:
    cls = CLASSES[kind]
    needed = {
        field.name.removesuffix("_")
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    body = schema(kind)
    assert needed <= set(body.get("else", body)["required"])


@pytest.mark.parametrize("kind", [*CLASSES, "common"])
def test_everything_in_a_schema_is_named_and_explained_in_both_languages(kind: str) -> None:
    body = schema(kind)
    bare = [path for path, part in described(body, kind) if not part.get("title") or not part["x-en"].get("title")]
    assert bare == []
    for path, part in described(body, kind):
        if kind != "common":
            assert part.get("description") and part["x-en"].get("description"), path


def described(part: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property and definition, with its path."""
    if path.count("/") == 0:
        yield path, part
    for group in ("properties", "$defs"):
        for name, inner in part.get(group, {}).items():
            yield f"{path}/{name}", inner
            yield from described(inner, f"{path}/{name}")


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_schema_satisfies_it(kind: str) -> None:
    import jsonschema
    from referencing import Registry, Resource

    stored = Registry().with_resources(
        (path.name, Resource.from_contents(schema(path.name.removesuffix(".schema.json"))))
        for path in FOLDER.glob("*.json")
    )
    checker = jsonschema.Draft202012Validator(schema(kind), registry=stored)
    assert schema(kind)["examples"]
    for example in schema(kind)["examples"]:
        assert [error.message for error in checker.iter_errors(example)] == []


def test_there_is_one_schema_for_each_kind_and_none_beside() -> None:
    names = {path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json")}
    assert names == {*KINDS, "common", "site"}


def test_every_kind_is_a_document_with_a_page_of_its_own() -> None:
    for kind, cls in KINDS.items():
        assert issubclass(cls, Document)
        assert cls.__module__ == f"engine.model.{kind}"
        assert typing.get_type_hints(cls)
