"""The event ``approved``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfTransition


class Approved(OfTransition):
    """A transition that needed approval was approved."""

    name = "approved"
    title: ClassVar[Mapping[str, str]] = {"zh": "审批通过", "en": "Approved"}
    example = "when: {event: approved, entity: lead, transition: sign}"
