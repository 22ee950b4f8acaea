"""A dashboard: its tiles read together, each number one that opens to its records. Floor: 5."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import FlowloomError, NotFound, Problem
from engine.model.dashboard import Dashboard, Tile
from engine.plugins.slots import Chart
from engine.runtime import metric as metrics
from engine.runtime import recipe, stages, view
from engine.runtime.context import Context
from engine.runtime.definition import Definition, define
from engine.runtime.ground import ground_of
from engine.runtime.kept import Job, Kept, Moment, moment
from engine.runtime.metric import Ask, Reading
from engine.runtime.shared import Sharing
from engine.store.query.ground import Ground
from engine.store.query.question import Filter, Query

#: Rows a tile with a view shows.
ROWS = 8

_TARGET = re.compile(r"\s*(<=|>=|<|>|=)?\s*(-?\d+(?:\.\d+)?)\s*(%)?\s*")


@dataclass(frozen=True, slots=True)
class Ask_:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A tile as it stands. ``data`` is plain JSON for its chart, ``option`` what ECharts draws; ``page`` holds the records of
    a view's tile; ``problem`` stands instead of all of it where the tile cannot be shown to this reader."""

    name: str
    label: str
    show: str
    width: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    option: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None
    shown: str = ""
    unit: str = ""
    good: bool | None = None
    target: str = ""
    count: int | None = None
    definition: Definition | None = None
    page: Any = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard as it stood at ``as_of``."""

    dashboard: Dashboard
    tiles: Mapping[str, Shown]
    as_of: dt.datetime
