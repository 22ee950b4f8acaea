"""Jinja2 with nothing in it that can call, escape, import or grow: an allow-list over its syntax tree. Floor: 2.

Jinja2's own sandbox refuses dangerous attributes one by one; here only what is listed exists at all. Values are plain
copies (mappings, lists, numbers, texts, dates), attributes are keys of mappings, the only call is ``range``.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

from jinja2 import DictLoader, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from engine.expression.filters import FILTERS, bounded, show

MAX_ROUNDS = 100_000
MAX_OUTPUT = 1024 * 1024
SECONDS = 2.0
MAX_NUMBER = 10**18

TESTS = ("defined", "undefined", "none", "odd", "even", "equalto", "eq", "ne", "lt", "le", "gt", "ge", "in")
LOOP = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0"})
SETTING, METER = "_setting", "_meter"

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Include, nodes.Name,
    nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Getattr,
    nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv,
    nodes.Mod, nodes.Not, nodes.And, nodes.Or, nodes.Neg, nodes.Pos, nodes.Concat, nodes.Call, nodes.Keyword,
)  # fmt: skip

_SHOWN = {
    "Macro": "{% macro %}", "CallBlock": "{% call %}", "FilterBlock": "{% filter %}", "AssignBlock": "{% set %} … {% endset %}",
    "Import": "{% import %}", "FromImport": "{% from %}", "Extends": "{% extends %}", "Block": "{% block %}",
    "ScopedEvalContextModifier": "{% autoescape %}", "Scope": "{% autoescape %}", "With": "{% with %}", "Pow": "**", "NSRef": "namespace",
}  # fmt: skip

Refusal = tuple[str, int, dict[str, Any]]


class Meter:
    """How much one rendering may still do."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.rounds, self.clock = MAX_ROUNDS, clock
        self.until = clock() + SECONDS

    def tick(self) -> None:
        """One round of a loop, one piece of output; OverflowError when that was one too many."""
        self.rounds -= 1
        if self.rounds < 0:
            raise OverflowError(f"{MAX_ROUNDS} rounds")
        if self.clock() > self.until:
            raise OverflowError(f"{SECONDS:g} s")


@pass_context
def _rounds(context: Context, values: Any) -> Iterator[Any]:
    """The elements of a loop, each counted."""
    meter: Meter = context[METER]
    if isinstance(values, Mapping):
        values = list(values)
    if isinstance(values, StrictUndefined):
        str(values)  # raises, with the name that is missing
    if values is None:
        values = ()
    if not isinstance(values, list | tuple | range):
        raise TypeError(f"{type(values).__name__} is not a list")
    for value in values:
        meter.tick()
        yield value


@pass_context
def _concatenated(context: Context, values: list[Any]) -> str:
    return bounded("".join(show(context[SETTING], value) for value in values))


@pass_context
def _address(context: Context, value: Any) -> str:
    """A web address that starts nothing: http, https, mailto, tel or a path."""
    text = show(context[SETTING], value).strip()
    scheme = re.match(r"[\x00-\x20]*([a-zA-Z][^:/?#]*):", text)
    return text if scheme is None or scheme[1].lower() in ("http", "https", "mailto", "tel") else "#"


def _range(*bounds: int) -> range:
    found = range(*bounds)
    if len(found) > MAX_ROUNDS:
        raise OverflowError(f"{MAX_ROUNDS} rounds")
    return found


