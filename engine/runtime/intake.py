"""What files and connections bring becomes values: links found by name, and the record that is already there. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import Problem
from engine.facts import Record
from engine.plugins.slots import Unclean
from engine.runtime import keyring
from engine.runtime.context import Context

LINKS = ("link", "user", "team")
#: The fields a link may be given by, in this order, when what came is a name and not a number; then any unique text.
NAMED_BY = ("login", "name", "code", "title")

#: (entity, text) -> the id found for it, or None: asked once.
Named = dict[tuple[str, str], "int | None"]


def linked(context: Context, name: str, target: str, text: str, problems: list[Problem], named: Named) -> int | None:
    """The id of the record of ``target`` meant by a number or a name; None, and a problem (I013), when there is none."""
    if text.isdigit() and len(text) < 19 and context.get(target, int(text)) is not None:
        return int(text)
    key = (target, text)
    if key not in named:
        named[key] = by_name(context, target, text)
    if named[key] is None:
        label = context.plan(target).entity.label.text(context.language) or target
        problems.append(Problem("I013", field=name, parameters={"value": text, "entity": label}))
    return named[key]


def by_name(context: Context, target: str, text: str) -> int | None:
    """The id of the record with that login, name, code, title or other unique text; None for none."""
    fields = context.plan(target).entity.fields
    own = (name for name, one in fields.items() if one.unique and one.type in ("text", "sequence"))
    for name in dict.fromkeys((*NAMED_BY, *own)):
        if name in fields:
            found = context.records.find(context.connection, target, {name: text}, 1)
            if found:
                return found[0].id
    return None


def known(context: Context, entity: str, match_on: Sequence[str], values: Mapping[str, Any]) -> Record | None:
    """The record that has the same values in every field of ``match_on``; None when one of them is empty."""
    if not match_on:
        return None
    plan = context.plan(entity)
    wanted: dict[str, Any] = {}
    for name in match_on:
        one = plan.fields[name]
        try:
            wanted[name] = one.type.clean(one.field, values.get(name))
        except Unclean:
            return None  # no record has such a value; creating one tells what is wrong with it
    if any(value is None for value in wanted.values()):
        return None
    if keyring.nobody(context, entity, wanted):
        return None
    found = context.records.find(context.connection, entity, wanted, 1)
    return found[0] if found else None
