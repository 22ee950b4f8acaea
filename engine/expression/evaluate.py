"""Expression to Python: one code object, compiled once, run on one record. Floor: 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.errors import InvalidDocument, Problem
from engine.expression import live
from engine.expression.check import annotate
from engine.expression.live import Environment, ExpressionError
from engine.expression.parse import Condition, Expression, names_of
from engine.expression.scope import Functions, Scope
from engine.expression.write import Writer

__all__ = ["Compiled", "Environment", "ExpressionError", "compile_expression"]

Compiled = Callable[[Environment], Any]

_WRONG = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError, MemoryError)


def compile_expression(expression: Expression | Condition, scope: Scope, functions: Functions) -> Compiled:
    """A callable that computes the expression in an Environment; a Condition gives True or False.

    Compile once and keep it (some hundred microseconds). Raises InvalidDocument when the expression does not fit the
    scope; what is returned raises ExpressionError when a record's values make it impossible.
    """
    if isinstance(expression, Condition):
        return _condition(expression, scope, functions)
    return _compile(expression, scope, functions)


def _compile(expression: Expression, scope: Scope, functions: Functions, truth: bool = False) -> Compiled:
    notes = annotate(expression, scope, functions)
    if notes.problems:
        raise InvalidDocument(notes.problems)
    writer = Writer(scope, functions, notes)
    source = writer.function(expression.tree, truth)
    space = writer.constants
    space["wrong"] = _WRONG

    def fail(environment: Environment, error: Exception) -> Any:
        if isinstance(error, KeyError) and not isinstance(environment.names, live.Lenient):
            return run(replace(environment, names=live.Lenient(environment.names)))
        raise _explained(expression, environment, error) from error

    space["fail"] = fail
    exec(compile(source, str(expression.where) or "<expression>", "exec"), space)
    run: Compiled = space["run"]
    return run


def _condition(condition: Condition, scope: Scope, functions: Functions) -> Compiled:
    parts = tuple(_part(part, scope, functions) for part in condition.parts)
    if len(parts) == 1:
        return parts[0]
    wanted = condition.any

    def run(environment: Environment) -> Any:
        # Called for every rule at every event: a loop, for any() and all() would make a generator each time.
        for part in parts:
            if part(environment) is wanted:
                return wanted
        return not wanted

    return run


def _part(part: Expression | Condition, scope: Scope, functions: Functions) -> Compiled:
    return _condition(part, scope, functions) if isinstance(part, Condition) else _compile(part, scope, functions, True)


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ZeroDivisionError, "除以 0 (division by zero)"),
    (OverflowError, "结果太大 (the result is too big)"),
    (RecursionError, "嵌套太深 (nested too deep)"),
    (MemoryError, "结果太大 (the result is too big)"),
)


def _explained(expression: Expression, environment: Environment, error: Exception) -> ExpressionError:
    reason = next((text for kind, text in _REASONS if isinstance(error, kind)), str(error))
    names = environment.names
    shown = [f"id={names['id']}"] if "id" in names and names["id"] is not None else []
    for name in sorted(names_of(expression)):
        if name in names and name not in ("id", "param"):
            text = repr(live.ident(names[name]))
            shown.append(f"{name}={text if len(text) <= 60 else text[:57] + '...'}")
    parameters = {"text": expression.text, "reason": reason, "values": ", ".join(shown)}
    return ExpressionError(Problem("X050", expression.where, parameters=parameters))
