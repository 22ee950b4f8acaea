"""One question to a cloud service: JSON there, JSON back, its refusals told apart from its troubles. Floor: 5."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors.http import LATER, exchange
from engine.errors import Problem
from engine.plugins.slots import Connector, Operation, Undone

#: Settings every connector to a cloud service has: the address may be a company's own gateway.
REACH: Mapping[str, Any] = {
    "url": {"title": "接口地址", "x-en": {"title": "Address of its API"}, "type": "string", "format": "value"},
    "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "format": "duration"},
    "networks": {
        "title": "允许的内网",
        "x-en": {"title": "Networks"},
        "type": "array",
        "items": {"type": "string"},
        "examples": [["10.0.3.0/24"]],
    },
    "fingerprint": {"title": "证书指纹", "x-en": {"title": "Certificate's SHA-256"}, "type": "string"},
}
#: Seconds to wait where a service says that it is asked too often and not for how long.
PATIENCE = 60.0


def secret(zh: str, en: str) -> dict[str, Any]:
    """The schema of a setting that is a secret or comes from one."""
    return {"title": zh, "x-en": {"title": en}, "format": "value"}


def text(zh: str, en: str, **more: Any) -> dict[str, Any]:
    """The schema of a setting that is text."""
    return {"title": zh, "x-en": {"title": en}, "type": "string", **more}


def ask(
    settings: Mapping[str, Any],
    method: str,
    url: str,
    content: Any = None,
    headers: Mapping[str, str] | None = None,
    *,
    form: bool = False,
    also: Collection[int] = (),
) -> Any:
    """What a service answers, as JSON (text where it is none). ``content`` goes as JSON, as a form with ``form``, or untouched where
    it is bytes; ``also`` are statuses that explain themselves in JSON. Raises Undone: R118 for what is no web address, R113 for a
    status that is no success, final unless it may pass."""
    sent = {"Accept": "application/json", "User-Agent": "flowloom", **(headers or {})}
    for name, value in sent.items():
        if any(each in name or each in str(value) for each in "\r\n\0"):
            raise Undone(Problem("R116", parameters={"field": name}), final=True)
    body = None
    if isinstance(content, bytes):
        body = content
    elif form:
        body = urlencode(content or {}).encode()
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif content is not None:
        body = compact(content)
        sent.setdefault("Content-Type", "application/json; charset=utf-8")
    status, _, answer, after, _ = exchange(settings, method, url, sent, body)
    if not 200 <= status < 300 and status not in also:
        shown = {"status": status, "answer": answer[:200].decode("utf-8", "replace")}
        raise Undone(Problem("R113", parameters=shown), final=status not in LATER, after=after)
    try:
        return json.loads(answer)
    except ValueError:
        return answer.decode("utf-8", "replace")


def compact(content: Any) -> bytes:
    """JSON in one order and without blanks, so that every attempt sends the same bytes."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@dataclass(frozen=True, slots=True)
class Codes:
    """How a service tells of success and of trouble in its answers: the keys of code and message, the code of success, the codes
    of a token that is no longer good, and those after which another attempt may succeed, with the seconds to wait."""

    who: str
    code: str
    message: str
    good: Any = 0
    stale: frozenset[Any] = frozenset()
    later: Mapping[Any, float | None] = field(default_factory=dict)

    def of(self, answer: Any) -> Any:
        """The code of an answer; its text where it has none."""
        return answer.get(self.code, self.good) if isinstance(answer, Mapping) else str(answer)[:100]

    def check(self, answer: Any) -> Mapping[str, Any]:
        """The answer, when it is a success. Raises Undone (R170)."""
        found = self.of(answer)
        if isinstance(answer, Mapping) and found == self.good:
            return answer
        said = answer.get(self.message) if isinstance(answer, Mapping) else ""
        about = {"who": self.who, "code": found, "message": str(said or "")[:200]}
        raise Undone(Problem("R170", parameters=about), final=found not in self.later, after=self.later.get(found))


def with_token(token: Callable[..., str], question: Callable[[str], Any], codes: Codes) -> Mapping[str, Any]:
    """The answer to a question asked with a token; asked once more with a new one where the service no longer takes it.

    Raises Undone."""
    known = token()
    answer = question(known)
    if codes.of(answer) in codes.stale:
        answer = question(token(stale=known))
    return codes.check(answer)


def granted(settings: Mapping[str, Any], url: str, codes: Codes) -> tuple[str, float]:
    """A token a service gives for a GET, and the seconds it is good for. Raises Undone."""
    answer = codes.check(ask(settings, "GET", url))
    return str(answer["access_token"]), float(answer.get("expires_in") or 7200)


class Cloud(Connector):
    """What connectors with operations by name share. Each operation is a method of the same name with ``do_`` before it."""

    vendor: ClassVar[str] = ""

    def call(self, settings: Mapping[str, Any], request: Mapping[str, Any], key: str) -> Any:
        """What the operation gives, under ``body`` with the ``status`` of a good answer, as the connector ``http`` does."""
        name = str(request.get("operation") or "")
        operation = self.operations.get(name)
        if operation is None:
            known = ", ".join(self.operations) or "-"
            about = {"connector": self.name, "operation": name or "-", "known": known}
            raise Undone(Problem("R171", parameters=about), final=True)
        given = request.get("json") or {}
        missing = [each for each in operation.params.get("required", ()) if given.get(each) in (None, "")]
        if missing:
            about = {"operation": name, "missing": ", ".join(missing)}
            raise Undone(Problem("R172", parameters=about), final=True)
        perform: Callable[..., Any] = getattr(self, f"do_{name}")
        return {"status": 200, "body": perform(settings, given, key)}


def operation(
    zh: str, en: str, required: str = "", *, result: str = "", effect: str = "external", **more: Any
) -> Operation:
    """An operation whose parameters are these words; those of ``required`` (by blanks) must be there."""
    names = required.split()
    properties = {**{each: {} for each in names}, **more}
    params = {"type": "object", "properties": properties, "required": names}
    return Operation({"zh": zh, "en": en}, params, result, effect)


def need(settings: Mapping[str, Any], connector: str, *names: str) -> list[str]:
    """These settings as text. Raises Undone (R173) naming all that are missing."""
    missing = [name for name in names if settings.get(name) in (None, "", [])]
    if missing:
        about = {"connector": connector, "missing": ", ".join(missing)}
        raise Undone(Problem("R173", parameters=about), final=True)
    return [str(settings[name]) for name in names]
