"""Measured time compared with a number: to the microsecond what the division says, and a range an index can serve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.expression.parse import parse
from engine.expression.sql import compile_condition
from tests.engine.expression.test_sql import agree, engine_of, lead
from tests.engine.expression.world import NOW, SHANGHAI, World

MICROSECOND = dt.timedelta(microseconds=1)
LIMITS = (0, 48, 0.1, 1 / 3, 72.5, -2.25, 71.99999999972222, 250_000.7)
UNITS = {"hours": dt.timedelta(hours=1), "days": dt.timedelta(days=1)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    engine = engine_of("sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgresql_url"))
    made = World(engine, SHANGHAI)
    yield made
    made.connection.close()
    engine.dispose()


@pytest.mark.parametrize("limit", LIMITS)
def test_around_the_limit_every_microsecond_is_judged_as_in_python(world: World, limit: float) -> None:
    spans = [unit * limit + step * MICROSECOND for unit in UNITS.values() for step in (-2, -1, 0, 1, 2)]
    rows = [lead(n, at=NOW - span, seen=NOW - span * 2) for n, span in enumerate(spans, 1)]
    world.fill({"lead": [*rows, lead(len(rows) + 1)]})
    for sign in ("<", "<=", ">", ">="):
        for text in (f"hours_since(at) {sign} {limit!r}", f"{limit!r} {sign} days_since(at)"):
            agree(world, text)
            agree(world, f"not ({text})")
        agree(world, f"hours_between(seen, at) {sign} {limit!r}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-1e6, 1e6), st.integers(-3, 3))
def test_any_limit_is_the_same_in_both_engines(world: World, limit: float, step: int) -> None:
    world.fill({"lead": [lead(1, at=NOW - dt.timedelta(hours=1) * limit + step * MICROSECOND)]})
    for sign in ("<", "<=", ">", ">="):
        agree(world, f"hours_since(at) {sign} {limit!r}")


def test_the_column_stands_alone_so_that_an_index_can_serve(world: World) -> None:
    world.fill({})
    found = compile_condition(parse("hours_since(created_at) >= 48"), world.sql_scope())
    assert isinstance(found, sa.BinaryExpression) and str(found.left) == "lead.created_at"
    assert found.right.value == (NOW - dt.timedelta(hours=48) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // MICROSECOND
