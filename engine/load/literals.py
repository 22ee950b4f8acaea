"""Values and names written out as they are: do they fit the field they are for, do they exist. Floor: 5."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Problem, Where, nearest
from engine.expression.parse import Condition, Expression, place_of
from engine.load.references import References, unknown
from engine.model.decision import Decision
from engine.model.entity import Field
from engine.model.manifest import Manifest
from engine.model.terms import Duration, Label, Template
from engine.plugins.checks.decision_rows import Words, cell_of
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType, Unclean

#: Field types whose value is found or made at run time; nothing can be said of a literal before.
LATER = frozenset({"link", "links", "backlink", "user", "team", "file", "image", "sequence", "state"})


class Literals:
    """Holds literal values against the fields of one manifest."""

    def __init__(self, manifest: Manifest, registry: Registry, references: References) -> None:
        self._manifest = manifest
        self._registry = registry
        self._references = references

    def defaults(self) -> Iterator[Problem]:
        """D039 for every default that is no value of its field, D021 for one that asks a decision nobody knows."""
        for entity in self._manifest.entities.values():
            for field in entity.fields.values():
                default = field.default
                if isinstance(default, Mapping) and set(default) == {"decide"}:
                    known = self._references.names["decision"]
                    if str(default["decide"]) not in known:
                        yield unknown("decision", str(default["decide"]), field.where, known)
                elif default is not None:
                    yield from self._fits(field, default, field.where)

    def written(self, entity: str | None, values: Mapping[str, Any], where: Where) -> Iterator[Problem]:
        """D039 for every literal a step writes that is no value of its field."""
        known = self._manifest.entities.get(entity or "")
        for name, value in values.items():
            field = known.fields.get(name) if known is not None else None
            if field is not None and value is not None:
                yield from self._fits(field, value, where)

    def answers(self, decision: Decision) -> Iterator[Problem]:
        """D039 for every answer of a decision that is none of its output's."""
        field = Field(name="then", type=decision.output.type, choices=decision.output.choices)
        for row in decision.rows:
            if row.then not in (None, ""):
                yield from self._fits(field, row.then, row.where)

    def _fits(self, field: Field, value: Any, where: Where) -> Iterator[Problem]:
        plugin = self._registry.find(FieldType, field.type)
        written_out = not isinstance(value, Expression | Condition | Template | Label | Duration | Mapping)
        if plugin is None or field.type in LATER or not written_out or holds_terms(value):
            return
        try:
            plugin.clean(field, value)
        except Unclean as bad:
            reason = Problem(bad.code, parameters=bad.parameters)
            parameters = {
                "field": field.name,
                "value": value,
                "reason": {"zh": reason.what("zh"), "en": reason.what("en")},
            }
            near = nearest(str(value), [choice.name for choice in field.choices])
            yield Problem("D039", where, parameters=parameters, suggestion=near)

    def calls(
        self, term: Expression | Condition, entity: str | None, functions: Mapping[str, Any]
    ) -> Iterator[Problem]:
        """D021 for every state, decision or calendar a call names (``reached('won')``) that does not exist."""
        if isinstance(term, Condition):
            for part in term.parts:
                yield from self.calls(part, entity, functions)
            return
        for node in ast.walk(term.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            function = functions.get(node.func.id)
            if function is None or not function.refers:
                continue
            for what, argument in named_arguments(node, function.refers):
                known = self._references.names_of(what, entity)
                if known is not None and argument.value not in known:
                    yield unknown(what, str(argument.value), place_of(term, argument), known)


def cells(decision: Decision, choices: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """D040 for every word in a row that is none of the choices its input can have; ``choices`` are those by input."""
    for row in decision.rows:
        for name, test in row.tests.items():
            cell, known = cell_of(test), choices.get(name, ())
            for word in sorted(cell.any_of - set(known)) if isinstance(cell, Words) and known else ():
                parameters = {"value": word, "input": name, "known": ", ".join(known)}
                yield Problem("D040", row.where, parameters=parameters, suggestion=nearest(word, known))


def holds_terms(value: Any) -> bool:
    """True for a list in which something is only known at run time."""
    terms = Expression | Condition | Template
    return isinstance(value, tuple | list) and any(isinstance(each, terms) for each in value)


def named_arguments(call: ast.Call, refers: Mapping[str, str]) -> Iterator[tuple[str, ast.Constant]]:
    """The arguments of a call that are written-out names, with what each should name."""
    given = {str(at): node for at, node in enumerate(call.args)}
    given.update({word.arg or "": word.value for word in call.keywords})
    for key, what in refers.items():
        node = given.get(key)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield what, node
