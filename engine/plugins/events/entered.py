"""The event ``entered``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfState


class Entered(OfState):
    """A record came into a state, by a transition or when it was made."""

    name = "entered"
    title: ClassVar[Mapping[str, str]] = {"zh": "进入状态", "en": "State entered"}
    example = "when: {event: entered, entity: lead, state: won}"
