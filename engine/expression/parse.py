"""Text to Expression: simpleeval's language under our own allow-list. Floor: 2."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from engine.errors import Where


@dataclass(frozen=True, slots=True)
class Expression:
    """One parsed expression. ``tree`` passed the allow-list; ``where`` is where the text starts in its file."""

    text: str
    where: Where = field(default=Where(), compare=False)
    tree: ast.expr = field(default_factory=lambda: ast.Constant(None), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """Expressions joined: all of them (a YAML list) or any of them (``{any: […]}``); an item may be a Condition."""

    parts: tuple[Expression | Condition, ...]
    any: bool = False
