"""The step ``each``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin, Unfolded


class Each(StepPlugin):
    """Steps for every record of an entity that satisfies ``where``. Inside, bare names are that record's; the record
    the rule is about is named by its entity (``order.customer``)."""

    name = "each"
    title: ClassVar[Mapping[str, str]] = {"zh": "逐条执行", "en": "For each"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "of": {"title": "哪类记录", "x-en": {"title": "Entity"}, "type": "string", "x-refers": "entity"},
            "where": {"title": "条件", "x-en": {"title": "Condition"}, "format": "condition"},
            "do": {"title": "做什么", "x-en": {"title": "Steps"}, "format": "steps"},
            "most": {
                "title": "最多多少条",
                "x-en": {"title": "At most"},
                "type": "integer",
                "minimum": 1,
                "maximum": 100000,
                "default": 10000,
            },
        },
        "required": ["of", "do"],
        "additionalProperties": False,
        "x-scope": "of",
    }
    example = 'each: {of: lead, where: "customer == order.customer", do: [{set: {last_order_at: "=order.ordered_at"}}]}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """How many records it ran for."""
        most = step.params.get("most", 10000)
        inner = context.around(event)
        # All are found before any is touched: a step may change what the condition reads.
        found = list(context.among(step.params["of"], step.params.get("where"), event, most))
        for record in found:
            inner.run(step.params["do"], inner.about(record, event), each=record.id)
        return {"records": len(found)}

    def unfold(self, context: Any, step: Step, event: Event) -> Unfolded:
        """The records it runs for, where a step for one of them reaches outside or waits: fixed once, gone through one by one."""
        most = step.params.get("most", 10000)
        found = [each.id for each in context.among(step.params["of"], step.params.get("where"), event, most)]
        return Unfolded("do", {"records": len(found)}, step.params["of"], found)
