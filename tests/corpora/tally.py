"""The attack corpora of ../shared/data, and the tally of what was tried at which door."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ATTACKS = Path(__file__).resolve().parents[3] / "shared/data/attacks"


def payloads(name: str) -> list[str]:
    """All payloads of a corpus; skips the test where the corpora are not."""
    path = ATTACKS / f"{name}.json"
    if not path.is_file():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    return [one["payload"] for one in json.loads(path.read_text("utf-8"))]


def archives() -> list[Path]:
    """The hostile archives; skips where they are not."""
    found = sorted((ATTACKS / "archives").glob("*.zip"))
    if not found:
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    return found


def note(corpus: str, door: str, tries: int, through: list[object] | None = None) -> None:
    """Write down how often a door was tried, for `python -m bench.corpora`; nothing may have come through."""
    path = os.environ.get("FLOWLOOM_CORPORA")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"corpus": corpus, "door": door, "tries": tries, "through": len(through or [])}) + "\n"
            )
    assert tries > 0 and not through, (corpus, door, (through or [])[:3])
