"""The parts of dashboards' numbers as they rest between two processes. Floor: 5."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store.query.tally import Parts

#: Changes when the shape of what is kept changes: what an older engine kept is then read anew.
SHAPE = 2


@dataclass(frozen=True, slots=True)
class Saved:
    """What rests: where the database stood, until when lots hold that time alone changes, the parts of every block of lots,
    and the lots themselves, packed block by block: most of them are never looked at again."""

    counts: Mapping[str, int]
    chains: Mapping[int, int]
    at: dt.datetime
    until: dict[int, int]
    blocks: dict[int, Parts]
    lots: dict[int, bytes]


def packed(kept: Saved) -> tuple[str, bytes]:
    """(moment as JSON, parts as bytes)."""
    whole = pack(kept.blocks)
    moment = {
        "shape": SHAPE, "counts": dict(kept.counts), "chains": list(kept.chains.items()), "at": kept.at.isoformat(),
        "until": list(kept.until.items()), "whole": len(whole),
        "lots": [(block, len(content)) for block, content in kept.lots.items()],
    }  # fmt: skip
    return json.dumps(moment), b"".join((whole, *kept.lots.values()))


def unpacked(moment: Any, content: bytes) -> Saved | None:
    """What was packed; None for something another version kept."""
    head = moment if isinstance(moment, dict) else json.loads(moment)
    if head.get("shape") != SHAPE:
        return None
    content = bytes(content)
    place = head["whole"]
    lots = {}
    for block, length in head["lots"]:
        lots[block] = content[place : place + length]
        place += length
    at = dt.datetime.fromisoformat(head["at"])
    blocks = unpack(content[: head["whole"]])
    return Saved(head["counts"], dict(head["chains"]), at, dict(head["until"]), blocks, lots)


def pack(many: Mapping[int, Parts]) -> bytes:
    """Numbered parts as compressed JSON."""
    rows = [
        [number, [[list(key), [_down(value) for value in values]] for key, values in parts.items()]]
        for number, parts in many.items()
    ]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 1)


def unpack(content: bytes) -> dict[int, Parts]:
    """What ``pack`` was given."""
    rows = json.loads(zlib.decompress(content))
    return {
        number: {tuple(key): [_up(v) if v.__class__ is dict else v for v in values] for key, values in parts}
        for number, parts in rows
    }


def _down(value: Any) -> Any:
    if isinstance(value, list):
        return {"runs": [[run.typecode, base64.b64encode(run.tobytes()).decode()] for run in value]}
    return value


def _up(value: Any) -> Any:
    runs = []
    for code, text in value["runs"]:
        run = array(code)
        run.frombytes(base64.b64decode(text))
        runs.append(run)
    return runs
