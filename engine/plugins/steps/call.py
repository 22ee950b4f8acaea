"""The step ``call``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import OutsideStep
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
        for name in ("query", "headers", "json"):
            if params.get(name) is not None:
                request[name] = plain(context.value(params[name], event))
        return [request]

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """The answer: ``status`` and ``body``."""
        connector, settings = outside.connection(delivery["connection"])
        return connector.call(settings, delivery, key)

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """A good answer that says nothing."""
        return {"status": 200, "body": dict(delivery.get("success") or {})}
