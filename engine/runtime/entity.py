"""A record's life: created, changed, put into the trash and brought back. The one door of every write. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Conflict, FlowloomError, Forbidden, Problem, Refused, Stale
from engine.expression.evaluate import Environment
from engine.facts import Event, Record
from engine.runtime import approval, clean, counter, duplicate, form, idle, log
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.runtime.plans import EntityPlan
from engine.store import history, merges, sequences


def create(
    context: Context,
    entity: str,
    values: Mapping[str, Any],
    *,
    form_name: str | None = None,
    states: Mapping[str, str] | None = None,
    granted: bool = False,
) -> Record:
    """The new record, after everything its entity says about it; one with the number 0, which is not there yet, when
    somebody has to agree to it first (``granted`` says that they have).

    ``form_name`` limits what may be given and adds what that form asks for. ``states`` puts machines straight into a
    state and is for what sets a scene (scenarios), never for a door. A duplicate whose rule says ``merge`` gives the
    record that was there, completed. Raises Refused with every problem at once; Forbidden; nothing is saved then.
    """
    plan = context.plan(entity)
    problems: list[Problem] = []
    if form_name is not None:
        values = form.narrow(context, plan, form_name, values, problems)
    given = clean.accept(context, plan, values, problems)
    record_values = {**plan.fresh}
    for name, value in given.items():
        if value is not None:
            record_values[name] = value
    if states:
        record_values.update((each.field, states[each.field]) for each in plan.machines if each.field in states)
    record_values["created_at"] = record_values["updated_at"] = context.now
    record_values["created_by"] = record_values["updated_by"] = context.user
    environment = context.environment(entity, record_values)
    _number(context, plan, record_values, environment)
    clean.fill(context, plan, record_values, environment, problems)
    clean.verify(context, plan, record_values, environment, problems)
    if form_name is not None:
        form.asked(context, plan, form_name, record_values, values, problems)
    if problems:
        duplicate.taken(context, plan, record_values, problems)
    clean.stop(problems)
    if not context.actor.is_system:
        access = access_of(context, entity)
        access.check_write(given)
        access.check("create", record_values)
    match = duplicate.seek(context, plan, record_values, environment) if plan.duplicates else None
    if match is not None and match.then == "merge":
        return _merge(context, plan, match.record, record_values)
    rule = plan.entity.approve_create
    if not granted and approval.by_hand(context) and approval.needed(context, rule, entity, record_values):
        return _ask(context, plan, given, record_values, form_name)
    record = _insert(context, plan, record_values)
    _entered(context, plan, record)
    log.created(context, plan, record)
    counter.moved(context, plan, None, record)
    idle.watch(context, plan, record, None)
    duplicate.remember(context, plan, record, None)
    _announce(context, plan, record, {}, "created")
    if match is not None:
        duplicate.tell(context, record, match)
        if match.then == "link" and plan.itself:
            record = save(context, plan, record, {plan.itself: match.record})
    return record


def _ask(
    context: Context, plan: EntityPlan, given: Mapping[str, Any], values: Mapping[str, Any], form_name: str | None
) -> Record:
    """The record as it will be, with the number 0: it waits for whoever must agree."""
    rule = plan.entity.approve_create
    assert rule is not None
    record = Record(plan.name, 0, 0, {name: values[name] for name in plan.stored})
    label = plan.entity.label.text(context.language) or plan.name
    approval.ask(
        context,
        rule,
        "create",
        plan,
        None,
        "create",
        what=f"新建{label}" if context.language == "zh" else f"New {label}",
        title=context.title(record),
        content={
            "values": {name: plan.fields[name].type.to_json(value) for name, value in given.items()},
            "form": form_name,
        },
        values=values,
        where=rule.where if rule.where.line else plan.entity.where,
    )
    return record


def _insert(context: Context, plan: EntityPlan, values: Mapping[str, Any]) -> Record:
    try:
        return context.keep(context.records.insert(context.connection, plan.name, values, context.now, context.user))
    except Conflict as conflict:
        raise _named(context, plan, values, conflict, None) from conflict


def _named(
    context: Context, plan: EntityPlan, values: Mapping[str, Any], conflict: Conflict, own: int | None
) -> FlowloomError:
    """The refusal of a value that is taken, naming the record that has it."""
    problems: list[Problem] = []
    # PostgreSQL answers nothing more in a failed transaction, so the other record is named only where it can be read.
    if context.connection.dialect == "sqlite" and not isinstance(conflict, Stale):
        duplicate.taken(context, plan, values, problems, own)
    return Refused(problems) if problems else conflict


def _label(context: Context, plan: EntityPlan, name: str) -> str:
    field = plan.fields.get(name)
    return field.field.label.text(context.language) or name if field else name


def _number(context: Context, plan: EntityPlan, values: dict[str, Any], environment: Environment) -> None:
    """Give every ``sequence`` field its next number."""
    names: Any = environment.names
    for name in plan.numbered:
        pattern = plan.fields[name].field.pattern or "{1}"
        number = sequences.next_number(context.connection, f"{plan.name}.{name}", pattern, context.today)
        values[name] = names[name] = number


def _entered(context: Context, plan: EntityPlan, record: Record) -> None:
    for machine in plan.machines:
        history.enter(
            context.connection,
            plan.name,
            record.id,
            machine.name,
            record.values[machine.field],
            context.now,
            user=context.user,
            via=context.via or None,
            revision=context.parts.revision or None,
        )


def _announce(
    context: Context, plan: EntityPlan, record: Record, old: Mapping[str, Any], name: str, rule: str | None = None
) -> None:
    """Emit what happened: the event itself, states entered at creation, a new owner."""
    ring, via = context.ring, context.via
    # A rule that tells another system asks where a change came from, so that it is not sent back there.
    source = {"source": via.partition(":")[2]} if via.startswith("connection:") else {}

    def tell(event: str, about: dict[str, Any]) -> None:
        ring.emit(Event(event, plan.name, record.id, context.now, old, about, context.actor, len(ring.chain)))

    if name == "created":
        tell("created", {**source})
        for machine in plan.machines:
            tell("entered", {"machine": machine.name, "state": record.values[machine.field], **source})
    elif old:
        tell("changed", {"fields": tuple(old), **source})
    for owner in plan.owners:
        user = record.values.get(owner)
        if user is not None and (name == "created" or owner in old):
            tell("assigned", {"field": owner, "to": user, "from": old.get(owner), "rule": rule, **source})


def update(
    context: Context,
    entity: str,
    record_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    form_name: str | None = None,
) -> Record:
    """The changed record; the same one when nothing differs.

    ``version`` is the one the person saw: when somebody changed the same fields since, Stale says who and what; other
    fields are merged. Raises Refused, Forbidden, NotFound.
    """
    plan = context.plan(entity)
    record = context.hold(entity, record_id)
    problems: list[Problem] = []
    if form_name is not None:
        changes = form.narrow(context, plan, form_name, changes, problems)
    given = clean.accept(context, plan, changes, problems, record.values)
    given = {name: value for name, value in given.items() if value != record.values.get(name)}
    if version is not None and version != record.version:
        _overtaken(context, plan, record, version, given)
    if context.actor.is_system:
        return write(context, plan, record, given, problems)
    access = access_of(context, entity)
    access.check("update", context.plain(record))
    access.check_write(given)
    changed = write(context, plan, record, given, problems)
    # The right must hold afterwards too: nobody changes a record into one they could not have changed.
    if not access.may("update", context.plain(changed)):
        raise Forbidden(Problem("A003", parameters={"entity": entity, "id": record_id}))
    return changed


def _overtaken(context: Context, plan: EntityPlan, record: Record, version: int, given: Mapping[str, Any]) -> None:
    """Raise Stale when somebody else changed one of the same fields since ``version``."""
    since = log.changes_since(context, record, version)
    for who, when, fields in reversed(since):
        same = sorted(set(fields) & set(given))
        if same or not fields:
            labels = "、".join(_label(context, plan, name) for name in same)
            raise Stale(
                Problem(
                    "R063",
                    field=same[0] if same else "",
                    parameters={"who": who, "when": log.clock_time(context, when), "fields": labels},
                )
            )
    if not since:
        raise Stale(Problem("R063", parameters={"who": "", "when": "", "fields": ""}))


def write(
    context: Context,
    plan: EntityPlan,
    record: Record,
    given: Mapping[str, Any],
    problems: list[Problem],
    *,
    quiet: frozenset[str] = frozenset(),
    action: str = "",
) -> Record:
    """Carry out a change whose values are clean: rules, computed values, save, log, events.

    ``quiet`` names machine fields a transition is moving, which no rule about typing in concerns.
    """
    before = context.plain(record)
    after = {**before, **given, "updated_at": context.now, "updated_by": context.user}
    environment = context.environment(plan.name, after, before)
    changed = set(given)

    def earlier() -> Environment:
        return context.environment(plan.name, before)

    if plan.conditional:
        clean.read_only(context, plan, changed - quiet, earlier(), problems)
    clean.fill(context, plan, after, environment, problems, changed)
    clean.verify(context, plan, after, environment, problems, changed, earlier)
    if problems:
        duplicate.taken(context, plan, after, problems, record.id)
    clean.stop(problems)
    changes = {name: after[name] for name in changed if name in plan.stored and after[name] != before.get(name)}
    return save(context, plan, record, changes, action=action)


def save(
    context: Context,
    plan: EntityPlan,
    record: Record,
    changes: Mapping[str, Any],
    *,
    action: str = "",
    rule: str | None = None,
) -> Record:
    """Store changes that every rule has passed, with log, counters, idle timers and events. ``action`` is the transition,
    ``rule`` the assignment that made them."""
    if not changes:
        return record
    try:
        changed = context.records.update(context.connection, record, changes, context.now, context.user)
    except Conflict as conflict:
        raise _named(context, plan, {**record.values, **changes}, conflict, record.id) from conflict
    context.keep(changed)
    old = {name: record.values.get(name) for name in changes}
    log.changed(context, plan, changed, old, changes, action)
    counter.moved(context, plan, record, changed, changes)
    idle.watch(context, plan, changed, old)
    duplicate.remember(context, plan, changed, old)
    _announce(context, plan, changed, old, "changed", rule)
    return changed


def _merge(context: Context, plan: EntityPlan, record_id: int, values: Mapping[str, Any]) -> Record:
    """Complete the record that was there: what it lacks is taken from the new values, what it has stays."""
    record = context.need(plan.name, record_id)
    given: dict[str, Any] = {}
    for name in plan.writable & plan.stored:
        new, old = values[name], record.values.get(name)
        if clean.empty(new) or new == old:
            continue
        if clean.empty(old):
            given[name] = new
        elif isinstance(old, tuple) and isinstance(new, tuple):
            joined = tuple(dict.fromkeys([*old, *new]))
            if joined != old:
                given[name] = joined
    merged = write(context, plan, record, given, []) if given else record
    log.merged(context, plan, merged, values)
    data = {"then": "merge", "score": 1.0, "others": (record_id,)}
    context.ring.emit(Event("duplicate_found", plan.name, record_id, context.now, data=data, actor=context.actor))
    return merged


def delete(context: Context, entity: str, record_id: int, *, version: int | None = None) -> None:
    """Put the record into the trash, from where it can be restored for 30 days.

    Raises Refused (R064) with the records that need it, NotFound, Forbidden, Stale.
    """
    plan = context.plan(entity)
    record = context.need(entity, record_id)
    if version is not None and version != record.version:
        raise Stale(Problem("R063", parameters={"who": "", "when": "", "fields": ""}))
    if not context.actor.is_system:
        access_of(context, entity).check("delete", values_of(record))
    clean.stop(_needed_by(context, plan, record))
    context.records.trash(context.connection, record, context.now, context.user)
    context.ring.live.pop((entity, record_id), None)
    approval.void(context, entity, record_id)
    log.deleted(context, plan, record)
    counter.moved(context, plan, record, None)
    idle.forget(context, record)
    context.ring.emit(Event("deleted", entity, record_id, context.now, old=record.values, actor=context.actor))


def _needed_by(context: Context, plan: EntityPlan, record: Record) -> list[Problem]:
    """Records whose required link points here: they would be left without what they must have."""
    problems: list[Problem] = []
    for other in context.manifest.entities.values():
        for field in other.fields.values():
            target = field.to if field.type == "link" else field.type if field.type in ("user", "team") else None
            if target != plan.name or not field.required:
                continue
            found = context.records.find(context.connection, other.name, {field.name: record.id}, 4)
            if found:
                shown = ", ".join(str(each.id) for each in found[:3]) + (" …" if len(found) > 3 else "")
                label = other.label.text(context.language) or other.name
                problems.append(Problem("R064", parameters={"entity": label, "ids": shown}))
    return problems


def restore(context: Context, entity: str, record_id: int) -> Record:
    """The record, out of the trash again, with its links and its log. Raises Conflict when its place is taken,
    Refused (R247) for one that went into another record: that is undone, not restored."""
    plan = context.plan(entity)
    into = merges.into(context.connection, entity, record_id)
    if into is not None:
        raise Refused(Problem("R247", parameters={"number": into.id, "into": into.record}))
    record = context.records.restore(context.connection, entity, record_id, context.now, context.user)
    if not context.actor.is_system:
        access_of(context, entity).check("delete", values_of(record))
    context.keep(record)
    log.restored(context, plan, record)
    counter.moved(context, plan, None, record)
    idle.watch(context, plan, record, None)
    return record
