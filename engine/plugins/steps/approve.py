"""The step ``approve``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.approval import Approval
from engine.model.terms import Step
from engine.plugins.slots import Waiting, WaitingStep

_ONE = {
    "anyOf": [
        {"format": "value", "type": "string"},
        {
            "type": "object",
            "properties": {
                "role": {"type": "string", "x-refers": "role"},
                "team": {"format": "value", "type": "string"},
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}


class Approve(WaitingStep):
    """Ask people to agree before the rule goes on. ``by`` and ``mode`` are those of a transition's ``approve``; ``for`` says what
    it is about. What is not approved (rejected, withdrawn, expired) ends the rule here, unless ``go_on`` is true; then
    ``steps.<id>.result`` says which it was."""

    name = "approve"
    title: ClassVar[Mapping[str, str]] = {"zh": "请人审批", "en": "Ask for approval"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "by": {
                "title": "谁",
                "x-en": {"title": "By"},
                "anyOf": [*_ONE["anyOf"], {"type": "array", "items": _ONE, "minItems": 1}],
                "x-refers": "role",
            },
            "for": {"title": "审批什么", "x-en": {"title": "For"}, "format": "template"},
            "mode": {
                "title": "方式",
                "x-en": {"title": "Mode"},
                "type": "string",
                "enum": ["any", "all", "sequence"],
                "default": "any",
            },
            "evidence": {
                "title": "佐证",
                "x-en": {"title": "Evidence"},
                "type": "array",
                "items": {"type": "string", "x-refers": "field"},
            },
            "within": {"title": "时限", "x-en": {"title": "Within"}, "format": "duration"},
            "go_on": {"title": "没批准也继续", "x-en": {"title": "Go on anyway"}, "type": "boolean", "default": False},
        },
        "required": ["by"],
        "additionalProperties": False,
    }
    example = 'approve: {by: "=owner.manager", for: "{{ company }} 的折扣", within: 24h}'

    def look(self, context: Any, step: Step, event: Event, since: dt.datetime) -> Waiting:
        """Over when it is decided or has expired."""
        params = step.params
        rule = Approval(
            by=_people(context, params["by"], event),
            mode=params.get("mode", "any"),
            evidence=tuple(params.get("evidence", ())),
            within=params.get("within"),
            where=step.where,
        )
        what = context.text(params["for"], event) if params.get("for") is not None else ""
        state = context.agreed(rule, event, f"{context.via.partition(':')[2]}@{step.where}", what, since)
        if state == "open":
            return Waiting(False, None, wakes=True)
        if state != "approved" and not params.get("go_on"):
            context.stop()
        return Waiting(True, None, state)


def _people(context: Any, by: Any, event: Event) -> Any:
    """Expressions as the users they give now; roles and teams as they are."""
    if isinstance(by, tuple):
        return tuple(_people(context, each, event) for each in by)
    if isinstance(by, str | Mapping):
        return by
    found = context.users(by, event)
    return {"id": found[0]} if len(found) == 1 else tuple({"id": user} for user in found)
