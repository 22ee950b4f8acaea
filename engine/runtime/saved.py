"""The parts of dashboards' numbers as they rest between two processes. Floor: 5."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from array import array
from collections.abc import Mapping
from typing import Any

from engine.store.query.tally import Parts

#: Changes when the shape of what is kept changes: what an older engine kept is then read anew.
SHAPE = 1

Unpacked = tuple[dict[str, int], dict[int, int], dt.datetime, dict[int, Parts]]


def packed(
    counts: Mapping[str, int], chains: Mapping[int, int], at: dt.datetime, lots: Mapping[int, Parts]
) -> tuple[str, bytes]:
    """(moment as JSON, parts as compressed JSON)."""
    moment = {"shape": SHAPE, "counts": dict(counts), "chains": list(chains.items()), "at": at.isoformat()}
    rows = [
        [lot, [[list(key), [_down(value) for value in values]] for key, values in parts.items()]]
        for lot, parts in lots.items()
    ]
    return json.dumps(moment), zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)


def unpacked(moment: Any, lots: bytes) -> Unpacked | None:
    """What was packed; None for something another version kept."""
    head = moment if isinstance(moment, dict) else json.loads(moment)
    if head.get("shape") != SHAPE:
        return None
    found: dict[int, Parts] = {}
    for lot, rows in json.loads(zlib.decompress(bytes(lots))):
        found[lot] = {tuple(key): [_up(value) for value in values] for key, values in rows}
    return head["counts"], dict(head["chains"]), dt.datetime.fromisoformat(head["at"]), found


def _down(value: Any) -> Any:
    if isinstance(value, list):
        return {"runs": [[run.typecode, base64.b64encode(run.tobytes()).decode()] for run in value]}
    return value


def _up(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    runs = []
    for code, text in value["runs"]:
        run = array(code)
        run.frombytes(base64.b64decode(text))
        runs.append(run)
    return runs
