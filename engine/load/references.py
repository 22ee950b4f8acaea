"""Every name that stands for something else: does it exist, and if not, what was meant. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.errors import Problem, Where, nearest
from engine.load.document import Draft
from engine.load.notes import Reference, place_of_key
from engine.load.read import scalar
from engine.model.entity import SYSTEM_FIELDS, Entity, Field
from engine.model.manifest import KINDS, Manifest

#: What a reference is called in a message.
WORDS: Mapping[str, Mapping[str, str]] = {
    "pack": {"zh": "流程包", "en": "pack"},
    "entity": {"zh": "实体", "en": "entity"},
    "form": {"zh": "表单", "en": "form"},
    "view": {"zh": "视图", "en": "view"},
    "state_machine": {"zh": "状态机", "en": "state machine"},
    "sla": {"zh": "时限承诺", "en": "SLA"},
    "trigger": {"zh": "触发器", "en": "trigger"},
    "assignment": {"zh": "分配规则", "en": "assignment"},
    "decision": {"zh": "决策表", "en": "decision"},
    "metric": {"zh": "指标", "en": "metric"},
    "dashboard": {"zh": "看板", "en": "dashboard"},
    "template": {"zh": "模板", "en": "template"},
    "connection": {"zh": "连接", "en": "connection"},
    "role": {"zh": "角色", "en": "role"},
    "calendar": {"zh": "工作日历", "en": "calendar"},
    "diagnosis": {"zh": "诊断", "en": "diagnosis"},
    "workspace": {"zh": "工作台", "en": "workspace"},
    "scenario": {"zh": "场景测试", "en": "scenario"},
    "field": {"zh": "字段", "en": "field"},
    "state": {"zh": "状态", "en": "state"},
    "transition": {"zh": "流转", "en": "transition"},
    "tile": {"zh": "卡片", "en": "tile"},
    "action": {"zh": "动作(流转、表单或触发器)", "en": "action (a transition, form or trigger)"},
}
#: Names that need no document.
ALWAYS: Mapping[str, frozenset[str]] = {"calendar": frozenset({"always"}), "entity": frozenset({"*"})}
#: Kinds whose documents are spoken of by these words.
SINGLE = frozenset(KINDS) - {"pack", "scenario", "workspace"}


class Use:
    """A place that uses a field an overlay took away."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, str], list[Where]] = {}

    def note(self, entity: str, field: str, where: Where) -> None:
        """One more place."""
        self.places.setdefault((entity, field), []).append(where)


