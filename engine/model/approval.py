"""Who must agree before something happens: a transition, a new record, a publish, the rest of a rule. Floor: 3."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import Where
from engine.model.terms import Condition, Duration, Expression, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who must agree, and what is needed for it.

    ``by``: a role's name, ``{role: …}``, ``{team: …}``, or an expression that gives one user or several: each of these
    people is asked. A list asks one person for each of its entries. ``mode``: any, all, sequence (in the list's order).
    ``evidence`` names fields that must be there. ``within``: after it ``escalate`` (the manager of whoever has not
    decided, unless it says somebody else) is asked too, and after the same time again it expires. ``if_``: needed only
    where this holds.
    """

    by: Value = None
    mode: str = "any"
    evidence: tuple[str, ...] = ()
    within: Duration | Expression | None = None
    escalate: Value = None
    if_: Condition | None = None
    where: Where = field(default=Where(), compare=False)
