"""The addresses that are the same on every site, described from the routes themselves. Floor: 7.

A route's docstring is its summary, so that an address cannot be left out; what it takes and gives beyond that stands in
``DETAILS`` under its endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask

from studio.describe.paths import LISTING, content, query, responses, sent
from studio.describe.schemas import Json, ref

ROOT = "/api/v1/"
PART = re.compile(r"<(?:(\w+):)?(\w+)>")
#: Addresses that answer without a session.
PUBLIC = ("session.read", "session.sign_in")

LIST: Json = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "object"}}, "next": {"type": ["string", "null"]}},
}
#: The same where the next page begins behind a row.
ROWS: Json = {**LIST, "properties": {**LIST["properties"], "next": {"type": ["integer", "null"]}}}
OBJECT: Json = {"type": "object"}
BINARY: Json = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Detail:
    """What one address takes and gives: query parameters, a JSON body or a multipart ``form``, the good answers, refusals."""

    query: tuple[Json, ...] = ()
    body: Json | None = None
    form: Json | None = None
    good: Mapping[str, Json] | None = None
    more: tuple[str, ...] = ()


def _object(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


TEXT: Json = {"type": "string"}
LIMIT = query("limit", "How many at most.", type="integer", minimum=1, maximum=500)
AFTER = query("after", "Behind this row.", type="integer", minimum=0)
COUNT: Json = {"type": "integer", "minimum": 0}
IMPORT = {
    **_object(
        number={"type": "integer"},
        entity=TEXT,
        file=TEXT,
        state={"enum": ["draft", "checking", "checked", "running", "stopped", "done", "undoing", "undone"]},
        total={"type": ["integer", "null"], "description": "Rows; null while they are not counted."},
        done={**COUNT, "description": "Rows that were looked at."},
        counts=_object(created=COUNT, matched=COUNT, bad=COUNT, twins=COUNT),
        error={"type": ["string", "null"]},
        found=OBJECT,
        plan=_object(map=OBJECT, set=OBJECT, match_on={"type": "array", "items": TEXT}),
        fields={"type": "array", "items": TEXT, "description": "Fields the reader may fill from a file."},
    ),
    "required": ["number", "entity", "file", "state", "counts"],
}
WORD: Json = {"enum": ["keep", "change", "stop"]}
EACH: Json = {
    "description": "One word for all, or one for each rule by its name (`*`: all others).",
    "oneOf": [WORD, {"type": "object", "additionalProperties": WORD}],
}
CHOICES = _object(
    note=TEXT,
    choices=_object(
        timers={"enum": ["keep", "change", None]},
        moves={"type": "object", "additionalProperties": TEXT},
        allow_lossy={"type": "boolean"},
        runs=EACH,
        approvals=EACH,
        undo={"type": "boolean", "description": "Of going back: put what was in flight as it was.", "default": True},
        tell={
            "type": "object",
            "description": "Who is told of which changed template.",
            "additionalProperties": _object(
                "to", to={"enum": ["senders", "everybody"]}, note={"type": "string", "maxLength": 1000}
            ),
        },
    ),
)
EDITS: Json = {"type": "array", "maxItems": 500, "items": _object("at", "value", at=TEXT, value=TEXT)}
POINT = (
    query("from", "First day, ISO.", type="string", format="date"),
    query("to", "Last day, ISO.", type="string", format="date"),
    query("point", "The point of the chart whose records are asked for."),
    query("part", "The part of a ratio whose records are asked for."),
)
DOWN = {"200": {"description": "The file, to be saved", "content": {"application/octet-stream": {"schema": BINARY}}}}

#: endpoint -> what its docstring does not say.
DETAILS: Mapping[str, Detail] = {
    "session.sign_in": Detail(body=_object("token", token=TEXT), more=("415",)),
    "session.change": Detail(body=_object("language", language={"enum": ["zh", "en"]}), more=("415",)),
    "approvals.decide": Detail(
        body=_object(
            "decision",
            decision={"enum": ["approve", "reject", "withdraw", "delegate"]},
            note={"type": "string", "maxLength": 2000},
            to={"type": ["integer", "string", "null"], "description": "Whom it is delegated to: an id or a login."},
        ),
        more=("409", "415", "422"),
    ),
    "runs.listing": Detail(
        query=(
            query("record", "Runs about one record: lead/12."),
            query("state", "Runs in one state."),
            query("trigger", "Runs of one rule."),
            LIMIT,
            query("cursor", "Where the page before ended."),
        ),
        good={"200": content(LIST, "The latest first")},
    ),
    "runs.retry": Detail(
        body=_object(input={"type": ["object", "null"]}, current={"type": "boolean"}), more=("409", "415", "422")
    ),
    "runs.paused": Detail(good={"200": content(LIST, "Paused rules, by name")}),
    "runs.resume": Detail(good={"204": {"description": "It runs again"}}),
    "runs.end": Detail(good={"204": {"description": "Ended"}}, more=("409",)),
    "connections.listing": Detail(good={"200": content(LIST, "Connections and public forms")}),
    "connections.probe": Detail(good={"200": content(_object("said", said=TEXT), "It answers")}, more=("422",)),
    "connections.poll": Detail(good={"202": content(_object("asked", asked={"type": "boolean"}), "Asked for")}),
    "connections.upload": Detail(
        form=_object("file", file=BINARY),
        good={"200": content(_object(**dict.fromkeys(("new", "known", "waiting"), {"type": "integer"})), "Taken in")},
        more=("413", "422"),
    ),
    "inbox.listing": Detail(
        query=(
            query("state", "Deliveries in these states, separated by commas; quarantined when not given."),
            query("connection", "Deliveries of one connection, or of a public form as form:NAME."),
            LIMIT,
            query("cursor", "Where the page before ended."),
        ),
        good={"200": content(LIST, "What waits the oldest first, what is over the latest first")},
    ),
    "inbox.replay": Detail(body=_object(body=TEXT), more=("415", "422")),
    "connections.attempt": Detail(body={}, more=("413", "415", "422")),
    "notifications.read": Detail(body=_object(ids={"type": "array", "items": {"type": "integer"}}), more=("415",)),
    "notifications.preview": Detail(
        query=(
            query("quiet", "Hours without messages: 22:00-07:00."),
            query("per_day", "Messages a day at most."),
            query("group", "How long messages are gathered: 10m."),
        )
    ),
    "files.upload": Detail(
        query=(
            {**query("entity", "The entity whose field it is for."), "required": True},
            {**query("field", "The field, of type file or image."), "required": True},
        ),
        form=_object("file", file=BINARY),
        good={"201": content(ref("File"), "Kept; put its id into the field")},
        more=("413", "422", "503"),
    ),
    "files.download": Detail(good=DOWN),
    "files.about": Detail(good={"200": content(ref("File"), "What is known of it")}),
    "filters.listing": Detail(
        query=({**query("entity", "The entity of the list."), "required": True},),
        good={"200": content(LIST, "One's own, then those of one's team")},
    ),
    "filters.keep": Detail(
        body=_object("entity", "name", "search", entity=TEXT, name=TEXT, search=TEXT, shared={"type": "boolean"}),
        good={"201": content(OBJECT, "Kept")},
        more=("415", "422"),
    ),
    "filters.drop": Detail(good={"204": {"description": "Gone"}}),
    "imports.listing": Detail(
        query=(query("entity", "Into one entity."), query("before", "Before this number.", type="integer"), LIMIT),
        good={"200": content(LIST, "The latest first")},
    ),
    "imports.upload": Detail(
        form=_object("file", file=BINARY),
        good={"201": content(IMPORT, "Looked at; nothing is taken in yet")},
        more=("413", "422", "503"),
    ),
    "imports.read": Detail(good={"200": content(IMPORT, "How far it is")}),
    "imports.arrange": Detail(
        body=_object(
            map={"type": "object", "additionalProperties": TEXT, "description": "field: column"},
            set={"type": "object", "description": "field: a value for every row"},
            match_on={"type": "array", "items": TEXT, "description": "Rows equal in these update what is there."},
            sheet=TEXT,
            heading={"type": "integer", "minimum": 1, "description": "The row with the column names."},
        ),
        good={"200": content(IMPORT, "As it is arranged now")},
        more=("409", "415", "422"),
    ),
    "imports.drop": Detail(good={"204": {"description": "Thrown away"}}, more=("409",)),
    "imports.check": Detail(good={"202": content(IMPORT, "It is being tried")}, more=("409",)),
    "imports.start": Detail(
        body=_object(again={"type": "boolean"}),
        good={"202": content(IMPORT, "It is being taken in")},
        more=("409", "415"),
    ),
    "imports.stop": Detail(good={"200": content(IMPORT, "Stopped")}, more=("409",)),
    "imports.undo": Detail(good={"202": content(IMPORT, "It is being taken back")}, more=("409",)),
    "imports.rows": Detail(
        query=(query("kind", "One kind of problem, as ``kinds`` calls it."), AFTER, LIMIT),
        good={"200": content(ROWS, "Rows to look at, in order")},
    ),
    "imports.mend": Detail(
        body=_object("cells", cells={"type": "object", "additionalProperties": TEXT}), more=("409", "415", "422")
    ),
    "imports.records": Detail(query=(AFTER, LIMIT), good={"200": content(ROWS, "What became of the rows")}),
    "imports.errors": Detail(good=DOWN),
    "export.download": Detail(query=tuple(LISTING), good=DOWN, more=("422",)),
    "boards.read": Detail(query=(*LISTING, query("lane", "One column only.")), more=("422",)),
    "merges.look": Detail(query=({**query("other", "The record that would go into this one."), "required": True},)),
    "merges.merge": Detail(
        body=_object(
            "other",
            other={"type": "integer"},
            choose={"type": "object", "additionalProperties": {"enum": ["mine", "theirs", "both"]}},
            versions={
                "type": ["object", "null"],
                "properties": {"mine": {"type": "integer"}, "theirs": {"type": "integer"}},
            },
        ),
        more=("409", "410", "412", "415", "422", "503"),
    ),
    "merges.listing": Detail(good={"200": content(LIST, "What went into it, the latest first")}),
    "merges.undo": Detail(more=("409", "422", "503")),
    "records.ahead": Detail(body=_object(**{"for": TEXT, "save": TEXT}), more=("415", "422")),
    "records.restore": Detail(more=("409", "422", "503")),
    "metrics.records": Detail(query=POINT, good={"200": content(LIST, "The records")}, more=("422",)),
    "dashboards.records": Detail(query=POINT, good={"200": content(LIST, "The records")}, more=("422",)),
    "templates.listing": Detail(good={"200": content(LIST, "Templates by channel and name")}),
    "templates.look": Detail(
        body=_object(
            edits=EDITS, record={"type": ["integer", "null"], "description": "The record it is filled in for."}
        ),
        more=("409", "415", "422"),
    ),
    "templates.save": Detail(
        body=_object("mark", "edits", edits=EDITS, mark={"type": "string", "description": "What reading it gave."}),
        more=("409", "415", "422", "503"),
    ),
    "revisions.publish": Detail(
        body=CHOICES,
        good={
            "200": content(OBJECT, "It runs already"),
            "201": content(OBJECT, "Published"),
            "202": content(OBJECT, "Somebody has to agree first"),
        },
        more=("409", "415", "422", "503"),
    ),
    "revisions.make_current": Detail(body=CHOICES, more=("409", "415", "422", "503")),
}


def rest(app: Flask, known: Iterable[str], names: Mapping[str, Iterable[str]], signed_in: bool) -> dict[str, Json]:
    """Path -> path object for every route under /api/v1 that is not among the ``known`` paths. ``names`` gives what stands for
    a part that is a name of the site (``entity``, and ``name`` of metrics and dashboards), one path for each."""
    found: dict[str, Json] = {}
    covered = set(known)
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(ROOT) or not (signed_in or rule.endpoint in PUBLIC):
            continue
        for path, parameters in _spread(rule.rule, rule.endpoint, names):
            if path in covered:
                continue
            whole = found.setdefault(path, {"parameters": parameters} if parameters else {})
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                whole[method.lower()] = _operation(app, rule.endpoint, path)
    return found


def _spread(rule: str, endpoint: str, names: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, list[Json]]]:
    """The rule as path templates: the site's own names written out, what differs from call to call in braces."""
    kind = endpoint.partition(".")[0]
    spread = next((key for key in ("entity", kind) if key in names and f"<{_part(key)}>" in rule), None)
    for name in names[spread] if spread else ("",):
        written = rule.replace(f"<{_part(spread)}>", name) if spread else rule
        parameters = []
        for match in PART.finditer(written):
            schema = {"type": "integer", "minimum": 1} if match.group(1) == "int" else {"type": "string"}
            parameters.append({"name": _said(match.group(2)), "in": "path", "required": True, "schema": schema})
        yield PART.sub(lambda match: "{" + _said(match.group(2)) + "}", written), parameters