def _filter(call: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def run(context: Context, value: Any, *words: Any, **more: Any) -> Any:
        if isinstance(value, StrictUndefined):
            if call is FILTERS["default"]:
                value = None
            else:
                str(value)  # raises, with the name that is missing
        found = call(context[SETTING], value, *words, **more)
        return bounded(found) if isinstance(found, str) else found

    return run


def _plain_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and -MAX_NUMBER < value < MAX_NUMBER


class Sandbox(ImmutableSandboxedEnvironment):
    """One set of rules: ``html`` escapes what is written, the others do not."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def __init__(self, html: bool, sources: Mapping[str, str]) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=html, loader=DictLoader(dict(sources)), finalize=_finalize, cache_size=100,
            keep_trailing_newline=True,
        )  # fmt: skip
        self.html = html
        self.filters = {name: _filter(call) for name, call in FILTERS.items()}
        self.filters |= {"_rounds": _rounds, "_concatenated": _concatenated, "_address": _address}
        self.tests = {name: self.tests[name] for name in TESTS}
        self.globals = {"range": _range}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return rewrite(tree, self.html)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, or a count of a loop: nothing else has attributes."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A key of a mapping, a place of a list or text."""
        if isinstance(argument, slice) or isinstance(argument, int) and not isinstance(obj, Mapping):
            try:
                return (
                    obj[argument]
                    if isinstance(obj, list | tuple | str)
                    else self.undefined(obj=obj, name=str(argument))
                )
            except IndexError:
                return self.undefined(obj=obj, name=str(argument))
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=str(argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic between numbers of a sane size, sums of texts, differences of dates; empty with empty is empty."""
        for side in (left, right):
            if isinstance(side, StrictUndefined):
                str(side)
        if left is None or right is None:
            return None
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return bounded(left + right)
        dates = isinstance(left, dt.date | dt.timedelta) and isinstance(right, dt.date | dt.timedelta)
        if dates and operator in "+-":
            return left + right if operator == "+" else left - right
        if not _plain_number(left) or not _plain_number(right):
            raise TypeError(f"{type(left).__name__} {operator} {type(right).__name__}")
        if isinstance(left, Decimal) != isinstance(right, Decimal):
            left, right = Decimal(str(left)), Decimal(str(right))
        return self.binop_table[operator](left, right)

    def call(self, context: Context, obj: Any, *words: Any, **more: Any) -> Any:
        """The one thing that can be called."""
        if obj is not _range:
            raise TypeError("call")
        return _range(*words)


@pass_context
def _finalize(context: Context, value: Any) -> Any:
    context[METER].tick()
    if isinstance(value, StrictUndefined | Markup):
        return value
    return show(context[SETTING], value)


def refusals(tree: nodes.Template) -> Iterable[Refusal]:
    """Everything in a parsed template that is not on the list: code, line and parameters."""
    from engine.errors import nearest

    for node in _walk(tree):
        line = getattr(node, "lineno", None) or 1
        if not isinstance(node, _ALLOWED):
            name = type(node).__name__
            yield "T002", line, {"what": _SHOWN.get(name, name)}
        elif isinstance(node, nodes.Call):
            called = node.node.name if isinstance(node.node, nodes.Name) else getattr(node.node, "attr", "(…)")
            if called != "range" or node.kwargs or node.dyn_args or node.dyn_kwargs:
                yield "T004", line, {"name": called}
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            found = nearest(node.name, FILTERS)
            yield "T003", line, {"name": node.name, "known": ", ".join(sorted(FILTERS)), "nearest": found}
        elif isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
            yield "T002", line, {"what": "*"}
        elif isinstance(node, nodes.Test) and node.name not in TESTS:
            yield "T006", line, {"name": node.name, "known": ", ".join(TESTS)}
        elif isinstance(node, nodes.For) and node.recursive:
            yield "T002", line, {"what": "recursive"}
        elif isinstance(node, nodes.Include) and not isinstance(node.template, nodes.Const):
            yield "T002", line, {"what": "{% include … %}"}
        word = node.attr if isinstance(node, nodes.Getattr) else node.name if isinstance(node, nodes.Name) else ""
        if word.startswith("_") or word in ("self", "caller"):
            yield "T005", line, {"name": word}


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def rewrite(tree: nodes.Template, html: bool) -> nodes.Template:
    """The tree with its loops counted, its joins bounded and its addresses checked; refused trees are left alone."""
    if any(True for _ in refusals(tree)):
        return tree
    for node in list(_walk(tree)):
        for name in node.fields:
            value = getattr(node, name, None)
            if isinstance(value, nodes.Concat):
                setattr(node, name, _call("_concatenated", nodes.List(value.nodes, lineno=value.lineno)))
            elif isinstance(value, list):
                value[:] = [
                    _call("_concatenated", nodes.List(each.nodes, lineno=each.lineno))
                    if isinstance(each, nodes.Concat)
                    else each
                    for each in value
                ]
        if isinstance(node, nodes.For):
            node.iter = _call("_rounds", cast("nodes.Expr", node.iter))
    if html:
        from engine.expression.markup import places

        for output, index, place in places(tree):
            if place == "address":
                output.nodes[index] = _call("_address", output.nodes[index])
    tree.set_environment(tree.environment)  # type: ignore[arg-type]
    return tree


def _call(name: str, value: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno)
