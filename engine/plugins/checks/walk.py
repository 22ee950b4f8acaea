"""What several checks need to look through a manifest: conditions, expressions and steps below a value. Floor: 4."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from engine.expression.parse import Condition, Expression
from engine.model.terms import Duration, Label, Step, Template, attributes

#: What holds no expression, so that most of a manifest is passed by quickly.
_PLAIN = (str, bool, int, float, type(None), Label, Template, Duration)


def expressions(value: Any) -> Iterator[Expression]:
    """Every expression below a value, steps and conditions included."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, Condition):
        for part in value.parts:
            yield from expressions(part)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from expressions(inner)
    elif not isinstance(value, _PLAIN):
        for name in attributes(value.__class__):
            yield from expressions(getattr(value, name))


def steps(value: Any) -> Iterator[Step]:
    """Every step below a value, those inside steps included."""
    if isinstance(value, Step):
        yield value
        yield from steps(value.params)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from steps(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from steps(inner)


def templates(value: Any) -> Iterator[Template]:
    """Every template below a value."""
    if isinstance(value, Template):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from templates(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from templates(inner)
    elif not isinstance(value, _PLAIN):
        for name in attributes(value.__class__):
            yield from templates(getattr(value, name))


def names(expression: Expression) -> frozenset[str]:
    """The bare names an expression uses."""
    return frozenset(node.id for node in ast.walk(expression.tree) if isinstance(node, ast.Name))


def parameters(expression: Expression) -> frozenset[str]:
    """The parameters an expression reads (``param.x``)."""
    return frozenset(
        node.attr
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "param"
    )