class References:
    """Looks names up in one manifest. Documents that could not be built count as known, so that one mistake is told
    once; what they contain is not looked into."""

    def __init__(self, manifest: Manifest, drafts: Iterable[Draft], removed: Iterable[tuple[str, str]]) -> None:
        self.manifest = manifest
        self._removed = frozenset(removed)
        self.uses = Use()
        self.names: dict[str, set[str]] = {kind: set(manifest.of(kind)) for kind in KINDS}
        #: Fields that are written but could not be built, by entity; None: all of its fields.
        self._broken: dict[str, set[str] | None] = {}
        for draft in drafts:
            self.names[draft.kind].add(draft.name)
            if draft.kind == "entity":
                self._note_broken(draft)

    def _note_broken(self, draft: Draft) -> None:
        fields, built = draft.node.get("fields"), self.manifest.entities.get(draft.name)
        if fields is None or not isinstance(fields.value, dict):
            self._broken[draft.name] = None
        elif built is not None and fields.value.keys() - built.fields.keys():
            self._broken[draft.name] = set(fields.value) - set(built.fields)

    def is_broken(self, entity: str, field: str) -> bool:
        """True for a field that is written, but wrongly: the mistake is told where it stands and nowhere else."""
        broken: set[str] | None = self._broken.get(entity, set())
        return broken is None or field in broken

    def is_removed(self, entity: str, field: str) -> bool:
        """True for a field an overlay took away."""
        return (entity, field) in self._removed

    def check(self, draft: Draft) -> Iterator[Problem]:
        """D021 for every name in the document that stands for nothing."""
        for reference in draft.references:
            problem = self._check(draft, reference)
            if problem is not None:
                yield problem

    def _check(self, draft: Draft, reference: Reference) -> Problem | None:
        what, name = reference.what, reference.name
        entity = reference.of or (draft.name if what == "own_field" else entity_of(draft))
        if what in SINGLE:
            known = self.names[what] | ALWAYS.get(what, frozenset())
            return None if name in known else unknown(what, name, reference.where, known)
        if what in ("field", "own_field"):
            return self.field(entity, name, reference.where)
        if what == "path":
            return self.path(entity, name.removeprefix("-"), reference.where)
        if what == "parameter":
            return None  # told with its type, as D029
        known_here = self._names_for(what, draft, entity)
        if known_here is None or name in known_here:
            return None
        word = {"own_state": "state", "own_tile": "tile", "filter": "field"}.get(what, what)
        return unknown(word, name, reference.where, known_here)

    def names_of(self, what: str, entity: str | None) -> set[str] | frozenset[str] | None:
        """The names known for a word an expression uses: states of the entity's machines, or documents; None when
        nobody can say."""
        if what == "state":
            machines = self.manifest.machines_of(entity) if entity else ()
            return {state for machine in machines for state in machine.states} if machines else None
        return self.names[what] | ALWAYS.get(what, frozenset())

    def _names_for(self, what: str, draft: Draft, entity: str | None) -> set[str] | None:
        """The names known there; None when nobody can say."""
        if what == "own_state":
            return set(keys(draft, "states")) | {"*"}
        if what == "own_tile":
            return set(keys(draft, "tiles"))
        if what == "filter":
            return self._filters(draft)
        machines = self.manifest.machines_of(entity) if entity else tuple(self.manifest.state_machines.values())
        if what == "state":
            return {state for machine in machines for state in machine.states} if machines else None
        if what == "transition":
            return {each for machine in machines for each in machine.transitions} if machines else None
        if what == "action":
            every = {each for machine in self.manifest.state_machines.values() for each in machine.transitions}
            return every | self.names["form"] | self.names["trigger"]
        return None

    def _filters(self, draft: Draft) -> set[str] | None:
        found: set[str] = {"time"}
        tiles = draft.node.get("tiles")
        for tile in tiles.value.values() if tiles is not None and isinstance(tiles.value, dict) else ():
            entity = self.tile_entity(tile.plain() if tile.is_map else {})
            if entity is None:
                continue
            if entity not in self.manifest.entities:
                return None
            found |= set(self.manifest.entities[entity].fields) | set(SYSTEM_FIELDS)
        return found

    def tile_entity(self, tile: Mapping[str, Any]) -> str | None:
        """The entity a tile is about."""
        for key, documents in (
            ("metric", self.manifest.metrics),
            ("view", self.manifest.views),
            ("heatmap", self.manifest.state_machines),
            ("funnel", self.manifest.state_machines),
        ):
            document: Any = documents.get(str(tile.get(key))) if tile.get(key) else None
            if document is not None:
                return str(document.entity)
        return None

    def field(self, entity: str | None, name: str, where: Where) -> Problem | None:
        """D021 when an entity that is known has no such field."""
        known = self.manifest.entities.get(entity or "")
        if known is None or name in known.fields or name in SYSTEM_FIELDS or self.is_broken(known.name, name):
            return None
        if (known.name, name) in self._removed:
            self.uses.note(known.name, name, where)
            return None
        return unknown("field", name, where, known.fields)

    def path(self, entity: str | None, path: str, where: Where) -> Problem | None:
        """D021 when a dotted path of fields leads nowhere."""
        parts = path.split(".")
        for index, part in enumerate(parts):
            problem = self.field(entity, part, where)
            known = self.manifest.entities.get(entity or "")
            if problem is not None or known is None:
                return problem
            if index + 1 < len(parts):
                entity = target_of(known, part)
                if entity is None:
                    return unknown("field", path, where, known.fields)
        return None


def target_of(entity: Entity, name: str) -> str | None:
    """The entity a field leads to, or None when it is no link."""
    field: Field | None = entity.fields.get(name) or SYSTEM_FIELDS.get(name)
    if field is None:
        return None
    return field.type if field.type in ("user", "team") else field.to


def entity_of(draft: Draft) -> str | None:
    """The entity a document is about, as it says itself."""
    node = draft.node
    if draft.kind == "trigger":
        when = node.get("when")
        for key in ("entity", "each"):
            inner = when.get(key) if when is not None else None
            if inner is not None:
                return scalar(inner) or None
        return None
    if draft.kind == "entity":
        return draft.name
    key = {"template": "for", "connection": "into"}.get(draft.kind, "entity")
    return scalar(node.get(key)) or None


def keys(draft: Draft, name: str) -> list[str]:
    """The keys of a map directly in the document."""
    inner = draft.node.get(name)
    return list(inner.value) if inner is not None and isinstance(inner.value, dict) else []


def unknown(what: str, name: str, where: Where, known: Iterable[str]) -> Problem:
    """The problem of a name that stands for nothing."""
    word = WORDS.get(what, {"zh": what, "en": what})
    return Problem("D021", where, parameters={"what": word, "name": name}, suggestion=nearest(name, known))


def rows(draft: Draft) -> Iterator[Problem]:
    """D027 for every column of a decision's row that is no input."""
    inputs, lines = keys(draft, "inputs"), draft.node.get("rows")
    for line in lines.value if lines is not None and isinstance(lines.value, list) else ():
        for key in line.value if isinstance(line.value, dict) else ():
            if key != "then" and key not in inputs:
                parameters = {"key": key, "known": ", ".join(inputs)}
                yield Problem("D027", place_of_key(line, key), parameters=parameters, suggestion=nearest(key, inputs))
