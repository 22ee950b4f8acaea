"""Merges: two records side by side, made one, and two again. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio import present
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("merges", __name__, url_prefix="/api/v1")


def _shaped(found: dict[str, Any]) -> dict[str, Any]:
    records = {name: present.record(found[name]) for name in ("record", "other") if found.get(name) is not None}
    return {**found, **records}


def _number(value: Any, name: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdigit() or len(text) > 18:
        raise WrongUsage(Problem("H012", parameters={"name": name, "why": "1, 2, 3 …"}))
    return int(text)


@blueprint.get("/records/<entity>/<int:record>/merge")
def look(entity: str, record: int) -> Response:
    """Both records field by field with what is proposed; ``other`` is the one that would go into this one."""
    other = _number(request.args.get("other", ""), "other")
    return answer(_shaped(engine().merging.look(actor(), entity, record, other)))


@blueprint.post("/records/<entity>/<int:record>/merge")
def merge(entity: str, record: int) -> Response:
    """Make one of two: ``other``, ``choose`` (field: mine, theirs or both) and ``versions`` (mine, theirs) that were looked at."""
    sent = body()
    known = ("other", "choose", "versions")
    unknown = sorted(set(sent) - set(known))
    if unknown:
        raise WrongUsage([Problem("H014", parameters={"name": n, "known": ", ".join(known)}) for n in unknown])
    choose, versions = sent.get("choose") or {}, sent.get("versions")
    if not isinstance(choose, dict):
        raise WrongUsage(Problem("H012", parameters={"name": "choose", "why": "{…}"}))
    if versions is not None and not isinstance(versions, dict):
        raise WrongUsage(Problem("H012", parameters={"name": "versions", "why": "{mine, theirs}"}))
    seen = (_number(versions.get("mine"), "mine"), _number(versions.get("theirs"), "theirs")) if versions else None
    other = _number(sent.get("other", ""), "other")
    chosen = {str(name): str(choice) for name, choice in choose.items()}
    return answer(_shaped(engine().merging.merge(actor(), entity, record, other, chosen, seen)))


@blueprint.get("/records/<entity>/<int:record>/merges")
def listing(entity: str, record: int) -> Response:
    """What went into a record, the latest first."""
    return answer({"items": engine().merging.of_record(actor(), entity, record)})


@blueprint.post("/merges/<int:number>/undo")
def undo(number: int) -> Response:
    """Both records again; ``kept`` names what was changed since and stays."""
    return answer(_shaped(engine().merging.undo(actor(), number)))
