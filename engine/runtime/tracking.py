"""What was sent and whether a person looked at it: signed links, openings, clicks, time. Floor: 5.

A link's key is 16 random bytes and a signature over them, so that a guess costs no look into the database. Only what a page's own
script tells counts, so nothing that merely fetches addresses (scanners of mail servers, previews of chats) is taken for a person.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.facts import SYSTEM, Event, Record
from engine.store import settings
from engine.store.connection import Connection

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

ENTITY = "sending"
#: Where the engine's own key for signatures is kept.
SETTING = "link_key"
DOCUMENTS = ("document", "document_2", "document_3")
#: An address in a text: Chinese words and signs end it, so does a full stop behind it.
_ENDS = r"\s<>\"'\u3000-\u9fff\uff00-\uffef"
LINK = re.compile(rf"https?://[^{_ENDS}]*[^{_ENDS}.,;:!?)\]]")
#: After so long without a sign of life the next one is another visit.
VISIT = dt.timedelta(minutes=30)
#: Seconds one sign of life stands for at most, and one sending altogether.
BEAT, WHOLE = 60.0, 4 * 3600.0
#: Links work so long.
LIFE = dt.timedelta(days=180)


def key_of(connection: Connection, make: bool = False) -> bytes:
    """The key links are signed with; made the first time (with ``make``, in a turn), else empty."""
    kept = settings.get(connection, SETTING)
    if kept is None and make:
        # Two turns at once make one key: links signed with another would lead nowhere.
        settings.put_first(connection, SETTING, secrets.token_hex(32))
        kept = settings.get(connection, SETTING)
    return bytes.fromhex(kept) if kept else b""


def sign(key: bytes, number: bytes) -> str:
    """The token of a link."""
    mark = hmac.new(key, number, hashlib.sha256).digest()[:12]
    return base64.urlsafe_b64encode(number + mark).decode().rstrip("=")


def genuine(key: bytes, token: str) -> bool:
    """Whether a token was signed here."""
    if not key or len(token) != 38:
        return False
    try:
        raw = base64.urlsafe_b64decode(token + "==")
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(sign(key, raw[:16]), token)


def wanted(context: Acting, template: str | None) -> bool:
    """Whether what is sent by this template is to be tracked: it says so, the site lets it, and customers can reach the site."""
    found = context.manifest.templates.get(template or "")
    site = context.manifest.site
    return (
        bool(found is not None and found.track and site.tracking and site.address)
        and ENTITY in context.manifest.entities
    )


class Trail:
    """The links of one sending while it is written. ``page`` is where its documents are looked at."""

    def __init__(self, context: Acting) -> None:
        self._context = context
        self._token = sign(key_of(context.connection, make=True), secrets.token_bytes(16))
        self._links: dict[str, int] = {}
        address = str(context.manifest.site.address).rstrip("/")
        self.page = f"{address}/t/{self._token}"

    def through(self, address: str) -> str:
        """The link that leads to an address through the site; the same for the same address."""
        if address == self.page:
            return address
        return f"{self.page}/{self._links.setdefault(address, len(self._links))}"

    def told(self, text: str, documents: bool) -> str:
        """A text with links through the site; with ``documents`` it ends with where they are looked at."""
        told = LINK.sub(lambda found: self.through(found.group()), text)
        if documents:
            words = {"zh": "查看文件:", "en": "View the document: "}[spoken(self._context)]
            told = f"{told.rstrip()}\n\n{words}{self.page}\n"
        return told

    def begin(self, event: Event, template: str, to: str, title: str) -> int:
        """Write the sending down, in this turn; its number. Who once asked not to be recorded is not."""
        context = self._context
        silent = context.records.find(context.connection, ENTITY, {"recipient": to, "quiet": True}, 1)
        record = context.record(event)
        owner = record.values.get("owner") if record is not None else None
        values = {
            "title": title[:300], "recipient": to[:200], "template": template, "revision": context.parts.revision, "entity": event.entity,
            "record": event.record, "owner": owner or context.user, "links": tuple(self._links), "quiet": bool(silent),
            "key": self._token,
        }  # fmt: skip
        return context.as_system().create(ENTITY, values).id


def spoken(context: Acting) -> str:
    """The language customers are written to in: the site's."""
    return "zh" if context.manifest.site.locale.lower().startswith("zh") else "en"


def sent(context: Acting, sending: int, files: Sequence[str]) -> None:
    """It has gone out; these are its files."""
    given = dict(zip(DOCUMENTS, files, strict=False))
    context.as_system().update(ENTITY, sending, {"sent_at": context.now, **given})


def of_token(context: Acting, token: str) -> Record | None:
    """The sending a link leads to."""
    found = context.records.find(context.connection, ENTITY, {"key": token}, 1)
    return found[0] if found else None


def expired(context: Acting, sending: Record) -> bool:
    """Whether its links have ended."""
    return bool(context.now > sending.values["created_at"] + LIFE)


def recorded(context: Acting, sending: Record) -> bool:
    """Whether what happens to it may be written down at all."""
    return context.manifest.site.tracking and not sending["quiet"]


def seen(context: Acting, sending: Record, seconds: float) -> None:
    """A person has the page in front of them, since ``seconds`` more: the first time it is the event ``opened``."""
    if not recorded(context, sending):
        return
    before = sending["seen_at"]
    visit = before is None or context.now - before > VISIT
    more = 0.0 if visit else min(max(0.0, seconds), BEAT, (context.now - before).total_seconds() + 1)
    changes: dict[str, Any] = {"seen_at": context.now, "seconds": min(WHOLE, (sending["seconds"] or 0) + more)}
    if visit:
        changes["opens"] = (sending["opens"] or 0) + 1
    if sending["opened_at"] is None:
        changes["opened_at"] = context.now
    context.update(ENTITY, sending.id, changes)
    if sending["opened_at"] is None:
        _emit(context, "opened", sending, {})


def clicked(context: Acting, sending: Record, number: int) -> None:
    """A person followed a link: the event ``clicked``, each link once; who clicks has opened it too."""
    links = sending["links"] or ()
    if not recorded(context, sending) or not 0 <= number < len(links):
        return
    known = tuple(sending["followed"] or ())
    changes: dict[str, Any] = {
        "clicks": (sending["clicks"] or 0) + 1,
        "followed": tuple(dict.fromkeys((*known, links[number]))),
    }
    first = sending["opened_at"] is None
    if first:
        changes |= {"opened_at": context.now, "seen_at": context.now, "opens": 1}
    if sending["clicked_at"] is None:
        changes["clicked_at"] = context.now
    context.update(ENTITY, sending.id, changes)
    if first:
        _emit(context, "opened", sending, {})
    if links[number] not in known:
        _emit(context, "clicked", sending, {"link": links[number]})


def hush(context: Acting, sending: Record) -> None:
    """The recipient does not want to be recorded: what is known of this sending is forgotten, and nothing more is written."""
    nothing = {
        "opened_at": None,
        "seen_at": None,
        "clicked_at": None,
        "opens": 0,
        "clicks": 0,
        "seconds": 0,
        "followed": None,
    }
    context.update(ENTITY, sending.id, {"quiet": True, **nothing})


def _emit(context: Acting, name: str, sending: Record, more: Mapping[str, Any]) -> None:
    entity, record = sending["entity"], sending["record"]
    if entity not in context.manifest.entities or context.get(entity, record) is None:
        return
    data = {"template": sending["template"], "revision": sending["revision"], "sending": sending.id, **more}
    context.ring.emit(Event(name, entity, record, context.now, data=data, actor=SYSTEM))
