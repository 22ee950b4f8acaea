"""One change of a table, told in plain words. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem

#: What each kind says in a plan (engine/problems/plan.yaml).
SAID = {
    "add_table": "M001",
    "add_field": "M002",
    "rename_field": "M003",
    "rename_table": "M004",
    "retype_field": "M005",
    "drop_field": "M007",
    "drop_table": "M008",
    "restore_field": "M009",
    "add_index": "M010",
    "drop_index": "M011",
    "fill_state": "M013",
    "fill_search": "M014",
    "link_to_links": "M015",
    "add_system": "M016",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """``entity`` and ``field`` by their new names, ``was`` and ``became`` the old and new name or type.

    ``records`` counts records with a value there, ``lost`` those whose value cannot become the new type, ``sample`` some of
    them: (id, value). ``clashes`` counts values that a new unique rule forbids.
    """

    kind: str
    entity: str
    field: str = ""
    was: str = ""
    became: str = ""
    records: int = 0
    lost: int = 0
    sample: tuple[tuple[int, str], ...] = ()
    clashes: int = 0
    place: str = ""

    @property
    def is_lossy(self) -> bool:
        """True when values would not survive: it needs to be allowed."""
        return self.lost > 0

    def problem(self, words: Mapping[str, Any] | None = None) -> Problem:
        """The operation as a sentence: a hint, a warning when it is lossy, an error when it cannot be done. ``words`` says
        what people call its names (``entity``, ``field``, ``was``, ``became``)."""
        code = SAID[self.kind]
        if self.lost:
            code = "M006"
        if self.clashes:
            code = "M012"
        sample = "、".join(f"#{id}: {value}" for id, value in self.sample)
        return Problem(
            code,
            field=self.field,
            parameters={
                "entity": self.entity,
                "field": self.field,
                "was": self.was,
                "became": self.became,
                "records": self.records,
                "lost": self.lost,
                "sample": sample,
                "clashes": self.clashes,
                **(words or {}),
            },
        )
