"""What waits for the reader's word, and giving it. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

from engine.errors import Problem, WrongUsage
from studio import present
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("approvals", __name__, url_prefix="/api/v1")


@blueprint.get("/approvals")
def mine() -> Response:
    """``to_decide``: what waits for me; ``asked``: what I asked for."""
    return answer(engine().approvals.mine(actor()))


@blueprint.get("/records/<entity>/<int:record>/approvals")
def of_record(entity: str, record: int) -> Response:
    """Every approval about a record, the latest first."""
    return answer({"items": engine().approvals.of(actor(), entity, record)})


@blueprint.post("/approvals/<int:number>")
def decide(number: int) -> Response:
    """``{decision: approve | reject | withdraw | delegate, note, to}``; the approval as it stands then, and the record."""
    sent = body()
    unknown = sorted(set(sent) - {"decision", "note", "to"})
    if unknown:
        raise WrongUsage([Problem("H014", parameters={"name": n, "known": "decision, note, to"}) for n in unknown])
    note, to = sent.get("note") or "", sent.get("to")
    if not isinstance(note, str) or not isinstance(to, int | str | None) or isinstance(to, bool):
        raise WrongUsage(Problem("H012", parameters={"name": "note, to", "why": '"…"'}))
    done = engine().approvals.decide(actor(), number, str(sent.get("decision") or ""), note[:2000], to)
    return answer(present.approval(done))
