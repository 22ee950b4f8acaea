"""SQL that the two databases write differently, without computing an operand twice. Floor: 2."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from engine.expression import letters


class Rounded(FunctionElement[int]):
    """The nearest whole number, halves away from zero."""

    inherit_cache = True
    type = sa.BigInteger()
    name = "rounded"


class FloorDivided(FunctionElement[int]):
    """``a // b`` of whole numbers, towards minus infinity as in Python; the databases go towards zero."""

    inherit_cache = True
    type = sa.BigInteger()
    name = "floor_divided"


class Remainder(FunctionElement[int]):
    """``a % b`` of whole numbers, with the sign of b as in Python."""

    inherit_cache = True
    type = sa.BigInteger()
    name = "remainder"


class Middle(FunctionElement[float]):
    """The median of the column ``v`` of a subquery, as a double."""

    inherit_cache = True
    type = sa.Double()
    name = "middle"


class Lowered(FunctionElement[str]):
    """Small letters as Python has them; arguments: the text, and the pairs of letters beyond ASCII."""

    inherit_cache = True
    type = sa.Text()
    name = "lowered"


def lowered(text: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The text in small letters."""
    big, small = letters.pairs()
    return Lowered(text, sa.literal(big), sa.literal(small))


def _inside(element: FunctionElement[Any], compiler: Any, **options: Any) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


@compiles(Rounded, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _rounded_sqlite(element: Rounded, compiler: Any, **options: Any) -> str:
    return f"CAST(round({_inside(element, compiler, **options)[0]}) AS INTEGER)"


@compiles(Rounded, "postgresql")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _rounded_postgresql(element: Rounded, compiler: Any, **options: Any) -> str:
    value = _inside(element, compiler, **options)[0]
    inner = f"(SELECT CAST({value} AS DOUBLE PRECISION) AS v) AS q"
    return f"(SELECT CAST(trunc(v + sign(v) * CAST(0.5 AS DOUBLE PRECISION)) AS BIGINT) FROM {inner})"


@compiles(FloorDivided)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _floor_divided(element: FloorDivided, compiler: Any, **options: Any) -> str:
    a, b = _inside(element, compiler, **options)
    whole = f"(SELECT CAST({a} AS BIGINT) AS a, CAST({b} AS BIGINT) AS b) AS q"
    return f"(SELECT (a - {_modulo(compiler)}) / b FROM {whole})"


@compiles(Remainder)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _remainder(element: Remainder, compiler: Any, **options: Any) -> str:
    a, b = _inside(element, compiler, **options)
    whole = f"(SELECT CAST({a} AS BIGINT) AS a, CAST({b} AS BIGINT) AS b) AS q"
    return f"(SELECT {_modulo(compiler)} FROM {whole})"


def _modulo(compiler: Any) -> str:
    if compiler.dialect.name == "postgresql":
        return "mod(mod(a, b) + b, b)"
    return "(((a % b) + b) % b)"


@compiles(Lowered, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _lowered_sqlite(element: Lowered, compiler: Any, **options: Any) -> str:
    text, big, small = _inside(element, compiler, **options)
    # SQLite knows ASCII only. The rare text with other capitals is taken apart letter by letter; all others pay a GLOB.
    letter = "CASE WHEN instr(big, c) > 0 THEN substr(small, instr(big, c), 1) ELSE c END"
    split = (
        f"WITH RECURSIVE l(t, big, small) AS (SELECT lower({text}), {big}, {small}),"
        " s(i, c, t, big, small) AS (SELECT 1, substr(t, 1, 1), t, big, small FROM l UNION ALL"
        " SELECT i + 1, substr(t, i + 1, 1), t, big, small FROM s WHERE i < length(t))"
        f" SELECT group_concat(g, '') FROM (SELECT {letter} AS g FROM s ORDER BY i)"
    )
    return f"(CASE WHEN {text} GLOB '*[{letters.RANGES}]*' THEN ({split}) ELSE lower({text}) END)"


@compiles(Lowered, "postgresql")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _lowered_postgresql(element: Lowered, compiler: Any, **options: Any) -> str:
    text, big, small = _inside(element, compiler, **options)
    plain = 'lower(v COLLATE "C")'
    return (
        f"(SELECT CASE WHEN v ~ '[{letters.RANGES}]' THEN translate({plain}, {big}, {small}) ELSE {plain} END"
        f' FROM (SELECT CAST({text} AS TEXT) COLLATE "C" AS v) AS q)'
    )


@compiles(Middle)  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _middle(element: Middle, compiler: Any, **options: Any) -> str:
    rows = _inside(element, compiler, **options)[0].strip()
    while rows.startswith("((") and rows.endswith("))"):
        rows = rows[1:-1]
    ranked = f"SELECT v, row_number() OVER (ORDER BY v) AS place, count(*) OVER () AS size FROM {rows} AS l"
    kind = "DOUBLE PRECISION" if compiler.dialect.name == "postgresql" else "REAL"
    return (
        f"(SELECT CAST(sum(v) AS {kind}) / count(*) FROM ({ranked}) AS r"
        " WHERE place IN ((size + 1) / 2, (size + 2) / 2))"
    )
