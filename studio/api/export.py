"""Records as CSV or XLSX, for Excel: BOM, text cells, no formulas. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engine.errors import NotFound, Problem
from studio import asked
from studio.answers import engine
from studio.auth import actor

blueprint = Blueprint("export", __name__, url_prefix="/api/v1/export")

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/<entity>.<kind>")
def download(entity: str, kind: str) -> Response:
    """What the same query lists, as a file."""
    if kind not in KINDS:
        raise NotFound(Problem("H004", parameters={"path": request.path}))
    rows = engine().export(actor(), entity, kind, asked.look(), request.args.get("view") or None)
    response = Response(rows, mimetype=KINDS[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{entity}.{kind}"'
    return response
