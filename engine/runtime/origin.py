"""Where each value of a record comes from: read from the audit log, so that nothing need be written twice. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.runtime import log
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.store import audit

#: What kind of way a value came by: the word before the colon of an audit entry's ``via``.
WAYS: Mapping[str, tuple[str, str]] = {
    "import": ("导入", "Import"),
    "trigger": ("规则", "Rule"),
    "undo": ("撤销导入", "Undone import"),
}
#: A merge tells the other record's values as they came, not what was taken over: that is told by the change it made.
LEFT_OUT = ("merge", "unmerge", "refused", "delete")


@dataclass(frozen=True, slots=True)
class Origin:
    """One value: ``value`` as it is now (JSON), ``source`` in words (a person, a connection, an import, a rule), ``at`` when it
    came to be what it is."""

    value: Any
    source: str
    at: dt.datetime

    def json(self) -> dict[str, Any]:
        """``{value, source, at}``."""
        return {"value": self.value, "source": self.source, "at": self.at.isoformat()}


def origins(context: Context, entity: str, record: int) -> dict[str, Origin]:
    """Field -> where its value comes from, for every field that has one and the actor may see. Raises NotFound."""
    plan, found = context.plan(entity), context.need(entity, record)
    access = access_of(context, entity)
    if not context.actor.is_system:
        access.check("read", values_of(found))
    latest: dict[str, tuple[str, dt.datetime]] = {}
    for entry in audit.entries(context.connection, entity, record):
        if entry.action not in LEFT_OUT:
            source = _source(context, entry)
            latest.update((name, (source, entry.at)) for name in entry.after)
    told = {}
    for name, (source, at) in latest.items():
        value = found.values.get(name)
        if name in plan.fields and name not in access.hidden and value is not None:
            told[name] = Origin(plan.fields[name].type.to_json(value), source, at)
    return told


def _source(context: Context, entry: audit.Entry) -> str:
    kind, _, name = str(entry.detail.get("via", "")).partition(":")
    zh_first = context.language != "en"
    if kind == "connection":
        documents: Mapping[str, Any] = {**context.manifest.connections, **context.manifest.forms}
        one = documents.get(name.removeprefix("form:"))
        return (one.label.text(context.language) if one is not None else "") or name
    if kind == "trigger":
        rule = context.manifest.triggers.get(name)
        name = (rule.label.text(context.language) if rule is not None else "") or name
    if kind in WAYS:
        zh, en = WAYS[kind]
        return f"{zh if zh_first else en} {name}".strip()
    return log.name_of(context, entry.detail.get("by", entry.by_user), entry.login)
