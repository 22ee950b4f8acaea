"""Records, charts and the site's model as JSON: the only place that shapes answers. Floor: 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.api import Engine
from engine.errors import Problem
from engine.facts import Actor

Json = dict[str, Any]
#: Types of fields that hold a file.
FILES = ("file", "image")


def record(seen: Any) -> Json:
    """One record as its reader sees it (``engine.site.reading.Seen``)."""
    return {
        "id": seen.record.id,
        "version": seen.record.version,
        "entity": seen.record.entity,
        "title": seen.title,
        "values": seen.values,
        "shown": seen.shown,
        "links": {
            name: {"entity": link.entity, "id": link.id, "title": link.title} for name, link in seen.links.items()
        },
        "promises": list(seen.promises),
        "can": seen.can,
        "files": {name: file(kept) for name, kept in seen.files.items()},
    }


def file(kept: Any) -> Json:
    """A file of a record (``engine.store.files.File``): ``size`` in bytes, ``type`` the media type its content shows."""
    return {"id": kept.id, "name": kept.name, "size": kept.size, "type": kept.type}


def page(found: Any) -> Json:
    """A page of records with the cursor of the next one."""
    shaped: Json = {"items": [record(seen) for seen in found.items], "next": found.next}
    if found.count is not None:
        shaped["count"] = found.count
    return shaped


def outcome(done: Any, language: str) -> Json:
    """What a write gave: the record, why this owner, what people should know."""
    shaped: Json = {"record": record(done.record), "owner_why": done.owner_why, "warnings": []}
    for warning in done.warnings:
        if isinstance(warning, Problem):
            shaped["warnings"].append(warning.json(language))
        else:
            shaped["warnings"].append(duplicate(warning) if "record" in warning else dict(warning))
    return shaped


def duplicate(found: Mapping[str, Any]) -> Json:
    """A record that may be the same thing, with its score (0..1) and reasons."""
    shaped = dict(found)
    if hasattr(shaped.get("record"), "record"):
        shaped["record"] = record(shaped["record"])
    return shaped


def approval(found: Mapping[str, Any]) -> Json:
    """An approval; the record it moved or made is shaped like every other record."""
    moved = found.get("moved")
    return {**found, "moved": record(moved) if moved is not None else None}


def lane(one: Any, cards: Iterable[Any]) -> Json:
    """One column of a board."""
    return {
        "state": one.key,
        "label": one.label,
        "count": one.count,
        "color": one.color,
        "items": [record(card) for card in cards],
        "next": one.page.next,
    }


def dashboard(found: Mapping[str, Any]) -> Json:
    """A dashboard; the records of a tile that lists some are shaped like every other record."""
    tiles = {}
    for name, tile in found["tiles"].items():
        shaped = dict(tile)
        listed = shaped.pop("records", None)
        if listed is not None:
            shaped["data"] = {**shaped["data"], **page(listed)}
        tiles[name] = shaped
    return {**found, "tiles": tiles}


def field(engine: Engine, one: Any, read_only: bool, language: str) -> Json:
    """One field for a form: what it is called, what it takes, what is asked of it."""
    shaped: Json = {
        "name": one.name,
        "label": one.label.text(language) or one.name,
        "help": one.help.text(language),
        "type": one.type,
        "required": one.required,
        "read_only": read_only or one.value is not None or one.type in ("state", "sequence", "backlink"),
        "personal": one.personal,
        "search": one.search,
    }
    if one.choices:
        shaped["choices"] = [{"name": c.name, "label": c.label.text(language) or c.name} for c in one.choices]
    if one.to:
        shaped["to"] = one.to
    for key in ("max_length", "min", "max"):
        value = getattr(one, key)
        if isinstance(value, int | float | str):
            shaped[key] = value
    for key in ("accept", "max_size"):
        if one.options.get(key):
            shaped[key] = one.options[key]
    for key in ("accept", "max_size"):
        if one.type in FILES and key in one.options:
            shaped[key] = one.options[key]
    unit = one.options.get("unit") or one.options.get("currency")
    if unit:
        shaped["unit"] = unit.text(language) if hasattr(unit, "text") else str(unit)
    return shaped


def entity(engine: Engine, one: Any, access: Any, language: str) -> Json:
    """One entity: its fields without the hidden ones, and what the reader may do with its records."""
    manifest = engine.manifest
    fields = [
        field(engine, f, f.name in access.read_only, language)
        for f in one.fields.values()
        if f.name not in access.hidden
    ]
    return {
        "name": one.name,
        "label": one.label.text(language) or one.name,
        "icon": one.icon,
        "fields": fields,
        "can": {action: access.may(action) for action in ("create", "update", "delete", "export")},
        "machines": [machine.name for machine in manifest.machines_of(one.name) if machine.field not in access.hidden],
        "forms": [form.name for form in manifest.forms.values() if form.entity == one.name],
        "views": [view.name for view in manifest.views.values() if view.entity == one.name],
    }


def machine(one: Any, language: str) -> Json:
    """One state machine: its states and transitions in their order."""
    return {
        "label": one.label.text(language) or one.name,
        "entity": one.entity,
        "field": one.field,
        "initial": one.initial,
        "states": [
            {"name": s.name, "label": s.label.text(language) or s.name, "final": s.final, "color": s.color}
            for s in one.states.values()
        ],
        "transitions": [
            {
                "name": t.name,
                "label": t.label.text(language) or t.name,
                "from": list(t.from_),
                "to": t.to,
                "form": t.form,
            }
            for t in one.transitions.values()
        ],
    }


def form(one: Any, hidden: Iterable[str], language: str) -> Json:
    """One form: the fields asked for, in sections, without those the reader may not see."""
    hidden = frozenset(hidden)
    return {
        "label": one.label.text(language) or one.name,
        "entity": one.entity,
        "fields": [name for name in one.fields if name not in hidden],
        "required": [name for name in one.required if name not in hidden],
        "ask_one_of": {name: list(options) for name, options in one.ask_one_of.items() if name not in hidden},
        "fill": [name for name in one.fill if name not in hidden],
        "sections": [
            {
                "name": s.name,
                "label": s.label.text(language) or "",
                "fields": [name for name in s.fields if name not in hidden],
                "columns": s.columns,
            }
            for s in one.sections.values()
        ],
    }


def view(engine: Engine, actor: Actor, one: Any, language: str) -> Json:
    """One view: how it is shown and its columns with their labels and types."""
    return {
        "label": one.label.text(language) or one.name,
        "entity": one.entity,
        "show": one.show,
        "group": one.group,
        "time": one.time,
        "columns": engine.columns(actor, one.name, language),
        "sort": list(one.sort),
    }


def model(engine: Engine, actor: Actor, language: str) -> Json:
    """Everything a client draws pages from, cut to what the reader may see, in the reader's language."""
    manifest = engine.manifest
    open_to = {name: engine.access(actor, name) for name in manifest.entities}
    open_to = {name: access for name, access in open_to.items() if access.read is not False}
    entities = {n: entity(engine, manifest.entities[n], access, language) for n, access in open_to.items()}
    machines = {n: machine(m, language) for n, m in manifest.state_machines.items() if m.entity in open_to}
    views = {n: view(engine, actor, v, language) for n, v in manifest.views.items() if v.entity in open_to}
    forms = {n: form(f, open_to[f.entity].hidden, language) for n, f in manifest.forms.items() if f.entity in open_to}
    dashboards = {n: {"label": d.label.text(language) or n} for n, d in manifest.dashboards.items()}
    known: Mapping[str, Mapping[str, Any]] = {"view": views, "dashboard": dashboards, "form": forms}
    home, menu = _desk(manifest, actor, known, language)
    return {
        "entities": entities,
        "machines": machines,
        "views": views,
        "forms": forms,
        "dashboards": dashboards,
        "home": home,
        "menu": menu,
    }


