"""Nodes to the small words of the model: labels, durations, expressions, conditions, steps. Floor: 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import InvalidDocument, Problem, Where
from engine.expression import parse
from engine.load.notes import text_of
from engine.load.schema import whole
from engine.model.terms import Choice, Condition, Duration, Expression, Html, Label, Step, Template
from engine.plugins.registry import Registry
from engine.source.node import Node


class Skip(Exception):
    """The node cannot be made into what is wanted; the check has said why."""


class Shaper:
    """Turns nodes into values and keeps what went wrong in ``problems``."""

    def __init__(self, registry: Registry) -> None:
        self.problems: list[Problem] = []
        self._steps = registry.plugins.get("step", {})
        self._words: Mapping[str, Callable[[Node], Any]] = {
            "label": self.label,
            "duration": self.span,
            "expression": self.expression,
            "condition": self.condition,
            "template": self.template,
            "steps": self.steps,
            "value": self.filled,
        }

    def text(self, node: Node) -> str:
        """A scalar as written, so that nothing is lost."""
        if node.value is None or isinstance(node.value, (dict, list)):
            raise Skip
        return text_of(node)

    def label(self, node: Node) -> Label:
        """One text for both languages, or a text for each."""
        if isinstance(node.value, dict):
            words = {key: self.text(value) for key, value in node.value.items() if key in ("zh", "en")}
            return Label(words.get("zh", ""), words.get("en", ""))
        text = self.text(node)
        return Label(text, text)

    def duration(self, node: Node) -> Duration:
        """A literal span."""
        found = Duration.parse(self.text(node))
        if found is None:
            raise Skip
        return found

    def span(self, node: Node) -> Duration | Expression:
        """A literal span, or an expression for one."""
        return self.expression(node) if self.text(node).startswith("=") else self.duration(node)

    def expression(self, node: Node) -> Expression:
        """An expression, with or without its ``=``."""
        text = self.text(node)
        where = inside(node)
        if text.startswith("="):
            text, where = text[1:], Where(where.file, where.line, where.column + 1)
        try:
            return parse.parse(text, where)
        except InvalidDocument as refused:
            self.problems += refused.problems
            raise Skip from None

    def condition(self, node: Node) -> Condition:
        """One expression, all of a list, or any of ``{any: […]}``."""
        if isinstance(node.value, list):
            return Condition(self._parts(node))
        if isinstance(node.value, dict):
            for word in ("any", "all"):
                inner = node.get(word)
                if inner is not None and isinstance(inner.value, list):
                    return Condition(self._parts(inner), any=word == "any")
            raise Skip
        if isinstance(node.value, bool):
            return Condition((parse.parse(str(node.value), node.where),))
        return Condition((self.expression(node),))

    def _parts(self, node: Node) -> tuple[Expression | Condition, ...]:
        parts: list[Expression | Condition] = []
        broken = False
        for entry in node.value:
            try:
                parts.append(
                    self.condition(entry) if isinstance(entry.value, (dict, list)) else self.condition(entry).parts[0]
                )
            except Skip:
                broken = True
        if broken:
            raise Skip
        return tuple(parts)

    def template(self, node: Node) -> Template:
        """Text with ``{{ }}``."""
        return Template(self.text(node), inside(node), node.margin)

    def html(self, node: Node) -> Html:
        """The same, for a mail in HTML."""
        return Html(self.text(node), inside(node), node.margin)

    def value(self, node: Node) -> Any:
        """A literal, or an Expression where it begins with ``=``; maps and lists the same all the way down."""
        if isinstance(node.value, dict):
            return {key: self.value(inner) for key, inner in node.value.items()}
        if isinstance(node.value, list):
            return tuple(self.value(inner) for inner in node.value)
        if isinstance(node.value, str):
            return self.expression(node) if node.value.startswith("=") else node.value
        return literal(node)

    def filled(self, node: Node) -> Any:
        """The same where a text with ``{{ }}`` is a template: in steps, and in what a connection sets."""
        if isinstance(node.value, dict):
            return {key: self.filled(inner) for key, inner in node.value.items()}
        if isinstance(node.value, list):
            return tuple(self.filled(inner) for inner in node.value)
        if isinstance(node.value, str) and "{{" in node.value and not node.value.startswith("="):
            return self.template(node)
        return self.value(node)

    def choices(self, node: Node) -> tuple[Choice, ...]:
        """A list of words or {name, label}, or a map of name to label."""
        if isinstance(node.value, dict):
            return tuple(Choice(key, self.label(inner)) for key, inner in node.value.items())
        if not isinstance(node.value, list):
            raise Skip
        found = []
        for entry in node.value:
            if isinstance(entry.value, dict):
                name, label = entry.get("name"), entry.get("label")
                if name is None:
                    raise Skip
                found.append(Choice(self.text(name), self.label(label) if label else Label()))
            else:
                found.append(Choice(self.text(entry)))
        return tuple(found)

    def share(self, node: Node) -> float:
        """A number, or a percentage as its hundredth."""
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return float(node.value)
        text = self.text(node)
        try:
            return float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            raise Skip from None

    def steps(self, node: Node) -> tuple[Step, ...]:
        """Steps in order; one that the check refused is left out."""
        if not isinstance(node.value, list):
            raise Skip
        found = []
        for entry in node.value:
            if isinstance(entry.value, dict):
                for action in entry.value:
                    if action in self._steps:
                        found.append(self._step(entry, action))
                        break
        return tuple(found)

    def _step(self, node: Node, action: str) -> Step:
        schema = self._steps[action].params
        given = node.value[action]
        short = schema.get("x-short")
        try:
            if given.value is None:
                params: Any = {}
            elif short and not isinstance(given.value, dict):
                params = {short: self.by_schema(given, schema["properties"][short])}
            else:
                params = self.by_schema(given, schema)
        except Skip:
            params = {}
        name, condition = node.get("id"), node.get("if")
        kept: Condition | None = None
        if condition is not None:
            try:
                kept = self.condition(condition)
            except Skip:
                kept = None
        return Step(
            action, params if isinstance(params, dict) else {}, self.text(name) if name else "", kept, node.where
        )

    def by_schema(self, node: Node, schema: Mapping[str, Any]) -> Any:
        """A node as a plugin's schema describes it: leaves with a ``format`` become words of the model."""
        _, schema = whole("common", schema)
        word = self._words.get(schema.get("format", ""))
        if word is not None:
            return word(node)
        if schema.get("x-build") == "choices":
            return self.choices(node)
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            return self._branch(node, branches)
        if isinstance(node.value, dict):
            return self._by_properties(node, schema)
        if isinstance(node.value, list):
            inner = schema.get("items", {})
            return tuple(self.by_schema(entry, inner) for entry in node.value)
        return text_of(node) if schema.get("type") == "string" and node.value is not None else literal(node)

    def _by_properties(self, node: Node, schema: Mapping[str, Any]) -> dict[str, Any]:
        own, others = schema.get("properties", {}), schema.get("additionalProperties")
        rest = others if isinstance(others, Mapping) else {}
        found = {}
        for key, inner in node.value.items():
            try:
                found[key] = self.by_schema(inner, own.get(key, rest))
            except Skip:
                continue
        return found

    def _branch(self, node: Node, branches: list[Mapping[str, Any]]) -> Any:
        wanted = "object" if isinstance(node.value, dict) else "array" if isinstance(node.value, list) else "scalar"
        for branch in branches:
            _, part = whole("common", branch)
            kinds = part.get("type", ())
            kinds = {kinds} if isinstance(kinds, str) else set(kinds)
            if part.get("format") == "value" or not kinds or kinds & {wanted}:
                return self.by_schema(node, part)
            fits = isinstance(node.value, str) == ("string" in kinds)
            if wanted == "scalar" and fits and not kinds & {"object", "array"}:
                return self.by_schema(node, part)
        return self.value(node)


def literal(node: Node) -> Any:
    """A scalar's value; digits that begin with a zero stay text (``0138…`` is a telephone number)."""
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        digits = node.raw.lstrip("+-")
        if len(digits) > 1 and digits.startswith("0") and digits.isdigit():
            return node.raw
    return node.value


def inside(node: Node) -> Where:
    """Where a scalar's text begins: behind its quote, below the sign of a block."""
    if node.margin:
        return Where(node.where.file, node.where.line + 1, node.margin + 1)
    if node.quoted:
        return Where(node.where.file, node.where.line, node.where.column + 1)
    return node.where
