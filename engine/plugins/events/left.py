"""The event ``left``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfState


class Left(OfState):
    """A record left a state."""

    name = "left"
    title: ClassVar[Mapping[str, str]] = {"zh": "离开状态", "en": "State left"}
    example = "when: {event: left, entity: lead, state: new}"
