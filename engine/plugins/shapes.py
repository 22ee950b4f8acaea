"""How values of the expression language look in JSON. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expression.types import Type


def json_schema_of(type_: Type) -> Mapping[str, Any]:
    """The JSON Schema of a value of an expression type as the API writes it (money as text keeps its places)."""
    if type_.name == "list":
        return {"type": "array", "items": json_schema_of(type_.of) if type_.of else {}}
    return JSON_SHAPES.get(type_.name, {})


JSON_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "money": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,4})?$"},
    "yes_no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "number", "description": "seconds"},
    "record": {"type": "integer"},
}
