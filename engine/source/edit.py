"""Edits of a YAML text in place: comments, order and every line not meant stay byte for byte. Floor: 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import InvalidDocument, NotFound, Problem, Refused, Where, WrongUsage, nearest
from engine.source import change
from engine.source.entries import Collection, begins_line, collection, comments, line_start
from engine.source.node import Node, SourceFile
from engine.source.reader import read
from engine.source.splice import Splice
from engine.source.splice import apply as splice_text
from engine.source.steps import OPERATIONS, Edit, expand, expected, follow, join, position, refusal, same, split, upsert

__all__ = ["Edit", "apply", "from_json", "inverse"]


def from_json(shape: Mapping[str, Any]) -> Edit:
    """An edit as the studio sends it; for ``set`` and ``insert`` the value may also be called ``to``."""
    op, at, before = str(shape.get("op", "set")), str(shape.get("at", "")), shape.get("before")
    if op not in OPERATIONS:
        raise WrongUsage(Problem("Y055", parameters={"op": op}, suggestion=nearest(op, OPERATIONS)))
    if op in ("set", "insert"):
        return Edit(op, at, shape["value"] if "value" in shape else shape.get("to"), before=before)
    return Edit(op, at, to=str(shape.get("to", "")), before=before)


def apply(text: str, document: int, edits: Iterable[Edit], path: str = "") -> str:
    """The text after the edits of its document (from 0), one after the other; all of them or none.

    InvalidDocument when the text cannot be read, NotFound for a place that is not there, Refused where the text
    cannot be changed in place (inside an alias, a key that exists) or would no longer say what was asked.
    """
    for edit in edits:
        text = _apply_one(text, document, edit, path)
    return text


def inverse(text: str, document: int, edit: Edit, path: str = "") -> list[Edit]:
    """Edits that lead from the edited text back to ``text``, byte for byte."""
    after = apply(text, document, [edit], path)
    back = _opposite(text, document, edit, path)
    if back is not None:
        try:
            if apply(after, document, [back], path) == text:
                return [back]
        except (Refused, NotFound):
            pass
    return [Edit("patch", value=_patch(after, text))]


def _opposite(text: str, document: int, edit: Edit, path: str) -> Edit | None:
    root = read(text, path).documents[document]
    parts = split(edit.at)
    old = root.at(edit.at)
    if edit.op == "set":
        return Edit("set", edit.at, old.plain()) if old else Edit("remove", join(upsert(root, parts, None)[0]))
    if edit.op == "insert":
        parent = root.at(join(parts[:-1]))
        last = str(len(parent.value)) if parent and parent.is_list and parts[-1] == "-" else parts[-1]
        return Edit("remove", join([*parts[:-1], last]))
    if edit.op == "rename":
        return Edit("rename", join([*parts[:-1], edit.to]), to=parts[-1])
    if edit.op == "remove" and old is not None:
        return Edit("insert", edit.at, old.plain(), before=_following(root, parts))
    if edit.op == "move" and edit.to != edit.at:
        return Edit("move", edit.to, to=edit.at, before=_following(root, parts))
    return Edit("move", edit.at, to=edit.at, before=_following(root, parts)) if edit.op == "move" else None


def _following(root: Node, parts: list[str]) -> str | None:
    parent = root.at(join(parts[:-1]))
    if parent is None or not isinstance(parent.value, dict) or parts[-1] not in parent.value:
        return None
    names = list(parent.value)
    return next(iter(names[names.index(parts[-1]) + 1 :]), None)


def _patch(before: str, after: str) -> tuple[tuple[int, str, str], ...]:
    """The one stretch in which two texts differ."""
    short = min(len(before), len(after))
    start = next((at for at in range(short) if before[at] != after[at]), short)
    tail = next((n for n in range(short - start) if before[-1 - n] != after[-1 - n]), short - start)
    return ((start, before[start : len(before) - tail], after[start : len(after) - tail]),)


def _apply_one(text: str, document: int, edit: Edit, path: str) -> str:
    if edit.op == "patch":
        return _apply_patch(text, edit, path)
    ending = "" if text.endswith(("\n", "\r")) else change.line_break(text)
    current = text + ending
    source = read(current, path)
    root = _document(source, document, path)
    wanted = [one.plain() for one in source.documents]
    wanted[document] = expected(root, edit)
    carried = [edit] if edit.op == "move" and split(edit.at)[:-1] != split(edit.to)[:-1] else None
    for steps in (carried, expand(root, edit)):
        changed = None if steps is None else _steps(source, document, steps, wanted, path)
        if changed is not None:
            return changed.removesuffix(ending) if ending else changed
    raise refusal("Y053", root, edit.at)


def _steps(source: SourceFile, document: int, steps: list[Edit], wanted: list[Any], path: str) -> str | None:
    """The text after the steps, or None when it does not say what was wanted."""
    for step in steps:
        text = _spliced(source, source.documents[document], step)
        if text is None:
            return None
        try:
            source = read(text, path)
        except InvalidDocument:
            return None
    return source.text if same([one.plain() for one in source.documents], wanted) else None


def _document(source: SourceFile, document: int, path: str) -> Node:
    if document >= len(source.documents):
        raise NotFound(Problem("Y051", Where(path), parameters={"path": f"#{document}", "key": document}))
    return source.documents[document]


def _spliced(source: SourceFile, root: Node, step: Edit) -> str | None:
    text = source.text
    parts = split(step.at)
    inside = collection(text, follow(root, parts[:-1]))
    if step.op == "insert":
        return splice_text(text, _insertion(text, inside, step, parts[-1]))
    if step.op == "remove" and len(inside.entries) == 1 and not inside.flow:
        return _spliced(source, root, Edit("set", join(parts[:-1]), {} if inside.is_map else []))
    index = position(inside, parts[-1])
    entry = inside.entries[index]
    if step.op == "rename":
        return splice_text(text, change.rename(entry, step.to))
    if step.op == "move":
        return _moved(source, root, inside, index, step)
    splices = change.remove(text, inside, index) if step.op == "remove" else []
    splices = splices or change.replace_value(text, inside, entry, step.value)
    return splice_text(text, splices + _rescued(source, root, parts, splices))


def _insertion(text: str, inside: Collection, step: Edit, last: str) -> list[Splice]:
    count = len(inside.entries)
    if not inside.is_map:
        return change.insert(text, inside, count if last == "-" else int(last), None, step.value)
    index = count if step.before is None else position(inside, step.before)
    return change.insert(text, inside, index, last, step.value)


def _moved(source: SourceFile, root: Node, inside: Collection, index: int, step: Edit) -> str | None:
    text, parts, to = source.text, split(step.at), split(step.to)
    count = len(inside.entries)
    into = inside if to[:-1] == parts[:-1] else collection(text, follow(root, to[:-1]))
    if into is inside:
        if inside.is_map:
            target = count if step.before is None else position(inside, step.before)
            target -= target > index
        else:
            target = count - 1 if to[-1] == "-" else min(int(to[-1]), count - 1)
        return text if target == index else splice_text(text, change.move(text, inside, index, target))
    if into.is_map:
        target = len(into.entries) if step.before is None else position(into, step.before)
    else:
        target = len(into.entries) if to[-1] == "-" else int(to[-1])
    carried = change.carry(text, inside, index, into, target, to[-1] if into.is_map else None)
    return None if carried is None else splice_text(text, carried)


def _rescued(source: SourceFile, root: Node, parts: list[str], splices: list[Splice]) -> list[Splice]:
    """Comments inside what is cut away, as lines above the nearest entry that begins a line: notes are never lost."""
    if not any("#" in source.text[one.start : one.end] for one in splices):
        return []
    lost = [
        source.text[start:end].rstrip()
        for start, end in comments(source)
        if any(one.start <= start < one.end for one in splices)
    ]
    if not lost:
        return []
    for depth in range(len(parts), 0, -1):
        inside = collection(source.text, follow(root, parts[: depth - 1]))
        start = inside.entries[position(inside, parts[depth - 1])].start
        if not inside.flow and begins_line(source.text, start):
            at = line_start(source.text, start)
            pad, ending = source.text[at:start], change.line_break(source.text)
            return [Splice(at, at, "".join(f"{pad}{comment}{ending}" for comment in lost))]
    return []


def _apply_patch(text: str, edit: Edit, path: str) -> str:
    for start, old, new in edit.value:
        if text[start : start + len(old)] != old:
            raise Refused(Problem("Y054", Where(path)))
        text = text[:start] + new + text[start + len(old) :]
    return text
