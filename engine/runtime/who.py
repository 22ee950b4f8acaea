"""People by their account, role and team: who is meant, and who is one and the same person. Floor: 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.expression.parse import Condition, Expression
from engine.runtime.context import Context, values_of

#: How far a chain of backups or managers is followed.
FAR = 5


def everybody(context: Context) -> Mapping[int, Mapping[str, Any]]:
    """Every user record's values by id."""
    return context.shared("user", "everybody", lambda name, _: _read(context, name))


def _read(context: Context, name: str) -> Mapping[int, Mapping[str, Any]]:
    return {each.id: values_of(each) for each in context.records.find(context.connection, name, {})}


def in_role(context: Context, role: str) -> Sequence[Mapping[str, Any]]:
    """The active users who have a role, or one that inherits it, by id."""
    return context.shared("user", ("role", role), lambda _, key: _holding(context, key[1]))


def caretakers(context: Context) -> tuple[int, ...]:
    """The ids of those who look after the site: who may configure it."""
    roles = [name for name, role in context.manifest.roles.items() if "configure" in role.may]
    return tuple(dict.fromkeys(int(user["id"]) for role in roles for user in in_role(context, role)))


def _holding(context: Context, role: str) -> Sequence[Mapping[str, Any]]:
    names = {role} | {name for name in context.manifest.roles if role in _parents(context, name)}
    return [
        user
        for user in everybody(context).values()
        if user.get("active") is not False and names & set(user.get("roles") or ())
    ]


def _parents(context: Context, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    role = context.manifest.roles.get(name)
    for parent in role.inherits if role and name not in seen else ():
        found |= {parent} | _parents(context, parent, seen | {name})
    return found


def in_team(context: Context, team: Any) -> list[Mapping[str, Any]]:
    """The active users of a team, given as its id or its name."""
    return [
        user
        for user in everybody(context).values()
        if user.get("active") is not False and user.get("team") is not None and _team(context, user["team"], team)
    ]


def _team(context: Context, one: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        found = context.fetch("team", one)
        return bool(found and found.get("name") == wanted)
    return bool(one == wanted)


def meant(context: Context, to: Any, value: Callable[[Any], Any]) -> Iterator[int]:
    """The ids of the people meant: an expression that gives a user (or several), ``{role: …}``, ``{team: …}``, a login,
    or a list of these. ``value`` computes expressions. Nobody is no error: an empty owner cannot be told."""
    if isinstance(to, Expression | Condition):
        to = value(to)
    if to is None or isinstance(to, bool):
        return
    if isinstance(to, int):
        yield to
    elif isinstance(to, Mapping):
        if "role" in to:
            yield from (int(user["id"]) for user in in_role(context, str(to["role"])))
        elif "team" in to:
            yield from (int(user["id"]) for user in in_team(context, value(to["team"])))
        elif "id" in to:
            yield int(to["id"])
    elif isinstance(to, str):
        yield from (key for key, user in everybody(context).items() if user.get("login") == to)
    elif isinstance(to, Iterable):
        for each in to:
            yield from meant(context, each, value)


def person(context: Context, user: int) -> int:
    """The same number for every account of one person: accounts with the same phone or e-mail belong to one."""
    return context.shared("user", "persons", lambda _, __: _persons(everybody(context))).get(user, user)


def _persons(users: Mapping[int, Mapping[str, Any]]) -> Mapping[int, int]:
    found = {user: user for user in users}

    def root(user: int) -> int:
        while found[user] != user:
            user = found[user]
        return user

    first: dict[tuple[str, str], int] = {}
    for user in sorted(users):
        for mark in ("phone", "email"):
            told = str(users[user].get(mark) or "").strip().casefold()
            if told:
                one, other = root(first.setdefault((mark, told), user)), root(user)
                found[max(one, other)] = min(one, other)
    return {user: root(user) for user in users}


def deputies(context: Context, user: int) -> list[int]:
    """Who may act in a person's place: their backup while they are off duty or gone, and so on."""
    users, found = everybody(context), [user]
    for _ in range(FAR):
        one = users.get(found[-1])
        if one is None or (one.get("on_duty") is not False and one.get("active") is not False):
            break
        if one.get("backup") is None or one["backup"] in found:
            break
        found.append(int(one["backup"]))
    return found[1:]


def above(context: Context, user: int, without: int | None = None) -> int | None:
    """The next active manager up the line who is not the person ``without``; None when there is none."""
    users, seen, one = everybody(context), {user}, user
    for _ in range(FAR):
        up = (users.get(one) or {}).get("manager")
        if up is None or up in seen:
            return None
        one = int(up)
        seen.add(one)
        known = users.get(one)
        if known and known.get("active") is not False and (without is None or person(context, one) != without):
            return one
    return None
