"""Templates on the workbench: their texts, how they look for a record, their mistakes, saved as edits of the files. Floor: 6."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.errors import Conflict, FlowloomError, InvalidDocument, NotFound, Problem, Where, nearest
from engine.facts import Actor, Event
from engine.load.edit import edit
from engine.load.pipeline import Loaded, load_site
from engine.load.shape import inside
from engine.model.template import MessageTemplate
from engine.paper import mail, press
from engine.paper.tags import LOGO
from engine.runtime import access, mailing, paper, people
from engine.runtime.acts import Acting
from engine.site import reading
from engine.site.running import Running
from engine.site.versions import versions
from engine.site.wording import path_words
from engine.source import files
from engine.source.node import Node

#: The texts of a template, from the top: what stands on the outside, then its blocks.
OUTSIDE = ("subject", "header", "body", "html", "footer", "file")
INSIDE = ("heading", "text", "facts", "caption", "link", "table", "bars")
#: Texts of one line.
SHORT = ("subject", "file", "heading", "caption", "link", "name")
Edits = Sequence[Mapping[str, Any]]


class Templates:
    """The templates of one running site; for those who may configure it."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def listed(self, actor: Actor, language: str) -> list[dict[str, Any]]:
        """Every template of the folder: name, label, channel, what it is for, its pack, whether it is tracked."""
        manifest = self._loaded(actor).manifest or self._running.manifest
        return [
            {
                "name": each.name,
                "label": each.label.text(language) or each.name,
                "summary": each.summary.text(language),
                "channel": each.channel,
                "entity": each.for_,
                "entity_label": _entity_label(manifest, each.for_, language),
                "pack": each.pack,
                "track": each.track,
                "html": each.html is not None,
            }
            for each in sorted(manifest.templates.values(), key=lambda one: (one.channel, one.name))
        ]

    def read(self, actor: Actor, name: str, language: str) -> dict[str, Any]:
        """One template: its ``texts`` (``at``, label, value, whether it is HTML), a ``mark`` of what was read, its versions. Raises NotFound."""
        loaded = self._loaded(actor)
        node = _node(loaded, name)
        manifest = loaded.manifest or self._running.manifest
        found = manifest.templates.get(name)
        entity = found.for_ if found is not None else str((node.get("for") or node).value)
        with self._running.reading(actor) as context:
            known = versions(context, name)
        return {
            "name": name,
            "label": found.label.text(language) if found is not None else name,
            "channel": found.channel if found is not None else "message",
            "entity": entity,
            "entity_label": _entity_label(manifest, entity, language),
            "track": found is not None and found.track,
            "mark": _mark(loaded, name),
            "texts": [
                {
                    "at": at,
                    "label": path_words(manifest, "template", name, at, language),
                    "value": each.raw,
                    "html": at == "/html",
                    "short": at.rpartition("/")[2] in SHORT or "/facts/" in at or "/table/" in at,
                }
                for at, each in texts(node)
            ],
            "versions": known,
        }

    def look(self, actor: Actor, name: str, edits: Edits, record: int | None, language: str) -> dict[str, Any]:
        """The template with these edits, nothing saved: ``problems``, each with the text it is in (``at``), its line and column there;
        and ``shown`` for a record where it can be (title, text, html or pages as pictures). Raises NotFound."""
        loaded, changed = self._with(actor, name, edits)
        wrong = [problem for problem in loaded.problems if problem.severity == "error"]
        own = [self._told(loaded, name, problem, language) for problem in wrong]
        shown = None
        if record is not None and not own and loaded.manifest is not None:
            try:
                shown = self._shown(actor, loaded.manifest.templates[name], record)
            except FlowloomError as error:
                own = [self._told(loaded, name, each, language) for each in error.problems]
        return {"problems": own, "shown": shown, "changed": bool(changed)}

    def save(self, actor: Actor, name: str, edits: Edits, mark: str) -> dict[str, Any]:
        """Write the edits into the files of the folder; the new ``mark``. Published as any other change.

        Raises InvalidDocument for a template with mistakes, Conflict (Y054) when the template is no longer what was read.
        """
        running = self._running
        with running.publishing:
            before = self._loaded(actor)
            if _mark(before, name) != mark:
                raise Conflict(Problem("Y054", _node(before, name).where))
            loaded, changed = self._with(actor, name, edits)
            known = {(p.code, p.where.file) for p in before.problems}
            broken = [p for p in loaded.problems if p.severity == "error" and (p.code, p.where.file) not in known]
            if broken:
                raise InvalidDocument(broken)
            for path, text in changed.items():
                files.write(running.folder / path, text)
        return {"mark": _mark(loaded, name), "files": sorted(changed)}

    def _loaded(self, actor: Actor) -> Loaded:
        access.check_permit(self._running.manifest, actor, "configure")
        return load_site(self._running.folder, self._running.registry)

    def _with(self, actor: Actor, name: str, edits: Edits) -> tuple[Loaded, dict[str, str]]:
        loaded = self._loaded(actor)
        node = _node(loaded, name)
        known = {at: each.raw for at, each in texts(node)}
        wanted = []
        for each in edits:
            at, value = str(each.get("at", "")), str(each.get("value", ""))
            if at not in known:
                raise NotFound(Problem("Y051", parameters={"path": at}, suggestion=nearest(at, known)))
            if value != known[at]:
                wanted.append({"op": "set", "at": at, "value": value})
        changed = edit(loaded, f"template/{name}", wanted) if wanted else {}
        if not changed:
            return loaded, {}
        return load_site(self._running.folder, self._running.registry, replaced=changed), changed

    def _shown(self, actor: Actor, template: MessageTemplate, record: int) -> dict[str, Any]:
        running = self._running
        with running.reading(actor) as context:
            reading.visible(context, template.for_, record)
            event = Event("changed", template.for_, record, context.now, actor=actor)
            if template.channel == "document":
                made = paper.filled(context, template, event)
                pictures = {
                    key: running.files.read(context.connection, id) for key, id in paper.pictures_of(made).items()
                }
            else:
                return _words(running, context, template, event)
        drawn = press.drawn(made, pictures)
        return {
            "kind": "document",
            "title": made["title"],
            "name": made["name"],
            "count": drawn.pages,
            "pages": [_address("image/png", page) for page in drawn.images],
            "missed": list(drawn.missed),
        }

    def _told(self, loaded: Loaded, name: str, problem: Problem, language: str) -> dict[str, Any]:
        return {
            **problem.json(language),
            "text": problem.text(language),
            **(_within(loaded, name, problem.where) or {}),
        }


