"""What an expression costs: on one record beside a lambda, over many beside SQL written by hand. Run: python -m bench.expression [rows].

Each pair is measured by turns in one run: on a shared machine only their ratio means something.
"""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from engine.expression.evaluate import Environment, compile_expression
from engine.expression.parse import parse
from engine.expression.scope import DATETIME, INTEGER, MONEY, NUMBER, TEXT, YES_NO, Scope, Type, list_of, record_of
from engine.expression.sql import SqlScope, compile_condition, compile_value
from engine.expression.template import compile_template
from engine.model.terms import Template
from engine.plugins.registry import Registry

NOW = dt.datetime(2026, 3, 30, 1, 30, tzinfo=dt.UTC)
ZONE = ZoneInfo("Asia/Shanghai")
FIELDS: Mapping[str, Mapping[str, Type]] = {
    "lead": {
        "id": INTEGER, "created_at": DATETIME, "stage": TEXT, "amount": MONEY, "heat": NUMBER, "visits": INTEGER, "hot": YES_NO,
        "name": TEXT, "owner": record_of("user"), "orders": list_of(record_of("order")),
    },
    "user": {"id": INTEGER, "name": TEXT, "team": INTEGER},
    "order": {"id": INTEGER, "lead": record_of("lead"), "total": MONEY},
}  # fmt: skip
SCOPE = Scope({**FIELDS["lead"], "me": record_of("user"), "param": Type("any")}, FIELDS, {"limit": INTEGER}, "lead")
ROW: dict[str, Any] = {
    "id": 1, "created_at": dt.datetime(2026, 3, 20, tzinfo=dt.UTC), "stage": "new", "amount": Decimal("2000"), "heat": 55.5, "visits": 7,
    "hot": True, "name": "锐视光学", "owner": 3,
}  # fmt: skip


def clock() -> dt.datetime:
    """The instant both sides ask for."""
    return NOW


#: Evaluations in one measured piece.
NUMBER = 20_000

RECORD: list[tuple[str, Callable[[Any], Any]]] = [
    ("stage == 'new' and amount > 1000", lambda r: r["stage"] == "new" and r["amount"] > 1000),
    ("hours_since(created_at) > 72", lambda r: (clock() - r["created_at"]).total_seconds() / 3600 > 72),
    (
        "heat > 50 and visits >= 3 and not (stage == 'won')",
        lambda r: r["heat"] > 50 and r["visits"] >= 3 and r["stage"] != "won",
    ),
    ("owner == me", lambda r: r["owner"] == 3),
    ("stage in ['new', 'called']", lambda r: r["stage"] in ("new", "called")),
    ("min(100, visits * 2 + heat * 0.5)", lambda r: min(100, r["visits"] * 2 + r["heat"] * 0.5)),
    ("1 if hot else 0", lambda r: 1 if r["hot"] else 0),
]

HOURS = "(1774834200000000 - created_at) / 3600000000.0"
METRICS: list[tuple[str, str, str]] = [
    (
        "count",
        "stage == 'new' and amount > 1000",
        "SELECT count(*) FROM lead WHERE stage = 'new' AND amount > 10000000",
    ),
    (
        "count",
        "hours_since(created_at) > 72 and stage != 'won'",
        f"SELECT count(*) FROM lead WHERE {HOURS} > 72 AND stage <> 'won'",
    ),
    ("count", "not (stage == 'won' or hot)", "SELECT count(*) FROM lead WHERE NOT coalesce(stage = 'won' OR hot, 0)"),
    ("avg", "heat * 2 + visits", "SELECT avg(heat * 2 + visits) FROM lead"),
    (
        "count",
        "hour_of(created_at) < 9",
        "SELECT count(*) FROM lead WHERE (created_at + 28800000000) % 86400000000 / 3600000000 < 9",
    ),
    (
        "count",
        "sum(o.total for o in orders) > 500",
        'SELECT count(*) FROM lead WHERE coalesce((SELECT sum(total) FROM "order" o WHERE o.lead = lead.id), 0) > 5000000',
    ),
    (
        "count",
        "reached('called', within='7d')",
        "SELECT count(*) FROM lead WHERE EXISTS (SELECT 1 FROM fl_history h WHERE h.record = lead.id AND h.entity = 'lead'"
        " AND h.state = 'called' AND h.entered_at <= lead.created_at + 604800000000)",
    ),
]


class Tables:
    """The tables the measured queries read."""

    def __init__(self) -> None:
        self.metadata = sa.MetaData()
        kinds = {"text": sa.Text, "number": sa.Double, "yes_no": sa.Boolean}
        for entity, fields in FIELDS.items():
            columns = [sa.Column(n, kinds.get(k.name, sa.BigInteger)()) for n, k in fields.items() if k.name != "list"]
            sa.Table(entity, self.metadata, *columns)
        names = ("record", "entered_at", "left_at")
        texts = ("entity", "machine", "state")
        self.history = sa.Table(
            "fl_history",
            self.metadata,
            *(sa.Column(n, sa.BigInteger) for n in names),
            *(sa.Column(n, sa.Text) for n in texts),
        )

    def table(self, entity: str) -> sa.Table:
        """An entity's table."""
        return self.metadata.tables[entity]

    def links(self, entity: str, field: str) -> sa.Table:
        """There are none here."""
        raise KeyError(field)


def turns(pairs: Mapping[str, Callable[[], Any]], times: int) -> dict[str, float]:
    """The median CPU seconds of each, taken by turns."""
    spent: dict[str, list[float]] = {name: [] for name in pairs}
    for _ in range(times):
        for name, run in pairs.items():
            start = time.process_time()
            run()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(found) for name, found in spent.items()}


