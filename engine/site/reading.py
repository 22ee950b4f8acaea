"""Records as a reader sees them: values without what is hidden, words for people, titles behind links, promises. Floor: 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

from engine.errors import NotFound
from engine.facts import Actor, Record
from engine.model.entity import SYSTEM_FIELDS, Field
from engine.plugins.slots import FieldType
from engine.runtime import access, sla
from engine.runtime import view as views
from engine.runtime.context import Context, values_of
from engine.runtime.ground import named
from engine.runtime.view import Look
from engine.site.running import Running
from engine.store.files import File
from engine.store.query.answer import Page
from engine.store.query.rights import Access
from engine.store.tables import FILES

LINKS = ("link", "user", "team")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to; a record the reader may not see has no title."""

    entity: str
    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One record for one reader. ``values`` are JSON-ready, ``shown`` text for people, ``links`` per linking field,
    ``can`` what the reader may do with it."""

    record: Record
    title: str
    values: Mapping[str, Any]
    shown: Mapping[str, str]
    links: Mapping[str, Link] = field(default_factory=dict)
    promises: Sequence[Mapping[str, Any]] = ()
    can: Mapping[str, bool] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    """What the fields with a file hold."""

    @property
    def id(self) -> int:
        """The record's id."""
        return self.record.id

    @property
    def version(self) -> int:
        """The record's version, for If-Match."""
        return self.record.version

    def __getitem__(self, name: str) -> Any:
        return self.id if name == "id" else self.version if name == "version" else self.values.get(name)


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Some records in order; ``next`` is the cursor of the page after, ``count`` all of them when asked for."""

    items: tuple[Seen, ...]
    next: str | None = None
    count: int | None = None


class Column(NamedTuple):
    """A field of an entity for readers. ``to_json`` is None where a value is JSON as it is, ``show`` where no type knows it;
    ``target`` is the entity it links to, if it does."""

    field: Field
    to_json: Callable[[Any], Any] | None
    show: Callable[[Field, Any, str], str] | None
    target: str | None


class Shape(NamedTuple):
    """What a reader may see of an entity, by name in order: all of it, what links, what holds a file."""

    columns: Mapping[str, Column]
    linked: tuple[tuple[str, str], ...]
    filed: tuple[str, ...]


def shape_of(context: Context, entity: str, hidden: frozenset[str]) -> Shape:
    """Every field of an entity a reader may see, the system's included; worked out once per manifest."""
    ready, key = context.parts.ready, (entity, hidden)
    found: Shape | None = ready.get(key)
    if found is None:
        kinds = context.registry.plugins[FieldType.slot]
        fields = {**SYSTEM_FIELDS, **context.plan(entity).entity.fields}
        columns = {
            name: _column(one, cast("FieldType | None", kinds.get(one.type)))
            for name, one in fields.items()
            if name not in hidden
        }
        linked = tuple((name, one.target) for name, one in columns.items() if one.target is not None)
        filed = tuple(name for name, one in columns.items() if one.field.type in FILES)
        found = ready[key] = Shape(columns, linked, filed)
    return found


def _column(one: Field, kind: FieldType | None) -> Column:
    target = one.to or one.type if one.type in LINKS else None
    if kind is None:
        return Column(one, None, None, None)
    return Column(one, None if type(kind).to_json is FieldType.to_json else kind.to_json, kind.show, target)


def seen(context: Context, records: Sequence[Record], *, promises: bool = False) -> list[Seen]:
    """The records as the context's actor sees them; titles behind links are read together, not one by one."""
    if not records:
        return []
    entity = records[0].entity
    rights = access.access_of(context, entity)
    shape = shape_of(context, entity, rights.hidden)
    names = _titles(context, records, shape)
    found = [_one(context, record, rights, shape, names, promises) for record in records]
    return _with_files(context, found, shape.filed) if shape.filed else found


def _with_files(context: Context, found: list[Seen], names: Sequence[str]) -> list[Seen]:
    """The same, with name, size and type of the files they hold, read together; people are shown a file's name."""
    ids = {one.values[name] for one in found for name in names if one.values.get(name)}
    if not ids:
        return found
    known = context.parts.files.several(context.connection, ids)
    told = []
    for one in found:
        files = {name: known[one.values[name]] for name in names if one.values.get(name) in known}
        shown = {**one.shown, **{name: file.name for name, file in files.items()}}
        told.append(replace(one, shown=shown, files=files) if files else one)
    return told


def _one(
    context: Context,
    record: Record,
    rights: Access,
    shape: Shape,
    names: Mapping[str, Mapping[int, str]],
    promises: bool,
) -> Seen:
    shown: dict[str, str] = {}
    links: dict[str, Link] = {}
    given, language, columns = record.values, context.language, shape.columns
    # Most fields of most records are empty: only the others are looked at.
    values = {name: given[name] for name in columns if name in given}
    for name, value in values.items():
        if value is None:
            continue
        one, to_json, show, target = columns[name]
        if to_json is not None:
            values[name] = to_json(value)
        if target is not None and isinstance(value, int):
            shown[name] = title = names.get(target, {}).get(value, "")
            links[name] = Link(target, value, title)
        elif show is not None:
            shown[name] = show(one, value, language)
    return Seen(
        record,
        _title(context, record, rights),
        values,
        shown,
        links,
        promises_of(context, record.entity, record.id) if promises else (),
        _can(rights, record),
    )


