"""The check ``escalation_order``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.model.terms import Duration
from engine.plugins.slots import Check


class EscalationOrder(Check):
    """An escalation that comes before the one it follows, or an approval that outlasts the state it is for."""

    name = "escalation_order"
    title: ClassVar[Mapping[str, str]] = {"zh": "时限和升级的先后", "en": "Order of deadlines and escalations"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L010 for an escalation out of order, L019 for an approval longer than its state."""
        for sla in manifest.slas.values():
            for index in range(1, len(sla.escalate)):
                before, after = sla.escalate[index - 1], sla.escalate[index]
                if after.after.delta < before.after.delta:
                    parameters = {"first": index, "second": index + 1, "before": before.after, "after": after.after}
                    yield Problem("L010", after.where, parameters=parameters, also=before.where)
        for machine in manifest.state_machines.values():
            for way in machine.transitions.values():
                allowed = way.approve.within if way.approve is not None else None
                for name in way.from_:
                    state = machine.states.get(name)
                    within = state.within if state is not None else None
                    if isinstance(allowed, Duration) and isinstance(within, Duration) and allowed.delta > within.delta:
                        parameters = {"state": name, "within": within, "transition": way.name, "approval": allowed}
                        yield Problem("L019", way.where, parameters=parameters)
