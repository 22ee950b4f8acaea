"""The matrix roles x fields x kinds of question, made from the model: what one may not see never shows.

A field added to the model, or a kind of question added to ``KINDS``, is covered without touching anything else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import FlowloomError, WrongUsage
from engine.expression.parse import parse
from engine.store.query import answer, tally
from engine.store.query.ground import Ground
from engine.store.query.question import Aggregate, Filter, Query
from engine.store.query.rights import Access
from engine.store.query.tally import Scan, Take
from tests.engine.store.query.shop import NOW, Shop, entities, when

#: What a field of each type may hold: two rows, and the same two rows in another world.
VALUES: dict[str, tuple[Any, Any, Any, Any]] = {
    "text": ("apple", "pear", "zebra", "aardvark"),
    "phone": ("+8613800138000", "+8613900139000", "+8615900150000", "+8613100131000"),
    "choice": ("website", "expo", "expo", "douyin"),
    "money": (Decimal(1), Decimal(2), Decimal(9), Decimal(5)),
    "number": (1.0, 2.0, 9.0, 5.0),
    "integer": (1, 2, 9, 5),
    "yes_no": (True, False, False, True),
    "date": (dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 3, 9), dt.date(2026, 3, 5)),
    "datetime": (NOW, NOW + dt.timedelta(1), NOW + dt.timedelta(9), NOW + dt.timedelta(5)),
    "state": ("new", "called", "won", "diagnosed"),
    "user": (1, 2, 2, 1),
    "link": (1, 2, 2, 1),
}
FIELDS = [field for field in entities()["lead"].fields.values() if field.type in VALUES]

Kind = Callable[[Any, Ground, str], Any]


def asked(connection: Any, ground: Ground, **more: Any) -> Any:
    page = answer.page(connection, ground, Query(entity="lead", **{"sort": ("id",), "columns": ("id",), **more}))
    return [(record.id, dict(record.values)) for record in page.records]


def grouped(connection: Any, ground: Ground, *group: Any, **numbers: Aggregate) -> Any:
    return answer.groups(
        connection, ground, Query(entity="lead", group=group, aggregates=numbers or {"n": Aggregate("count")})
    )


def scanned(connection: Any, ground: Ground, *takes: Take, **more: Any) -> Any:
    return tally.scan(connection, ground, Scan(Query(entity="lead"), takes or (Take("count"),), **more))


#: Every way to name a field in a question. A reader may use none of them on a hidden field.
KINDS: dict[str, Kind] = {
    "column": lambda c, g, f: asked(c, g, columns=(f,)),
    "expression column": lambda c, g, f: asked(c, g, columns=(parse(f"{f} is None"),)),
    "text column": lambda c, g, f: asked(c, g, columns=(f"={f} is None",)),
    "record column": lambda c, g, f: asked(c, g, columns=(parse(f"lead.{f} is None"),)),
    "filter": lambda c, g, f: asked(c, g, filters=(Filter(f, "empty", "no"),)),
    "filter equal": lambda c, g, f: asked(c, g, filters=(Filter(f, "eq", "1"),)),
    "filter in": lambda c, g, f: asked(c, g, filters=(Filter(f, "in", "1,2"),)),
    "where": lambda c, g, f: asked(c, g, where=(f"{f} is not None",)),
    "where of an author": lambda c, g, f: asked(c, g, where=(when(f"{f} is not None"),)),
    "where nested": lambda c, g, f: asked(c, g, where=(f"(1 if {f} is None else 2) == 1",)),
    "sort": lambda c, g, f: asked(c, g, sort=(f,)),
    "sort down": lambda c, g, f: asked(c, g, sort=(f"-{f}",)),
    "sort by expression": lambda c, g, f: asked(c, g, sort=(f"{f} is None",)),
    "group": lambda c, g, f: grouped(c, g, f),
    "group by expression": lambda c, g, f: grouped(c, g, parse(f"{f} is None")),
    "count filled": lambda c, g, f: grouped(c, g, n=Aggregate("count", f)),
    "distinct": lambda c, g, f: grouped(c, g, n=Aggregate("distinct", f)),
    "min": lambda c, g, f: grouped(c, g, n=Aggregate("min", f)),
    "max": lambda c, g, f: grouped(c, g, n=Aggregate("max", f)),
    "count only": lambda c, g, f: grouped(c, g, n=Aggregate("count", None, when(f"{f} is not None"))),
    "tally": lambda c, g, f: scanned(c, g, Take("count", f)),
    "tally only": lambda c, g, f: scanned(c, g, Take("count", None, (when(f"{f} is None"),))),
    "tally group": lambda c, g, f: scanned(c, g, group=(f,)),
    "tally each": lambda c, g, f: scanned(c, g, each=(f, "day")),
    "during": lambda c, g, f: asked(c, g, during=((f, dt.date(2026, 1, 1), None),)),
    "matches": lambda c, g, f: asked(c, g, matches=((f, None),)),
    "count": lambda c, g, f: answer.count(c, g, Query(entity="lead", filters=(Filter(f, "empty", "1"),))),
    "ids": lambda c, g, f: answer.ids(c, g, Query(entity="lead", sort=(f,))),
    "stream": lambda c, g, f: list(answer.stream(c, g, Query(entity="lead", columns=(f,)))),
}
#: Questions that name nothing hidden: their answers may not depend on what is hidden either.
PLAIN: dict[str, Callable[[Any, Ground], Any]] = {
    "every column": lambda c, g: asked(c, g, columns=()),
    "default order": lambda c, g: asked(c, g, sort=()),
    "search": lambda c, g: [asked(c, g, search=word) for word in ("apple", "zebra", "3800", "5900", "pear")],
    "count": lambda c, g: answer.count(c, g, Query(entity="lead")),
    "stream": lambda c, g: [dict(record.values) for record in answer.stream(c, g, Query(entity="lead"))],
    "group": lambda c, g: grouped(c, g, parse("id")),
}


def world(field: str, first: Any, second: Any, kind: str) -> Shop:
    """Two leads that differ from those of another world in one field only."""
    shop = Shop("sqlite://")
    for name in ("li", "wang"):
        shop.add("user", login=name)
        shop.add("hospital", name=name)
    for place, value in enumerate((first, second)):
        values = {each.name: VALUES[each.type][place] for each in FIELDS}
        shop.add("lead", NOW, **{**values, field: value})
    return shop


def problem_of(action: Callable[[], Any]) -> list[str]:
    with pytest.raises(FlowloomError) as refused:
        action()
    assert isinstance(refused.value, WrongUsage)
    # Without did-you-mean: what is near depends on the letters that were typed, whether they name something or not.
    return [f"{problem.where} {problem.code} {problem.what('zh')}" for problem in refused.value.problems]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_hidden_field_reads_as_one_that_does_not_exist(shop: Shop, field: Any) -> None:
    with shop.database.read() as connection:
        ground = shop.ground(connection, lead=Access("lead", True, hidden=frozenset({field.name})))
        for name, kind in KINDS.items():
            hidden = problem_of(lambda kind=kind: kind(connection, ground, field.name))
            missing = problem_of(lambda kind=kind: kind(connection, ground, "q" * len(field.name)))
            assert [line.replace(field.name, "?") for line in hidden] == [
                line.replace("q" * len(field.name), "?") for line in missing
            ], name


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_hidden_value_changes_no_answer(field: Any) -> None:
    """Two worlds that differ only in what is hidden answer alike: same rows, order, counts, words of error."""
    one, two, other, another = VALUES[field.type]
    answers = []
    for first, second in ((one, two), (other, another), (None, None)):
        shop = world(field.name, first, second, field.type)
        with shop.database.read() as connection:
            ground = shop.ground(connection, lead=Access("lead", True, hidden=frozenset({field.name})))
            answers.append({name: kind(connection, ground) for name, kind in PLAIN.items()})
            assert field.name not in answers[-1]["every column"][0][1]
        shop.database.close()
    for name in PLAIN:
        assert answers[0][name] == answers[1][name] == answers[2][name], name


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_kind_of_question_works_on_a_field_one_may_see(field: Any) -> None:
    """The matrix would prove nothing if the questions failed for another reason."""
    one, two, *_ = VALUES[field.type]
    shop = world(field.name, one, two, field.type)
    fitting = {name for name in KINDS if name not in ("tally each", "during", "filter equal", "filter in")}
    with shop.database.read() as connection:
        ground = shop.ground(connection)
        for name in sorted(fitting):
            assert KINDS[name](connection, ground, field.name) is not None, name
    shop.database.close()


def everything(connection: Any, ground: Ground) -> dict[str, Any]:
    """The ids, or numbers made of ids, that each kind of question reaches."""
    return {
        "page": [ident for ident, _ in asked(connection, ground)],
        "sorted": sorted(ident for ident, _ in asked(connection, ground, sort=("-company",))),
        "stream": [record.id for record in answer.stream(connection, ground, Query(entity="lead", sort=("id",)))],
        "ids": sorted(answer.ids(connection, ground, Query(entity="lead"))),
        "named": [ident for ident, _ in asked(connection, ground, filters=(Filter("id", "in", "1,2,3,4"),))],
        "given": [ident for ident, _ in asked(connection, ground, ids=(1, 2, 3, 4))],
        "searched": [ident for ident, _ in asked(connection, ground, search="lead")],
        "grouped": [group.key[0] for group in grouped(connection, ground, "id")],
        "tallied": sorted(key[0] for key in scanned(connection, ground, group=("id",))),
        "or": [ident for ident, _ in asked(connection, ground, where=("True or id > 0",))],
    }


@pytest.mark.parametrize(
    ("right", "seen"),
    [
        (True, [1, 2, 3, 4]),
        (when("owner == me"), [1]),
        (when("owner == me or owner.team == me.team"), [1, 2]),
        (when("owner is None"), [4]),
        (when("hospital.owner == me", "owner != me"), [3]),
        (when("secret > 5"), [2]),
    ],
)
def test_a_row_condition_holds_for_every_kind_of_question(shop: Shop, right: Any, seen: list[int]) -> None:
    red, blue = shop.add("team", name="red"), shop.add("team", name="blue")
    me = shop.add("user", login="me", team=red.id)
    mate, stranger = shop.add("user", login="mate", team=red.id), shop.add("user", login="stranger", team=blue.id)
    mine = shop.add("hospital", name="mine", owner=me.id)
    shop.add("lead", company="lead a", owner=me.id, secret=1.0)
    shop.add("lead", company="lead b", owner=mate.id, secret=9.0)
    shop.add("lead", company="lead c", owner=stranger.id, hospital=mine.id)
    shop.add("lead", company="lead d")
    with shop.database.read() as connection:
        # The condition may name a field that is hidden from the reader: its author chose it.
        access = Access("lead", right, hidden=frozenset({"secret"}))
        ground = shop.ground(connection, me=me, lead=access)
        for kind, ids in everything(connection, ground).items():
            assert ids == seen, kind
        assert answer.count(connection, ground, Query(entity="lead")) == len(seen)
        assert scanned(connection, ground)[()] == [len(seen)]
        pages = answer.page(connection, ground, Query(entity="lead", limit=1))
        assert (pages.next is None) == (len(seen) == 1)


def test_a_walk_into_a_record_one_may_not_see_is_empty(shop: Shop) -> None:
    me = shop.add("user", login="me")
    open_, closed = shop.add("hospital", name="open", owner=me.id), shop.add("hospital", name="closed")
    shop.add("lead", company="a", hospital=open_.id)
    shop.add("lead", company="b", hospital=closed.id)
    with shop.database.read() as connection:
        ground = shop.ground(connection, me=me, hospital=Access("hospital", when("owner == me")))
        assert [values["hospital.name"] for _, values in asked(connection, ground, columns=("hospital.name",))] == [
            "open",
            None,
        ]
        assert [ident for ident, _ in asked(connection, ground, where=("hospital.name == 'closed'",))] == []
        assert [ident for ident, _ in asked(connection, ground, where=("hospital.name is None",))] == [2]
        assert [ident for ident, _ in asked(connection, ground, sort=("hospital.name",))] == [1, 2]
        assert {group.key for group in grouped(connection, ground, "hospital.name")} == {("open",), (None,)}
        nothing = shop.ground(connection, me=me, hospital=Access("hospital"))
        assert [values["hospital.name"] for _, values in asked(connection, nothing, columns=("hospital.name",))] == [
            None,
            None,
        ]


def test_a_hidden_field_of_a_linked_record_cannot_be_named(shop: Shop) -> None:
    with shop.database.read() as connection:
        ground = shop.ground(connection, user=Access("user", True, hidden=frozenset({"salary"})))
        for text in ("owner.salary", "owner.wages", "created_by.salary", "hospital.owner.salary", "me.salary"):
            lines = problem_of(lambda text=text: asked(connection, ground, where=(f"{text} > 1",)))
            assert len(lines) == 1, text
        hidden = problem_of(lambda: asked(connection, ground, where=("owner.salary > 1",)))
        missing = problem_of(lambda: asked(connection, ground, where=("owner.qqqqqq > 1",)))
        assert hidden[0].replace("salary", "?") == missing[0].replace("qqqqqq", "?")


def test_a_list_of_linked_records_holds_only_those_one_may_see(shop: Shop) -> None:
    lead = shop.add("lead", company="a")
    shop.add("task", title="mine", hours=1.0, lead=lead.id)
    shop.add("task", title="theirs", hours=5.0, lead=lead.id)
    with shop.database.read() as connection:
        ground = shop.ground(connection, task=Access("task", when("title == 'mine'")))
        assert [v for _, v in asked(connection, ground, columns=("=len(tasks)",))] == [{"=len(tasks)": 1}]
        assert [v for _, v in asked(connection, ground, columns=("=sum(t.hours for t in tasks)",))] == [
            {"=sum(t.hours for t in tasks)": 1.0}
        ]


def test_a_hidden_state_is_not_told_by_its_history(shop: Shop) -> None:
    with shop.database.read() as connection:
        ground = shop.ground(connection, lead=Access("lead", True, hidden=frozenset({"stage"})))
        for text in ("reached('won')", "entered_at('called') is None", "dwell('new') > 3 * (now() - now())"):
            assert problem_of(lambda text=text: asked(connection, ground, where=(text,))), text
