"""Files to a Manifest: read, check, overlay, build, expand, resolve, lint. Floor: 5."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import Problem
from engine.load import expand, parameters
from engine.load.document import CUSTOM, Draft
from engine.load.extend import extend_all
from engine.load.gather import BUILT_IN, Builtin, Gathered, gather, is_document
from engine.load.read import Memory, excerpted
from engine.load.resolve import resolve
from engine.model.manifest import PLURAL, Manifest
from engine.model.site import Site
from engine.plugins.registry import Registry
from engine.plugins.slots import Check
from engine.source.node import Node, SourceFile


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a site's files.

    ``manifest`` is None when any problem is an error. ``problems`` are sorted by file and place. ``origins`` are the
    merged documents by (kind, name), every value with the file and line it came from. ``drafts`` are all documents
    as written, overlays among them.
    """

    manifest: Manifest | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, SourceFile]
    origins: Mapping[tuple[str, str], Node]
    drafts: tuple[Draft, ...] = ()
    packs: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop; the rest is told."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


@dataclass
class _Site:
    """The documents of a site while they are put together."""

    site: Site
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)


def load(
    files: Mapping[str, str | bytes],
    registry: Registry,
    builtin: Builtin = BUILT_IN,
    memory: Memory | None = None,
) -> Loaded:
    """A site's files (path relative to its folder -> content) through the whole pipeline.

    Never raises for bad documents: all problems come back at once. ``builtin`` are the packs that may be asked for;
    a ``memory`` kept between calls makes the next one read only what changed, a trusting one skips the checks.
    """
    memory = memory or Memory(registry)
    gathered = gather(files, builtin, memory)
    problems = list(gathered.problems)
    sources = {parsed.source.path: parsed.source for parsed in gathered.files}
    for parsed in gathered.files:
        problems += parsed.problems
    drafts, removed, found = extend_all(gathered, memory)
    problems += found
    every = [draft for parsed in gathered.files for draft in parsed.drafts]
    # A merged document is checked again, so what its overlay already said is not said twice.
    problems += unique(problem for draft in [*every, *drafts] for problem in draft.problems)
    manifest, found = _assemble(gathered, drafts, registry)
    problems += found
    if not memory.trusting:
        problems += resolve(manifest, drafts, removed, registry)
    if not memory.trusting and not any(problem.severity == "error" for problem in problems):
        for check in registry.all(Check):
            problems += check.run(manifest)
    lines: dict[str, list[str]] = {}
    ordered = sorted(unique(problems), key=lambda p: (p.where.file, p.where.line, p.where.column, p.code))
    shown = tuple(excerpted(problem, sources, lines) for problem in ordered)
    broken = any(problem.severity == "error" for problem in shown)
    origins = {(draft.kind, draft.name): draft.node for draft in drafts}
    if gathered.site is not None:
        origins["site", gathered.site.name] = gathered.site.node
    return Loaded(None if broken else manifest, shown, sources, origins, tuple(every), tuple(gathered.packs))


def load_site(
    folder: Path,
    registry: Registry,
    builtin: Builtin = BUILT_IN,
    memory: Memory | None = None,
    replaced: Mapping[str, str] | None = None,
) -> Loaded:
    """The site in a folder; ``replaced`` holds new texts by path, as if they had been saved."""
    files: dict[str, str | bytes] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        name = path.relative_to(folder).as_posix()
        if is_document(name) and path.is_file():
            files[name] = path.read_bytes()
    files.update(replaced or {})
    return load(files, registry, builtin, memory)


def _assemble(gathered: Gathered, drafts: Iterable[Draft], registry: Registry) -> tuple[Manifest, list[Problem]]:
    """The manifest of all documents that could be built, expanded, and what parameters have to say."""
    documents: dict[str, dict[str, Any]] = {plural: {} for plural in PLURAL.values()}
    for draft in drafts:
        if draft.built is not None:
            documents[PLURAL[draft.kind]][draft.name] = draft.built
    declared, problems = parameters.declare(draft for draft in drafts if draft.kind == "pack")
    site = Site(name="site")
    if gathered.site is not None:
        problems += parameters.apply(declared, gathered.site.node)
        if isinstance(gathered.site.built, Site):
            site = gathered.site.built
    machines = list(documents["state_machines"].values())
    documents["entities"] = expand.machine_fields(documents["entities"], machines)
    documents["entities"] = expand.currencies(documents["entities"], site.currency)
    for machine in machines:
        documents["slas"].update({sla.name: sla for sla in expand.state_promises(machine)})
        documents["triggers"].update({each.name: each for each in expand.transition_steps(machine)})
    for sla in list(documents["slas"].values()):
        documents["triggers"].update({each.name: each for each in expand.escalations(sla)})
    manifest = Manifest(site=site, parameters=declared, digest=digest(gathered), **documents)
    return manifest, problems


def digest(gathered: Gathered) -> str:
    """The hash of everything the files say: path and text of each, in order."""
    found = hashlib.sha256()
    for parsed in sorted(gathered.files, key=lambda parsed: parsed.source.path):
        found.update(f"{parsed.source.path}\0{len(parsed.source.text)}\0{parsed.source.text}".encode())
    return found.hexdigest()


def unique(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without repetition: one code at one place says one thing."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for problem in problems:
        key = (problem.code, problem.where, problem.field, str(sorted(problem.parameters.items(), key=lambda i: i[0])))
        if key not in seen:
            seen.add(key)
            kept.append(problem)
    return kept


__all__ = ["CUSTOM", "Loaded", "load", "load_site"]
