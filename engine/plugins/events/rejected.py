"""The event ``rejected``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfTransition


class Rejected(OfTransition):
    """A transition that needed approval was rejected."""

    name = "rejected"
    title: ClassVar[Mapping[str, str]] = {"zh": "审批驳回", "en": "Rejected"}
    example = "when: {event: rejected, entity: lead, transition: sign}"
