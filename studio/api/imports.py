"""A file of rows into records: try it, take it in, take it back. Floor: 7."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio.answers import answer, engine, language
from studio.auth import actor

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/imports")

#: The largest file taken in by the page; larger ones go by the command line, which streams them.
MOST = 20 * 1024 * 1024


@blueprint.post("/<entity>")
def take(entity: str) -> Response:
    """A multipart ``file`` with ``map`` (JSON: field -> column), ``match_on`` and ``dry_run``."""
    request.max_content_length = MOST
    sent = request.files.get("file")
    if sent is None:
        raise WrongUsage(Problem("H012", parameters={"name": "file", "why": "multipart/form-data"}))
    mapping = {}
    with contextlib.suppress(json.JSONDecodeError):
        mapping = json.loads(request.form.get("map") or "{}")
    with tempfile.TemporaryDirectory() as folder:
        # Kept under a name of our own: the sender's may be anything.
        path = Path(folder) / "sheet"
        sent.save(path)
        report = engine().import_file(
            actor(),
            path,
            entity,
            mapping={str(name): str(column) for name, column in mapping.items()},
            match_on=[name for name in request.form.get("match_on", "").split(",") if name],
            dry_run=request.form.get("dry_run") == "1",
            again=request.form.get("again") == "1",
        )
    return answer(report.json(language()), 200 if report.dry_run else 201)


@blueprint.delete("/<int:number>")
def undo(number: int) -> Response:
    """Take back what an import created; what was worked on since stays and is listed."""
    return answer(engine().undo_import(actor(), number))
