"""The step ``wait``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from engine.errors import Problem, WrongUsage
from engine.facts import Event
from engine.model.terms import Duration, Step
from engine.plugins.slots import Waiting, WaitingStep


class Wait(WaitingStep):
    """Go on later: ``for`` a duration, or ``until`` a condition holds on the record (looked at whenever it changes) or an
    instant an expression gives has come. ``timeout`` ends a wait for a condition; ``steps.<id>.result`` says whether it came
    (``happened`` or ``timed_out``). The rest of the steps survives restarts."""

    name = "wait"
    title: ClassVar[Mapping[str, str]] = {"zh": "等待", "en": "Wait"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "for": {"title": "多久", "x-en": {"title": "For"}, "format": "duration"},
            "until": {"title": "直到", "x-en": {"title": "Until"}, "format": "condition"},
            "timeout": {"title": "最多等", "x-en": {"title": "At most"}, "format": "duration"},
        },
        "minProperties": 1,
        "additionalProperties": False,
        "x-short": "for",
    }
    example = 'wait: {until: "contacted_at is not None", timeout: 2h}'

    def look(self, context: Any, step: Step, event: Event, since: dt.datetime) -> Waiting:
        """Over when the time has passed or what is waited for is there."""
        params, now = step.params, context.now
        if params.get("for") is not None:
            due = since + span(context, params["for"], event)
            return Waiting(now >= due, due, "waited")
        if params.get("until") is None:
            raise WrongUsage(Problem("R121", step.where))
        limit = since + span(context, params["timeout"], event) if params.get("timeout") is not None else None
        found = self._until(context, params["until"], event)
        if isinstance(found, dt.datetime):
            if limit is not None and limit < found:
                return Waiting(now >= limit, limit, "timed_out", wakes=True)
            return Waiting(now >= found, found, "happened", wakes=True)
        if found:
            return Waiting(True, None, "happened")
        if limit is not None and now >= limit:
            return Waiting(True, limit, "timed_out")
        return Waiting(False, limit, wakes=True)

    def _until(self, context: Any, until: Any, event: Event) -> Any:
        """An instant, or whether the condition holds."""
        parts = until.parts
        if len(parts) == 1:
            found = context.value(parts[0], event)
            if isinstance(found, dt.datetime):
                return found
        return context.holds(until, event)


def span(context: Any, term: Any, event: Event) -> dt.timedelta:
    """A duration as written, or what an expression gives; nothing at all where it gives nothing."""
    found = term.delta if isinstance(term, Duration) else context.value(term, event)
    return found if isinstance(found, dt.timedelta) else dt.timedelta(0)
