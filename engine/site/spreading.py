"""Telling the people who send by a template that it is another one now: offered with the plan, done with the publish. Floor: 6."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.facts import Event
from engine.runtime import people, who
from engine.runtime.acts import Acting
from engine.runtime.context import Context
from engine.runtime.tracking import ENTITY
from engine.site.planning import Plan
from engine.store.encode import micros

#: Who sent by a template within this time is one of those who send by it.
LATELY = dt.timedelta(days=90)
#: Who can be told: those who send by it, or everybody who works here.
WHOM = ("senders", "everybody")
#: Letters of a publisher's own words that are told.
NOTE = 1000

WORDS: Mapping[str, tuple[str, str]] = {
    "zh": ("「{label}」换了新版", "从第 {number} 版起，发出去的都是新内容。"),
    "en": ("“{label}” has a new version", "What is sent from revision {number} on has the new words."),
}


def changed(plan: Plan) -> tuple[str, ...]:
    """The templates that are there already and would be others, by name."""
    return tuple(sorted(each.name for each in plan.changes if (each.kind, each.how) == ("template", "changed")))


def offered(context: Context, plan: Plan, language: str) -> list[dict[str, Any]]:
    """Each changed template with the names of those who send by it, and how many everybody is."""
    found, all_of_them = [], _everybody(context)
    for name in changed(plan):
        template = plan.manifest.templates[name]
        known = who.everybody(context)
        told = [str(known[user].get("name") or known[user].get("login")) for user in senders(context, name)]
        found.append(
            {
                "name": name,
                "label": template.label.text(language) or name,
                "senders": told,
                "everybody": len(all_of_them),
            }
        )
    return found


def senders(context: Context, template: str) -> tuple[int, ...]:
    """The active people in whose name something was sent by a template lately, by id."""
    if ENTITY not in context.manifest.entities:
        return ()
    rows = context.connection.execute(
        f'SELECT DISTINCT owner FROM "{ENTITY}" WHERE template = ? AND created_at >= ? AND owner IS NOT NULL AND deleted_at IS NULL '
        "ORDER BY owner",
        (template, micros(context.now - LATELY)),
    )
    active = set(_everybody(context))
    return tuple(owner for (owner,) in rows if owner in active)


def _everybody(context: Context) -> tuple[int, ...]:
    return tuple(user for user, values in who.everybody(context).items() if values.get("active") is not False)


def refuse(plan: Plan, tell: Mapping[str, Mapping[str, str]]) -> None:
    """Raise WrongUsage for a template that does not change, or for somebody who cannot be meant."""
    known = changed(plan)
    for name, about in tell.items():
        if name not in known:
            raise WrongUsage(Problem("H012", parameters={"name": f"tell.{name}", "why": ", ".join(known) or "{}"}))
        if about.get("to") not in WHOM:
            raise WrongUsage(Problem("H012", parameters={"name": f"tell.{name}.to", "why": ", ".join(WHOM)}))


def tell(context: Acting, tell: Mapping[str, Mapping[str, str]], number: int) -> int:
    """Tell them, within the limits of what people are told; how many were. ``context`` is the publish's, with the new manifest."""
    told: set[int] = set()
    for name, about in tell.items():
        template = context.manifest.templates[name]
        acting = context.derive(via=f"template:{name}")
        meant = senders(context, name) if about["to"] == "senders" else _everybody(context)
        for language, readers in people.by_language(context, meant).items():
            title, body = WORDS[language]
            label = template.label.text(language) or name
            note = str(about.get("note") or "").strip()[:NOTE]
            words = "\n".join(part for part in (note, body.format(number=number)) if part)
            event = Event("published", None, None, context.now, data={"template": name, "revision": number})
            people.tell(acting, readers, title.format(label=label), words, event)
            told |= set(readers)
    return len(told)
