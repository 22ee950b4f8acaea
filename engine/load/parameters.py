"""Parameters: declared by packs, set by the site, for a season if it likes; types and ranges checked. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Problem, nearest
from engine.load.document import Draft
from engine.load.notes import shown, text_of
from engine.load.shape import literal
from engine.model.pack import Pack, Parameter, Season
from engine.model.terms import Duration
from engine.source.node import Node

TYPES: Mapping[str, Mapping[str, str]] = {
    "text": {"zh": "文字", "en": "text"},
    "integer": {"zh": "整数", "en": "a whole number"},
    "number": {"zh": "数字", "en": "a number"},
    "money": {"zh": "金额", "en": "an amount"},
    "yes_no": {"zh": "true 或 false", "en": "true or false"},
    "duration": {"zh": "时长(如 4h)", "en": "a duration (such as 4h)"},
    "date": {"zh": "日期(如 2026-01-05)", "en": "a date (such as 2026-01-05)"},
    "time": {"zh": "时间(如 09:00)", "en": "a time of day (such as 09:00)"},
    "choice": {"zh": "选项之一", "en": "one of the choices"},
    "choices": {"zh": "几个选项", "en": "some of the choices"},
    "list": {"zh": "列表", "en": "a list"},
}


class Wrong(Exception):
    """The value is not of the parameter's type."""


def declare(packs: Iterable[Draft]) -> tuple[dict[str, Parameter], list[Problem]]:
    """Every declared parameter with typed default and bounds, and what is wrong with them (D030, D031, P007)."""
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    for draft in packs:
        if not isinstance(draft.built, Pack):
            continue
        for name, parameter in draft.built.parameters.items():
            node = draft.node.at(f"/parameters/{name}")
            if node is None:
                continue
            if name in found:
                problems.append(
                    Problem(
                        "P007",
                        parameter.where,
                        also=found[name].where,
                        parameters={"name": name, "first": found[name].pack, "second": draft.pack},
                    )
                )
                continue
            typed = replace(parameter, pack=draft.pack)
            for key in ("min", "max", "default"):
                inner = node.get(key)
                if inner is not None:
                    value, bad = _typed(typed, inner, ranged=key == "default")
                    problems += bad
                    typed = replace(typed, **{key: value})
            found[name] = typed
    return found, problems


def apply(parameters: dict[str, Parameter], site: Node) -> list[Problem]:
    """Put the site's values into ``parameters`` as seasons; what is wrong with them (D029, D030, D031)."""
    given = site.get("parameters")
    problems: list[Problem] = []
    if given is None or not isinstance(given.value, dict):
        return problems
    for name, node in given.value.items():
        parameter = parameters.get(name)
        if parameter is None:
            where = given.keys[name].where
            problems.append(Problem("D029", where, parameters={"name": name}, suggestion=nearest(name, parameters)))
            continue
        seasons = []
        for entry in _seasons(node, parameter):
            season, bad = _season(parameter, entry)
            problems += bad
            seasons.append(season)
        parameters[name] = replace(parameter, seasons=tuple(seasons))
    return problems


def _seasons(node: Node, parameter: Parameter) -> list[Node]:
    entries = node.value if isinstance(node.value, list) else None
    if entries and all(isinstance(entry.value, dict) and "value" in entry.value for entry in entries):
        return list(entries)
    return [node]


def _season(parameter: Parameter, node: Node) -> tuple[Season, list[Problem]]:
    if not isinstance(node.value, dict) or "value" not in node.value:
        value, problems = _typed(parameter, node)
        return Season(value=value), problems
    value, problems = _typed(parameter, node.value["value"])
    days = {}
    for key in ("from", "to"):
        inner = node.get(key)
        if inner is not None:
            days[key] = text_of(inner)
            if not _is_day(days[key]):
                parameters = {"name": parameter.name, "value": days[key], "type": TYPES["date"]}
                problems.append(Problem("D030", inner.where, parameters=parameters))
    return Season(value=value, from_=days.get("from"), to=days.get("to")), problems


def _typed(parameter: Parameter, node: Node, ranged: bool = True) -> tuple[Any, list[Problem]]:
    try:
        value = typed(parameter, node)
    except Wrong:
        kind = TYPES.get(parameter.type, {"zh": parameter.type, "en": parameter.type})
        parameters = {"name": parameter.name, "value": shown(node), "type": kind}
        return None, [Problem("D030", node.where, parameters=parameters)]
    if ranged and not _within(value, parameter):
        parameters = {"name": parameter.name, "value": shown(node), "range": _range(parameter)}
        return value, [Problem("D031", node.where, parameters=parameters)]
    return value, []


def typed(parameter: Parameter, node: Node) -> Any:
    """A node's value as the parameter's type has it; raises Wrong when it is no such value."""
    kind = parameter.type
    if kind in ("choices", "list"):
        if not isinstance(node.value, list):
            raise Wrong
        values = tuple(text_of(entry) if kind == "choices" else literal(entry) for entry in node.value)
        _chosen(parameter, values if kind == "choices" else ())
        return values
    if node.value is None:
        return None
    if isinstance(node.value, (dict, list)):
        raise Wrong
    text = text_of(node)
    if kind == "duration":
        span = Duration.parse(text)
        if span is None:
            raise Wrong
        return span
    if kind in ("number", "integer", "money"):
        if isinstance(node.value, bool) or not isinstance(node.value, int if kind == "integer" else (int, float)):
            raise Wrong
        return node.value
    if kind == "yes_no" and not isinstance(node.value, bool):
        raise Wrong
    if kind == "date" and not _is_day(text) or kind == "time" and not _is_time(text):
        raise Wrong
    if kind == "choice":
        _chosen(parameter, (text,))
    return node.value if kind == "yes_no" else text


def _chosen(parameter: Parameter, values: Iterable[str]) -> None:
    names = [choice.name for choice in parameter.choices]
    if names and any(value not in names for value in values):
        raise Wrong


def _within(value: Any, parameter: Parameter) -> bool:
    if value is None:
        return True
    low, high = _size(parameter.min), _size(parameter.max)
    here = _size(value)
    try:
        return (low is None or here >= low) and (high is None or here <= high)
    except TypeError:
        return True


def _size(value: Any) -> Any:
    return value.delta if isinstance(value, Duration) else value


def _range(parameter: Parameter) -> Mapping[str, str]:
    low, high = parameter.min, parameter.max
    if high is None:
        return {"zh": f"不小于 {low}", "en": f"at least {low}"}
    if low is None:
        return {"zh": f"不大于 {high}", "en": f"at most {high}"}
    return {"zh": f"{low} 到 {high}", "en": f"{low} to {high}"}


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _is_time(text: str) -> bool:
    try:
        dt.time.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 5
