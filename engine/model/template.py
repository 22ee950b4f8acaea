"""A template: words or a document sent out. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.model.terms import Document, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate(Document):
    """``channel``: message, email, document or page. ``blocks`` lay out a document."""

    for_: str
    channel: str = "message"
    subject: Template | None = None
    body: Template | None = None
    blocks: tuple[Mapping[str, Any], ...] = ()
    attach: tuple[str, ...] = ()
    track: bool = False
