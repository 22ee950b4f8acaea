"""What a scenario expects, compared with what is; the words when they differ. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import FlowloomError, Problem, Where
from engine.expression.parse import Condition, Expression, parse
from engine.facts import Record
from engine.model.scenario import ScenarioStep
from engine.plugins.slots import Unclean
from engine.runtime import metric, outside, rehearsal, sla
from engine.runtime.context import Context, values_of
from engine.runtime.ground import ground_of
from engine.store import timers
from engine.store.query import answer
from engine.store.query.question import Query

if TYPE_CHECKING:
    from engine.runtime.scenario import Stage


def last_notification(stage: Stage) -> int:
    """The newest notification's id, or 0."""
    if "notification" not in stage.parts.manifest.entities:
        return 0
    found = stage.ask(lambda context: context.connection.scalar("SELECT MAX(id) FROM notification"))
    return int(found or 0)


def refusal(step: ScenarioStep, error: FlowloomError | None, expected: dict[str, Any]) -> list[Problem]:
    """What is wrong about a step being refused or not. ``refused: true`` or the fields that must be among the refused;
    ``message``: words one of the reasons must contain. Takes both keys out of ``expected``."""
    wanted, message = expected.pop("refused", None), expected.pop("message", None)
    if error is None:
        return [Problem("S002", step.where)] if wanted or message else []
    reasons = [f"{problem.code} {problem.what()}" for problem in error.problems]
    if not wanted and message is None:
        return [Problem("S004", step.where, parameters={"reason": "; ".join(reasons)})]
    problems: list[Problem] = []
    if isinstance(wanted, list | tuple):
        fields = [problem.field for problem in error.problems if problem.field]
        if not set(wanted) <= set(fields):
            parameters = {"expected": _list(wanted), "actual": _list(fields) or "; ".join(reasons)}
            problems.append(Problem("S003", step.where, parameters=parameters))
    if message is not None and not any(str(message) in reason for reason in reasons):
        parameters = {"expected": message, "actual": "; ".join(reasons)}
        problems.append(Problem("S010", step.where, parameters=parameters))
    return problems


def check(stage: Stage, step: ScenarioStep, key: str, value: Any) -> list[Problem]:
    """What is wrong about one expectation after a step."""
    reader = READERS.get(key)
    if reader is None:
        return [Problem("S007", step.where, parameters={"key": key})]
    return reader(stage, step.where, value)


def _list(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _differs(where: Where, what: str, expected: Any, actual: Any) -> Problem:
    parameters = {"what": what, "expected": _shown(expected), "actual": _shown(actual)}
    return Problem("S001", where, parameters=parameters)


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_shown(each) for each in value) + "]"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _record(stage: Stage, handle: str) -> Record | None:
    name, number = stage.handles[handle]
    found: Record | None = stage.ask(lambda context: context.get(name, number))
    return found


