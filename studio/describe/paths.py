"""The addresses of the API as OpenAPI path objects. Floor: 7."""

from __future__ import annotations

from typing import Any

from studio.describe.schemas import Json, component_name, ref

BAD = {
    "400": "The call is wrong",
    "401": "Nobody is signed in",
    "403": "Not allowed",
    "404": "Not found or not visible",
}


def responses(good: dict[str, Json], *more: str) -> dict[str, Json]:
    """The good answers and the refusals an operation can give."""
    described = dict(good)
    texts = {
        **BAD,
        "409": "Somebody else was first, or the key is in use",
        "410": "It was merged into another record, which is named",
        "412": "The record has changed since",
        "413": "The body is too large",
        "415": "The body is not JSON",
        "422": "Refused: every problem is listed",
        "428": "If-Match is missing",
        "503": "The database cannot take it now; see Retry-After",
    }
    for status in (*BAD, *more):
        described[status] = {
            "description": texts[status],
            "content": {"application/problem+json": {"schema": ref("Problem")}},
        }
    return described


def content(schema: Json, description: str) -> Json:
    """A JSON answer."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def sent(schema: Json) -> Json:
    """A JSON body."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def query(name: str, description: str, **shape: Any) -> Json:
    """A query parameter, text unless told otherwise."""
    return {"name": name, "in": "query", "description": description, "schema": shape or {"type": "string"}}


RECORD_ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "description": "The version that was read; the write is refused with 412 when it is no longer current.",
    "schema": {"type": "string"},
}
ONCE: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a repeat safe: the same key and body give the first answer again, for 30 days.",
    "schema": {"type": "string", "maxLength": 200},
}
LISTING = [
    query("view", "A saved view whose conditions, columns and order apply."),
    query("where", "An expression of the same language as the YAML: stage == 'new' and heat > 50."),
    query("q", "Search text: characters, pinyin, initials or the last digits of a phone number."),
    query("sort", "Fields separated by commas, '-' in front for descending."),
    query("limit", "How many at most.", type="integer", minimum=1, maximum=500, default=50),
    query("cursor", "Where the page before ended."),
    query("count", "1 to have all counted.", type="integer", enum=[0, 1]),
]


def entity_paths(entity: Any, label: str) -> dict[str, Json]:
    """The addresses of one entity's records."""
    name, component = entity.name, component_name(entity.name)
    values: Json = {"type": "object", "required": ["values"], "properties": {"values": ref(f"{component}Values")}}
    creating: Json = {
        "type": "object",
        "required": ["values"],
        "properties": {**values["properties"], "form": {"type": "string"}},
    }
    one = {"type": "object", "properties": {"record": ref(component)}}
    tags = [label]
    whole: Json = {
        "get": {
            "operationId": f"list_{name}",
            "tags": tags,
            "summary": f"List {label}",
            "parameters": LISTING,
            "responses": responses({"200": content(ref(f"{component}Page"), "A page")}, "422"),
        },
        "post": {
            "operationId": f"create_{name}",
            "tags": tags,
            "summary": f"Create {label}",
            "parameters": [ONCE],
            "requestBody": sent(creating),
            "responses": responses({"201": content(one, "Created")}, "409", "413", "415", "422", "503"),
        },
    }
    single: Json = {
        "parameters": [RECORD_ID],
        "get": {
            "operationId": f"read_{name}",
            "tags": tags,
            "summary": f"Read {label}",
            "responses": responses({"200": content(ref(component), "The record; its version is the ETag")}),
        },
        "patch": {
            "operationId": f"change_{name}",
            "tags": tags,
            "summary": f"Change {label}",
            "parameters": [IF_MATCH],
            "requestBody": sent(values),
            "responses": responses({"200": content(one, "Changed")}, "409", "412", "413", "415", "422", "503"),
        },
        "delete": {
            "operationId": f"delete_{name}",
            "tags": tags,
            "summary": f"Delete {label} (it stays in the trash for 30 days)",
            "parameters": [IF_MATCH],
            "responses": responses({"204": {"description": "Deleted"}}, "409", "412", "422", "503"),
        },
    }
    paths = {f"/api/v1/records/{name}": whole, f"/api/v1/records/{name}/{{id}}": single}
    return paths | _stories(name, tags)


def _stories(name: str, tags: list[str]) -> dict[str, Json]:
    paths: dict[str, Json] = {}
    for part, summary in (("transitions", "What may happen next"), ("timeline", "What happened"), ("why", "Why")):
        paths[f"/api/v1/records/{name}/{{id}}/{part}"] = {
            "parameters": [RECORD_ID],
            "get": {
                "operationId": f"{part}_{name}",
                "tags": tags,
                "summary": summary,
                "responses": responses({"200": content({}, summary)}),
            },
        }
    return paths


def transition_path(entity: str, machine: Any, transition: Any, label: str, language: str) -> Json:
    """The address that carries out one transition."""
    component = component_name(entity)
    return {
        f"/api/v1/records/{entity}/{{id}}/transitions/{transition.name}": {
            "parameters": [RECORD_ID],
            "post": {
                "operationId": f"{machine.name}_{transition.name}_{entity}",
                "tags": [label],
                "summary": transition.label.text(language) or transition.name,
                "parameters": [IF_MATCH],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"values": ref(f"{component}Values")}}
                        }
                    }
                },
                "responses": responses(
                    {"200": content({"type": "object", "properties": {"record": ref(component)}}, "Done")},
                    "409",
                    "412",
                    "413",
                    "415",
                    "422",
                    "503",
                ),
            },
        }
    }
