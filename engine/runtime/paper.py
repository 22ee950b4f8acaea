"""A document template filled in for a record: plain JSON that is laid out later, outside the turn. Floor: 5."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound, Problem, nearest
from engine.facts import Event, Record
from engine.model.template import Bars, Block, MessageTemplate, Table
from engine.model.terms import Condition
from engine.plugins.slots import Undone
from engine.runtime import people
from engine.runtime.access import access_of
from engine.runtime.context import values_of
from engine.runtime.figure import figure
from engine.store.tables import FILES

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

#: Rows of one table, and of one chart.
ROWS, BARS = 2_000, 60
NUMERIC = re.compile(r"[^\w\s]{0,3}[-+]?[\d,]+(\.\d+)?\s?\S{0,3}")
STRONG = re.compile(r"\*\*(.+?)\*\*")
#: Addresses a document may lead to.
ADDRESS = re.compile(r"(https?://|mailto:|tel:)[^\s<>\"]+", re.I)


def of_template(context: Acting, name: str, event: Event) -> dict[str, Any]:
    """The document as JSON: ``title``, ``name`` of the file, ``blocks``, and ``pictures`` (name -> file id). It says which
    template and which revision it was made of.

    Raises NotFound (R084), Undone: R205 for a template that is no document, R201 for more rows than a table takes,
    R206 for an address that is none.
    """
    found = context.manifest.templates.get(name)
    if found is None:
        near = nearest(name, context.manifest.templates)
        raise NotFound(Problem("R084", parameters={"template": name}, suggestion=near))
    return filled(context, found, event)


def filled(context: Acting, template: MessageTemplate, event: Event) -> dict[str, Any]:
    """The same of a template at hand, which need not be published yet."""
    if template.channel != "document" or not template.blocks:
        raise Undone(Problem("R205", template.where, parameters={"template": template.name}), final=True)
    if template.for_ != event.entity:
        about = {"template": template.name, "entity": template.for_, "given": event.entity or ""}
        raise Undone(Problem("R217", template.where, parameters=about), final=True)
    return _Filling(context, template, event).document()


def attached(context: Acting, template: str | None, names: Sequence[str], event: Event) -> list[dict[str, Any]]:
    """``{file}`` for each file field named that is not empty, ``{seed, document}`` for each document template, those the
    template attaches itself first. Raises Undone (R209) for a name that is neither."""
    own = context.manifest.templates.get(template or "")
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys([*(own.attach if own is not None else ()), *names]):
        record = context.record(event)
        fields = context.plan(record.entity).entity.fields if record is not None else {}
        if name in fields and fields[name].type in FILES and record is not None:
            if context.actor.is_system or access_of(context, record.entity).sees(name):
                found += [{"file": record[name]}] if record[name] else []
        elif name in context.manifest.templates:
            found.append({"seed": secrets.token_hex(16), "document": of_template(context, name, event)})
        else:
            near = nearest(name, [*fields])
            raise Undone(Problem("R209", parameters={"name": name}, suggestion=near), final=True)
    return found


class _Filling:
    """One document while it is filled in."""

    def __init__(self, context: Acting, template: MessageTemplate, event: Event) -> None:
        self._context, self._template, self._event = context, template, event
        self._pictures: dict[str, str] = {}
        self._english = not context.manifest.site.locale.lower().startswith("zh")

    def document(self) -> dict[str, Any]:
        """The whole of it."""
        template, context = self._template, self._context
        language = "en" if self._english else "zh"
        label = template.label.text(language) or template.name
        title = self._text(template.subject) or label
        number = context.parts.revision
        blocks = [part for block in template.blocks for part in self._block(block)]
        return {
            "title": title,
            "name": file_name(self._text(template.file) or title),
            "author": context.manifest.site.label.text(language) or context.manifest.site.name,
            "keywords": [f"template:{template.name}", f"revision:{number}"],
            "mark": f"{label} · revision {number}" if self._english else f"{label} · 修订 {number}",
            "template": template.name,
            "revision": number,
            "language": language,
            "at": int(context.now.timestamp()),
            "style": {"color": template.style.color, "paper": template.style.paper, "font": template.style.font},
            "header": paragraphs(self._text(template.header)),
            "footer": " ".join(self._text(template.footer).split()),
            "logo": self._picture(template.logo),
            "blocks": blocks,
            "pictures": self._pictures,
        }

    def _text(self, template: Any) -> str:
        return people.render(self._context, template, self._event) if template is not None else ""

    def _picture(self, term: Any) -> str | None:
        """The name a picture goes by in the document; None where the field is empty."""
        file = self._context.value(term, self._event) if term is not None else None
        if not file:
            return None
        name = f"picture-{len(self._pictures)}"
        self._pictures[name] = str(file)
        return name

    def _block(self, block: Block) -> Iterator[dict[str, Any]]:
        if block.if_ is not None and not self._context.holds(block.if_, self._event):
            return
        if block.page_break:
            yield {"kind": "break"}
        elif block.heading is not None:
            yield {"kind": "heading", "level": block.level, "text": self._text(block.heading)}
        elif block.text is not None:
            yield {"kind": "text", "paragraphs": paragraphs(self._text(block.text))}
        elif block.facts:
            yield {"kind": "facts", "rows": [[name, self._text(value)] for name, value in block.facts.items()]}
        elif block.table is not None:
            yield self._table(block.table)
        elif block.bars is not None:
            yield self._bars(block.bars)
        elif block.metric is not None:
            yield figure(self._context, block.metric, self._english)
        elif block.sign:
            yield {"kind": "sign", "names": list(block.sign)}
        elif block.link is not None:
            yield from self._link(block)
        elif block.image is not None:
            name = self._picture(block.image)
            if name is not None:
                share = min(1.0, max(0.05, block.width))
                yield {"kind": "image", "file": name, "width": share, "caption": self._text(block.caption)}

    def _link(self, block: Block) -> Iterator[dict[str, Any]]:
        to = self._text(block.link).strip()
        if not to:
            return
        if not ADDRESS.fullmatch(to):
            raise Undone(Problem("R206", block.where, parameters={"address": to[:80]}), final=True)
        yield {"kind": "link", "to": to, "text": self._text(block.caption) or to}

    def _table(self, table: Table) -> dict[str, Any]:
        head = list(table.columns)
        rows = [
            [people.render(inner, cell, about) for cell in table.columns.values()]
            for inner, about in self._rows(table.of, table.where_, ROWS)
        ]
        foot = [self._text(table.total.get(name)) for name in head] if table.total else []
        columns = [[row[at] for row in rows] for at in range(len(head))]
        widths = [
            min(40, max(5, *(_width(text) for text in (name, *cells))))
            for name, cells in zip(head, columns, strict=True)
        ]
        numeric = [bool(any(cells)) and all(not c or NUMERIC.fullmatch(c) for c in cells) for cells in columns]
        return {"kind": "table", "head": head, "rows": rows, "foot": foot, "widths": widths, "numeric": numeric}

    def _bars(self, bars: Bars) -> dict[str, Any]:
        found = []
        for inner, about in self._rows(bars.of, bars.where_, BARS):
            value = inner.value(bars.value, about)
            found.append((people.render(inner, bars.name, about), float(value or 0)))
        most = max((value for _, value in found), default=0) or 1.0
        rows = [{"name": name, "share": max(0.0, value / most), "shown": f"{value:,.10g}"} for name, value in found]
        return {"kind": "bars", "rows": rows}

    def _rows(self, of: str, where: Condition | None, most: int) -> Iterator[tuple[Acting, Event]]:
        """Each record that links back through the field, as far as the actor may see it, and the context it is shown in."""
        context, event = self._context, self._event
        if event.entity is None or event.record is None:
            return
        field = context.plan(event.entity).entity.fields[of]
        entity = field.to or str(field.options.get("to"))
        via = field.via or str(field.options.get("via"))
        found = context.records.find(context.connection, entity, {via: event.record}, most + 1)
        access = access_of(context, entity)
        seen: Sequence[Record] = [each for each in found if access.may("read", values_of(each))]
        if len(found) > most:
            limit = {"zh": f"{most} 行", "en": f"{most} rows"}
            raise Undone(Problem("R201", parameters={"limit": limit}), final=True)
        inner = context.around(event)
        for record in sorted(seen, key=lambda each: each.id):
            about = inner.about(context.keep(record), event)
            if where is None or inner.holds(where, about):
                yield inner, about


def paragraphs(text: str) -> list[dict[str, Any]]:
    """Text as paragraphs of runs: an empty line parts them, ``- `` begins a point, ``**so**`` is strong."""
    found: list[dict[str, Any]] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines: list[str] = []
        for line in part.split("\n"):
            if re.match(r"\s*[-•] ", line):
                _close(found, lines)
                found.append({"bullet": True, "runs": _runs(re.sub(r"^\s*[-•] ", "", line))})
            else:
                lines.append(line.rstrip())
        _close(found, lines)
    return found


def _close(found: list[dict[str, Any]], lines: list[str]) -> None:
    if any(line.strip() for line in lines):
        found.append({"bullet": False, "runs": _runs("\n".join(lines).strip("\n"))})
    lines.clear()


def _runs(text: str) -> list[tuple[str, bool]]:
    pieces = STRONG.split(text)
    return [(piece, at % 2 == 1) for at, piece in enumerate(pieces) if piece]


def _width(text: str) -> int:
    """How wide a text is drawn, in half widths of a Chinese character."""
    return max(
        (sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n")), default=0
    )


def file_name(text: str) -> str:
    """A name to save a document by: one line, no folders, ``.pdf``."""
    kept = re.sub(r'[\s<>:"/\\|?*\x00-\x1f]+', " ", text).strip(" .")[:100] or "document"
    return kept if kept.lower().endswith(".pdf") else f"{kept}.pdf"


def pictures_of(document: Mapping[str, Any]) -> Mapping[str, str]:
    """Name -> file id of the pictures a document shows."""
    return dict(document.get("pictures", {}))