def records(functions: Mapping[str, Any]) -> None:
    """One record: ours beside a lambda."""
    environment = Environment({**ROW, "me": {"id": 3}, "param": {"limit": 3}}, now=clock, timezone=ZONE)
    print("on one record                                          ours ns   lambda ns   ratio  (aim 3.0)")
    for text, native in RECORD:
        call = compile_expression(parse(text), SCOPE, functions)
        assert call(environment) == native(ROW), text

        def ours(call: Callable[[Any], Any] = call) -> None:
            for _ in range(NUMBER):
                call(environment)

        def theirs(native: Callable[[Any], Any] = native) -> None:
            for _ in range(NUMBER):
                native(ROW)

        found = turns({"ours": ours, "theirs": theirs}, 15)
        one, other = (found[side] / NUMBER * 1e9 for side in ("ours", "theirs"))
        print(f"  {text:<52}{one:>8.0f}{other:>11.0f}{one / other:>9.2f}")
    expression = parse(RECORD[0][0])
    spent = turns(
        {"parse": lambda: parse(RECORD[0][0]), "compile": lambda: compile_expression(expression, SCOPE, functions)}, 200
    )
    print(f"  parse {spent['parse'] * 1e6:.0f} us, check and compile {spent['compile'] * 1e6:.0f} us, once each")


def fill(raw: sqlite3.Connection, rows: int) -> None:
    """Leads with holes, some orders, some history; the same every time."""
    seed = random.Random(5)
    maybe = lambda value: None if seed.random() < 0.1 else value  # noqa: E731
    start = 1_767_200_000_000_000
    leads = [
        (n, start + seed.randrange(7_000_000) * 1_000_000, maybe(seed.choice(["new", "called", "won"])), maybe(seed.randrange(40_000_000)),
         maybe(seed.random() * 100), maybe(seed.randrange(20)), maybe(seed.random() < 0.5), maybe(f"公司{n}"), maybe(seed.randrange(1, 9)))
        for n in range(1, rows + 1)
    ]  # fmt: skip
    raw.executemany("INSERT INTO lead VALUES (?,?,?,?,?,?,?,?,?)", leads)
    orders = [(n, seed.randrange(1, rows + 1), maybe(seed.randrange(9_000_000))) for n in range(1, rows)]
    raw.executemany('INSERT INTO "order" VALUES (?,?,?)', orders)
    history = [
        (n, start + seed.randrange(8_000_000) * 1_000_000, None, "lead", "m", seed.choice(["called", "won"]))
        for n in range(1, rows, 2)
    ]
    raw.executemany("INSERT INTO fl_history VALUES (?,?,?,?,?,?)", history)
    raw.execute('CREATE INDEX io ON "order" (lead)')
    raw.execute("CREATE INDEX ih ON fl_history (record, entity, machine, entered_at)")
    raw.commit()


def metrics(functions: Mapping[str, Any], rows: int) -> None:
    """Many records: the SQL an expression becomes beside SQL written by hand."""
    tables, dialect = Tables(), sqlite.dialect(paramstyle="qmark")
    raw = sqlite3.connect(":memory:")
    for table in tables.metadata.tables.values():
        raw.execute(str(sa.schema.CreateTable(table).compile(dialect=dialect)))
    fill(raw, rows)
    environment = Environment({"me": {"id": 3}, "param": {"limit": 3}}, now=clock, timezone=ZONE)
    scope = SqlScope(SCOPE, functions, tables, "sqlite", environment, via={("lead", "orders"): "lead"})
    lead = tables.table("lead")
    print(f"over {rows:,} records                                   ours ms   by hand ms   ratio  (aim 1.2)")
    for kind, text, written in METRICS:
        if kind == "count":
            query = sa.select(sa.func.count()).select_from(lead).where(compile_condition(parse(text), scope))
        else:
            query = sa.select(getattr(sa.func, kind)(compile_value(parse(text), scope)[0])).select_from(lead)
        compiled = query.compile(dialect=dialect)
        values = [compiled.params[name] for name in compiled.positiontup or ()]
        one, other = raw.execute(str(compiled), values).fetchone()[0], raw.execute(written).fetchone()[0]
        assert one == other, (text, one, other)
        found = turns(
            {
                "ours": lambda c=compiled, v=values: raw.execute(str(c), v).fetchone(),
                "theirs": lambda w=written: raw.execute(w).fetchone(),
            },
            9,
        )
        print(
            f"  {kind + ' ' + text:<52}{found['ours'] * 1e3:>8.1f}{found['theirs'] * 1e3:>12.1f}{found['ours'] / found['theirs']:>9.2f}"
        )


def templates() -> None:
    """A title and a message, rendered."""
    title = compile_template(Template("{{ name }} {{ stage }}"))
    message = compile_template(
        Template("{{ name }},{{ created_at | ago }}{% if amount > 1000 %}共 {{ amount | money }}{% endif %}")
    )
    spent = turns({"title": lambda: title.render(ROW, now=NOW), "message": lambda: message.render(ROW, now=NOW)}, 500)
    print(f"templates: a title {spent['title'] * 1e6:.0f} us, a message {spent['message'] * 1e6:.0f} us")


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    functions = Registry.discover(["engine.plugins.functions"], entry_points=False).plugins["function"]
    records(functions)
    metrics(functions, rows)
    templates()


if __name__ == "__main__":
    main()
