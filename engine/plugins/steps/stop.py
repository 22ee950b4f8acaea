"""The step ``stop``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class StopHere(StepPlugin):
    """End this run; what it did so far stays. Usually inside a branch."""

    name = "stop"
    title: ClassVar[Mapping[str, str]] = {"zh": "到此为止", "en": "Stop"}
    effect = "none"
    params: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}
    example = "stop:"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """Never comes back: the run ends."""
        context.stop()
