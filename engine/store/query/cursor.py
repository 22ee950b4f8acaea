"""Where a page ended, so that the next one begins there: opaque and self-checking. Floor: 3.

A cursor holds the sort values of the last row, not a row number: rows that come or go in between neither repeat
nor vanish, and page 10,000 costs what page 1 costs. It carries a check over itself and over the question it
belongs to, so a cursor that was edited, cut, or taken from another list is refused instead of answering something else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from engine.errors import Problem, WrongUsage

CHECK_BYTES = 9


def encode(question: str, position: tuple[Any, ...]) -> str:
    """The cursor after a row. ``question`` tells one list from another; ``position`` are the row's stored sort
    values, its id last."""
    body = json.dumps(position, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(question, body) + body).rstrip(b"=").decode()


def decode(question: str, cursor: str, size: int) -> tuple[Any, ...]:
    """The position a cursor stands for, ``size`` values; raises WrongUsage (Q005) when it is not from this list."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        check, body = raw[:CHECK_BYTES], raw[CHECK_BYTES:]
        if check != _check(question, body):
            raise ValueError(cursor)
        position = json.loads(body)
        if not isinstance(position, list) or len(position) != size or not isinstance(position[-1], int):
            raise ValueError(cursor)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(Problem("Q005")) from error
    return tuple(position)


def _check(question: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, key=hashlib.blake2b(question.encode()).digest(), digest_size=CHECK_BYTES).digest()
