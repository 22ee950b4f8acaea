"""How every connection stands, for the people who look after them. Floor: 6."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine import said
from engine.clock import UTC
from engine.errors import FlowloomError, Problem
from engine.facts import Actor
from engine.model.connection import Connection as Definition
from engine.model.form import Form
from engine.plugins.slots import Connector
from engine.runtime import access, polling, silence
from engine.runtime.acts import Acting
from engine.runtime.connection import FORM
from engine.runtime.outside import secrets_of
from engine.site import fetching
from engine.site.receiving import REFUSED
from engine.store import inbox, settings, timers

if TYPE_CHECKING:
    from engine.site.channels import Channels


def listing(channels: Channels, actor: Actor) -> Iterator[dict[str, Any]]:
    """Every connection and public form (``Channels.listing``)."""
    running = channels.running
    with running.reading() as context:
        counted = inbox.counts(context.connection)
        local = context.now.astimezone(running.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
        for each in running.manifest.connections.values():
            yield _connection(channels, context, actor, each) | _counts(context, each.name, counted, midnight)
        for form in running.manifest.forms.values():
            if form.public is not None:
                yield _form(form, actor.language) | _counts(context, FORM + form.name, counted, midnight)


def _counts(
    context: Acting, name: str, counted: Mapping[str, Mapping[str, int]], midnight: dt.datetime
) -> dict[str, Any]:
    last = inbox.last(context.connection, name)
    today = inbox.came(context.connection, name, midnight) if last is not None and last >= midnight else {}
    return {"counts": counted.get(name, {}), "today": today, "last": last.isoformat() if last else None}


def _connection(channels: Channels, context: Acting, actor: Actor, each: Definition) -> dict[str, Any]:
    offers = channels.connector(each.name).offers
    language = actor.language
    late = silence.silent_since(context, each)
    poll = _polled(context, each.name, language)
    wrong = _wrong(channels, context, each)
    state = "attention" if wrong is not None else "silent" if late is not None else "working"
    may_configure = access.permits(context.manifest, actor, "configure")
    may_import = access.permits(context.manifest, actor, "import")
    return {
        "name": each.name,
        "label": each.label.text(language) or each.name,
        "connector": each.connector,
        "kind": _kind(context, each.connector, language),
        "into": each.into,
        "address": f"/hooks/{each.name}" if "receive" in offers else None,
        "offers": sorted(offers),
        "state": state,
        "why": {"message": wrong.what(language), "fix": wrong.fix(language), "code": wrong.code} if wrong else None,
        "silent_since": late.isoformat() if late else None,
        "expect": _expected(each),
        "poll": poll,
        # Which there are and whether they are set; what they are nobody is told.
        "secrets": [{"name": name, "set": channels.has_secret(name)} for name in secrets_of(each)]
        if may_configure
        else [],
        "can": {
            "probe": may_configure and bool(offers - {"upload"}),
            "poll": may_import and poll is not None,
            "upload": may_import and "upload" in offers,
            "try": may_import and bool({"receive", "poll", "upload"} & offers),
        },
    }


def _kind(context: Acting, connector: str, language: str) -> str:
    found = context.registry.find(Connector, connector)
    return str(found.title.get(language) or connector) if found is not None else connector


def _wrong(channels: Channels, context: Acting, each: Definition) -> Problem | None:
    """What a person has to look at; None when it works."""
    if context.registry.find(Connector, each.connector) is None:
        return Problem("R102", each.where, parameters={"connector": each.connector})
    try:
        channels.settings(each.name)
    except FlowloomError as error:
        return error.problems[0]
    failed = polling.standing(context.connection, each.name).error
    if failed is not None:
        known = said.read(failed)
        return known[0] if known else said.revived({"code": "R105", "message": failed})
    refused = settings.get(context.connection, REFUSED + each.name)
    if refused is None:
        return None
    at = dt.datetime.fromisoformat(refused["at"])
    last = inbox.last(context.connection, each.name)
    if last is not None and last > at:
        # Since then somebody has proven who they are: the one before was somebody else.
        return None
    return Problem("I050", parameters={"since": f"{at.astimezone(context.parts.zone):%Y-%m-%d %H:%M}"})


def _form(form: Form, language: str) -> dict[str, Any]:
    assert form.public is not None
    return {
        "name": FORM + form.name,
        "label": form.label.text(language) or form.name,
        "connector": "form",
        "kind": "公开表单" if language == "zh" else "Public form",
        "into": form.entity,
        "address": f"/f/{form.public.path}",
        "offers": ["receive"],
        "state": "working",
        "why": None,
        "silent_since": None,
        "expect": None,
        "poll": None,
        "secrets": [],
        "can": {"probe": False, "poll": False, "upload": False, "try": True},
    }


def _polled(context: Acting, name: str, language: str) -> dict[str, Any] | None:
    """How fetching a connection goes; None for one that is not fetched."""
    if not polling.polls(context.manifest, context.registry, name):
        return None
    waiting = timers.named(context.connection, polling.PREFIX + name)
    return fetching.seen(context.connection, name, waiting[0].timer.due if waiting else None, context.now, language)


def _expected(each: Definition) -> dict[str, Any] | None:
    """When something should come: ``by`` a wall clock every day, or at least once ``every`` span; None without a rhythm."""
    if each.expect is None:
        return None
    return {"by": each.expect.by, "every": str(each.expect.every) if each.expect.every is not None else None}
