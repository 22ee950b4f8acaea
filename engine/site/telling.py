"""What is told about a record: what may happen next, what happened, why, and what it may be twice. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Actor
from engine.runtime import duplicate, offering, origin
from engine.runtime import timeline as timelines
from engine.runtime import why as whys
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
                "approval": offer.approval or None,
            }
            for offer in offering.offered(context, entity, record)
        ]


def timeline(running: Running, actor: Actor, entity: str, record: int) -> list[dict[str, Any]]:
    """What happened to a record, newest first, cut to the fields the reader may see."""
    with running.reading(actor) as context:
        return [
            {
                "at": moment.at.isoformat(),
                "by": moment.by,
                "kind": moment.kind,
                "title": moment.title,
                "changes": [
                    {"field": c.field, "label": c.label, "before": c.before, "after": c.after} for c in moment.changes
                ],
                "where": moment.where,
            }
            for moment in timelines.timeline(context, entity, record)
        ]


def why(running: Running, actor: Actor, entity: str, record: int) -> dict[str, Any]:
    """Why this owner (the kept score card), which promises, which rules ran with their conditions and steps, and of each value where
    it comes from: ``{value, source, at}``."""
    with running.reading(actor) as context:
        found = whys.why(context, entity, record)
        return {
            "owner": found.owner,
            "promises": reading.promises_of(context, entity, record),
            "runs": [{**run, "result": run["state"]} for run in found.runs],
            "values": {name: each.json() for name, each in origin.origins(context, entity, record).items()},
        }


def why_not(running: Running, actor: Actor, entity: str, record: int, trigger: str) -> dict[str, Any]:
    """Whether a rule would run for a record now, and each condition with its values."""
    with running.reading(actor) as context:
        found = whys.why_not(context, trigger, entity, record)
        return {
            "trigger": found.trigger,
            "label": found.label,
            "waits_for": found.waits_for,
            "enabled": found.enabled,
            "holds": found.holds,
            "ran": found.ran,
            "where": found.where,
            "conditions": [
                {"text": part.text, "holds": part.holds, "values": dict(part.values), "problem": part.problem}
                for part in found.parts
            ],
        }


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
