"""What is told about a record: what may happen next, what happened, why, and what it may be twice. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Actor
from engine.runtime import duplicate, state_machine
from engine.site import reading
from engine.site.running import Running


def offered(running: Running, actor: Actor, entity: str, record: int) -> list[dict[str, Any]]:
    """The transitions from where the record stands: allowed or not (with reasons), what is missing, which fields to fill."""
    with running.reading(actor) as context:
        reading.visible(context, entity, record)
        language = context.language
        return [
            {
                "name": offer.name,
                "machine": offer.machine,
                "label": offer.label,
                "to": offer.to,
                "to_label": offer.to_label,
                "form": offer.form,
                "allowed": offer.allowed,
                "missing": [{"field": p.field or None, "message": p.what(language)} for p in offer.missing],
                "fields": list(offer.fields),
                "reasons": [p.what(language) for p in offer.reasons],
            }
            for offer in state_machine.offered(context, entity, record)
        ]


def timeline(running: Running, actor: Actor, entity: str, record: int) -> list[Mapping[str, Any]]:
    """What happened to a record, newest first, cut to the fields the reader may see."""
    from engine.runtime import timeline as timelines

    with running.reading(actor) as context:
        reading.visible(context, entity, record)
        return list(timelines.timeline(context, entity, record))


def why(running: Running, actor: Actor, entity: str, record: int) -> Mapping[str, Any]:
    """Why this owner (the kept score card), which promises, which rules ran and which did not."""
    from engine.runtime import why as whys

    with running.reading(actor) as context:
        reading.visible(context, entity, record)
        return whys.why(context, entity, record)


def duplicates(running: Running, actor: Actor, entity: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Records that may be the same thing as these values, best first: record, score (0..1), reasons.

    Of one the reader may not see only the score and the reasons are told, without whose it is.
    """
    with running.reading(actor) as context:
        found = []
        for match in duplicate.asked(context, entity, values):
            seen = reading.if_visible(context, entity, match.record)
            found.append({"record": seen, **reading.likeness(match.json())})
        return found
