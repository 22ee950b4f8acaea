"""Files: an upload for a field gives an id; the id in a record is a file for everybody who may see it there. Floor: 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import LengthRequired

from engine.errors import Problem, WrongUsage
from studio import present
from studio.answers import answer, engine
from studio.auth import actor

blueprint = Blueprint("files", __name__, url_prefix="/api/v1/files")

#: What the parts around the file may take: the names, and the marks between.
AROUND = 64 * 1024
#: Bytes sent at once.
PART = 1 << 16


@blueprint.post("")
def upload() -> Response:
    """A multipart ``file`` for ``?entity=lead&field=contract``; the field's own limit is checked before the body is read."""
    asked = {name: request.args.get(name, "") for name in ("entity", "field")}
    for name, value in asked.items():
        if not value:
            raise WrongUsage(Problem("H012", parameters={"name": name, "why": "?entity=lead&field=contract"}))
    wanted = engine().files.wanted(actor(), asked["entity"], asked["field"])
    if request.content_length is None:
        # A body of no told length could go on for ever.
        raise LengthRequired
    request.max_content_length = wanted.most + AROUND
    engine().files.refuse_longer(wanted, request.content_length, AROUND)
    try:
        sent = request.files.get("file")
    except OSError as error:
        raise engine().files.unkept(error) from error
    if sent is None or len(request.files) != 1:
        raise WrongUsage(Problem("H012", parameters={"name": "file", "why": "multipart/form-data"}))
    kept = engine().files.keep(actor(), wanted, sent.filename or "file", sent.stream)
    return answer(present.file(kept), 201, Location=f"/api/v1/files/{kept.id}")


@blueprint.get("/<id>")
def download(id: str) -> Response:
    """The file, always to be saved, never to be opened in place."""
    kept, stream = engine().files.read(actor(), id)
    tag = f'"{kept.digest}"'
    if request.headers.get("If-None-Match") == tag:
        stream.close()
        response = Response(status=304)
    else:
        response = Response(parts(stream), mimetype=kept.type, direct_passthrough=True)
        response.content_length = kept.size
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in kept.name)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(kept.name, safe='')}"
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    # Whoever loses sight of the record loses the file: asked again each time, sent again only when it is another.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["ETag"] = tag
    response.headers["Accept-Ranges"] = "none"
    return response


@blueprint.get("/<id>/about")
def about(id: str) -> Response:
    """Its name, type and size."""
    return answer(present.file(engine().files.about(actor(), id)))


def parts(stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a stream, to be sent bit by bit; it is closed behind the last."""
    with stream:
        while part := stream.read(PART):
            yield part
