"""Which files make up a site: its own, and those of the packs it asks for, in the order packs need each other. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Problem, Where, nearest
from engine.load.document import CUSTOM, Draft, Parsed
from engine.load.notes import text_of
from engine.load.read import Memory
from engine.load.version import fits
from engine.source.node import Node

BUILT_IN = Path(__file__).resolve().parents[2] / "builtin_flows"
#: The pack every site has without asking.
ALWAYS = "base"

#: Pack name -> its files by path (``entity/lead.yaml``), or the folder that has a folder for each.
Builtin = Mapping[str, Mapping[str, str | bytes]] | Path


@dataclass
class Gathered:
    """Every file of a site, parsed, packs first; ``packs`` are the names in order, ``needs`` what each requires."""

    files: list[Parsed] = field(default_factory=list)
    packs: list[str] = field(default_factory=list)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    site: Draft | None = None
    problems: list[Problem] = field(default_factory=list)


def gather(files: Mapping[str, str | bytes], builtin: Builtin, memory: Memory) -> Gathered:
    """The site's files and its packs'. Problems: P001 to P005 about packs, D037 without a ``site.yaml``."""
    found = Gathered()
    own = {path: text for path, text in files.items() if is_document(path)}
    site = own.pop("site.yaml", None)
    wanted: list[tuple[str, str, Where]] = [(ALWAYS, "*", Where("site.yaml"))]
    if site is None:
        found.problems.append(Problem("D037", Where("site.yaml")))
    else:
        parsed = memory.parse("site.yaml", site, CUSTOM)
        found.files.append(parsed)
        found.site = next((draft for draft in parsed.drafts if draft.kind == "site"), None)
        if found.site is not None:
            wanted += asked(found.site.node.get("packs"))
    installed: dict[str, dict[str, str | bytes]] = {}
    for path in sorted(own):
        if path.startswith("packs/") and path.count("/") >= 2:
            _, name, rest = path.split("/", 2)
            installed.setdefault(name, {})[rest] = own[path]
    library = Library(installed, builtin, memory, found)
    for name, versions, where in wanted:
        library.take(name, versions, where, ())
    for path in sorted(own):
        if not path.startswith("packs/"):
            found.files.append(memory.parse(path, own[path], CUSTOM))
    return found


class Library:
    """Packs by name: those installed in the site win over those that come with the engine."""

    def __init__(
        self, installed: Mapping[str, Mapping[str, str | bytes]], builtin: Builtin, memory: Memory, found: Gathered
    ) -> None:
        self._installed = installed
        self._builtin = builtin
        self._memory = memory
        self._found = found
        self._versions: dict[str, str] = {}

    def take(self, name: str, versions: str, where: Where, path: tuple[str, ...]) -> None:
        """Add a pack after everything it requires."""
        found = self._found
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            found.problems.append(Problem("P003", where, parameters={"path": circle}))
            return
        if name not in self._versions:
            files = self._files(name)
            if files is None:
                near = nearest(name, self.names())
                found.problems.append(Problem("P001", where, parameters={"name": name}, suggestion=near))
                return
            self._add(name, files, path)
        version = self._versions.get(name, "")
        if version and not fits(version, versions):
            parameters = {"name": name, "version": version, "range": versions}
            found.problems.append(Problem("P002", where, parameters=parameters))

    def _add(self, name: str, files: Mapping[str, str | bytes], path: tuple[str, ...]) -> None:
        found = self._found
        parsed = [self._memory.parse(file, text, name) for file, text in sorted(files.items())]
        pack = next((draft for each in parsed for draft in each.drafts if draft.kind == "pack"), None)
        self._versions[name] = ""
        needs: list[tuple[str, str, Where]] = []
        if pack is None:
            found.problems.append(Problem("P004", Where(min(files, default=name)), parameters={"name": name}))
        else:
            version = pack.node.get("version")
            self._versions[name] = text_of(version) if version is not None else ""
            if pack.name != name:
                found.problems.append(Problem("P005", pack.where, parameters={"name": pack.name, "folder": name}))
            needs = asked(pack.node.get("requires"))
        found.needs[name] = tuple(need for need, _, _ in needs)
        for need, versions, where in needs:
            self.take(need, versions, where, (*path, name))
        found.packs.append(name)
        found.files += parsed

    def _files(self, name: str) -> Mapping[str, str | bytes] | None:
        if name in self._installed:
            return {f"packs/{name}/{path}": text for path, text in self._installed[name].items()}
        if isinstance(self._builtin, Path):
            folder = self._builtin / name
            if not (folder / "pack.yaml").is_file():
                return None
            return {
                f"{self._builtin.name}/{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
                for path in sorted(folder.rglob("*.yaml"))
                if is_document(path.relative_to(folder).as_posix())
            }
        if name not in self._builtin:
            return None
        return {f"builtin_flows/{name}/{path}": text for path, text in self._builtin[name].items() if is_document(path)}

    def names(self) -> list[str]:
        """Every pack there is."""
        if isinstance(self._builtin, Path):
            shipped = [path.parent.name for path in self._builtin.glob("*/pack.yaml")]
        else:
            shipped = list(self._builtin)
        return sorted({*self._installed, *shipped})


def asked(node: Node | None) -> list[tuple[str, str, Where]]:
    """Pack names with their range of versions and the place that asks; from a map or a list."""
    if node is None:
        return []
    if isinstance(node.value, list):
        return [(text_of(entry), "*", entry.where) for entry in node.value if isinstance(entry.value, str)]
    if isinstance(node.value, dict):
        return [
            (name, text_of(inner) if inner.value is not None else "*", node.keys[name].where)
            for name, inner in node.value.items()
            if not isinstance(inner.value, (dict, list))
        ]
    return []


def is_document(path: str) -> bool:
    """True for a YAML file of the language: not hidden, not an editor's left-over, not a canvas sidecar."""
    parts = path.split("/")
    return (
        parts[-1].endswith((".yaml", ".yml"))
        and not any(part.startswith((".", "~")) for part in parts)
        and not parts[-1].endswith("layout.yaml")
    )
