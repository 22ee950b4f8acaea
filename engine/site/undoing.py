"""What taking an import back would mean, and what cannot be taken back. Floor: 6."""

from __future__ import annotations

from typing import Any

from engine.runtime import course
from engine.runtime.context import Context
from engine.site import reading
from engine.store.imports import Import

#: Records that stay that are named.
NAMED = 20


def lost(context: Context, kept: Import) -> dict[str, Any]:
    """``created`` records go; those ``changed`` since stay, with the first titles; ``matched`` ones keep what the file wrote;
    ``told`` reminders and ``rules`` that reached outside cannot be called back."""
    changed = _changed(context, kept)
    titles = [
        {"id": id, "title": seen.title}
        for id in changed[:NAMED]
        if (seen := reading.if_visible(context, kept.entity, id)) is not None
    ]
    return {
        "created": max(0, kept.counts["created"] - len(changed)),
        "changed": {"count": len(changed), "items": titles},
        "matched": kept.matched,
        "told": _told(context, kept),
        "rules": _rules(context, kept),
    }


def _changed(context: Context, kept: Import) -> list[int]:
    """Records it created that somebody has worked on since."""
    table = context.schema.table(kept.entity).name
    rows = context.connection.execute(
        f'SELECT e.id FROM fl_import_rows r JOIN "{table}" e ON e.id = r.record WHERE r."import" = ? '
        "AND r.action = 'created' AND e.deleted_at IS NULL AND e.version <> r.version ORDER BY e.id",
        (kept.id,),
    )
    return [id for (id,) in rows]


def _told(context: Context, kept: Import) -> int:
    if "notification" not in context.manifest.entities:
        return 0
    text = (
        'SELECT COUNT(*) FROM fl_import_rows r JOIN "notification" n ON n.record = r.record AND n.entity = r.entity '
        "WHERE r.\"import\" = ? AND r.action = 'created' AND n.deleted_at IS NULL"
    )
    return int(context.connection.scalar(text, (kept.id,)) or 0)


def _rules(context: Context, kept: Import) -> list[dict[str, Any]]:
    """Rules that ran for what it created and have steps outside: name, label and how often."""
    text = (
        'SELECT x."trigger", COUNT(*) FROM fl_import_rows r JOIN fl_runs x ON x.record = r.record AND x.entity = r.entity '
        "WHERE r.\"import\" = ? AND r.action = 'created' AND x.state NOT IN ('skipped', 'cancelled') GROUP BY x.\"trigger\""
    )
    found = []
    for name, times in context.connection.execute(text, (kept.id,)):
        rule = context.manifest.triggers.get(name)
        if rule is not None and course.is_durable(rule.do, context.registry, context.manifest):
            found.append({"rule": name, "label": rule.label.text(context.language) or name, "count": int(times)})
    return sorted(found, key=lambda each: -int(each["count"]))
