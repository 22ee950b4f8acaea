"""A site's folder on the workbench: check, mend, show and edit its documents, without a database. Floor: 6."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.errors import FlowloomError, InvalidDocument, NotFound, Problem, catalogue, nearest
from engine.plugins.registry import Registry


class Workbench:
    """The documents of one folder. Raises NotFound when the folder is not a site."""

    def __init__(self, folder: Path, registry: Registry | None = None) -> None:
        if not (folder / "site.yaml").is_file():
            raise NotFound(Problem("C005", parameters={"folder": str(folder)}))
        self.folder = folder
        self._registry = registry

    @cached_property
    def registry(self) -> Registry:
        """Every plugin; found when first needed."""
        return self._registry or Registry.discover()

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The YAML files that belong to the company: site.yaml and custom/."""
        own = (self.folder / "custom").rglob("*.yaml")
        kept = (
            path for path in own if path.is_file() and not path.name.startswith(".") and not path.name.endswith("~")
        )
        return (self.folder / "site.yaml", *sorted(kept))

    @property
    def count(self) -> int:
        """How many files are the company's own."""
        return len(self.paths)

    def load(self) -> Any:
        """The folder through the whole pipeline: manifest (None when there are errors), problems, sources."""
        from engine.load.pipeline import load_site

        return load_site(self.folder, self.registry)

    def lint(self) -> list[Problem]:
        """Every problem in the folder, sorted by place."""
        return list(self.load().problems)

    def fix(self) -> list[str]:
        """Mend what can be mended without a question; the paths that changed. A file that is no text stays for ``lint`` to name."""
        from engine.source import files
        from engine.source.fix import fix

        changed = []
        for path in self.paths:
            before = path.read_bytes()
            try:
                text, _ = fix(before, self._name(path))
            except InvalidDocument:
                continue
            if text.encode("utf-8") != before:
                files.write(path, text)
                changed.append(self._name(path))
        return changed

    def format(self, check: bool = False) -> list[str]:
        """Even out spaces; the paths that changed (or would, with ``check``)."""
        from engine.source.format import format_text

        return self._rewrite(format_text, check)

    def to_utf8(self, check: bool = False) -> list[str]:
        """Convert GBK and UTF-16 files to UTF-8; the paths that changed."""
        from engine.source.fix import to_utf8

        return self._rewrite(to_utf8, check)

    def _rewrite(self, rewrite: Any, check: bool) -> list[str]:
        from engine.source import files

        changed = []
        problems: list[Problem] = []
        for path in self.paths:
            before = path.read_bytes()
            try:
                after = rewrite(before, self._name(path))
            except InvalidDocument as error:
                problems += error.problems
                continue
            if after.encode("utf-8") == before:
                continue
            changed.append(self._name(path))
            if not check:
                files.write(path, after)
        if problems:
            raise InvalidDocument(problems)
        return changed

    def show(self, name: str) -> Mapping[str, Any]:
        """The merged document: ``text`` with each line's origin behind it, and ``value`` plain."""
        from engine.load.show import names, show

        loaded = self.load()
        shown = show(loaded, name)
        if shown is None:
            raise NotFound(Problem("C009", parameters={"name": name}, suggestion=nearest(name, names(loaded))))
        return shown

    def edit(self, name: str, edits: Sequence[Mapping[str, Any]], *, dry_run: bool = False) -> Mapping[str, Any]:
        """Splice edits into the files (a pack's value becomes an overlay in custom/).

        An edit is ``{op, at, value}``; ``text`` instead of ``value`` is read as YAML (``true``, ``8h``, ``[a, b]``).

        Gives ``files`` (path -> new text) and ``diff``. Nothing is written when the result has errors the folder did
        not have before: InvalidDocument names them.
        """
        from engine.load.edit import edit
        from engine.load.pipeline import load_site
        from engine.source import files

        loaded = self.load()
        changed = edit(loaded, name, [_typed(each) for each in edits])
        before = {path: self._text(path) for path in changed}
        known = {(p.code, p.where.file) for p in loaded.problems}
        after = load_site(self.folder, self.registry, replaced=changed)
        broken = [p for p in after.problems if p.severity == "error" and (p.code, p.where.file) not in known]
        if broken:
            raise InvalidDocument(broken)
        if not dry_run:
            for path, text in changed.items():
                files.write(self.folder / path, text)
        diff = "".join(_diff(path, before[path], text) for path, text in changed.items())
        return {"files": dict(changed), "diff": diff}

    def set_parameter(self, name: str, text: str, *, dry_run: bool = False) -> Mapping[str, Any]:
        """Set a parameter in site.yaml; raises NotFound (C009) with the nearest one."""
        loaded = self.load()
        site = next(key for kind, key in loaded.origins if kind == "site")
        known = loaded.manifest.parameters if loaded.manifest is not None else {}
        if name not in known:
            raise NotFound(Problem("C009", parameters={"name": name}, suggestion=nearest(name, known)))
        # The site may be called like one of its documents: name the kind too.
        return self.edit(f"site/{site}", [{"op": "set", "at": f"/parameters/{name}", "text": text}], dry_run=dry_run)

    def schema(self, kind: str | None = None) -> Mapping[str, Any]:
        """The JSON Schema editors use: of one kind, or of every document."""
        from engine.load.notes import listed
        from engine.load.schema import combined, of_kind
        from engine.model.manifest import KINDS

        if kind and kind not in (*KINDS, "site"):
            parameters = {"kind": kind, "known": listed(KINDS, 20)}
            raise NotFound(Problem("D002", parameters=parameters, suggestion=nearest(kind, KINDS)))
        return of_kind(kind, self.registry) if kind else combined(self.registry)

    def set_up_editor(self) -> list[str]:
        """Write the schema and VS Code's settings so that YAML completes; the paths written."""
        from engine.source import files

        schema = ".flowloom/flowloom.schema.json"
        settings = self.folder / ".vscode/settings.json"
        known = json.loads(settings.read_text("utf-8")) if settings.is_file() else {}
        known.setdefault("yaml.schemas", {})[f"./{schema}"] = ["custom/**/*.yaml", "packs/**/*.yaml"]
        files.write(self.folder / schema, json.dumps(self.schema(), ensure_ascii=False, indent=1) + "\n")
        files.write(settings, json.dumps(known, ensure_ascii=False, indent=2) + "\n")
        return [schema, ".vscode/settings.json"]

    def test(self, names: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Run scenarios (all, or those named) in virtual time: name, label, problems of each."""
        from engine.runtime.scenario import run

        manifest = self.load().manifest
        if manifest is None:
            raise InvalidDocument([p for p in self.lint() if p.severity == "error"])
        wanted = list(names) or sorted(manifest.scenarios)
        results = []
        for name in wanted:
            scenario = manifest.scenarios.get(name)
            if scenario is None:
                raise NotFound(Problem("C009", parameters={"name": name}, suggestion=nearest(name, manifest.scenarios)))
            result = run(manifest, self.registry, scenario)
            results.append(
                {
                    "name": name,
                    "label": scenario.summary.text() or scenario.label.text(),
                    "problems": list(result.problems),
                }
            )
        return results

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _text(self, path: str) -> str:
        file = self.folder / path
        return file.read_text("utf-8") if file.is_file() else ""


def _typed(edit: Mapping[str, Any]) -> Mapping[str, Any]:
    """The edit with its ``text`` read as the YAML value it is; what is no YAML stays text."""
    from engine.source.reader import read_tolerant

    if "text" not in edit:
        return edit
    text = edit["text"]
    source, problems = read_tolerant(f"value: {text}", "")
    found = source.documents[0].get("value") if source.documents and not problems else None
    return {**{key: value for key, value in edit.items() if key != "text"}, "value": found.plain() if found else text}


def _diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}", n=1
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def explain(code: str, language: str = "zh") -> dict[str, str]:
    """What a code says, how to mend it, and why it is so."""
    sentence = catalogue()[code]
    return {
        "code": code,
        "severity": sentence.severity,
        "what": sentence.what[language],
        "fix": sentence.fix[language],
        "why": sentence.explanation[language],
    }


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Raise InvalidDocument when there is an error among them."""
    errors: list[Problem] = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InvalidDocument(errors)


__all__ = ["FlowloomError", "Workbench", "explain", "refuse_errors"]
