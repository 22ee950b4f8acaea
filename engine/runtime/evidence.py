"""Evidence of an approval: files that are there, are not empty, and are this record's own. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import Problem
from engine.runtime import clean
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan
from engine.store.tables import FILES

REASONS: Mapping[str, Mapping[str, str]] = {
    "gone": {"zh": "找不到这个文件", "en": "there is no such file"},
    "empty": {"zh": "文件是空的(0 字节)", "en": "the file is empty (0 bytes)"},
    "taken": {"zh": "这是另一条记录的文件", "en": "it is another record's file"},
    "changed": {"zh": "提交审批以后换过", "en": "it was changed after it was submitted"},
}


def gather(
    context: Context, plan: EntityPlan | None, fields: Iterable[str], record: int | None, values: Mapping[str, Any]
) -> tuple[list[Problem], dict[str, Any]]:
    """What is wrong with the evidence (R053 where it is missing, R145), and how it is now: field -> id, name, digest,
    size of a file, or the value of any other field."""
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for name in fields if plan is not None else ():
        assert plan is not None
        field, value = plan.fields[name], values.get(name)
        label = field.field.label.text(context.language) or name
        if clean.empty(value):
            problems.append(Problem("R053", field=name, parameters={"label": label, "name": name}))
        elif field.field.type in FILES:
            reason, known = _file(context, plan.name, record, str(value))
            if reason:
                problems.append(Problem("R145", field=name, parameters={"label": label, "reason": REASONS[reason]}))
            found[name] = known
        else:
            found[name] = {"value": field.type.to_json(value)}
    return problems, found


def _file(context: Context, entity: str, record: int | None, number: str) -> tuple[str, dict[str, Any]]:
    row = context.connection.one("SELECT name, size, digest FROM fl_files WHERE id = ?", (number,))
    if row is None:
        return "gone", {"id": number}
    name, size, digest = row
    known = {"id": number, "name": name, "size": size, "digest": digest}
    if not size:
        return "empty", known
    same = [each for (each,) in context.connection.execute("SELECT id FROM fl_files WHERE digest = ?", (digest,))]
    return ("taken" if _elsewhere(context, same, entity, record) else ""), known


def _elsewhere(context: Context, files: list[str], entity: str, record: int | None) -> bool:
    """Whether another record has one of these files: the very file, or the same bytes uploaded again."""
    marks = ", ".join("?" * len(files))
    for other in context.manifest.entities.values():
        for field in other.fields.values():
            if field.type not in FILES:
                continue
            text = f'SELECT id FROM "{other.name}" WHERE "{field.name}" IN ({marks}) AND deleted_at IS NULL LIMIT 2'
            for (found,) in context.connection.execute(text, tuple(files)):
                if (other.name, found) != (entity, record):
                    return True
    return False


def changed(context: Context, plan: EntityPlan, kept: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    """R145 for every piece of evidence that is not what it was when it was submitted."""
    problems = []
    for name, was in kept.items():
        field = plan.fields.get(name)
        if field is None:
            continue
        now = values.get(name)
        if field.field.type in FILES:
            row = context.connection.one("SELECT size, digest FROM fl_files WHERE id = ?", (str(now),)) if now else None
            reason = "gone" if row is None else "" if row == (was.get("size"), was.get("digest")) else "changed"
        else:
            reason = "" if field.type.to_json(now) == was.get("value") else "changed"
        if reason:
            label = field.field.label.text(context.language) or name
            problems.append(Problem("R145", field=name, parameters={"label": label, "reason": REASONS[reason]}))
    return problems
