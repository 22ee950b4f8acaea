"""Funnels and heat maps from the history of states. Floor: 5."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.model.state_machine import StateMachine
from engine.runtime import amount
from engine.runtime.context import Context
from engine.runtime.labels import Labels
from engine.store.query.ground import Ground
from engine.store.query.question import Column, Query
from engine.store.query.tally import Parts

#: Microseconds in an hour and in a day.
HOUR, DAY = 3.6e9, 8.64e10
#: Rows a heat map shows, those with the most stays.
ROWS = 40


def path_of(machine: StateMachine) -> list[str]:
    """The states of a funnel in the machine's order: those on the way, and the first final one, which is the goal."""
    goal = next((name for name, state in machine.states.items() if state.final), None)
    return [name for name, state in machine.states.items() if not state.final or name == goal]


def funnel(machine: StateMachine, parts: Parts, language: str) -> dict[str, Any]:
    """How many records reached each state, with the share of the first state and of the one before."""
    reached: dict[str, int] = {}
    for key, values in parts.items():
        reached[key[0]] = reached.get(key[0], 0) + values[0]
    points: list[dict[str, Any]] = []
    first: int | None = None
    before: int | None = None
    for name in path_of(machine):
        count = reached.get(name, 0)
        first = count if first is None else first
        share, step = (count / first if first else None), (count / before if before else None)
        shown = f"{count:,}" if share is None else f"{count:,} ({amount.trimmed(share * 100, 1)}%)"
        points.append({
            "point": f"state:{name}", "label": machine.states[name].label.text(language) or name, "value": count,
            "count": count, "share": share, "step_share": step, "shown": shown,
        })  # fmt: skip
        before = count
    return {"kind": "funnel", "points": points}


def heatmap(
    context: Context, ground: Ground, machine: StateMachine, parts: Parts, rows: Column | None, entity: str
) -> dict[str, Any]:
    """The average length of the stays that ended, by state (across) and row (down), in days, or in hours where none of them
    lasts a day. Final states have no length and are left out."""
    language = context.language
    states = [name for name, state in machine.states.items() if not state.final]
    keys = _rows(parts)
    labels = Labels(context, ground, entity, rows) if rows is not None else None
    if labels is not None:
        labels.load(keys)
    means = {key: values[3] / values[2] for key, values in parts.items() if values[2]}
    long = max(means.values(), default=0.0) >= DAY
    scale, unit = (DAY, {"zh": "天", "en": "days"}) if long else (HOUR, {"zh": "小时", "en": "hours"})
    word = unit.get(language, unit["zh"])
    cells = []
    for y, key in enumerate(keys):
        for x, state in enumerate(states):
            mean = means.get((state, key) if rows is not None else (state,))
            values = parts.get((state, key) if rows is not None else (state,), [0, 0, 0, None])
            value = None if mean is None else round(mean / scale, 2)
            cells.append({
                "x": x, "y": y, "value": value, "count": values[1], "point": f"cell:{state}:{amount.token(key)}",
                "shown": amount.NOTHING.get(language, "") if value is None else f"{amount.trimmed(value, 1)} {word}",
            })  # fmt: skip
    return {
        "kind": "heatmap",
        "unit": word,
        "columns": [{"key": name, "label": machine.states[name].label.text(language) or name} for name in states],
        "rows": [{"key": key, "label": labels.text(key) if labels is not None else ""} for key in keys],
        "cells": cells,
    }


def _rows(parts: Parts) -> list[Any]:
    stays: dict[Any, int] = {}
    for key, values in parts.items():
        row = key[1] if len(key) > 1 else None
        stays[row] = stays.get(row, 0) + values[2]
    return sorted(stays, key=lambda row: (row is None, -stays[row], str(row)))[:ROWS]


def at_point(machine: StateMachine, query: Query, rows: Column | None, point: str) -> Query:
    """The question behind a bar of a funnel (``state:called``) or a cell of a heat map (``cell:called:7``)."""
    way, _, rest = point.partition(":")
    state, _, token = rest.partition(":")
    if state in machine.states and way == "state":
        return replace(query, stayed=((machine.name, state, False),))
    try:
        if state in machine.states and way == "cell":
            matches = ((rows, amount.untoken(token)),) if rows is not None else ()
            return replace(query, stayed=((machine.name, state, True),), matches=matches)
    except ValueError:
        pass
    raise WrongUsage(Problem("Q011", parameters={"point": point}))