def _can(rights: Access, record: Record | None) -> dict[str, bool]:
    """What the reader may do with a record; with any at all without one."""
    update, delete = rights.rights.get("update", False), rights.rights.get("delete", False)
    if isinstance(update, bool) and isinstance(delete, bool):
        return {"update": update, "delete": delete}
    whole = values_of(record) if record is not None else None
    return {action: rights.may(action, whole) for action in ("update", "delete")}


def _title(context: Context, record: Record, rights: Access) -> str:
    """The title, of what the reader may see."""
    hidden = rights.hidden
    return context.title(replace(record, values={**record.values, **dict.fromkeys(hidden)}) if hidden else record)


def _titles(context: Context, records: Sequence[Record], shape: Shape) -> Mapping[str, Mapping[int, str]]:
    wanted: dict[str, set[int]] = {}
    for name, target in shape.linked:
        found = {value for record in records if (value := record.values.get(name)) is not None}
        if found:
            wanted.setdefault(target, set()).update(found)
    return {entity: named(context, access.access_of(context, entity), entity, ids) for entity, ids in wanted.items()}


def promises_of(context: Context, entity: str, record: int) -> list[Mapping[str, Any]]:
    """The promises over a record: name, label, due, state, whether holidays of that year were only estimated."""
    return [_promise(one) for one in sla.promises(context, entity, record)]


def _promise(one: sla.Promise) -> Mapping[str, Any]:
    due = one.due.isoformat()
    return {"name": one.name, "label": one.label, "due": due, "state": one.state, "estimated": one.estimated}


def visible(context: Context, entity: str, record: int) -> Record:
    """The record, whole, when the reader may see it. Raises NotFound for both none and invisible, Moved for one that went into
    another the reader may see."""
    found = context.need(entity, record)
    access.access_of(context, entity).check("read", values_of(found))
    return found


def if_visible(context: Context, entity: str, record: int) -> Seen | None:
    """The record as its reader sees it; None for none and for an invisible one."""
    try:
        return seen(context, [visible(context, entity, record)])[0]
    except NotFound:
        return None


def title_if_visible(context: Context, entity: str, record: int) -> str | None:
    """What its reader calls the record; None for none and for an invisible one."""
    try:
        found = visible(context, entity, record)
    except NotFound:
        return None
    return _title(context, found, access.access_of(context, entity))


def likeness(match: Mapping[str, Any]) -> dict[str, Any]:
    """How alike two records are, in words: ``score`` 0..1, ``reasons`` like "手机 100%", ``then`` what the rule does.

    Nothing of the other record itself: who may not see it learns only that there is one.
    """
    reasons = [f"{reason['label']} {round(reason['score'] * 100)}%" for reason in match["reasons"]]
    return {"score": match["score"], "reasons": reasons, "then": match["then"], "rule": match["rule"]}


def read(running: Running, actor: Actor, entity: str, record: int) -> Seen:
    """One record with its promises. Raises NotFound."""
    with running.reading(actor) as context:
        return seen(context, [visible(context, entity, record)], promises=True)[0]


def listing(
    running: Running, actor: Actor, entity: str, look: Look, view: str | None = None, *, counted: bool = False
) -> SeenPage:
    """One page of a list, from the one compiler of queries, under the reader's rights. A view's columns, else every field."""
    with running.reading(actor) as context:
        context.plan(entity)
        chosen = views.view_of(context, view) if view else None
        found = views.page(context, entity, chosen, look)
        total = views.count(context, entity, chosen, look) if counted else None
        return SeenPage(tuple(of_page(context, entity, found)), found.next, total)


def board(
    running: Running, actor: Actor, view: str, look: Look, lane: str | None = None
) -> list[tuple[Any, list[Seen]]]:
    """The columns of a board (``engine.runtime.view.Lane``), each with its cards; ``lane`` asks for one of them only."""
    with running.reading(actor) as context:
        chosen = views.view_of(context, view)
        lanes = views.board(context, chosen, look, lane)
        return [(each, of_page(context, chosen.entity, each.page)) for each in lanes]


def of_page(context: Context, entity: str, page: Page) -> list[Seen]:
    """The records of a page with the columns it was asked for, a linked record's title among them, and the promises that
    are not kept yet."""
    names = views.linked(context, page.records, page.columns)
    rights = access.access_of(context, entity)
    whole = _whole(context, entity, page, rights)
    kinds = context.registry.plugins[FieldType.slot]
    blank = context.plan(entity).blank
    standing = sla.standing(context, entity, [record.id for record in page.records])
    found = []
    for record in page.records:
        values: dict[str, Any] = {}
        shown: dict[str, str] = {}
        links: dict[str, Link] = {}
        for column in page.columns:
            value = record.values[column.key]
            kind: Any = kinds.get(column.field.type if column.field is not None else column.type.name)
            values[column.key] = value if value is None or kind is None else kind.to_json(value)
            shown[column.key] = views.shown(context, column, value, names)
            if column.type.name == "record" and column.type.entity and isinstance(value, int):
                links[column.key] = Link(column.type.entity, value, shown[column.key])
        can = _can(rights, whole.get(record.id))
        title = context.title(replace(record, values={**blank, **record.values}))
        promises = [_promise(one) for one in standing.get(record.id, ())]
        found.append(Seen(record, title, values, shown, links, promises, can))
    filed = [column.key for column in page.columns if column.field is not None and column.field.type in FILES]
    return _with_files(context, found, filed)


def _whole(context: Context, entity: str, page: Page, rights: Any) -> Mapping[int, Record]:
    """The records whole, where what may be done with them depends on their values."""
    if all(isinstance(rights.rights.get(action), bool) for action in ("update", "delete")):
        return {}
    return context.records.get_many(context.connection, entity, [record.id for record in page.records])
