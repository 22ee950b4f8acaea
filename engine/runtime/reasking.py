"""The approvals that are open when the rule that asked for them is changed or goes away. Floor: 5.

Left alone the people who were asked decide, as they were asked. ``change`` asks anew, of whom the new rule means; where nobody
need agree any more it is over. What cannot be carried out any more is over in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import FlowloomError
from engine.model.approval import Approval
from engine.model.diff import plain
from engine.model.manifest import Manifest
from engine.model.terms import Label
from engine.runtime import approval, deciding, undoing
from engine.runtime.acts import Acting
from engine.runtime.context import values_of
from engine.runtime.flight import CHANGE, CHOICES, STOP
from engine.store import approvals
from engine.store.approvals import Request
from engine.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Asking:
    """The open approvals of one rule. ``how``: changed, removed (nobody need agree any more) or gone (what they are about
    cannot be done any more)."""

    name: str
    label: Label
    how: str
    requests: tuple[Request, ...]

    def title(self, language: str = "zh") -> str:
        """What people call what is asked for."""
        return self.label.text(language) or self.name

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen; nothing where it is over anyway."""
        return () if self.how == "gone" else CHOICES


def rule_of(manifest: Manifest, request: Request) -> tuple[str, Approval | None, Label]:
    """Whether what is asked for can still be done (``there`` or ``gone``), the rule that asks for it, and what it is called."""
    if request.kind == "transition":
        machine, _, name = request.name.rpartition(".")
        found = manifest.state_machines.get(machine)
        way = found.transitions.get(name) if found is not None else None
        return ("there", way.approve, way.label) if way is not None else ("gone", None, Label())
    about = manifest.entities.get(request.entity or "")
    if about is None:
        return "gone", None, Label()
    named = about.label
    return "there", about.approve_create, Label(f"新建{named.zh or about.name}", f"New {named.en or about.name}")


def key_of(request: Request) -> str:
    """What the rule is called in a choice: ``machine.transition``, or ``create.entity``."""
    return request.name if request.kind == "transition" else f"create.{request.entity}"


def find(connection: Connection, old: Manifest, new: Manifest, without: frozenset[int] = frozenset()) -> list[Asking]:
    """The open approvals whose rule the new manifest changes, by rule; ``without`` are those that are put back anyway."""
    groups: dict[str, list[Request]] = {}
    about: dict[str, tuple[str, Label]] = {}
    for request in approvals.open_all(connection):
        if request.kind not in ("transition", "create") or request.id in without:
            continue
        _, before, label = rule_of(old, request)
        standing, after, named = rule_of(new, request)
        if standing == "there" and plain(before) == plain(after):
            continue
        how = "gone" if standing == "gone" else "changed" if after is not None else "removed"
        about[key_of(request)] = (how, named if standing == "there" else label)
        groups.setdefault(key_of(request), []).append(request)
    return [Asking(name, about[name][1], about[name][0], tuple(all_)) for name, all_ in groups.items()]


def carry(context: Acting, askings: list[Asking], choose: Callable[[Asking], str], revision: int) -> Counter[str]:
    """Do with the approvals what the publisher chose, each written down so that it can be taken back; how many were ``kept``,
    ``asked`` anew and ``void``. ``context`` has the new rules."""
    done: Counter[str] = Counter()
    for asking in askings:
        choice = STOP if asking.how == "gone" else choose(asking)
        for request in asking.requests:
            if choice == CHANGE and asking.how == "changed":
                done["asked" if _anew(context, request, revision) else "kept"] += 1
            elif choice in (STOP, CHANGE):
                _over(context, request, revision)
                done["void"] += 1
            else:
                done["kept"] += 1
    return done


def over_with(context: Acting, entity: str, record: int, machine: str, revision: int) -> None:
    """What is asked about a record that is moved by the publisher's word is overtaken."""
    for request in approvals.of_record(context.connection, entity, record, "open"):
        if request.name.startswith(f"{machine}."):
            _over(context, request, revision)


def _over(context: Acting, request: Request, revision: int) -> None:
    before = undoing.seen(context.connection, "approval", request.id)
    approval.overtaken(context, request)
    undoing.note(context, revision, "approval", request.id, before)


def _anew(context: Acting, request: Request, revision: int) -> bool:
    """Ask whom the new rule means, in the name of whoever asked; False when that cannot be: then it stays as it is."""
    rule = rule_of(context.manifest, request)[1]
    assert rule is not None
    mark = context.ring.mark()
    try:
        with context.connection.savepoint():
            _over(context, request, revision)
            acting = deciding.as_asker(context, request)
            made = approval.ask(acting, rule, request.kind, where=rule.where, **_about(acting, request))
            undoing.note(context, revision, "approval", made.id, None)
    except FlowloomError:
        # Nobody to ask, no evidence the new rule would have, or whoever asked is gone.
        context.ring.take_back(mark)
        return False
    return True


def _about(context: Acting, request: Request) -> Mapping[str, Any]:
    """What is asked for, as it was."""
    plan = context.plan(request.entity) if request.entity is not None else None
    record = context.get(request.entity, request.record) if request.entity and request.record else None
    given = dict(request.content.get("values") or {})
    values = values_of(record) if record is not None else {}
    for name, value in given.items():
        field = plan.fields.get(name) if plan is not None else None
        if field is not None:
            values = {**values, name: field.type.clean(field.field, value)}
    what = str(request.content.get("what", ""))
    content = {name: value for name, value in request.content.items() if name not in ("what", "system")}
    return {
        "plan": plan,
        "record": request.record,
        "name": request.name,
        "what": what,
        "title": request.title.removesuffix(what).removesuffix(" · "),
        "content": content,
        "values": values,
    }
