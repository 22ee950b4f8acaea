"""Buttons in messages: what one person may do with one tap, signed, once and for a while. Floor: 5.

A token says whose button it is, on which record and what it does, and is signed with the site's own key; nothing is kept until it is
pressed. Whoever has it can do that one thing as that person, so it is only put where that person alone reads.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import Conflict, NotFound, Problem
from engine.facts import Event, Record
from engine.model.terms import Label
from engine.runtime import entity, state_machine, tracking
from engine.runtime.context import Context
from engine.store import idempotency

#: How long a button works.
LASTS = dt.timedelta(days=3)
SCOPE = "button"


@dataclass(frozen=True, slots=True)
class Button:
    """``act``: ``{transition: name}`` or ``{set: {field: value}}``. ``number`` is its own, so that it works once."""

    user: int
    entity: str
    record: int
    label: str
    act: Mapping[str, Any]
    ends: dt.datetime
    number: str


def links(context: Context, user: int, event: Event, buttons: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """``title`` and ``url`` of each button for one person; none where the event has no record or people cannot reach the site."""
    address = context.manifest.site.address
    if not address or event.entity is None or event.record is None:
        return []
    key = tracking.key_of(context.connection, make=True)
    found = []
    for one in buttons:
        label = one["label"]
        words = label.text(context.language) if isinstance(label, Label) else str(label)
        act = {name: one[name] for name in ("transition", "set") if one.get(name)}
        made = Button(user, event.entity, event.record, words, act, context.now + LASTS, secrets.token_hex(8))
        found.append({"title": words, "url": f"{str(address).rstrip('/')}/act/{token(key, made)}"})
    return found


def token(key: bytes, button: Button) -> str:
    """The button as text for an address."""
    ends = int(button.ends.timestamp())
    told = [button.user, button.entity, button.record, button.label, dict(button.act), ends, button.number]
    body = base64.urlsafe_b64encode(orjson.dumps(told)).rstrip(b"=")
    return f"{body.decode()}.{_mark(key, body)}"


def read(key: bytes, text: str) -> Button:
    """The button of a token that was signed here. Raises NotFound (H045)."""
    body, _, mark = text.partition(".")
    raw = body.encode("utf-8", "replace")
    if (
        not key
        or len(text) > 4000
        or not hmac.compare_digest(_mark(key, raw).encode(), mark.encode("utf-8", "replace"))
    ):
        raise NotFound(Problem("H045"))
    try:
        user, name, record, label, act, ends, number = orjson.loads(
            base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
        )
    except (ValueError, binascii.Error):
        raise NotFound(Problem("H045")) from None
    return Button(user, name, record, label, act, dt.datetime.fromtimestamp(ends, dt.UTC), number)


def press(context: Context, button: Button) -> Record:
    """Do it, in the turn of the person whose button it is: their rights hold, and every rule of the record. What is refused leaves the
    button as it was. Raises Conflict (H047), Refused, Forbidden, NotFound."""
    mark = idempotency.fingerprint(
        button.entity, str(button.record), orjson.dumps(dict(button.act), option=orjson.OPT_SORT_KEYS)
    )
    if idempotency.begin(context.connection, SCOPE, button.number, mark, context.now).state != "new":
        raise Conflict(Problem("H047"))
    chosen = button.act.get("transition")
    if chosen:
        return state_machine.transition(context, button.entity, button.record, str(chosen), {})
    return entity.update(context, button.entity, button.record, dict(button.act.get("set") or {}))


def _mark(key: bytes, body: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.new(key, b"button\0" + body, hashlib.sha256).digest()[:18]).decode()
