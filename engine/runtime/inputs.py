"""Which fields an expression reads, and whether it reads beyond its own record. Floor: 5."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.expression.parse import Condition, Expression
from engine.model.entity import Entity

if TYPE_CHECKING:
    from engine.runtime.compiled import Compiled


def expressions_in(term: Expression | Condition) -> Iterator[Expression]:
    """Every expression in a condition, in order."""
    if isinstance(term, Expression):
        yield term
    else:
        for part in term.parts:
            yield from expressions_in(part)


def reads(compiled: Compiled, term: Expression | Condition, entity: Entity) -> tuple[set[str], bool]:
    """The record's own fields an expression reads, and whether it reads beyond them."""
    inputs: set[str] = set()
    far = False
    for expression in expressions_in(term):
        for node in ast.walk(expression.tree):
            if isinstance(node, ast.Name) and node.id in entity.fields:
                inputs.add(node.id)
                far = far or entity.fields[node.id].type == "backlink"
            elif isinstance(node, ast.Attribute):
                own = isinstance(node.value, ast.Name) and node.value.id == entity.name
                inputs |= {node.attr} if own and node.attr in entity.fields else set()
                far = far or not own
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                more, beyond = _call_reads(compiled, node, entity)
                inputs.update(more)
                far = far or beyond
    return inputs, far


def _call_reads(compiled: Compiled, node: ast.Call, entity: Entity) -> tuple[Iterable[str], bool]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "decide" and node.args and isinstance(node.args[0], ast.Constant):
        return decision_reads(compiled, str(node.args[0].value), entity)
    needs = getattr(compiled.functions.get(name), "needs", ())
    # The site's time zone is the same at every save.
    return (), any(each != "timezone" for each in needs)


def decision_reads(compiled: Compiled, name: str, entity: Entity) -> tuple[set[str], bool]:
    """The same of a decision table's inputs."""
    inputs: set[str] = set()
    far = False
    document = compiled.manifest.decisions.get(name)
    for expression in document.inputs.values() if document else ():
        more, beyond = reads(compiled, expression, entity)
        inputs |= more
        far = far or beyond
    return inputs, far
