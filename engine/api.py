"""The front door: whoever is above talks to an Engine, which delegates. Floor: 6."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.clock import Clock, SystemClock
from engine.facts import Actor
from engine.model.manifest import Manifest
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType
from engine.site import asking, attachments, exporting, importing, opening, publishing, reading, telling, writing
from engine.site.ahead import Slider
from engine.site.approvals import Approvals
from engine.site.asking import Ask, Filter, Look, Numbers, Range
from engine.site.channels import Channels
from engine.site.founding import fill_with_samples, new_site
from engine.site.health import Health
from engine.site.importing import write_bad_rows
from engine.site.imports import Imports
from engine.site.merging import Merging
from engine.site.people import People
from engine.site.reading import Seen, SeenPage
from engine.site.revising import Choices, Revisions
from engine.site.running import Running
from engine.site.runs import Runs
from engine.site.templates import Templates
from engine.site.tracking import Tracking
from engine.site.workbench import Workbench, explain
from engine.site.writing import Once, Outcome
from engine.store.database import Database

Values = Mapping[str, Any]


class Engine:
    """An open site; what takes an ``actor`` answers with that person's rights; the rest has rooms of its own (``people`` …)."""

    def __init__(self, folder: Path, registry: Registry, clock: Clock, url: str) -> None:
        self._site = site = Running(folder, registry, clock, Database.open(url, clock))
        self.people, self.revisions, self.approvals = People(site), Revisions(site), Approvals(site)
        self.slider, self.health, self.numbers = Slider(site), Health(site), Numbers(site)
        self.files, self.channels, self.tracking = attachments.Attachments(site), Channels(site), Tracking(site)
        self.imports, self.merging, self.templates = Imports(site, self.people), Merging(site), Templates(site)
        self.runs = Runs(site, {"poll": self.channels.fetching.carry, "import": self.imports.carrying.carry})

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        clock: Clock | None = None,
        registry: Registry | None = None,
        database: str | None = None,
    ) -> Engine:
        """The site in a folder, its current revision running. ``database`` overrides the url in site.yaml.

        Raises NotFound when the folder is no site, Unavailable when the database does not answer.
        """
        url = opening.url(Path(folder), database)
        engine = cls(Path(folder), registry or Registry.discover(), clock or SystemClock(), url)
        publishing.start(engine._site)
        return engine

    def close(self) -> None:
        """Give the database back."""
        self.channels.fetching.stop()
        self.runs.stop()
        self.channels.close()
        self._site.database.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def manifest(self) -> Manifest:
        """The definitions that run now."""
        return self._site.manifest

    @property
    def revision(self) -> int:
        """The number of the revision that runs; 0 before the first publish."""
        return self._site.revision if self._site.published else 0

    def field_type(self, name: str) -> FieldType:
        """A field type plugin."""
        return self._site.registry.get(FieldType, name)

    def access(self, actor: Actor, entity: str) -> Any:
        """The actor's rights on an entity (``engine.store.query.rights.Access``)."""
        return asking.access(self._site, actor, entity)

    def allow(self, actor: Actor, permission: str) -> None:
        """Nothing when the actor may (configure, publish, import, audit); else raises Forbidden."""
        asking.allow(self._site, actor, permission)

    def columns(self, actor: Actor, view: str, language: str) -> list[dict[str, Any]]:
        """The columns of a view the actor may see: key, label, type."""
        return asking.columns(self._site, actor, view, language)

    def tick(self) -> int:
        """Let time pass: what is due fires, another process's publish is taken up; how many timers fired."""
        fired = opening.tick(self._site)
        self.channels.work()
        return fired

    def changes(self) -> int:
        """A counter that grows with every commit."""
        return self._site.changed()

    def create(
        self, actor: Actor, entity: str, values: Values, *, form: str | None = None, once: Once | None = None
    ) -> Outcome:
        """A new record through its whole pipeline; raises Refused with every problem."""
        return writing.create(self._site, actor, entity, values, form=form, once=once)

    def update(self, actor: Actor, entity: str, record: int, values: Values, *, version: int | None = None) -> Outcome:
        """The changed record; raises Refused, Forbidden, NotFound, Stale."""
        return writing.update(self._site, actor, entity, record, values, version=version)

    def transition(
        self,
        actor: Actor,
        entity: str,
        record: int,
        name: str,
        values: Values | None = None,
        *,
        version: int | None = None,
        once: Once | None = None,
    ) -> Outcome:
        """The record in its new state; raises Refused with all that is missing, Conflict naming who was first."""
        return writing.transition(self._site, actor, entity, record, name, values or {}, version=version, once=once)

    def delete(self, actor: Actor, entity: str, record: int, *, version: int | None = None) -> None:
        """Put a record into the trash."""
        writing.delete(self._site, actor, entity, record, version=version)

    def restore(self, actor: Actor, entity: str, record: int) -> Outcome:
        """A record out of the trash."""
        return writing.restore(self._site, actor, entity, record)

    def get(self, actor: Actor, entity: str, record: int) -> Seen:
        """One record with its promises; raises NotFound for none and for one the actor may not see alike."""
        return reading.read(self._site, actor, entity, record)

    def list(
        self, actor: Actor, entity: str, look: Look, view: str | None = None, *, counted: bool = False
    ) -> SeenPage:
        """One page of records."""
        return reading.listing(self._site, actor, entity, look, view, counted=counted)

    def board(
        self, actor: Actor, view: str, look: Look, lane: str | None = None
    ) -> Sequence[tuple[Any, Sequence[Seen]]]:
        """The columns of a board with their first cards."""
        return reading.board(self._site, actor, view, look, lane)

    def offered(self, actor: Actor, entity: str, record: int) -> Sequence[Mapping[str, Any]]:
        """What may happen next to a record, and what each step still misses."""
        return telling.offered(self._site, actor, entity, record)

    def timeline(self, actor: Actor, entity: str, record: int) -> Sequence[Mapping[str, Any]]:
        """What happened to a record, newest first."""
        return telling.timeline(self._site, actor, entity, record)

    def why(self, actor: Actor, entity: str, record: int) -> Mapping[str, Any]:
        """Why this owner, which promises, which rules ran."""
        return telling.why(self._site, actor, entity, record)

    def why_not(self, actor: Actor, entity: str, record: int, trigger: str) -> Mapping[str, Any]:
        """Whether a rule would run for a record now, and each of its conditions with its values."""
        return telling.why_not(self._site, actor, entity, record, trigger)

    def duplicates(self, actor: Actor, entity: str, values: Values) -> Sequence[Mapping[str, Any]]:
        """Records that may be the same thing, with score and reasons."""
        return telling.duplicates(self._site, actor, entity, values)

    def export(self, actor: Actor, entity: str, kind: str, look: Look, view: str | None = None) -> Iterator[bytes]:
        """The list as CSV or XLSX, in parts."""
        return exporting.export(self._site, actor, entity, kind, look, view)

    def import_file(self, actor: Actor, path: Path, into: str, **how: Any) -> importing.Report:
        """A CSV or XLSX file through the whole pipeline (see engine.site.importing.import_file)."""
        return importing.import_file(self._site, actor, path, into, **how)


__all__ = [
    "Ask", "Choices", "Engine", "Filter", "Look", "Once", "Range", "Workbench", "explain", "fill_with_samples", "new_site", "write_bad_rows",
]  # fmt: skip
