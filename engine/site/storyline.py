"""A look ahead written down as a scenario: who and what there was, which clocks ran, what came of it. Floor: 6."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.facts import SYSTEM, Record
from engine.runtime import who
from engine.runtime.acts import Acting
from engine.runtime.ahead import Ahead
from engine.runtime.context import Context
from engine.store import timers

#: Fields of a person a scenario needs; what is personal stays out of the file.
PERSON = ("on_duty", "active", "capacity", "regions", "seniority")
#: People written down when there are more: those the record leads to, and whoever is told.
MOST = 40


def write(context: Context, found: Ahead, span: str) -> str:
    """The scenario as YAML. Personal fields are left out, so that it can be kept and shared."""
    whole = Acting(context.parts, context.connection, SYSTEM, now=context.now)
    record = found.before
    handles = _handles(whole, record)
    people = _people(whole, record, found)
    mine = handles[record.entity, record.id]
    lines = [
        "# 快进存下来的场景:如果没有人动它,会发生这些。",
        "kind: scenario",
        f"name: {record.entity}_{record.id}_after_{re.sub('[^0-9a-z]', '', span.lower())}",
        f"label: {{zh: {_flow(f'{span} 没人动会怎样')}, en: {_flow(f'{span} later if nobody acts')}}}",
        "given:",
        f"  clock: {_local(whole, found.start)}",
        "  users:",
        *(f"    {login}: {_flow(values)}" for login, values in _users(whole, people, handles).items()),
        "  records:",
        *(f"    {handle}: {_flow(_values(whole, key, people, handles))}" for key, handle in handles.items()),
    ]
    clocks = [f"    - {_flow(each)}" for each in _clocks(whole, record, mine)]
    if clocks:
        lines += ["  timers:", *clocks]
    lines += ["steps:", f"  - advance: {span}", f"    expect: {_flow(_expected(whole, found, mine, people))}", ""]
    return "\n".join(lines)


def named(text: str, name: str) -> str:
    """The same scenario under another name, the one of its file."""
    return re.sub(r"(?m)^name: .*$", f"name: {re.sub('[^a-z0-9_]', '_', name.lower())}", text, count=1)


def _flow(value: Any) -> str:
    """A value as YAML on one line; JSON is such YAML, with fewer quotes around keys."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"[a-z_][a-z0-9_]*", value) and value not in ("null", "true", "false"):
        return value
    return json.dumps(value, ensure_ascii=False)


def _local(context: Context, moment: dt.datetime) -> str:
    return moment.astimezone(context.parts.zone).replace(tzinfo=None).isoformat()


def _handles(context: Context, record: Record) -> dict[tuple[str, int], str]:
    """The record, what it links to directly, and the teams of people; each with a name for the story."""
    found = {(record.entity, record.id): f"{record.entity}1"}
    counts = {record.entity: 1}
    plan = context.plan(record.entity)
    linked = [
        (field.links_to, record.values[name])
        for name, field in plan.fields.items()
        if field.links_to not in (None, "user") and isinstance(record.values.get(name), int)
    ]
    teams = [("team", user["team"]) for user in who.everybody(context).values() if user.get("team") is not None]
    for entity, number in (*linked, *teams):
        if entity is not None and (entity, number) not in found and context.get(entity, number) is not None:
            counts[entity] = counts.get(entity, 0) + 1
            found[entity, number] = f"{entity}{counts[entity]}"
    return found


def _people(context: Context, record: Record, found: Ahead) -> dict[int, str]:
    """user -> login, of everybody the story may need."""
    users = who.everybody(context)
    if len(users) > MOST:
        wanted = set(found.notified) | {number for entity, number in _near(context, record) if entity == "user"}
        for user in list(wanted):
            up = who.above(context, user)
            wanted |= {*who.deputies(context, user), *([up] if up is not None else [])}
            wanted |= {backup for backup in [users.get(user, {}).get("backup")] if backup is not None}
        users = {user: values for user, values in users.items() if user in wanted}
    return {user: str(values["login"]) for user, values in users.items()}


def _near(context: Context, record: Record) -> Iterator[tuple[str, int]]:
    for name, field in context.plan(record.entity).fields.items():
        if field.links_to is not None and isinstance(record.values.get(name), int):
            yield field.links_to, record.values[name]


def _users(
    context: Context, people: Mapping[int, str], handles: Mapping[tuple[str, int], str]
) -> dict[str, dict[str, Any]]:
    users = who.everybody(context)
    defaults = {name: plan.field.default for name, plan in context.plan("user").fields.items()}
    shown: dict[str, dict[str, Any]] = {}
    for user, login in people.items():
        values = users[user]
        one: dict[str, Any] = {"role": list(values.get("roles") or ())}
        one |= {name: people[values[name]] for name in ("manager", "backup") if values.get(name) in people}
        if ("team", values.get("team")) in handles:
            one["team"] = handles["team", values["team"]]
        one |= {
            name: _plain(context, "user", name, values[name])
            for name in PERSON
            if values.get(name) not in (None, defaults.get(name))
        }
        shown[login] = one
    return shown


def _values(
    context: Context, key: tuple[str, int], people: Mapping[int, str], handles: Mapping[tuple[str, int], str]
) -> dict[str, Any]:
    """What is known of a record, without what is computed, personal, a file or a link out of the story."""
    record = context.need(*key)
    plan = context.plan(record.entity)
    shown: dict[str, Any] = {"entity": record.entity, "created_at": _local(context, record.values["created_at"])}
    for name, field in plan.fields.items():
        value = record.values.get(name)
        if value in (None, (), "") or field.field.type in ("file", "image", "backlink", "links"):
            continue
        if name in plan.machine_of:
            shown[name] = value
        elif not field.writable or (field.field.personal and not field.field.required):
            continue
        elif field.links_to == "user":
            if value in people:
                shown[name] = people[value]
        elif field.links_to is not None:
            if (field.links_to, value) in handles:
                shown[name] = handles[field.links_to, value]
        else:
            shown[name] = _plain(context, record.entity, name, value)
    return shown


def _plain(context: Context, entity: str, name: str, value: Any) -> Any:
    return context.plan(entity).fields[name].type.to_json(value)


def _clocks(context: Context, record: Record, handle: str) -> Iterator[dict[str, Any]]:
    for one in timers.open_of(context.connection, record.entity, record.id):
        if one.state == "waiting" and one.timer.name.startswith(("sla:", "idle:")):
            shown = {"on": handle, "name": one.timer.name, "step": one.timer.step, "due": one.timer.due.isoformat()}
            yield {**shown, "data": dict(one.timer.data)} if one.timer.data else shown


def _expected(context: Context, found: Ahead, handle: str, people: Mapping[int, str]) -> dict[str, Any]:
    """Where the record would be, whose it would be, who would be told."""
    expected: dict[str, Any] = {}
    after, plan = found.after, context.plan(found.before.entity)
    if after is not None and plan.machines:
        expected["state"] = {handle: after.values[plan.machines[0].field]}
    if after is not None and plan.owners:
        owner = "owner" if "owner" in plan.owners else sorted(plan.owners)[0]
        expected["owner"] = {handle: people.get(after.values.get(owner) or 0)}
    told: Iterable[str] = (people[user] for user in found.notified if user in people)
    names = list(dict.fromkeys(told))
    if names:
        expected["notified"] = names
    return expected or {"record": {handle: {}}}
