"""The second look, at the site as a whole: names, machine fields, and the type of every expression. Floor: 5."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import InvalidDocument, Problem, Where, nearest
from engine.expression.parse import Condition, Expression, place_of
from engine.expression.portable import not_portable
from engine.expression.types import TEXT, Scope, Type, check, record_of
from engine.load.document import Draft
from engine.load.literals import Literals, cells
from engine.load.offers import offers
from engine.load.overlay import Removed
from engine.load.read import scalar
from engine.load.references import References, rows
from engine.load.settings import settings
from engine.load.terms import Place, Term, Terms, Written
from engine.model.decision import Decision
from engine.model.entity import SYSTEM_FIELDS, Entity
from engine.model.manifest import KINDS, Manifest
from engine.model.metric import Metric
from engine.model.role import Role
from engine.model.state_machine import StateMachine
from engine.model.terms import Html, Template
from engine.plugins.registry import Registry
from engine.plugins.scopes import candidate_names, entity_types, record_scope, rule_names
from engine.plugins.slots import Function


def resolve(
    manifest: Manifest, drafts: Sequence[Draft], removed: Sequence[Removed], registry: Registry
) -> list[Problem]:
    """Everything that is wrong between documents, in no particular order."""
    references = References(manifest, drafts, {(each.entity, each.field) for each in removed})
    problems: list[Problem] = []
    for draft in drafts:
        problems += references.check(draft)
        if draft.kind == "decision":
            problems += rows(draft)
    problems += _fields(manifest.entities.values())
    problems += _machines(manifest)
    problems += _circles(manifest.roles)
    problems += _zones(manifest, drafts)
    problems += patches(manifest, drafts)
    problems += settings(drafts, registry)
    problems += offers(drafts, registry)
    problems += Types(manifest, registry, references).check()
    for each in removed:
        places = references.uses.places.get((each.entity, each.field), [])
        if places:
            shown = ", ".join(str(place) for place in dict.fromkeys(places))
            parameters = {"entity": each.entity, "name": each.field, "count": len(set(places)), "places": shown}
            problems.append(Problem("D022", each.where, parameters=parameters))
    return problems


def _fields(entities: Iterable[Entity]) -> Iterator[Problem]:
    for entity in entities:
        for name in entity.fields.keys() & (SYSTEM_FIELDS.keys() | {"version", "deleted_at"}):
            known = ", ".join([*SYSTEM_FIELDS, "version", "deleted_at"])
            yield Problem("D032", entity.fields[name].where, parameters={"name": name, "known": known})


def _machines(manifest: Manifest) -> Iterator[Problem]:
    taken: dict[tuple[str, str], StateMachine] = {}
    for machine in manifest.state_machines.values():
        key = (machine.entity, machine.field)
        if key in taken:
            parameters = {"field": machine.field, "other": taken[key].name}
            yield Problem("D033", machine.where, parameters=parameters, also=taken[key].where)
        taken.setdefault(key, machine)
        entity = manifest.entities.get(machine.entity)
        field = entity.fields.get(machine.field) if entity is not None else None
        if field is not None and field.type != "state":
            parameters = {"field": machine.field, "type": field.type}
            yield Problem("D034", field.where, parameters=parameters, also=machine.where)


def _circles(roles: Mapping[str, Role]) -> Iterator[Problem]:
    for name, role in roles.items():
        path = [name]
        waiting = [[name, each] for each in role.inherits]
        while waiting:
            path = waiting.pop()
            last = path[-1]
            if last == name:
                if name == min(path):
                    yield Problem("D028", role.where, parameters={"path": " -> ".join(path)})
                break
            if last in path[:-1] or last not in roles:
                continue
            waiting += [[*path, each] for each in roles[last].inherits]


def _zones(manifest: Manifest, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """D038 for a time zone nobody knows, of the site or of a calendar."""
    from zoneinfo import available_timezones

    written = [(draft.node.get("timezone"), draft.built) for draft in drafts if draft.kind == "calendar"]
    named = {manifest.site.timezone, *(each.timezone for each in manifest.calendars.values() if each.timezone)}
    if all(is_zone(name) for name in named):
        return
    known = available_timezones()
    if not is_zone(manifest.site.timezone):
        parameters = {"name": manifest.site.timezone}
        near = nearest(manifest.site.timezone, known)
        yield Problem("D038", manifest.site.where, parameters=parameters, suggestion=near)
    for node, _ in written:
        name = scalar(node)
        if node is not None and name and not is_zone(name):
            yield Problem("D038", node.where, parameters={"name": name}, suggestion=nearest(name, known))


def is_zone(name: str) -> bool:
    """True for a time zone there is."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def patches(manifest: Manifest, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """P008 for every patch of a pack that sets what is not there."""
    documents = {(draft.kind, draft.name): draft for draft in drafts}
    for draft in drafts:
        offered = draft.node.get("patches") if draft.kind == "pack" else None
        for name, patch in offered.value.items() if offered is not None and offered.is_map else ():
            changes = patch.get("set")
            for path in changes.value if changes is not None and changes.is_map else ():
                if not _settable(path, manifest, documents):
                    where = changes.keys[path].where
                    yield Problem("P008", where, parameters={"patch": name, "path": path})


def _settable(path: str, manifest: Manifest, documents: Mapping[tuple[str, str], Draft]) -> bool:
    parts = path.split(".")
    if parts[0] == "parameters":
        return len(parts) == 2 and parts[1] in manifest.parameters
    target = documents.get((parts[0], parts[1])) if len(parts) > 2 else None
    return target is not None


def unfit(term: Html) -> Iterator[Problem]:
    """T030 to T034: what a mail cannot show, each at its place."""
    from engine.paper.mail import faults

    where = term.where
    for fault in faults(term.text):
        column = fault.column + (where.column - 1 if fault.line == 1 else term.margin)
        at = Where(where.file, where.line + fault.line - 1, column)
        yield Problem(fault.code, at, parameters=fault.parameters, suggestion=fault.suggestion)


#: Codes of a name that is not known: of an expression and of a template.
UNKNOWN = frozenset({"X013", "X014", "T010", "T011"})


class Types:
    """Type-checks every expression of a manifest, each in its scope; scopes are made once."""

    def __init__(self, manifest: Manifest, registry: Registry, references: References) -> None:
        self._manifest = manifest
        self._registry = registry
        self._references = references
        self._functions = registry.plugins.get("function", {})
        self._entities = entity_types(manifest, registry)
        self._literals = Literals(manifest, registry, references)
        self._scopes: dict[tuple[str | None, str, tuple[str, ...]], Scope] = {}

    def check(self) -> Iterator[Problem]:
        """What is wrong with them: codes X, and D036 for a result that does not fit its place."""
        terms = Terms(self._manifest, self._registry)
        yield from self._literals.defaults()
        for decision in self._manifest.decisions.values():
            yield from self._decision(decision)
        for metric in self._manifest.metrics.values():
            yield from self._span(metric)
        for kind in KINDS:
            for document in self._manifest.of(kind).values():
                for term in terms.of(document):
                    yield from self._term(term) if isinstance(term, Term) else self._written(term)

    def _term(self, term: Term) -> Iterator[Problem]:
        place = term.place
        if any(name not in self._manifest.entities for name in (place.entity, *place.outer) if name is not None):
            return  # the name itself is the problem, or the entity could not be built
        scope = self._scope(place)
        given, problems = self._checked(term.term, scope)
        for problem in problems:
            name, entity = str(problem.parameters.get("name", "")), problem.parameters.get("entity") or place.entity
            if problem.code in UNKNOWN and self._references.is_removed(str(entity), name):
                self._references.uses.note(str(entity), name, problem.where)
            elif problem.code not in UNKNOWN or not self._references.is_broken(str(entity), name):
                yield problem
        if not problems and not isinstance(term.term, Template):
            yield from wrong_type(term, given)
            yield from self._literals.calls(term.term, place.entity, self._functions)
            if place.sql:
                yield from not_sql(term.term, scope, self._functions)
                yield from not_portable(term.term, scope, self._functions)

    def _checked(self, term: Expression | Condition | Template, scope: Scope) -> tuple[Type, list[Problem]]:
        if not isinstance(term, Template):
            return check(term, scope, self._functions)
        if "{" not in term.text and not isinstance(term, Html):
            return TEXT, []
        from engine.expression.template import check_template, compile_template

        try:
            known = check_template(compile_template(term, term.escape), scope)
            return TEXT, [*known, *(unfit(term) if isinstance(term, Html) else ())]
        except InvalidDocument as refused:
            return TEXT, list(refused.problems)

    def _written(self, written: Written) -> Iterator[Problem]:
        """D021 for a field a step writes on a record that has none of that name, D039 for a value that does not fit."""
        entity = written.entity or written.place.entity
        if written.record is not None and (entity is None or entity in self._manifest.entities):
            entity = check(written.record, self._scope(written.place), self._functions)[0].entity
        for name in () if written.known else written.values:
            problem = self._references.field(entity, name, written.where)
            if problem is not None:
                yield problem
        yield from self._literals.written(entity, written.values, written.where)

    def _decision(self, decision: Decision) -> Iterator[Problem]:
        yield from self._literals.answers(decision)
        if decision.entity in self._manifest.entities:
            scope = self._scope(Place(decision.entity))
            inputs = decision.inputs.items()
            yield from cells(decision, {name: check(term, scope, self._functions)[0].choices for name, term in inputs})

    def _span(self, metric: Metric) -> Iterator[Problem]:
        """D036 for a duration between a date and a date-time: nobody could say how long that is."""
        span = metric.duration
        if span is None or span.from_.at is None or span.to.at is None or metric.entity not in self._manifest.entities:
            return
        scope = self._scope(Place(metric.entity, sql=True))
        first, last = (check(end, scope, self._functions)[0].name for end in (span.from_.at, span.to.at))
        if {first, last} == {"date", "datetime"}:
            yield Problem("D036", span.to.at.where, parameters={"expected": TYPES[first], "given": TYPES[last]})

    def _scope(self, place: Place) -> Scope:
        key = (place.entity, place.scope, place.outer)
        scope = self._scopes.get(key)
        if scope is None:
            about, names = place.entity, {name: record_of(name) for name in place.outer}
            if place.scope == "rule":
                names.update(rule_names(about))
            elif place.scope == "candidate" and about is not None:
                names.update(candidate_names(about))
                about = "user"
            scope = record_scope(self._manifest, self._registry, about, names, self._entities)
            self._scopes[key] = scope
        return scope


def not_sql(term: Expression | Condition, scope: Scope, functions: Mapping[str, Any]) -> Iterator[Problem]:
    """X040 for every call in a term of a metric, view or right that has no SQL side and depends on the record."""
    if isinstance(term, Condition):
        for part in term.parts:
            yield from not_sql(part, scope, functions)
        return
    for node in ast.walk(term.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        function = functions.get(node.func.id)
        if function is None or type(function).sql is not Function.sql:
            continue
        named = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        # What does not depend on the record is computed once, in Python.
        if {"history", "record"} & set(function.needs) or any(scope.is_own(name) for name in named):
            yield Problem("X040", place_of(term, node), parameters={"function": function.name})


#: Types in words; a list or a record is called by its own name.
TYPES: Mapping[str, Mapping[str, str]] = {
    "text": {"zh": "文字", "en": "text"},
    "number": {"zh": "数字", "en": "a number"},
    "integer": {"zh": "整数", "en": "a whole number"},
    "money": {"zh": "金额", "en": "an amount"},
    "yes_no": {"zh": "是否", "en": "yes or no"},
    "date": {"zh": "日期", "en": "a date"},
    "time": {"zh": "时间", "en": "a time of day"},
    "datetime": {"zh": "日期时间", "en": "a date and time"},
    "duration": {"zh": "时长", "en": "a duration"},
    "list": {"zh": "列表", "en": "a list"},
    "record": {"zh": "一条记录", "en": "a record"},
    "moment": {"zh": "日期或日期时间", "en": "a date or a date and time"},
    "address": {"zh": "地址", "en": "an address"},
}
EXPECTED: Mapping[str, frozenset[str]] = {
    "duration": frozenset({"duration"}),
    "number": frozenset({"number", "integer", "money", "yes_no"}),
    "datetime": frozenset({"datetime"}),
    "moment": frozenset({"date", "datetime"}),
}


def wrong_type(term: Term, given: Type) -> Iterator[Problem]:
    """D036 when the expression gives something its place cannot take."""
    expected = EXPECTED.get(term.gives)
    if expected is None or given.name in expected or given.name in ("any", "none"):
        return
    where = getattr(term.term, "where", None)
    if where is not None:
        parameters = {"expected": TYPES[term.gives], "given": TYPES.get(given.name, str(given))}
        yield Problem("D036", where, parameters=parameters)
