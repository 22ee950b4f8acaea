"""From the folder to what runs: read, plan, publish, take up, go back. Floor: 6."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import __version__
from engine.errors import InvalidDocument, NotFound, Problem
from engine.facts import SYSTEM, Actor
from engine.load.pipeline import Loaded, load, load_site
from engine.load.read import Memory
from engine.model.manifest import Manifest
from engine.plugins.slots import FieldType
from engine.runtime import scheduler, turn
from engine.runtime.context import Parts
from engine.site.running import Running
from engine.store import migrate, revisions, settings, tables
from engine.store.connection import Connection
from engine.store.records import Records

BUILT_IN = "builtin_flows/"
#: The setting that holds the mark of the engine's own tables.
MARK = "engine"
#: The setting that says which version of the engine has checked which revision.
CHECKED = "checked"
#: The setting that names the entities whose records runs of earlier rules may wait for.
WATCHED = "watched"


def texts(loaded: Loaded) -> dict[str, str]:
    """Every file the site is made of, its packs' too: what a revision keeps, so that it runs the same for ever."""
    return {path: source.text for path, source in loaded.sources.items()}


def mark(loaded: Loaded) -> str:
    """The hash of every file of a site: another one means that something was changed."""
    return hashlib.sha256(repr(sorted(texts(loaded).items())).encode()).hexdigest()


def second_person(manifest: Manifest) -> None:
    """Raise InvalidDocument (D021) when ``approve`` of the site names a role nobody can have: nothing could be published
    ever after."""
    rule = manifest.site.approve
    entries = rule.by if rule is not None and isinstance(rule.by, tuple) else (rule.by,) if rule is not None else ()
    for entry in entries:
        role = entry if isinstance(entry, str) else entry.get("role") if isinstance(entry, Mapping) else None
        if role is not None and role not in manifest.roles:
            what = {"zh": "角色", "en": "role"}
            raise InvalidDocument(Problem("D021", manifest.site.where, parameters={"what": what, "name": role}))


def revive(running: Running, files: Mapping[str, str], trusting: bool = False) -> Loaded:
    """A revision's files through the pipeline; packs come from the revision, not from what is installed now.

    ``trusting`` spares the checks: this version of the engine has made them for this revision before.
    """
    own: dict[str, str | bytes] = {}
    packs: dict[str, dict[str, str | bytes]] = {}
    for path, text in files.items():
        if path.startswith(BUILT_IN):
            _, name, rest = path.split("/", 2)
            packs.setdefault(name, {})[rest] = text
        else:
            own[path] = text
    return load(own, running.registry, packs, Memory(running.registry, trusting))


def parts_of(running: Running, manifest: Manifest, number: int, publisher: Actor = SYSTEM) -> Parts:
    """What runs a manifest: its tables and its compiled rules. Raises InvalidDocument when a rule cannot be compiled."""
    kinds: Mapping[str, Any] = running.registry.plugins[FieldType.slot]
    schema = tables.build(manifest, kinds)
    parts = Parts(
        manifest,
        running.registry,
        schema,
        Records(schema),
        running.clock,
        publisher,
        number,
        send=running.tell,
        paused=running.paused,
        earlier=running.watched,
        files=running.files,
    )
    parts.compiled.prepare()
    return parts


def start(running: Running) -> None:
    """Let the current revision run; nothing when none was ever published."""
    with running.database.read() as connection:
        if not exists(connection):
            return
        number = revisions.current_number(connection)
        if number is None:
            return
        checked = f"{__version__}:{number}"
        trusting = settings.get(connection, CHECKED) == checked
        take_up(running, connection, number, trusting)
    if not trusting:
        running.database.write(lambda connection: settings.put(connection, CHECKED, checked))
    _catch_up(running)
    arm(running)
    running.look_for_paused()


def _catch_up(running: Running) -> None:
    """Give the engine's own tables what a newer version of it needs; nothing when they already fit."""
    parts = running.parts
    wanted = engine_mark(parts.schema)
    with running.database.read() as connection:
        if settings.get(connection, MARK) == wanted:
            return
    kinds: Mapping[str, Any] = running.registry.plugins[FieldType.slot]
    zone = parts.manifest.site.timezone

    def work(connection: Connection) -> None:
        operations = migrate.plan(connection, parts.schema, kinds, zone)
        migrate.apply(connection, operations, parts.schema, kinds, running.clock.now(), timezone=zone)
        settings.put(connection, MARK, wanted)

    running.database.write(work)


