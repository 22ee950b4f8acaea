"""All documents of a site by name, overlays laid over what they extend. Floor: 5."""

from __future__ import annotations

from engine.errors import Problem, nearest
from engine.load.document import CUSTOM, Draft
from engine.load.gather import Gathered
from engine.load.overlay import Removed, lay, removed_fields
from engine.load.read import Memory
from engine.load.references import WORDS


def extend_all(gathered: Gathered, memory: Memory) -> tuple[list[Draft], list[Removed], list[Problem]]:
    """Every named document, merged with its overlays (packs' in their order, then the site's own by path), the fields
    that were taken away, and what is wrong: D020 twice the same name, D023 no such target, P006 not required."""
    problems: list[Problem] = []
    removed: list[Removed] = []
    named: dict[tuple[str, str], Draft] = {}
    overlays: dict[tuple[str, str], list[Draft]] = {}
    order: list[tuple[str, str]] = []
    for parsed in gathered.files:
        for draft in parsed.drafts:
            key = (draft.kind, draft.name)
            if draft.kind == "site":
                continue
            if draft.extends:
                overlays.setdefault(key, []).append(draft)
            elif key in named:
                problems.append(_twice(draft, named[key]))
            else:
                named[key] = draft
                order.append(key)
    for key, changes in overlays.items():
        target = named.get(key)
        for change in changes:
            bad = _wrong_target(change, target, gathered, named)
            if bad is not None:
                problems.append(bad)
                continue
            assert target is not None
            node, found = lay(target.node, change.node, target.name)
            problems += found
            if change.kind == "entity":
                removed += removed_fields(change.name, change.node)
            target = Draft(change.kind, change.name, target.pack, node, merged=True)
        if target is not None and target.merged:
            memory.finish(target)
            named[key] = target
    return [named[key] for key in order], removed, problems


def _twice(draft: Draft, first: Draft) -> Problem:
    target = f"{first.pack}.{first.name}"
    parameters = {"kind": WORDS[draft.kind], "name": draft.name, "target": target}
    return Problem("D020", draft.where, parameters=parameters, also=first.where)


def _wrong_target(
    change: Draft, target: Draft | None, gathered: Gathered, named: dict[tuple[str, str], Draft]
) -> Problem | None:
    pack, _, _ = change.extends.rpartition(".")
    if target is None or (pack and pack != target.pack):
        known = [f"{draft.pack}.{draft.name}" for (kind, _), draft in named.items() if kind == change.kind]
        near = nearest(change.extends, known) or nearest(change.name, [word.split(".")[1] for word in known])
        return Problem("D023", change.where, parameters={"target": change.extends}, suggestion=near)
    if change.pack != CUSTOM and change.pack != target.pack and target.pack not in reach(gathered, change.pack):
        parameters = {"pack": change.pack, "target": change.extends, "other": target.pack}
        return Problem("P006", change.where, parameters=parameters)
    return None


def reach(gathered: Gathered, pack: str) -> set[str]:
    """Every pack one pack requires, directly or through others; ``base`` always."""
    found = {"base"}
    waiting = [pack]
    while waiting:
        for need in gathered.needs.get(waiting.pop(), ()):
            if need not in found:
                found.add(need)
                waiting.append(need)
    return found