def _records(stage: Stage, where: Where, value: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    problems: list[Problem] = []
    for handle, fields in value.items():
        if handle not in stage.handles:
            problems.append(Problem("S005", where, parameters={"handle": handle}))
            continue
        record = _record(stage, handle)
        if record is None:
            if fields is not None:
                problems.append(_differs(where, handle, "exists", None))
            continue
        for name, wanted in (fields or {}).items():
            problems += _field(stage, where, handle, record, name, wanted)
    return problems


def _field(stage: Stage, where: Where, handle: str, record: Record, name: str, wanted: Any) -> list[Problem]:
    plan = stage.parts.compiled.plan(record.entity)
    planned = plan.fields.get(name)
    actual = record.id if name == "id" else record.values.get(name)
    meant = stage.resolved(record.entity, {name: wanted})[name]
    if planned is not None:
        try:
            meant = planned.type.clean(planned.field, meant)
        except Unclean:
            return [_differs(where, f"{handle}.{name}", wanted, actual)]
    if _same(meant, actual):
        return []
    shown = planned is not None and planned.links_to == "user"
    actual_shown = stage.named(actual) if shown and actual is not None else _local(stage, actual)
    return [_differs(where, f"{handle}.{name}", wanted, actual_shown)]


def _local(stage: Stage, value: Any) -> Any:
    return value.astimezone(stage.parts.zone).replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def _same(wanted: Any, actual: Any) -> bool:
    if wanted in (None, (), []) and actual in (None, (), []):
        return True
    if isinstance(wanted, list | tuple) and isinstance(actual, list | tuple):
        return sorted(map(repr, wanted)) == sorted(map(repr, actual))
    if isinstance(wanted, float | Decimal) or isinstance(actual, float | Decimal):
        return _near(wanted, actual)
    return bool(wanted == actual)


def _near(wanted: Any, actual: Any) -> bool:
    """Equal to the decimals that were written: 0.3333 is a third."""
    if wanted is None or actual is None or isinstance(wanted, str):
        return bool(wanted == actual)
    text = str(wanted)
    decimals = len(text.partition(".")[2]) if "." in text and "e" not in text else 0
    allowed = 0.5 * 10**-decimals if decimals else 1e-6
    return abs(float(wanted) - float(actual)) <= allowed + 1e-12


def _told(stage: Stage) -> list[str]:
    after = stage.notified_after
    text = 'SELECT "user" FROM notification WHERE id > ? AND held_until IS NULL ORDER BY id'
    rows = stage.ask(lambda context: context.connection.execute(text, (after,)))
    return list(dict.fromkeys(stage.named(user) for (user,) in rows))


def _notified(stage: Stage, where: Where, value: Any) -> list[Problem]:
    told = _told(stage)
    missing = [login for login in _names(value) if login not in told]
    if not missing:
        return []
    return [Problem("S008", where, parameters={"missing": _list(missing), "actual": _list(told) or "-"})]


def _not_notified(stage: Stage, where: Where, value: Any) -> list[Problem]:
    told = _told(stage)
    extra = [login for login in _names(value) if login in told]
    return [Problem("S009", where, parameters={"extra": _list(extra)})] if extra else []


def _names(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _of_field(find: Callable[[Stage, Record], str | None]) -> Callable[[Stage, Where, Any], list[Problem]]:
    def read(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
        problems: list[Problem] = []
        for handle, wanted in value.items():
            record = _record(stage, handle)
            name = find(stage, record) if record is not None else None
            if record is None or name is None:
                problems.append(Problem("S005", where, parameters={"handle": handle}))
            else:
                problems += _field(stage, where, handle, record, name, wanted)
        return problems

    return read


def _owner(stage: Stage, record: Record) -> str | None:
    owners = sorted(stage.parts.compiled.plan(record.entity).owners)
    return "owner" if "owner" in owners else owners[0] if owners else None


def _state(stage: Stage, record: Record) -> str | None:
    machines = stage.parts.compiled.plan(record.entity).machines
    return machines[0].field if machines else None


def _term(stage: Stage, value: Any, where: Where) -> Expression | Condition:
    if isinstance(value, Expression | Condition):
        return value
    if isinstance(value, list | tuple):
        return Condition(tuple(_term(stage, each, where) for each in value))
    return parse(str(value).removeprefix("="), where)


def _checks(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for handle, text in value.items():
        record = _record(stage, handle)
        if record is None:
            problems.append(Problem("S005", where, parameters={"handle": handle}))
            continue
        term = _term(stage, text, where)

        def holds(context: Any, record: Record = record, term: Any = term) -> bool:
            values = values_of(record)
            return bool(context.compiled.call(term, record.entity)(context.environment(record.entity, values)))

        if not stage.ask(holds):
            shown = ", ".join(
                f"{name}={_shown(_local(stage, each))}"
                for name, each in sorted(record.values.items())
                if name in str(text)
            )
            problems.append(Problem("S011", where, parameters={"check": text, "values": shown}))
    return problems


def _metric(name: str, context: Context) -> metric.Reading:
    return metric.read(context, name)


def _found(query: Query, context: Context) -> list[int]:
    return answer.ids(context.connection, ground_of(context), query)


def _promises(name: str, number: int, context: Context) -> list[sla.Promise]:
    return sla.promises(context, name, number)


def _waiting(latest: dt.datetime, context: Context) -> list[timers.Waiting]:
    return timers.due(context.connection, latest, 100_000)


def _scalar(text: str, context: Context) -> Any:
    return context.connection.scalar(text)


def _metrics(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for name, wanted in value.items():
        if name not in stage.parts.manifest.metrics:
            problems.append(Problem("S007", where, parameters={"key": f"metric: {name}"}))
            continue
        reading = stage.ask(partial(_metric, name))
        actual = reading.whole.value
        if actual is None and wanted in (0, None):
            continue
        if isinstance(actual, dt.timedelta):
            actual = actual.total_seconds()
        if not _near(wanted, actual):
            problems.append(_differs(where, name, wanted, reading.whole.value))
    return problems


def _views(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for name, wanted in value.items():
        view = stage.parts.manifest.views.get(name)
        if view is None:
            problems.append(Problem("S007", where, parameters={"key": f"view: {name}"}))
            continue
        query = Query(entity=view.entity, where=(view.where_,) if view.where_ else (), limit=None)
        found = stage.ask(partial(_found, query))
        handles = {number: handle for handle, (kind, number) in stage.handles.items() if kind == view.entity}
        actual = [handles.get(number, str(number)) for number in found]
        if sorted(actual) != sorted(_names(wanted)):
            problems.append(_differs(where, name, wanted, actual))
    return problems


def _timers(stage: Stage, where: Where, value: Mapping[str, Mapping[str, Any]]) -> list[Problem]:
    """``{l1: {golden_2h: running}}``: running, paused, kept, broken or none; or the local time it is due."""
    problems: list[Problem] = []
    for handle, wanted in value.items():
        if handle not in stage.handles:
            problems.append(Problem("S005", where, parameters={"handle": handle}))
            continue
        name, number = stage.handles[handle]
        found = stage.ask(partial(_promises, name, number))
        known = {each.name: each for each in found}
        for promise, state in wanted.items():
            one = known.get(promise)
            actual = one.state if one else "none"
            if one is not None and state not in ("running", "paused", "kept", "broken", "none"):
                actual = _local(stage, one.due).isoformat(timespec="minutes")
            if str(state) != actual:
                problems.append(_differs(where, f"{handle}.{promise}", state, actual))
    return problems


def _counts(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
    """``{lead: 2}`` records, or ``{timer: 1}`` that wait."""
    problems: list[Problem] = []
    for name, wanted in value.items():
        if name == "timer":
            latest = dt.datetime.max.replace(tzinfo=dt.UTC)
            actual = len(stage.ask(partial(_waiting, latest)))
        elif name not in stage.parts.manifest.entities:
            problems.append(Problem("S007", where, parameters={"key": f"count: {name}"}))
            continue
        else:
            text = f'SELECT COUNT(*) FROM "{name}" WHERE deleted_at IS NULL'
            actual = stage.ask(partial(_scalar, text))
        if actual != wanted:
            problems.append(_differs(where, f"count {name}", wanted, actual))
    return problems


def _events(stage: Stage, where: Where, value: Any) -> list[Problem]:
    happened = [event.name for event in stage.events]
    missing = [name for name in _names(value) if name not in happened]
    return [_differs(where, "events", value, happened)] if missing else []


READERS: Mapping[str, Callable[[Any, Where, Any], list[Problem]]] = {
    "record": _records,
    "notified": _notified,
    "not_notified": _not_notified,
    "owner": _of_field(_owner),
    "state": _of_field(_state),
    "check": _checks,
    "metric": _metrics,
    "view": _views,
    "timers": _timers,
    "count": _counts,
    "events": _events,
    "approvals": rehearsal.expected,
    "sent": outside.expected,
}