def _desk(
    manifest: Any, actor: Actor, known: Mapping[str, Mapping[str, Any]], language: str
) -> tuple[list[Json], list[Json]]:
    """The reader's home blocks and menu: the workspaces of their roles, else every list and dashboard there is."""
    desks = [w for w in manifest.workspaces.values() if set(w.for_) & set(actor.roles)]
    home = [shaped for desk in desks for block in desk.home if (shaped := _block(block, known, language))]
    menu = [
        shaped for desk in desks for block in (desk.menu or desk.home) if (shaped := _block(block, known, language))
    ]
    if not menu:
        menu = [
            {"kind": "view", "name": n, "label": v["label"]} for n, v in known["view"].items() if v["show"] == "list"
        ]
        menu += [{"kind": "dashboard", "name": n, "label": d["label"]} for n, d in known["dashboard"].items()]
    unique = {(entry["kind"], entry["name"]): entry for entry in menu}
    return home, list(unique.values())


def _block(block: Any, known: Mapping[str, Mapping[str, Any]], language: str) -> Json | None:
    for kind in ("view", "dashboard", "form"):
        name = getattr(block, kind)
        if name and name in known[kind]:
            label = block.label.text(language) or known[kind][name]["label"]
            return {"kind": kind, "name": name, "label": label}
    return None
