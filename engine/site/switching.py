"""The turn in which one revision replaces another: tables, records, runs, approvals and clocks, all or nothing. Floor: 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine.facts import SYSTEM, Actor, Event
from engine.failpoints import failpoint
from engine.plugins.slots import FieldType
from engine.runtime import flight, reasking, scheduler, sla, turn, undoing
from engine.runtime.acts import Acting
from engine.runtime.context import Parts
from engine.runtime.undoing import Back
from engine.site import publishing, spreading
from engine.site.choices import Choices, Published
from engine.site.earlier import Earlier
from engine.site.planning import Plan
from engine.site.running import Running
from engine.store import audit, carried, migrate, revisions, settings, timers
from engine.store.connection import Connection


def switch(
    running: Running,
    connection: Connection,
    parts: Parts,
    plan: Plan,
    actor: Actor,
    message: str,
    choices: Choices,
) -> Published:
    """Everything of a publish that is in the database, in one transaction."""
    now = running.clock.now()
    kinds: Mapping[str, Any] = running.registry.plugins[FieldType.slot]
    if not publishing.exists(connection):
        parts.schema.create(connection)
        parts.schema.remember(connection)
    else:
        zone = plan.manifest.site.timezone
        fresh = migrate.plan(connection, parts.schema, kinds, zone)
        migrate.apply(connection, fresh, parts.schema, kinds, now, allow_lossy=choices.allow_lossy, timezone=zone)
    sentences = {language: plan.sentences(language) for language in ("zh", "en")}
    texts = publishing.texts(plan.loaded)
    changes = {"sentences": sentences, **({"from": actor.address} if actor.is_system and actor.address else {})}
    revision = revisions.save(connection, texts, now, actor, message, changes)
    revisions.point(connection, revision.number)
    context = Acting(parts, connection, SYSTEM, via=f"publish:{revision.number}", user=actor.user)
    done: Counter[str] = Counter()
    if plan.current:
        done = _in_flight(running, context, plan, choices, actor)
    told = spreading.tell(context, choices.tell, revision.number)
    done += Counter({"told": told} if told else {})
    failpoint("publish")
    detail = {"revision": revision.number, "message": message, **({"in_flight": dict(done)} if done else {})}
    audit.write(connection, now, actor, "publish", detail=detail)
    scheduler.arm(context)
    turn.settle(context)
    return Published(revision.number, sentences, done)


def _in_flight(running: Running, context: Acting, plan: Plan, choices: Choices, actor: Actor) -> Counter[str]:
    """What was going on, each thing as the publisher chose; how many of each."""
    connection, done, revision = context.connection, Counter[str](), context.parts.revision
    backs: list[Back] = []
    if plan.back_to and choices.undo:
        # Told afresh, in this transaction: what has moved on since the plan stays as it is.
        backs, gone = undoing.net(connection, carried.since(connection, plan.back_to))
        undone = undoing.undo(context, backs, actor)
        done += Counter({f"undone.{name}": count for name, count in undone.items()})
        done["undone.gone"] += gone
    done["moved"] = _relocate(context, plan, choices, actor)
    old, new = running.manifest, context.manifest
    flights = flight.find(connection, old, new, Earlier(running).or_current, undoing.targets(backs, "run"))
    # A run that began after the plan was made goes by nobody's choice: it finishes as it began.
    runs = flight.carry(context, flights, lambda one: choices.of_run(one.trigger) or flight.KEEP, revision)
    askings = reasking.find(connection, old, new, undoing.targets(backs, "approval"))
    asked = reasking.carry(context, askings, lambda one: choices.of_approval(one.name) or flight.KEEP, revision)
    done += Counter({f"runs.{name}": count for name, count in runs.items()})
    done += Counter({f"approvals.{name}": count for name, count in asked.items()})
    if runs["kept"]:
        entities = {str(each.run.entity) for one in flights for each in one.runs if each.run.entity}
        settings.put(connection, publishing.WATCHED, sorted(entities | publishing.watched(connection)))
        connection.after_commit(lambda: running.watched.update(entities))
    if choices.timers == "change":
        moves = sla.moves(context, Acting(running.parts, connection, SYSTEM))
        before = {move.timer: undoing.seen(connection, "timer", move.timer) for move in moves}
        sla.retime(context, moves)
        for timer, was in before.items():
            undoing.note(context, revision, "timer", timer, was)
        # A clock is its due time with its warnings and escalations: told as one, as the plan does.
        done["retimed"] = sum(move.step == "due" for move in moves)
    return +done


def _relocate(context: Acting, plan: Plan, choices: Choices, actor: Actor) -> int:
    """Records of removed states go where the publisher said: each move is in its history and the audit log, the promises of
    the old state end and those of the new one begin; no rule is run for it."""
    connection, revision, moved = context.connection, context.parts.revision, 0
    for each in plan.leaving:
        target = (choices.moves or {}).get(f"{each.machine}.{each.state}")
        text = f'SELECT id FROM "{each.entity}" WHERE "{each.field}" = ? AND deleted_at IS NULL'
        for (record,) in connection.execute(text, (each.state,)) if target is not None else ():
            was = undoing.seen(connection, "record", record, each.entity, each.machine)
            clocks = {
                one.id: undoing.seen(connection, "timer", one.id)
                for one in timers.open_of(connection, each.entity, record)
            }
            assert target is not None
            if not undoing.relocate(context, each.entity, record, each.machine, target, "publish", actor):
                continue
            moved += 1
            undoing.note(context, revision, "record", record, was, each.entity, each.machine)
            reasking.over_with(context, each.entity, record, each.machine, revision)
            _promises(context, each.entity, record, each.machine, each.state, target)
            for one in timers.all_of(connection, each.entity, record):
                if one.id in clocks or one.state in ("waiting", "paused"):
                    undoing.note(context, revision, "timer", one.id, clocks.get(one.id))
    return moved


def _promises(context: Acting, entity: str, record: int, machine: str, state: str, target: str) -> None:
    connection = context.connection
    timers.cancel(connection, entity, record, f"{sla.PREFIX}{machine}.{state}")
    plan, field = context.plan(entity), context.manifest.state_machines[machine].field
    about = {"machine": machine, "transition": "", "from": state, "to": target}
    for name, where in (("left", state), ("entered", target)):
        data = {**about, "state": where}
        event = Event(name, entity, record, context.now, old={str(field): state}, data=data, actor=context.actor)
        sla.observe(context, plan, event, context.scene)