def _part(key: str) -> str:
    return "entity" if key == "entity" else "name"


def _said(name: str) -> str:
    """Every description calls the number of a record ``id``."""
    return "id" if name == "record" else name


def _operation(app: Flask, endpoint: str, path: str) -> Json:
    detail = DETAILS.get(endpoint, Detail())
    lines = (app.view_functions[endpoint].__doc__ or "").strip().splitlines()
    words = [part for part in re.split(r"\W+", path.removeprefix(ROOT)) if part]
    described: Json = {
        "operationId": "_".join([endpoint.replace(".", "_"), *words]),
        "tags": [endpoint.partition(".")[0]],
        "summary": lines[0] if lines else endpoint,
        "responses": responses(dict(detail.good or {"200": content({}, "Done")}), *detail.more),
    }
    if detail.query:
        described["parameters"] = list(detail.query)
    if detail.body is not None:
        described["requestBody"] = {**sent(detail.body), "required": bool(detail.body.get("required"))}
    if detail.form is not None:
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": detail.form}}}
    if endpoint in PUBLIC:
        described["security"] = []
    return described


def names_of(manifest: Any, readable: Iterable[str]) -> dict[str, Iterable[str]]:
    """What the parts of addresses are on a site."""
    return {"entity": tuple(readable), "metrics": tuple(manifest.metrics), "dashboards": tuple(manifest.dashboards)}
