"""What one reader may see and do with the records of one entity. Floor: 3.

The compiler of queries takes an ``Access`` for every entity it touches and cannot be called without one, so
no list, count, export or metric can forget it. ``engine.runtime.access`` makes them from the roles.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Forbidden, NotFound, Problem
from engine.expression.parse import Condition

#: True, False, or a condition on the record.
Right = bool | Condition

ACTIONS = ("read", "create", "update", "delete", "export")

_REFUSAL = {"create": "A002", "update": "A003", "delete": "A004", "export": "A005"}

#: Never hidden: without it no record could be named at all.
ALWAYS = frozenset({"id", "version"})


def _nobody(condition: Condition, values: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of one actor on one entity.

    ``read`` limits the rows, ``hidden`` the columns; ``rights`` holds every action of ``ACTIONS``. ``holds`` judges
    a condition on one record's values. ``key`` is equal for two actors who see exactly the same, so that what
    was computed for one may be shown to the other.
    """

    entity: str
    read: Right = False
    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    rights: Mapping[str, Right] = field(default_factory=dict)
    holds: Callable[[Condition, Mapping[str, Any]], bool] = _nobody
    key: str = ""

    def may(self, action: str, values: Mapping[str, Any] | None = None) -> bool:
        """True when the action is allowed on a record with these values (``id`` among them).

        Without values the answer is whether it could be allowed on any record at all (shows a button or not).
        """
        right = self.read if action == "read" else self.rights.get(action, False)
        if isinstance(right, bool):
            return right
        return True if values is None else self.holds(right, values)

    def check(self, action: str, values: Mapping[str, Any]) -> None:
        """Nothing when the action is allowed; raises NotFound for a row that may not be read, else Forbidden."""
        if action != "create" and not self.may("read", values):
            raise NotFound(Problem("A001", parameters={"entity": self.entity, "id": values.get("id", "")}))
        if action != "read" and not self.may(action, values):
            raise Forbidden(Problem(_REFUSAL[action], parameters={"entity": self.entity, "id": values.get("id", "")}))

    def check_write(self, names: Iterable[str]) -> None:
        """Nothing when all these fields may be written; raises Forbidden naming every one that may not.

        A hidden field is refused in the words for a field that does not exist.
        """
        problems = []
        for name in names:
            if name in self.hidden:
                problems.append(Problem("A007", field=name, parameters={"field": name, "entity": self.entity}))
            elif name in self.read_only:
                problems.append(Problem("A006", field=name, parameters={"field": name, "entity": self.entity}))
        if problems:
            raise Forbidden(problems)

    def sees(self, name: str) -> bool:
        """True when the field is not hidden."""
        return name not in self.hidden

    def cut(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values without those that are hidden."""
        return {name: value for name, value in values.items() if name not in self.hidden}


@functools.lru_cache(maxsize=512)
def full(entity: str) -> Access:
    """The access of the engine itself: every row, every column, every action."""
    return Access(entity, True, rights=dict.fromkeys(ACTIONS, True), holds=lambda condition, values: True, key="*")


def none(entity: str) -> Access:
    """The access of somebody without any role: nothing."""
    return Access(entity, key="-")
