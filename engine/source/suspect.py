"""Values that parse but are not what their author meant: full-width signs, swallowed text, torn templates. Floor: 2."""

from __future__ import annotations

from engine.source.found import Found
from engine.source.node import Node


def look(text: str, node: Node, key: Node | None, *, is_key: bool, flow: bool) -> Found | None:
    """What is suspicious about one unquoted scalar, or None. ``key`` is the key it stands under, in a map."""
    return None
