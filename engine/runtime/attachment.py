"""Files of records: what a field takes, which file may be put into it, and who may read one. Floor: 5."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Forbidden, NotFound, Problem, Refused
from engine.model.entity import Field
from engine.plugins.slots import Enclosed
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.store import approvals, sniff
from engine.store.files import File, Files, safe_name, shown_size
from engine.store.tables import FILES

#: What a field takes that does not say.
MOST = 20_000_000
UNITS: Mapping[str, int] = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
#: Records looked at that hold one file; the same file is hardly ever in more than two.
HOLDERS = 20


def most(field: Field) -> int:
    """Bytes a field takes at most: its ``max_size``."""
    found = re.fullmatch(r"(\d+) *(KB|MB|GB)", str(field.options.get("max_size") or ""))
    return int(found.group(1)) * UNITS[found.group(2)] if found else MOST


def accepts(field: Field) -> tuple[str, ...]:
    """The media types a field takes (``audio/*``); none for any."""
    return ("image/*",) if field.type == "image" else tuple(field.options.get("accept") or ())


def unfit(field: Field, file: File | Any, language: str) -> list[Problem]:
    """R180 and R182 for a file (name, type, size) the field does not take."""
    problems, wanted = [], accepts(field)
    if file.size > most(field):
        parameters: dict[str, Any] = {"file": file.name, "most": shown_size(most(field))}
        problems.append(Problem("R180", field=field.name, parameters=parameters))
    if not sniff.accepted(file.type, wanted):
        label = field.label.text(language) or field.name
        parameters = {"label": label, "accept": ", ".join(wanted), "file": file.name, "type": file.type}
        problems.append(Problem("R182", field=field.name, parameters=parameters))
    return problems


def asked_for(context: Context, entity: str, name: str) -> Field:
    """The file field somebody wants to upload for. Raises NotFound (R051, R189), Forbidden when they may not fill it."""
    field = context.plan(entity).entity.fields.get(name)
    if field is None or field.type not in FILES or field.value is not None:
        raise NotFound(Problem("R189", parameters={"entity": entity, "name": name}))
    if not context.actor.is_system:
        rights = access_of(context, entity)
        if rights.read is False or name in rights.hidden:
            raise NotFound(Problem("R189", parameters={"entity": entity, "name": name}))
        rights.check_write({name})
        if rights.rights["create"] is False and rights.rights["update"] is False:
            raise Forbidden(Problem("A003", parameters={"entity": entity, "id": ""}))
    return field


def put(context: Context, field: Field, id: str, problems: list[Problem]) -> None:
    """Let a record have a file, in this turn: it must be there, of a type and size the field takes, and the actor's to give.

    That is one they (or a form, or the engine itself) uploaded, or one they can read where it is already. What came
    from outside can only bring what it uploaded itself. Of any other file is said that there is none (R043).
    """
    file = Files().get(context.connection, id)
    if file is None or not _givable(context, file):
        label = field.label.text(context.language) or field.name
        problems.append(Problem("R043", field=field.name, parameters={"label": label, "name": field.name, "value": id}))
        return
    wrong = unfit(field, file, context.language)
    problems += wrong
    if not wrong and not file.held:
        context.connection.execute("UPDATE fl_files SET held = 1 WHERE id = ?", (id,))


def enclosed(context: Context, field: Field, one: Enclosed, problems: list[Problem]) -> str | None:
    """The id of a file that came inside a delivery, kept in this turn; None, and a problem, where the field does not take it."""
    files, name = context.parts.files, safe_name(str(one["name"]))
    try:
        with files.take(io.BytesIO(one.content), most(field), name) as taken:
            type = sniff.media_type(name, taken.stream, taken.size)
            file = File("", name, type, taken.size, taken.digest, context.now, context.user)
            wrong = unfit(field, file, context.language)
            problems += wrong
            if wrong:
                return None
            files.keep(taken)
            return files.add(context.connection, taken, name, type, context.now, context.user).id
    except Refused as error:
        problems += [replace(problem, field=field.name) for problem in error.problems]
        return None


def _givable(context: Context, file: File) -> bool:
    if not file.held:
        return context.actor.is_system or file.by_user in (None, context.user)
    # One's own upload again: it waited for an approval, or moves to another record.
    if file.by_user is not None and file.by_user == context.user:
        return True
    if context.via.startswith(("connection", "form")):
        return False
    return context.actor.is_system or readable(context, file)


def readable(context: Context, file: File) -> bool:
    """Whether the actor may read a file: it is in a field they may see of a record they may see, it is part of an approval
    they take part in, or it is theirs and no record has had it yet."""
    if context.actor.is_system or (not file.held and file.by_user == context.user):
        return True
    return any(True for _ in holders(context, file.id)) or _decides(context, file.id)


def holders(context: Context, id: str) -> Iterator[tuple[str, int]]:
    """(entity, record) of what holds a file, as far as the actor may see it."""
    for entity in context.manifest.entities.values():
        names = [name for name, field in entity.fields.items() if field.type in FILES]
        rights = access_of(context, entity.name) if names else None
        if rights is None or rights.read is False:
            continue
        for name in names:
            if name in rights.hidden:
                continue
            text = f'SELECT id FROM "{entity.name}" WHERE "{name}" = ? AND deleted_at IS NULL LIMIT {HOLDERS}'
            for (record,) in context.connection.execute(text, (id,)):
                found = context.get(entity.name, record)
                if found is not None and rights.may("read", values_of(found)):
                    yield entity.name, record


def _decides(context: Context, id: str) -> bool:
    """Whether the file is evidence, or part of the content, of something the actor is asked to agree to."""
    text = "SELECT id FROM fl_approvals WHERE (CAST(evidence AS TEXT) LIKE ? OR CAST(content AS TEXT) LIKE ?) LIMIT 20"
    for (number,) in context.connection.execute(text, (f"%{id}%", f"%{id}%")):
        request, seats = approvals.get(context.connection, number), approvals.seats_of(context.connection, number)
        people = {request.asked_by if request is not None else None}
        for seat in seats:
            people |= {seat.user, seat.delegate}
        if context.user is not None and context.user in people:
            return True
    return False
