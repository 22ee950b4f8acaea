"""A decision table at work: rows tried from the top, and why one was taken. Floor: 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InvalidDocument, Problem, Refused, Where
from engine.expression.evaluate import Environment
from engine.expression.parse import Condition, Expression
from engine.model.decision import Decision
from engine.runtime.unary import Test, compare, compile_test, named

Call = Callable[[Environment], Any]
#: Different inputs a table remembers before it starts anew.
KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Decided:
    """What a table said: the answer, the rows that matched (from 0) with their places, and the inputs' values."""

    value: Any
    rows: tuple[int, ...] = ()
    places: tuple[Where, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    tests: tuple[tuple[int, Test], ...]
    formulas: tuple[tuple[int, Call], ...]
    tuned: tuple[tuple[int, Callable[[Any, Any], bool], str], ...]
    then: Any
    call: Call | None
    where: Where


@dataclass(frozen=True, slots=True)
class Table:
    """A decision ready to run. ``decide`` gives the answer, ``explain`` also which row gave it."""

    name: str
    hit: str
    inputs: tuple[tuple[str, Call], ...]
    rows: tuple[_Row, ...]
    where: Where
    tuned: tuple[str, ...] = ()
    """The parameters its cells name."""
    known: dict[tuple[Any, ...], tuple[int, ...]] | None = field(default=None, compare=False, repr=False)
    """Inputs seen before, with the rows that match them; None where a cell asks for more than its input."""

    def decide(self, environment: Environment, given: Mapping[str, Any] | None = None) -> Any:
        """The answer for a record: a value, None when no row matches, a tuple for ``collect``.

        ``given`` replaces inputs by name. Raises Refused (R074) when ``unique`` rows overlap on it.
        """
        found = self._found(self._values(environment, given), environment)
        if self.hit == "collect":
            return tuple(_answer(self.rows[index], environment) for index in found)
        return _answer(self.rows[found[0]], environment) if found else None

    def explain(self, environment: Environment, given: Mapping[str, Any] | None = None) -> Decided:
        """The answer with its rows and inputs; raises like ``decide``."""
        values = self._values(environment, given)
        found = self._found(values, environment)
        answers = tuple(_answer(self.rows[index], environment) for index in found)
        return Decided(
            value=answers if self.hit == "collect" else answers[0] if answers else None,
            rows=found,
            places=tuple(self.rows[index].where for index in found),
            inputs=dict(zip((name for name, _ in self.inputs), values, strict=True)),
        )

    def _values(self, environment: Environment, given: Mapping[str, Any] | None) -> list[Any]:
        if given is None:
            return [call(environment) for _, call in self.inputs]
        return [given[name] if name in given else call(environment) for name, call in self.inputs]

    def _found(self, values: list[Any], environment: Environment) -> tuple[int, ...]:
        """The rows that match. Few tables see many different inputs, and every record of an entity asks."""
        if self.known is None:
            return self._match(values, environment)
        # 1, 1.0 and yes are equal, and a cell may tell them apart.
        key = (*values, *map(type, values))
        if self.tuned:
            param = environment.names["param"]
            key += tuple([param.get(name) for name in self.tuned])
        try:
            found = self.known.get(key)
        except TypeError:
            return self._match(values, environment)
        if found is None:
            if len(self.known) >= KNOWN:
                self.known.clear()
            found = self.known[key] = self._match(values, environment)
        return found

    def _match(self, values: list[Any], environment: Environment) -> tuple[int, ...]:
        found: list[int] = []
        for index, row in enumerate(self.rows):
            if _matches(row, values, environment):
                found.append(index)
                if self.hit == "first":
                    break
        if self.hit == "unique" and len(found) > 1:
            rows = ", ".join(str(index + 1) for index in found)
            raise Refused(Problem("R074", self.rows[found[1]].where, parameters={"decision": self.name, "rows": rows}))
        return tuple(found)


def build(decision: Decision, compile_call: Callable[[Expression | Condition], Call]) -> Table:
    """The table ready to run. ``compile_call`` compiles an expression in the scope of the decision's entity.

    Raises InvalidDocument (R075) for a cell that looks like a comparison or a range and is none.
    """
    names = list(decision.inputs)
    problems: list[Problem] = []
    rows: list[_Row] = []
    for row in decision.rows:
        tests: list[tuple[int, Test]] = []
        formulas: list[tuple[int, Call]] = []
        tuned: list[tuple[int, Callable[[Any, Any], bool], str]] = []
        for name, cell in row.tests.items():
            if isinstance(cell, Expression | Condition):
                formulas.append((names.index(name), compile_call(cell)))
                continue
            parameter = named(cell)
            if parameter is not None:
                tuned.append((names.index(name), *parameter))
                continue
            try:
                test = compile_test(cell)
            except ValueError:
                problems.append(Problem("R075", row.where, parameters={"cell": cell, "decision": decision.name}))
                continue
            if test is not None:
                tests.append((names.index(name), test))
        call = compile_call(row.then) if isinstance(row.then, Expression) else None
        rows.append(_Row(tuple(tests), tuple(formulas), tuple(tuned), row.then, call, row.where))
    if problems:
        raise InvalidDocument(problems)
    inputs = tuple((name, compile_call(expression)) for name, expression in decision.inputs.items())
    named_ones = tuple(dict.fromkeys(name for row in rows for _, _, name in row.tuned))
    known: dict[tuple[Any, ...], tuple[int, ...]] | None = None if any(row.formulas for row in rows) else {}
    return Table(decision.name, decision.hit, inputs, tuple(rows), decision.where, named_ones, known)


def _matches(row: _Row, values: list[Any], environment: Environment) -> bool:
    for index, test in row.tests:
        if not test(values[index]):
            return False
    for index, how, name in row.tuned:
        if not compare(how, values[index], environment.names["param"].get(name)):
            return False
    for index, call in row.formulas:
        answer = call(environment)
        # A cell that is a condition speaks for itself; any other is the value the input must have.
        if not (answer if isinstance(answer, bool) else answer == values[index]):
            return False
    return True


def _answer(row: _Row, environment: Environment) -> Any:
    return row.call(environment) if row.call is not None else row.then
