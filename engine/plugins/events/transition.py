"""The event ``transition``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfTransition


class Transition(OfTransition):
    """A transition was carried out."""

    name = "transition"
    title: ClassVar[Mapping[str, str]] = {"zh": "流转", "en": "Transition"}
    example = "when: {event: transition, entity: lead, transition: sign}"
