"""What an edit means on the values, and the single steps it takes on the text. Floor: 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import NotFound, Problem, Refused, WrongUsage, nearest
from engine.source.entries import Collection
from engine.source.node import Node

OPERATIONS = ("set", "insert", "remove", "move", "rename")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. ``at`` is a path like ``/transitions/3/to`` (``~1`` for a slash in a key, ``-`` for a list's end).

    ``set``: ``value`` at a place, which may be new in its map. ``insert``: ``value`` before a list's position, or
    under a new key (``before`` another one, else last). ``remove``. ``move``: to the path ``to``: another position in the
    list, ``before`` another key, or another list or map. ``rename``: the key becomes ``to``. ``patch``: what ``inverse``
    gives where no other operation leads back: ``value`` is ((start, old text, new text), …).
    """

    op: str
    at: str = ""
    value: Any = None
    to: str = ""
    before: str | None = None


def split(path: str) -> list[str]:
    """The parts of a path."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def join(parts: Iterable[str]) -> str:
    """The path of parts."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def refusal(code: str, root: Node, path: str, **parameters: Any) -> Refused:
    """A refusal shown at the nearest place of ``path`` that exists."""
    node, parts = root, split(path)
    for part in parts:
        node = child(node, part) or node
    return Refused(Problem(code, node.where, parameters={"path": path or "/", **parameters}))


def child(node: Node, part: str) -> Node | None:
    """The entry of a map or list, or None."""
    return node.at(join([part]))


def follow(root: Node, parts: list[str]) -> Node:
    """The node at a path; NotFound with the nearest name, Refused when the way leads through an alias."""
    node = root
    for depth, part in enumerate(parts):
        inner = child(node, part)
        if inner is None:
            names = list(node.value) if isinstance(node.value, dict) else []
            problem = Problem("Y051", node.where, parameters={"path": join(parts[: depth + 1]), "key": part})
            raise NotFound(replace(problem, suggestion=nearest(part, names)))
        if not node.start <= inner.start <= inner.end <= node.end:
            raise refusal("Y050", root, join(parts[: depth + 1]))
        node = inner
    if node.is_map or node.is_list:
        first = next(iter(node.value.values() if isinstance(node.value, dict) else node.value), None)
        if first is not None and not node.start <= first.start <= node.end:
            raise refusal("Y050", root, join(parts))
    return node


def position(inside: Collection, part: str) -> int:
    """Which entry a key or index means."""
    if not inside.is_map:
        return int(part)
    names = list(inside.node.value)
    if part not in names:
        raise NotFound(
            Problem("Y051", inside.node.where, parameters={"path": part, "key": part}, suggestion=nearest(part, names))
        )
    return names.index(part)


def clean(value: Any) -> Any:
    """A value as YAML gives it back: dicts with text keys, lists, scalars."""
    if isinstance(value, Mapping):
        return {str(key): clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(one) for one in value]
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def same(one: Any, other: Any) -> bool:
    """Equal in value and type; the order of keys does not count."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def expected(root: Node, edit: Edit) -> Any:
    """The document's values after the edit; NotFound or Refused when it cannot be done."""
    plain = root.plain()
    parts = split(edit.at)
    if edit.op not in OPERATIONS or (not parts and edit.op != "set"):
        raise WrongUsage(Problem("Y055", parameters={"op": edit.op}, suggestion=nearest(edit.op, OPERATIONS)))
    if edit.op == "set":
        return _expect_set(root, plain, parts, clean(edit.value), edit)
    node = follow(root, parts[:-1])
    if edit.op == "insert":
        _put(root, _at(plain, parts[:-1]), parts, clean(edit.value), edit.at)
        return plain if node.value is not None else _expect_set(root, plain, parts, clean(edit.value), edit)
    follow(root, parts)
    if edit.op == "rename" and node.is_list:
        raise refusal("Y055", root, edit.at, op="rename")
    to = [*parts[:-1], edit.to] if edit.op == "rename" else split(edit.to)
    if edit.op != "remove" and to == parts:
        return plain
    if edit.op == "move" and (not to or to[: len(parts)] == parts):
        raise refusal("Y052", root, edit.at, key=edit.to)
    if edit.op == "remove" and len(parts) == 1 and len(plain) == 1:
        raise refusal("Y053", root, edit.at)
    return _expect_moved(root, plain, parts, None if edit.op == "remove" else to, edit)


def _expect_moved(root: Node, plain: Any, parts: list[str], to: list[str] | None, edit: Edit) -> Any:
    parent = _at(plain, parts[:-1])
    if to is not None and to[:-1] != parts[:-1]:
        follow(root, to[:-1])
        _put(root, _at(plain, to[:-1]), to, clean(_at(plain, parts)), edit.at)
        del _at(plain, _after_insertion(root, parts, to)[:-1])[_index(parent, _after_insertion(root, parts, to)[-1])]
        return plain
    value = parent.pop(_index(parent, parts[-1]))
    if to is not None:
        _put(root, parent, to, value, edit.at)
    return plain


def _put(root: Node, parent: Any, parts: list[str], value: Any, path: str) -> None:
    last = parts[-1]
    if isinstance(parent, dict):
        if last in parent:
            raise refusal("Y052", root, path, key=last)
        parent[last] = value
    elif isinstance(parent, list):
        if last != "-" and not (last.isdigit() and int(last) <= len(parent)):
            raise NotFound(Problem("Y051", root.where, parameters={"path": path, "key": last}))
        parent.insert(len(parent) if last == "-" else int(last), value)
    elif parent is not None:
        raise refusal("Y055", root, path, op="insert")