def texts(node: Node) -> Iterator[tuple[str, Node]]:
    """The texts of a template that people write, with their paths."""
    for name in OUTSIDE:
        found = node.get(name)
        if found is not None and found.is_scalar:
            yield f"/{name}", found
    blocks = node.get("blocks")
    for number, block in enumerate(blocks.value if blocks is not None and blocks.is_list else ()):
        for name in INSIDE:
            part = block.get(name)
            for at, each in part.walk(f"/blocks/{number}/{name}") if part is not None else ():
                # Of a table or a chart only what is shown: its headings' cells, the words beside a bar.
                shown = name not in ("table", "bars") or at.split("/")[4:5] in (["columns"], ["total"], ["name"])
                if each.is_scalar and isinstance(each.value, str) and shown:
                    yield at, each


def _words(running: Running, context: Acting, template: MessageTemplate, event: Event) -> dict[str, Any]:
    title, text = people.words_of(context, template, event)
    found: dict[str, Any] = {"kind": template.channel, "title": title, "text": text}
    if template.html is not None:
        made = mailing.in_html(context, template, title, event)
        page = made["html"]
        if "logo" in made:
            content = running.files.read(context.connection, made["logo"])
            page = page.replace(LOGO, _address(f"image/{press.kind_of(content)}", press.checked("logo", content)))
        found["html"] = page
        found["text"] = text or mail.words(page)
    return found


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _entity_label(manifest: Any, entity: str, language: str) -> str:
    found = manifest.entities.get(entity)
    return (found.label.text(language) if found is not None else "") or entity


def _node(loaded: Loaded, name: str) -> Node:
    found = loaded.origins.get(("template", name))
    if found is None:
        known = [each for kind, each in loaded.origins if kind == "template"]
        raise NotFound(Problem("R084", parameters={"template": name}, suggestion=nearest(name, known)))
    return found


def _mark(loaded: Loaded, name: str) -> str:
    """What the files say about the template."""
    said = sorted(
        (draft.node.where.file, draft.node.start, str(draft.node.plain()))
        for draft in loaded.drafts
        if (draft.kind, draft.name) == ("template", name)
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


def _within(loaded: Loaded, name: str, where: Where) -> dict[str, Any] | None:
    """The text of the template a place in a file lies in, with line and column in that text."""
    best: tuple[int, dict[str, Any]] | None = None
    for at, each in texts(_node(loaded, name)):
        begun = inside(each)
        last = begun.line + (each.raw.count("\n") if each.margin else 0)
        if each.where.file != where.file or not min(begun.line, each.where.line) <= where.line <= last:
            continue
        if where.line == each.where.line and where.column < each.where.column:
            continue
        line = max(1, where.line - begun.line + 1)
        column = max(1, where.column - ((begun.column - 1) if line == 1 else each.margin))
        if best is None or begun.column >= best[0]:
            best = begun.column, {"at": at, "line": line, "column": column}
    return best[1] if best is not None else None
