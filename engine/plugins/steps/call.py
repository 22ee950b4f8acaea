"""The step ``call``. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.expression.parse import Expression
from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import Connector, OutsideStep
from engine.plugins.steps.words import plain

_VALUES: Mapping[str, Any] = {"type": "object", "additionalProperties": {"format": "value"}}


class Call(OutsideStep):
    """Ask another system through a connection: ``path`` below its address, ``method``, ``query``, ``headers`` and a ``json`` body.
    ``success`` says what a good answer looks like beside its status: ``{errcode: 0}``. The answer is ``steps.<id>.result``:
    ``status`` and ``body``. Every attempt carries the same Idempotency-Key. A connector that knows the other system has
    operations with names instead of paths: ``operation`` is one of them, ``json`` what it is given."""

    name = "call"
    title: ClassVar[Mapping[str, str]] = {"zh": "调用外部系统", "en": "Call another system"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "connection": {
                "title": "连接",
                "x-en": {"title": "Connection"},
                "type": "string",
                "x-refers": "connection",
            },
            "method": {
                "title": "方法",
                "x-en": {"title": "Method"},
                "type": "string",
                "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"],
                "default": "POST",
            },
            "path": {"title": "路径", "x-en": {"title": "Path"}, "format": "template"},
            "operation": {"title": "操作", "x-en": {"title": "Operation"}, "type": "string"},
            "query": {"title": "查询参数", "x-en": {"title": "Query"}, **_VALUES},
            "headers": {"title": "请求头", "x-en": {"title": "Headers"}, **_VALUES},
            "json": {"title": "内容", "x-en": {"title": "Body"}, "format": "value"},
            "success": {"title": "怎样算成功", "x-en": {"title": "Success"}, **_VALUES},
        },
        "required": ["connection"],
        "additionalProperties": False,
    }
    example = 'call: {connection: erp, path: /orders, json: {lead: "=id", company: "=company"}, success: {errcode: 0}}'

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """The one request, with every value computed."""
        params = step.params
        path = params.get("path")
        request = {
            "connection": params["connection"],
            "method": params.get("method", "POST" if "json" in params else "GET"),
            "path": context.value(path, event) if path is not None else "",
            "success": plain(context.value(params.get("success", {}), event)),
        }
        if params.get("operation"):
            request["operation"] = params["operation"]
        personal = _personal(context, str(params["connection"]))
        for name in ("query", "headers", "json"):
            if params.get(name) is not None:
                request[name] = plain(context.value(_without(params[name], personal), event))
        return [request]

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """The answer: ``status`` and ``body``."""
        connector, settings = outside.connection(delivery["connection"])
        return connector.call(settings, delivery, key)

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """A good answer that says nothing."""
        return {"status": 200, "body": dict(delivery.get("success") or {})}


def _personal(context: Any, connection: str) -> Mapping[str, str]:
    """What must not be named for a discreet connector (patterns), with what stands in its place: fields marked personal, and
    whole records that have such a field."""
    found = context.manifest.connections.get(connection)
    connector = context.parts.registry.find(Connector, found.connector) if found is not None else None
    if found is None or connector is None or not connector.discreet or found.settings.get("personal") is True:
        return {}
    words: dict[str, str] = {}
    for entity in context.manifest.entities.values():
        kept = {name: field for name, field in entity.fields.items() if field.personal}
        words |= {rf"\b{name}\b": f"[{field.label.text(context.language) or name}]" for name, field in kept.items()}
        if kept:
            words[rf"\b{entity.name}\b(?!\s*\.)"] = f"[{entity.label.text(context.language) or entity.name}]"
    return words


def _without(value: Any, personal: Mapping[str, str]) -> Any:
    """The same with a placeholder for every expression that names a personal field, its own or one behind a link."""
    if not personal:
        return value
    if isinstance(value, Mapping):
        return {name: _without(each, personal) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_without(each, personal) for each in value)
    if isinstance(value, Expression):
        return next((word for pattern, word in personal.items() if re.search(pattern, value.text)), value)
    return value
