"""Numbers given in order: ``LD-{yyyy}{mm}-{0001}``. Floor: 5."""

from __future__ import annotations

import datetime as dt
import re

from engine.runtime.compiled import EntityPlan
from engine.runtime.context import Context

PART = re.compile(r"\{(yyyy|yy|mm|dd|0*1)\}")
DEFAULT = "{1}"
NEXT = (
    "INSERT INTO fl_sequences (name, period, last) VALUES (?, ?, 1) "
    "ON CONFLICT (name, period) DO UPDATE SET last = fl_sequences.last + 1"
)


def take(context: Context, plan: EntityPlan, field: str) -> str:
    """The next number of a field. It starts again at 1 in every period its format names (year, month, day); a turn
    that is taken back gives its number back."""
    pattern = str(plan.fields[field].field.options.get("format") or DEFAULT)
    day = context.parts.day(context.now)
    period = "".join(_date(name, day) for name in PART.findall(pattern) if name[0] in "ymd")
    name = f"{plan.name}.{field}"
    context.connection.execute(NEXT, (name, period))
    number = context.connection.scalar("SELECT last FROM fl_sequences WHERE name = ? AND period = ?", (name, period))
    return PART.sub(lambda match: _part(match[1], day, number), pattern)


def _part(name: str, day: dt.date, number: int) -> str:
    return _date(name, day) if name[0] in "ymd" else str(number).zfill(len(name))


def _date(name: str, day: dt.date) -> str:
    return {"yyyy": f"{day.year:04}", "yy": f"{day.year % 100:02}", "mm": f"{day.month:02}", "dd": f"{day.day:02}"}[name]