def engine_mark(schema: tables.Schema) -> str:
    """A mark of the engine's own tables and their indexes: another one means that they must be changed. An index that gets
    other columns needs another name, for it is known by it."""
    own = [table for table in schema.metadata.tables.values() if table.name.startswith("fl_")]
    shape = sorted(
        (table.name, part.name) for table in own for part in (*table.columns, *table.indexes) if part.name is not None
    )
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:16]


def exists(connection: Connection) -> bool:
    """True when the database has Flowloom's tables."""
    if connection.dialect == "sqlite":
        return bool(connection.scalar("SELECT 1 FROM sqlite_master WHERE name = 'fl_settings'"))
    return bool(connection.scalar("SELECT to_regclass('fl_settings') IS NOT NULL"))


def take_up(running: Running, connection: Connection, number: int, trusting: bool = False) -> None:
    """Make a kept revision the one that runs in this process."""
    loaded = revive(running, revisions.load(connection, number), trusting)
    if loaded.manifest is None:
        raise InvalidDocument(loaded.errors)
    running.watched |= watched(connection)
    kept = revisions.get(connection, number)
    publisher = publisher_of(running, connection, loaded.manifest, kept.by_user if kept else None)
    running.take_up(parts_of(running, loaded.manifest, number, publisher))


def watched(connection: Connection) -> set[str]:
    """The entities whose records runs of earlier rules may wait for."""
    return set(settings.get(connection, WATCHED) or ())


def publisher_of(running: Running, connection: Connection, manifest: Manifest, user: int | None) -> Actor:
    """The actor whose rights rules have that run as ``owner``; the system's when the command line published."""
    if user is None:
        return SYSTEM
    parts = parts_of(running, manifest, 0)
    record = parts.records.get(connection, "user", user)
    if record is None:
        raise NotFound(Problem("C007", parameters={"login": str(user)}))
    values = {**record.values, "id": record.id}
    return Actor(user, str(values.get("login") or ""), tuple(values.get("roles") or ()), values)


def arm(running: Running) -> None:
    """See to it that every schedule has its next time."""
    turn.run(running.parts, running.database, SYSTEM, scheduler.arm, via="start")


def folder(running: Running) -> Loaded:
    """The folder as it is now."""
    return load_site(running.folder, running.registry)


def revision(running: Running, number: int) -> Loaded:
    """A kept revision, as it would run now. Raises NotFound (C012)."""
    with running.database.read() as connection:
        if revisions.get(connection, number) is None:
            raise NotFound(Problem("C012", parameters={"number": number}))
        return revive(running, revisions.load(connection, number))


def is_current(running: Running) -> bool:
    """True when the folder and the packs that come with the engine are, text for text, the revision that runs."""
    from engine.load.gather import BUILT_IN as packs
    from engine.load.gather import is_document

    def texts_of(root: Path, prefix: str = "") -> dict[str, bytes]:
        found = {path.relative_to(root).as_posix(): path for path in root.rglob("*.y*ml") if path.is_file()}
        return {prefix + name: path.read_bytes() for name, path in found.items() if is_document(name)}

    with running.database.read() as connection:
        kept = {path: text.encode() for path, text in revisions.load(connection, running.revision).items()}
    now = texts_of(running.folder)
    for name in {path.split("/", 2)[1] for path in kept if path.startswith(BUILT_IN)}:
        now |= texts_of(packs / name, f"{BUILT_IN}{name}/")
    return now == kept


def refuse(loaded: Loaded) -> None:
    """Raise InvalidDocument with every error; nothing when there is none."""
    if loaded.manifest is None:
        raise InvalidDocument(loaded.errors)


def follow(running: Running) -> bool:
    """Take up the revision another process made current; True when there was one."""
    with running.database.read() as connection:
        number = revisions.current_number(connection) if exists(connection) else None
        if number is None or (running.published and number == running.revision):
            return False
        take_up(running, connection, number)
    return True
