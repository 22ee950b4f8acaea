"""The JSON Schemas as they lie in ``schemas/``: read once, references resolved. Floor: 5."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "schemas"


@functools.cache
def schema(name: str) -> Mapping[str, Any]:
    """The schema of a kind, of ``site`` or ``common``, as its file says it."""
    found: Mapping[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return found


def follow(file: str, reference: str) -> tuple[str, Mapping[str, Any]]:
    """The file and the part of it a ``$ref`` read in ``file`` points to."""
    target, _, pointer = reference.partition("#")
    name = target.removesuffix(".schema.json") or file
    part: Any = schema(name)
    for step in pointer.split("/")[1:]:
        part = part[step]
    return name, part


def whole(file: str, part: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """``part`` with its own ``$ref`` (if any) laid under it: what stands beside a reference wins."""
    while "$ref" in part:
        file, target = follow(file, part["$ref"])
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return file, part