def _index(parent: Any, part: str) -> Any:
    return int(part) if isinstance(parent, list) else part


def _at(plain: Any, parts: list[str]) -> Any:
    for part in parts:
        plain = plain[_index(plain, part)]
    return plain


def _after_insertion(root: Node, parts: list[str], to: list[str]) -> list[str]:
    """Where ``parts`` leads once something was inserted at ``to``: in the same list, what follows has moved by one."""
    depth = len(to) - 1
    if len(parts) <= depth or parts[:depth] != to[:-1] or not follow(root, to[:-1]).is_list:
        return parts
    if to[-1] == "-" or int(parts[depth]) < int(to[-1]):
        return parts
    return [*parts[:depth], str(int(parts[depth]) + 1), *parts[depth + 1 :]]


def _expect_set(root: Node, plain: Any, parts: list[str], value: Any, edit: Edit) -> Any:
    if not parts:
        if not isinstance(value, dict) or not value:
            raise refusal("Y053", root, edit.at)
        return value
    place, new = upsert(root, parts, value)
    parent = _at(plain, place[:-1])
    if isinstance(parent, list) and place[-1] in ("-", str(len(parent))):
        parent.append(new)
    else:
        parent[_index(parent, place[-1])] = new
    return plain


def upsert(root: Node, parts: list[str], value: Any) -> tuple[list[str], Any]:
    """The deepest place that can take the value: what is missing on the way becomes maps around it."""
    for depth in range(len(parts)):
        node = follow(root, parts[:depth])
        if child(node, parts[depth]) is not None and depth + 1 < len(parts):
            if child(node, parts[depth]).value is None:  # type: ignore[union-attr]
                return parts[: depth + 1], _nested(parts[depth + 1 :], value)
            continue
        if node.is_map:
            return parts[: depth + 1], _nested(parts[depth + 1 :], value)
        if node.is_list and parts[depth].isdigit() and int(parts[depth]) < len(node.value):
            return parts, value
        if node.is_list and parts[depth] in ("-", str(len(node.value))):
            return parts[: depth + 1], _nested(parts[depth + 1 :], value)
        break
    follow(root, parts)
    return parts, value


def _nested(parts: list[str], value: Any) -> Any:
    for part in reversed(parts):
        value = [value] if part in ("-", "0") else {part: value}
    return value


def expand(root: Node, edit: Edit) -> list[Edit]:
    """The edit as steps that touch one entry each, in an order in which each one's path holds."""
    parts = split(edit.at)
    if edit.op == "set":
        value = clean(edit.value)
        if not parts:
            return _differences(root, value, [], whole=False)
        place, new = upsert(root, parts, value)
        old = child(follow(root, place[:-1]), place[-1])
        if old is None:
            return [Edit("insert", join(place), new, before=edit.before)]
        return _differences(old, new, place)
    if edit.op == "insert" and follow(root, parts[:-1]).value is None:
        return [Edit("set", join(parts[:-1]), _nested(parts[-1:], clean(edit.value)))]
    if edit.op == "insert":
        return [replace(edit, value=clean(edit.value))]
    if edit.op == "rename" and edit.to == parts[-1]:
        return []
    if edit.op == "move":
        return _moves(root, edit, parts)
    return [edit]


def _moves(root: Node, edit: Edit, parts: list[str]) -> list[Edit]:
    to = split(edit.to)
    same_place = to[:-1] == parts[:-1]
    if same_place and follow(root, parts[:-1]).is_map and to[-1] != parts[-1]:
        return [Edit("rename", edit.at, to=to[-1]), Edit("move", edit.to, to=edit.to, before=edit.before)]
    if same_place:
        return [edit]
    value = clean(follow(root, parts).plain())
    behind = join(_after_insertion(root, parts, to))
    return [Edit("insert", edit.to, value, before=edit.before), Edit("remove", behind)]


def _differences(old: Node, value: Any, path: list[str], whole: bool = True) -> list[Edit]:
    """The steps from a node to a value; what is equal is not touched."""
    if isinstance(old.value, dict) and isinstance(value, dict):
        kept = [name for name in old.value if name in value]
        if old.value and value and (kept or not whole):
            steps = [one for name in kept for one in _differences(old.value[name], value[name], [*path, name])]
            steps += [Edit("insert", join([*path, name]), one) for name, one in value.items() if name not in old.value]
            return steps + [Edit("remove", join([*path, name])) for name in old.value if name not in value]
    if isinstance(old.value, list) and isinstance(value, list) and old.value and value:
        return _list_differences(old.value, value, path)
    return [] if same(old.plain(), value) else [Edit("set", join(path), value)]


def _list_differences(old: list[Node], value: list[Any], path: list[str]) -> list[Edit]:
    short = min(len(old), len(value))
    head = next((at for at in range(short) if not same(old[at].plain(), value[at])), short)
    most = short - head
    tail = next((at for at in range(most) if not same(old[-1 - at].plain(), value[-1 - at])), most)
    paired = short - head - tail
    steps: list[Edit] = []
    for at in range(head, head + paired):
        steps += _differences(old[at], value[at], [*path, str(at)])
    for at in range(len(old) - tail - 1, head + paired - 1, -1):
        steps.append(Edit("remove", join([*path, str(at)])))
    for at in range(head + paired, len(value) - tail):
        steps.append(Edit("insert", join([*path, str(at)]), value[at]))
    return steps
