"""The event ``refused``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.plugins.events.matching import OfTransition


class Refused(OfTransition):
    """A transition was tried and refused because something was missing."""

    name = "refused"
    title: ClassVar[Mapping[str, str]] = {"zh": "流转被拒", "en": "Refused"}
    example = "when: {event: refused, entity: lead}"
