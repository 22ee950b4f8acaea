"""Entities as JSON Schemas. Floor: 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api import Engine

Json = dict[str, Any]

PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457 problem details; problems holds every single one.",
    "required": ["type", "title", "status", "code", "problems"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "trace_id": {"type": "string"},
        "problems": {"type": "array", "items": {"$ref": "#/components/schemas/OneProblem"}},
    },
}

FILE: Json = {
    "type": "object",
    "description": "A file of a record: its bytes are at /api/v1/files/{id}.",
    "required": ["id", "name", "size", "type"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "name": {"type": "string"},
        "size": {"type": "integer", "description": "In bytes."},
        "type": {"type": "string", "description": "The media type its content shows."},
    },
}

ONE_PROBLEM: Json = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string"},
        "severity": {"enum": ["error", "warning", "hint"]},
        "message": {"type": "string"},
        "fix": {"type": "string"},
        "field": {"type": "string"},
        "suggestion": {"type": "string"},
        "where": {"type": "object"},
    },
}


def ref(name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def component_name(entity: str) -> str:
    """``order_line`` -> ``OrderLine``."""
    return "".join(part.capitalize() for part in entity.split("_"))


def nullable(shape: Mapping[str, Any]) -> Json:
    """The same shape, or null for an empty value."""
    if not shape:
        return {}
    if isinstance(shape.get("type"), str) and "enum" not in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return {"anyOf": [dict(shape), {"type": "null"}]}


def field_schema(engine: Engine, field: Any, language: str) -> Json:
    """One field: its JSON shape, its label, its choices and its bounds."""
    shape = dict(engine.field_type(field.type).json_schema(field))
    if field.choices and shape.get("type") == "string":
        shape["enum"] = [choice.name for choice in field.choices]
    if field.max_length and shape.get("type") == "string":
        shape["maxLength"] = field.max_length
    described = nullable(shape)
    described["title"] = field.label.text(language) or field.name
    help_text = field.help.text(language)
    if help_text:
        described["description"] = help_text
    if field.value is not None:
        described["readOnly"] = True
    return described


def entity_schemas(engine: Engine, entity: Any, hidden: frozenset[str], language: str) -> dict[str, Json]:
    """The schemas of one entity: what may be sent, what a record looks like, and a page of records."""
    name = component_name(entity.name)
    fields = {n: field_schema(engine, f, language) for n, f in entity.fields.items() if n not in hidden}
    sendable = {n: shape for n, shape in fields.items() if not shape.get("readOnly")}
    values: Json = {"type": "object", "properties": sendable, "additionalProperties": False}
    record: Json = {
        "type": "object",
        "title": entity.label.text(language) or entity.name,
        "required": ["id", "version", "entity", "values"],
        "properties": {
            "id": {"type": "integer"},
            "version": {"type": "integer"},
            "entity": {"const": entity.name},
            "title": {"type": "string"},
            "values": {"type": "object", "properties": fields},
            "shown": {"type": "object", "additionalProperties": {"type": "string"}},
            "links": {"type": "object"},
            "promises": {"type": "array", "items": {"type": "object"}},
            "can": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "files": {"type": "object", "additionalProperties": ref("File")},
        },
    }
    page: Json = {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": ref(name)},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
        },
    }
    return {f"{name}Values": values, name: record, f"{name}Page": page}
