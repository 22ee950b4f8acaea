"""Tables change while records stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import NotFound, Refused
from engine.model.entity import Entity
from engine.model.manifest import Manifest
from engine.model.site import Site
from engine.model.state_machine import State, StateMachine
from engine.store import history, migrate, tables
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.migrate import live
from engine.store.records import Records

from ..conftest import NOW, entity, field

Site_ = Callable[..., "Running"]


class Running:
    """A database that follows its entities."""

    def __init__(self, database: Database, field_types: Mapping[str, Any], *entities: Entity) -> None:
        self.database = database
        self.types = field_types
        self.schema = self._schema(entities)
        self.records = Records(self.schema)
        database.write(self.schema.create)

    def _schema(self, entities: tuple[Entity, ...], machines: tuple[StateMachine, ...] = ()) -> tables.Schema:
        made = Manifest(
            site=Site(name="shop"),
            entities={one.name: one for one in entities},
            state_machines={one.name: one for one in machines},
        )
        return tables.build(made, self.types)

    def plan(self, *entities: Entity, machines: tuple[StateMachine, ...] = ()) -> list[migrate.Operation]:
        self.next = self._schema(entities, machines)
        with self.database.read() as connection:
            return migrate.plan(connection, self.next, self.types)

    def change(
        self, *entities: Entity, machines: tuple[StateMachine, ...] = (), lossy: bool = False, now: dt.datetime = NOW
    ) -> list[migrate.Operation]:
        planned = self.plan(*entities, machines=machines)
        self.database.write(lambda c: migrate.apply(c, planned, self.next, self.types, now, allow_lossy=lossy))
        self.schema, self.records = self.next, Records(self.next)
        with self.database.read() as connection:
            assert migrate.plan(connection, self.schema, self.types) == []
        return planned

    def insert(self, name: str, /, **values: Any) -> int:
        return self.database.write(lambda c: self.records.insert(c, name, values, NOW, None)).id

    def get(self, name: str, id: int, /) -> Any:
        with self.database.read() as connection:
            return self.records.get(connection, name, id)


@pytest.fixture
def run(database_url: str, open_database: Callable[[str], Database], field_types: Mapping[str, Any]) -> Site_:
    def start(*entities: Entity) -> Running:
        return Running(open_database(database_url), field_types, *entities)

    return start


def _kinds(planned: list[migrate.Operation]) -> list[str]:
    return [one.kind for one in planned]


CUSTOMER = entity("customer", field("name", "text", unique=True))


def test_nothing_changes_when_nothing_changed(run: Site_) -> None:
    assert run(CUSTOMER).plan(CUSTOMER) == []


def test_an_empty_database_gets_every_table(
    database_url: str, open_database: Callable[[str], Database], field_types: Mapping[str, Any], schema: tables.Schema
) -> None:
    database = open_database(database_url)
    with database.read() as connection:
        planned = migrate.plan(connection, schema, field_types)
    database.write(lambda c: migrate.apply(c, planned, schema, field_types, NOW))
    with database.read() as connection:
        assert migrate.plan(connection, schema, field_types) == []
        assert set(live.tables(connection)) == set(schema.metadata.tables)
        wanted = {str(i.name) for t in schema.metadata.tables.values() for i in t.indexes}
        assert set(live.indexes(connection)) == wanted


def test_fields_and_entities_are_added_and_existing_records_stay(run: Site_) -> None:
    site = run(CUSTOMER)
    old = site.insert("customer", name="a")
    site.change(
        entity(
            "customer", field("name", "text", unique=True), field("owner", "link", to="person"), field("n", "integer")
        ),
        entity("person", field("boss", "link", to="person"), field("likes", "links", to="customer")),
    )
    person = site.insert("person", likes=(old,))
    new = site.insert("customer", name="b", owner=person)
    assert site.get("customer", old)["name"] == "a" and site.get("customer", old)["n"] is None
    assert site.get("customer", new)["owner"] == person
    assert site.get("person", person)["likes"] == (old,)
    with pytest.raises(Refused):
        site.insert("customer", name="c", owner=99)


def test_fault_023_a_renamed_field_keeps_its_values_and_its_unique_rule(run: Site_) -> None:
    site = run(CUSTOMER)
    id = site.insert("customer", name="a")
    planned = site.change(entity("customer", field("title", "text", unique=True, renamed_from="name")))
    rename = next(one for one in planned if one.kind == "rename_field")
    assert rename.records == 1
    assert rename.problem().what("zh") == "customer 的字段 name 改名为 title,1 条记录的值保持不变"
    assert site.get("customer", id)["title"] == "a"
    with pytest.raises(Exception, match="R041"):
        site.insert("customer", title="a")


def test_a_renamed_entity_keeps_records_links_and_history(run: Site_) -> None:
    site = run(
        CUSTOMER,
        entity("visit", field("at", "link", to="customer")),
        entity("tag", field("on", "links", to="customer")),
    )
    id = site.insert("customer", name="a")
    visit = site.insert("visit", at=id)
    tag = site.insert("tag", on=(id,))
    site.database.write(lambda c: history.enter(c, "customer", id, "m", "new", NOW))
    planned = site.change(
        entity("client", field("name", "text", unique=True), renamed_from="customer"),
        entity("visit", field("at", "link", to="client")),
        entity("tag", field("on", "links", to="client")),
        lossy=True,
    )
    assert "rename_table" in _kinds(planned)
    assert "drop_field" not in _kinds(planned)
    assert site.get("client", id)["name"] == "a"
    assert site.get("visit", visit)["at"] == id
    assert site.get("tag", tag)["on"] == (id,)
    assert site.insert("client", name="b") > id
    with site.database.read() as connection:
        assert [stay.state for stay in history.stays(connection, "client", id)] == ["new"]


def test_fault_023_a_retyped_field_tells_what_would_be_lost_and_needs_permission(run: Site_) -> None:
    site = run(entity("deal", field("amount", "text")))
    ids = [site.insert("deal", amount=text) for text in ("12.5", "1,200", "many", "3 万", "?")]
    planned = site.plan(entity("deal", field("amount", "money")))
    retype = next(one for one in planned if one.kind == "retype_field")
    assert (retype.records, retype.lost, retype.is_lossy) == (5, 2, True)
    assert {value for _, value in retype.sample} == {"many", "?"}
    assert retype.problem().severity == "warning"
    assert "--allow-lossy" in retype.problem().fix("zh")
    with pytest.raises(Refused) as caught:
        site.change(entity("deal", field("amount", "money")))
    assert [problem.code for problem in caught.value.problems] == ["M006"]
    assert site.get("deal", ids[0])["amount"] == "12.5"
    site.change(entity("deal", field("amount", "money")), lossy=True)
    assert [site.get("deal", id)["amount"] for id in ids] == [
        Decimal("12.5"),
        Decimal(1200),
        None,
        Decimal(30000),
        None,
    ]


def test_fault_023_old_values_are_kept_for_thirty_days_and_then_gone(run: Site_) -> None:
    site = run(entity("deal", field("amount", "text"), field("owner", "link", to="deal"), field("note", "text")))
    site.insert("deal", amount="many", note="n")
    site.change(entity("deal", field("amount", "integer")), lossy=True)
    with site.database.read() as connection:
        kept = migrate.dropped(connection)
        assert {one.field for one in kept} == {"amount", "owner", "note"}
        place = next(one.place for one in kept if one.field == "amount")
        assert connection.scalar(f'SELECT "{place}" FROM deal') == "many"
    assert site.database.write(lambda c: migrate.purge(c, NOW + dt.timedelta(days=29))) == 0
    assert site.database.write(lambda c: migrate.purge(c, NOW + dt.timedelta(days=31))) == 3
    with site.database.read() as connection:
        assert migrate.dropped(connection) == []
        assert place not in live.tables(connection)["deal"]


def test_a_dropped_field_that_comes_back_brings_its_values(run: Site_) -> None:
    both = entity("deal", field("note", "text", index=True), field("on", "links", to="deal"), field("k", "text"))
    site = run(both)
    first = site.insert("deal", note="n")
    second = site.insert("deal", on=(first,))
    dropped = site.change(entity("deal", field("k", "text")))
    assert {one.kind for one in dropped} >= {"drop_field", "drop_table"}
    restored = site.change(both)
    assert _kinds(restored).count("restore_field") == 2
    assert site.get("deal", first)["note"] == "n"
    assert site.get("deal", second)["on"] == (first,)


def test_a_dropped_entity_is_kept_aside(run: Site_) -> None:
    site = run(CUSTOMER, entity("tag", field("name", "text"), field("on", "links", to="tag")))
    site.insert("tag", name="t")
    site.change(CUSTOMER)
    with site.database.read() as connection:
        kept = [one for one in migrate.dropped(connection) if not one.field]
        assert [(one.entity, one.records) for one in kept] == [("tag", 1)]
        assert connection.scalar(f'SELECT name FROM "{kept[0].place}"') == "t"
    assert site.database.write(lambda c: migrate.purge(c, NOW + dt.timedelta(days=31))) == 2


def test_a_text_that_may_be_longer_is_not_touched(run: Site_) -> None:
    site = run(CUSTOMER)
    site.insert("customer", name="a")
    planned = site.change(entity("customer", field("name", "long_text", unique=True)))
    assert _kinds(planned) == ["retype_field"]
    with site.database.read() as connection:
        assert migrate.dropped(connection) == []


@pytest.mark.parametrize(
    ("before", "after", "value", "expected"),
    [
        ("integer", "money", 12, Decimal(12)),
        ("money", "number", Decimal("12.5"), 12.5),
        ("number", "integer", 3.0, 3),
        ("integer", "text", 12, "12"),
        ("yes_no", "text", True, "是"),
        ("date", "text", dt.date(2026, 1, 5), "2026-01-05"),
        ("text", "date", "2026年1月5日", dt.date(2026, 1, 5)),
        ("date", "datetime", dt.date(2026, 1, 5), dt.datetime(2026, 1, 4, 16, tzinfo=dt.UTC)),
        ("text", "list", "a、b", ("a", "b")),
        ("list", "text", ("a", "b"), "a、b"),
        ("text", "phone", "138 0013 8000", "+8613800138000"),
        ("duration", "text", dt.timedelta(hours=2), "2h"),
        ("text", "yes_no", "是", True),
    ],
)
def test_values_become_the_new_type(run: Site_, before: str, after: str, value: Any, expected: Any) -> None:
    site = run(entity("deal", field("f", before)))
    id = site.insert("deal", f=value)
    site.change(entity("deal", field("f", after)))
    assert site.get("deal", id)["f"] == expected


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        ("number", "integer", 3.7),
        ("datetime", "date", NOW),
        ("text", "email", "nobody"),
        ("money", "integer", Decimal("1.25")),
    ],
)
def test_what_a_new_type_has_no_room_for_is_counted_as_lost(run: Site_, before: str, after: str, value: Any) -> None:
    site = run(entity("deal", field("f", before)))
    site.insert("deal", f=value)
    planned = site.plan(entity("deal", field("f", after)))
    assert [one.lost for one in planned if one.kind == "retype_field"] == [1]


def test_one_link_becomes_the_first_of_several(run: Site_) -> None:
    site = run(entity("deal", field("on", "link", to="deal")))
    first = site.insert("deal")
    second = site.insert("deal", on=first)
    site.change(entity("deal", field("on", "links", to="deal")))
    assert site.get("deal", second)["on"] == (first,)
    assert site.get("deal", first)["on"] == ()


def test_a_new_unique_rule_is_refused_while_it_is_broken(run: Site_) -> None:
    site = run(entity("deal", field("number", "text")))
    for number in ("a", "a", "b", None, None):
        site.insert("deal", number=number)
    with pytest.raises(Refused) as caught:
        site.change(entity("deal", field("number", "text", unique=True)))
    assert caught.value.problems[0].what("zh") == "deal 的 number 要求不重复,但现在有 1 组重复的值"


def test_records_older_than_a_state_machine_begin_in_its_first_state(run: Site_) -> None:
    site = run(CUSTOMER)
    id = site.insert("customer", name="a")
    machine = StateMachine(
        name="life", entity="customer", field="stage", initial="new", states={"new": State(name="new")}, transitions={}
    )
    site.change(entity("customer", field("name", "text", unique=True), field("stage", "state")), machines=(machine,))
    assert site.get("customer", id)["stage"] == "new"
    with site.database.read() as connection:
        stays = history.stays(connection, "customer", id, "life")
    assert [(stay.state, stay.entered_at, stay.left_at) for stay in stays] == [("new", NOW, None)]


def test_fields_that_are_searched_from_now_on_are_found_in_old_records(run: Site_) -> None:
    site = run(CUSTOMER)
    site.insert("customer", name="锐视光学")
    site.change(entity("customer", field("name", "text", unique=True, search=True)))
    with site.database.read() as connection:
        assert connection.scalar("SELECT search_text FROM customer") == "锐视光学 ruishiguangxue rsgx"
    site.change(CUSTOMER)


def test_a_change_that_fails_half_way_changes_nothing(run: Site_) -> None:
    site = run(entity("deal", field("number", "text")))
    id = site.insert("deal", number="a")
    planned = site.plan(entity("deal", field("count", "integer"), field("name", "text", renamed_from="number")))

    def turn(connection: Connection) -> None:
        migrate.apply(connection, planned, site.next, site.types, NOW, allow_lossy=True)
        raise ValueError("killed")

    with pytest.raises(ValueError, match="killed"):
        site.database.write(turn)
    assert site.get("deal", id)["number"] == "a"
    assert len(site.plan(entity("deal", field("number", "text")))) == 0


def test_what_is_not_kept_any_more_cannot_come_back(run: Site_) -> None:
    site = run(CUSTOMER)
    with pytest.raises(NotFound):
        site.database.write(lambda c: migrate.restore(c, 7))
