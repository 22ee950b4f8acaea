"""What a register of companies says of one: asked over HTTP by its unified social credit code. Floor: 5."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from connectors.asking import operation
from connectors.http import Http
from engine.clock import SystemClock
from engine.errors import Problem
from engine.plugins.slots import Undone, at_path

#: How sums are written by registers: 5000万元人民币, 86.5 万, 1,200.00元.
_SUM = re.compile(r"\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>[万亿])?\s*(?:元|人民币|元人民币|\(?人民币\)?)?\s*")
UNITS = {"万": 10_000, "亿": 100_000_000}
#: Answers remembered at most, and the seconds for which they are unless ``keep`` says so.
MOST, KEEP = 1000, 24 * 3600.0


class CompanyRegistry(Http):
    """A register of companies that answers over HTTP in JSON: everything of the connector `http`, the `path` or `query` in which
    `{uscc}` stands for the credit code, and `map`: a name -> the path of its value in the answer. The operation `find` (`uscc`) gives
    for each name `value`, `source` and `at`; a company it does not know (404) has values that are empty. An answer is kept for `keep`
    (a day unless said). Sums with 万 or 亿 become numbers."""

    name = "company_registry"
    title: ClassVar[Mapping[str, str]] = {"zh": "工商登记查询", "en": "Register of companies"}
    offers = frozenset({"call"})
    operations = {
        "find": operation(
            "按信用代码查", "Find by credit code", "uscc", result="name: value, source, at", effect="none"
        )
    }
    params: ClassVar[Mapping[str, Any]] = {
        **Http.params,
        "properties": {
            **Http.params["properties"],
            "path": {
                "title": "路径",
                "x-en": {"title": "Path"},
                "type": "string",
                "examples": ["/companies/{uscc}"],
            },
            "query": {
                "title": "查询参数",
                "x-en": {"title": "Query"},
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
            "map": {
                "title": "取哪些值",
                "x-en": {"title": "Values to take"},
                "type": "object",
                "additionalProperties": {"type": "string"},
                "examples": [{"capital": "data.regCapital", "insured": "data.socialStaffNum"}],
            },
            "source": {"title": "来源的名字", "x-en": {"title": "Name of the source"}, "type": "string"},
            "keep": {"title": "答案留多久", "x-en": {"title": "Keep an answer for"}, "format": "duration"},
        },
        "required": ["url", "map"],
    }
    example = """\
kind: connection
name: company_registry
connector: company_registry
settings:
  url: "https://registry.example.com/v1"
  path: "/companies/{uscc}"
  headers: {Authorization: "=secret.REGISTRY_KEY"}
  map: {capital: data.regCapital, insured: data.socialStaffNum}
"""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def call(self, settings: Mapping[str, Any], request: Mapping[str, Any], key: str) -> Any:
        """``status`` and, under ``body``, ``{name: {value, source, at}}``. Raises Undone."""
        name, given = str(request.get("operation") or ""), request.get("json") or {}
        if name != "find":
            about = {"connector": self.name, "operation": name or "-", "known": "find"}
            raise Undone(Problem("R171", parameters=about), final=True)
        code = str(given.get("uscc") or "").strip().upper()
        if not code:
            raise Undone(Problem("R172", parameters={"operation": name, "missing": "uscc"}), final=True)
        asked = (
            str(settings["url"]),
            str(settings.get("path")),
            str(settings.get("query")),
            str(settings["map"]),
            code,
        )
        with self._lock:
            until, known = self._kept.get(asked, (0.0, {}))
        if time.monotonic() < until:
            return {"status": 200, "body": known}
        found = self._found(settings, code, key)
        with self._lock:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[asked] = (time.monotonic() + float(settings.get("keep") or KEEP), found)
        return {"status": 200, "body": found}

    def _found(self, settings: Mapping[str, Any], code: str, key: str) -> dict[str, Any]:
        path = str(settings.get("path") or "").replace("{uscc}", quote(code, safe=""))
        query = {name: str(value).replace("{uscc}", code) for name, value in (settings.get("query") or {}).items()}
        try:
            answer = super().call(settings, {"method": "GET", "path": path, "query": query}, key)["body"]
        except Undone as error:
            if error.problems[0].parameters.get("status") != 404:
                raise
            answer = {}
        source = str(settings.get("source") or urlsplit(str(settings["url"])).hostname or "")
        at = SystemClock().now().isoformat(timespec="seconds")
        return {
            name: {
                "value": _plain(at_path(answer, path) if isinstance(answer, dict | list) else None),
                "source": source,
                "at": at,
            }
            for name, path in settings["map"].items()
        }


def _plain(value: Any) -> Any:
    """A single value; a sum that is written with its unit as a number."""
    if isinstance(value, Mapping | list):
        return None
    if not isinstance(value, str):
        return value
    match = _SUM.fullmatch(value)
    if match is None or value.strip().isdigit():
        return value.strip() or None
    number = float(match["number"].replace(",", "")) * UNITS.get(match["unit"] or "", 1)
    return int(number) if number.is_integer() else round(number, 2)
