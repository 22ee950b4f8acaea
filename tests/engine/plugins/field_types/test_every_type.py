"""What holds for every field type."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expression.types import Type
from engine.model.entity import Field
from engine.model.terms import Choice
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType, Unclean

REGISTRY = Registry.discover(["engine.plugins.field_types"], entry_points=False)
NAMES = REGISTRY.names("field_type")

#: The types of the language, each in a file of its own.
LANGUAGE = (
    "text, long_text, integer, number, money, score, yes_no, date, time, datetime, duration, choice, choices, phone, "
    "email, url, uscc, address, link, links, backlink, user, team, file, image, list, json, sequence, state"
)

ENTERED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _field(name: str) -> Field:
    return Field(name="f", type=name, to="lead", choices=(Choice("a"), Choice("b")))


def test_the_types_of_the_language_are_all_there() -> None:
    assert sorted(NAMES) == sorted(LANGUAGE.split(", "))


@pytest.mark.parametrize("name", NAMES)
def test_it_names_itself_and_shows_an_example(name: str) -> None:
    plugin = REGISTRY.get(FieldType, name)
    assert set(plugin.title) == {"zh", "en"} and type(plugin).__doc__
    (example,) = yaml.safe_load(plugin.example).values()
    assert example["type"] == name
    assert plugin.params["additionalProperties"] is False
    assert isinstance(plugin.type_of(_field(name)), Type)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(value=ENTERED)
def test_whatever_is_entered_is_cleaned_or_refused_and_comes_back(name: str, value: object) -> None:
    plugin, field = REGISTRY.get(FieldType, name), _field(name)
    try:
        result = plugin.clean(field, value)
    except Unclean:
        return
    assert plugin.from_store(plugin.to_store(result)) == result
    assert plugin.clean(field, plugin.to_json(result)) == result
    for language in ("zh", "en"):
        assert isinstance(plugin.show(field, result, language), str)
