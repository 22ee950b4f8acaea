"""The versions of a template, and how each of them fared: sent, opened, clicked, how long it was looked at. Floor: 6."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.expression.parse import parse
from engine.model.terms import Condition
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.runtime.ground import ground_of
from engine.runtime.tracking import ENTITY
from engine.store import revisions
from engine.store.encode import from_text
from engine.store.query import answer
from engine.store.query.question import Aggregate, Filter, Query

#: Revisions that are looked through, the newest first.
LOOKED = 200
DOCUMENTS = re.compile(r"^---[ \t]*(?:#.*)?$", re.MULTILINE)
KIND = re.compile(r"^kind:\s*[\"']?template\b", re.MULTILINE)


def versions(context: Context, name: str) -> list[dict[str, Any]]:
    """Each version of a template, the newest first: the revision it began with (``number``) and the last one it ran in (``until``), who
    published it when and why, its ``text``, and its figures where the actor may see sendings. A revision that did not touch the template
    begins no version."""
    connection = context.connection
    listed = revisions.listed(connection, LOOKED)
    running = revisions.current_number(connection)
    found: list[dict[str, Any]] = []
    known: dict[str, str] = {}
    for revision in reversed(listed):
        text = _text(connection, revision.number, name, known)
        if found and found[-1]["text"] == text:
            found[-1]["until"] = revision.number
        elif text or found:
            about = {
                "number": revision.number,
                "until": revision.number,
                "at": revision.at.isoformat(),
                "by": revision.login,
            }
            found.append({**about, "note": revision.note, "text": text})
    counted = figures(context, name)
    for each in found:
        each["current"] = running is not None and each["number"] <= running <= each["until"]
        if counted is not None:
            each["figures"] = _sum(counted, each["number"], each["until"])
    return [each for each in reversed(found) if each["text"]]


def _text(connection: Any, number: int, name: str, known: dict[str, str]) -> str:
    """What the documents of a revision say about the template; ``known`` keeps it by the digest of a file."""
    row = connection.scalar("SELECT files FROM fl_revisions WHERE number = ?", (number,))
    parts = []
    for _, digest in sorted(from_text(row or "{}").items()):
        if digest not in known:
            content = bytes(connection.scalar("SELECT content FROM fl_blobs WHERE digest = ?", (digest,)) or b"")
            known[digest] = "".join(_documents(content.decode("utf-8", "replace"), name))
        parts.append(known[digest])
    return "".join(parts)


def _documents(text: str, name: str) -> Iterator[str]:
    if name not in text or not KIND.search(text):
        return
    named = re.compile(rf"^(?:name|extend):\s*[\"']?(?:[a-z0-9_]+\.)?{re.escape(name)}[\"']?\s*(?:#.*)?$", re.MULTILINE)
    for part in DOCUMENTS.split(text):
        if KIND.search(part) and named.search(part):
            yield part.strip() + "\n"


def figures(context: Context, name: str) -> Mapping[int, Mapping[str, float]] | None:
    """Revision -> ``sent``, ``opened``, ``clicked`` and ``seconds``, with the actor's rights; None where the actor may not see sendings."""
    if ENTITY not in context.manifest.entities or access_of(context, ENTITY).read is False:
        return None
    asked = Query(
        entity=ENTITY,
        filters=(Filter("template", "eq", name), Filter("sent_at", "empty", "no")),
        group=("revision",),
        aggregates={
            "sent": Aggregate("count"),
            "opened": Aggregate("count", only=_filled("opened_at")),
            "clicked": Aggregate("count", only=_filled("clicked_at")),
            "seconds": Aggregate("sum", "seconds"),
        },
        limit=None,
    )
    groups = answer.groups(context.connection, ground_of(context), asked)
    return {int(group.key[0] or 0): {key: float(value or 0) for key, value in group.values.items()} for group in groups}


def _filled(field: str) -> Condition:
    return Condition((parse(f"{field} is not None"),))


def _sum(counted: Mapping[int, Mapping[str, float]], first: int, last: int) -> dict[str, Any]:
    within = [each for number, each in counted.items() if first <= number <= last]
    total = {key: sum(each[key] for each in within) for key in ("sent", "opened", "clicked", "seconds")}
    found: dict[str, Any] = {key: int(total[key]) for key in ("sent", "opened", "clicked")}
    # The time of those who looked, each.
    return {**found, "seconds": round(total["seconds"] / total["opened"], 1) if total["opened"] else 0}
