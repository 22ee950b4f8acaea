"""Records in and out of their tables, alike on both databases."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import UTC
from engine.errors import Conflict, NotFound, Refused, Stale
from engine.store import changes
from engine.store.database import Database
from engine.store.records import Records
from engine.store.tables import Schema

from .conftest import NOW

LATER = NOW + dt.timedelta(minutes=2)

EVERYTHING: dict[str, Any] = {
    "company": "锐视光学 𠮷 😀 '; DROP TABLE lead",
    "phone": "+8613800138000",
    "uscc": "91110000600037341L",
    "stage": "new",
    "source": "web",
    "heat": 0.1 + 0.2,
    "visits": 2**62,
    "budget": Decimal("125000.1234"),
    "called_at": dt.datetime(2026, 1, 5, 1, 2, 3, 456789, tzinfo=UTC),
    "due": dt.date(2026, 2, 28),
    "after": dt.time(18, 0),
    "length": dt.timedelta(minutes=90, microseconds=1),
    "hot": False,
    "words": ("a", 1, 2.5, True, "价格"),
    "raw": {"b": [1, None, "x"], "a": {}},
    "address": {"city": "深圳市", "street": "1号"},
}


def _insert(database: Database, records: Records, name: str, /, **values: Any) -> Any:
    return database.write(lambda c: records.insert(c, name, values, NOW, None))


def _get(database: Database, records: Records, name: str, id: int) -> Any:
    with database.read() as connection:
        return records.get(connection, name, id)


def test_every_type_of_value_comes_back_as_it_was(database: Database, records: Records) -> None:
    tags = tuple(_insert(database, records, "tag", name=n).id for n in "ab")
    made = _insert(database, records, "lead", **EVERYTHING, tags=(tags[1], tags[0], tags[1]))
    found = _get(database, records, "lead", made.id)
    assert found == made
    assert {name: found[name] for name in EVERYTHING} == EVERYTHING
    assert found["tags"] == tags
    assert type(found["hot"]) is bool and type(found["words"]) is tuple
    assert (found["created_at"], found["created_by"], found.version) == (NOW, None, 1)
    assert "orders" not in found.values


def test_what_is_missing_is_empty(database: Database, records: Records) -> None:
    found = _get(database, records, "lead", _insert(database, records, "lead").id)
    assert {name for name, value in found.values.items() if value is not None} == {"created_at", "updated_at", "tags"}
    assert found["tags"] == ()


def test_a_change_makes_the_next_version_and_leaves_the_rest(database: Database, records: Records) -> None:
    user = _insert(database, records, "user", login="li").id
    made = _insert(database, records, "lead", **EVERYTHING)
    changed = database.write(lambda c: records.update(c, made, {"heat": 2.0, "due": None}, LATER, user))
    assert changed == _get(database, records, "lead", made.id)
    assert (changed.version, changed["heat"], changed["due"], changed["company"]) == (
        2,
        2.0,
        None,
        EVERYTHING["company"],
    )
    assert (changed["created_at"], changed["updated_at"], changed["updated_by"]) == (NOW, LATER, user)


def test_fault_053_the_second_to_change_a_version_is_told_who_was_first(database: Database, records: Records) -> None:
    user = _insert(database, records, "user", login="li", name="李四").id
    made = _insert(database, records, "lead", heat=1.0)
    database.write(lambda c: records.update(c, made, {"heat": 2.0}, LATER, user))
    with pytest.raises(Stale) as caught:
        database.write(lambda c: records.update(c, made, {"heat": 3.0}, LATER, None))
    assert caught.value.status == 412
    assert caught.value.problems[0].what("zh") == "这条记录刚被 李四 改过"
    assert caught.value.problems[0].parameters["at"] == LATER.isoformat()
    assert _get(database, records, "lead", made.id)["heat"] == 2.0


def test_what_is_in_the_trash_is_not_found_until_it_is_restored(database: Database, records: Records) -> None:
    made = _insert(database, records, "lead", company="a")
    gone = database.write(lambda c: records.trash(c, made, LATER, None))
    assert _get(database, records, "lead", made.id) is None
    with database.read() as connection:
        assert records.find(connection, "lead", {"company": "a"}) == []
        assert records.get_many(connection, "lead", [made.id]) == {}
        assert records.get(connection, "lead", made.id, trashed=True) is not None
    with pytest.raises(NotFound):
        database.write(lambda c: records.update(c, gone, {"company": "b"}, LATER, None))
    with pytest.raises(NotFound):
        database.write(lambda c: records.trash(c, gone, LATER, None))
    back = database.write(lambda c: records.restore(c, "lead", made.id, LATER, None))
    assert (back["company"], back.version) == ("a", 3)
    with pytest.raises(NotFound):
        database.write(lambda c: records.restore(c, "lead", made.id, LATER, None))


def test_a_unique_value_is_taken_once_and_free_again_in_the_trash(database: Database, records: Records) -> None:
    first = _insert(database, records, "user", login="li")
    with pytest.raises(Conflict) as caught:
        _insert(database, records, "user", login="li")
    assert [(p.code, p.field, p.parameters["value"]) for p in caught.value.problems] == [("R041", "login", "li")]
    database.write(lambda c: records.trash(c, first, LATER, None))
    second = _insert(database, records, "user", login="li")
    with pytest.raises(Conflict):
        database.write(lambda c: records.restore(c, "user", first.id, LATER, None))
    _insert(database, records, "user")
    _insert(database, records, "user")
    with pytest.raises(Conflict):
        other = _insert(database, records, "user", login="wang")
        database.write(lambda c: records.update(c, other, {"login": "li"}, LATER, None))
    assert second.id not in (None, first.id)


def test_a_link_that_leads_nowhere_is_refused_by_its_field(database: Database, records: Records) -> None:
    for values, named in (({"owner": 99}, "owner"), ({"tags": (99,)}, "tags")):
        with pytest.raises(Refused) as caught:
            _insert(database, records, "lead", **values)
        assert [(p.code, p.field) for p in caught.value.problems] == [("R042", named)]


def test_links_are_replaced_as_a_whole_and_only_when_they_are_given(database: Database, records: Records) -> None:
    a, b, c = (_insert(database, records, "tag", name=n).id for n in "abc")
    made = _insert(database, records, "lead", tags=(a, b))
    made = database.write(lambda x: records.update(x, made, {"heat": 1.0}, LATER, None))
    assert made["tags"] == (a, b)
    made = database.write(lambda x: records.update(x, made, {"tags": (b, c)}, LATER, None))
    assert _get(database, records, "lead", made.id)["tags"] == (b, c)
    made = database.write(lambda x: records.update(x, made, {"tags": ()}, LATER, None))
    assert _get(database, records, "lead", made.id)["tags"] == ()


def test_many_at_once_are_the_same_as_one_by_one(database: Database, records: Records) -> None:
    tag = _insert(database, records, "tag", name="a").id
    rows = [{**EVERYTHING, "uscc": None, "visits": n, "tags": (tag,) if n % 2 else ()} for n in range(7)]
    made = database.write(lambda c: records.insert_many(c, "lead", rows, NOW, None))
    assert [record["visits"] for record in made] == list(range(7))
    with database.read() as connection:
        assert records.get_many(connection, "lead", [r.id for r in made]) == {r.id: r for r in made}
    after = _insert(database, records, "lead")
    assert after.id > made[-1].id
    assert database.write(lambda c: records.insert_many(c, "lead", [], NOW, None)) == []


def test_a_bad_row_refuses_the_whole_lot(database: Database, records: Records) -> None:
    _insert(database, records, "user", login="li")
    with pytest.raises(Conflict):
        database.write(lambda c: records.insert_many(c, "user", [{"login": "a"}, {"login": "li"}], NOW, None))
    with database.read() as connection:
        assert connection.scalar('SELECT COUNT(*) FROM "user"') == 1


def test_records_are_found_by_their_values(database: Database, records: Records) -> None:
    ids = [_insert(database, records, "lead", heat=float(n % 2), due=EVERYTHING["due"]).id for n in range(4)]
    with database.read() as connection:
        assert [r.id for r in records.find(connection, "lead", {"heat": 1.0})] == [ids[1], ids[3]]
        assert [r.id for r in records.find(connection, "lead", {"due": EVERYTHING["due"]}, limit=2)] == ids[:2]
        assert [r.id for r in records.find(connection, "lead", {"company": None})] == ids


def test_a_record_knows_who_links_to_it(database: Database, records: Records) -> None:
    tag = _insert(database, records, "tag", name="a").id
    lead = _insert(database, records, "lead", tags=(tag,)).id
    order = _insert(database, records, "order", lead=lead).id
    with database.read() as connection:
        assert records.used_by(connection, "lead", lead) == [("order", "lead", order)]
        assert records.used_by(connection, "tag", tag) == [("lead", "tags", lead)]
        assert records.used_by(connection, "order", order) == []


def test_a_record_is_found_by_its_characters_pinyin_initials_and_last_digits(
    database: Database, records: Records
) -> None:
    made = _insert(database, records, "lead", company="锐视光学", phone="+8613800138000")
    with database.read() as connection:
        for words in ("锐视", "ruishi", "rsgx", "8000", "+86138"):
            assert connection.scalar("SELECT id FROM lead WHERE search_text LIKE ?", (f"%{words}%",)) == made.id
    database.write(lambda c: records.update(c, made, {"company": "Acme"}, LATER, None))
    with database.read() as connection:
        assert connection.scalar("SELECT search_text FROM lead") == "acme +8613800138000 8613800138000"


def test_the_change_counter_moves_with_every_commit_and_only_then(
    database: Database, records: Records, schema: Schema
) -> None:
    def count(*names: str) -> int:
        with database.read() as connection:
            return changes.count(connection, *names)

    before, tags = count(), count("tag")
    made = _insert(database, records, "lead")
    assert count() > before and count("tag") == tags
    before = count("lead")
    with pytest.raises(NotFound):
        database.write(lambda c: records.restore(c, "lead", made.id, LATER, None))
    assert count("lead") == before
    database.write(lambda c: records.trash(c, made, LATER, None))
    assert count("lead") > before
    with database.read() as connection:
        assert changes.counts(connection)["lead"] == count("lead")


def test_fields_and_entities_may_be_called_like_words_of_sql(database: Database, records: Records) -> None:
    made = _insert(database, records, "order", number="1", group="where")
    made = database.write(lambda c: records.update(c, made, {"group": "select"}, LATER, None))
    assert _get(database, records, "order", made.id)["group"] == "select"
    with database.read() as connection:
        assert [r.id for r in records.find(connection, "order", {"group": "select"})] == [made.id]


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
_JSON = st.recursive(
    # JSONB keeps numbers as decimals: beyond 2**53 it no longer tells a float from a whole number.
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.fixed_dictionaries(
        {
            "company": st.none() | _TEXT.filter(bool),
            "heat": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "visits": st.none() | st.integers(-(2**63), 2**63 - 1),
            "budget": st.none() | st.integers(-(10**15), 10**15).map(lambda n: Decimal(n).scaleb(-4)),
            "called_at": st.none() | st.datetimes(timezones=st.just(UTC)),
            "due": st.none() | st.dates(),
            "length": st.none() | st.timedeltas(dt.timedelta(days=-99999), dt.timedelta(days=99999)),
            "hot": st.none() | st.booleans(),
            "raw": _JSON.filter(lambda value: value is not None),
        }
    )
)
def test_any_value_comes_back_as_it_was(database: Database, records: Records, values: dict[str, Any]) -> None:
    made = _insert(database, records, "lead", **values)
    found = _get(database, records, "lead", made.id)
    assert {name: found[name] for name in values} == values


def test_a_new_row_waits_for_its_changes_and_is_there_for_whoever_asks(database: Database, records: Records) -> None:
    def turn(connection: Any) -> Any:
        lead = records.insert(connection, "lead", {"company": "a"}, NOW, None)
        first = records.insert(connection, "order", {"lead": lead.id, "number": "1"}, NOW, None)
        second = records.insert(connection, "order", {"number": "2"}, NOW, None)
        first = records.update(connection, first, {"number": "1a", "lead": None}, LATER, None)
        first = records.update(connection, first, {"group": "g"}, LATER, None)
        assert records.find(connection, "order", {"number": "1a"}) == [first]
        # Written by now: the next change is one like any other.
        first = records.update(connection, first, {"lead": lead.id}, LATER, None)
        third = records.insert(connection, "order", {"lead": lead.id}, NOW, None)
        assert connection.scalar('SELECT COUNT(*) FROM "order"') == 3
        return first, second, third

    made = database.write(turn)
    assert [one.id for one in made] == sorted({one.id for one in made})
    assert [_get(database, records, "order", one.id) for one in made] == list(made)
    assert [one.version for one in made] == [4, 1, 1]
    later = _insert(database, records, "order", number="4")
    assert later.id > made[-1].id


def test_a_waiting_row_that_links_to_a_later_one_is_written_after_it(database: Database, records: Records) -> None:
    def turn(connection: Any) -> Any:
        records.insert(connection, "tag", {"name": "1"}, NOW, None)
        records.insert(connection, "order", {"number": "1"}, NOW, None)
        # From here on both wait without a question.
        assert connection.scalar("SELECT COUNT(*) FROM tag") == 1
        changed = records.insert(connection, "tag", {"name": "2"}, NOW, None)
        order = records.insert(connection, "order", {"number": "2"}, NOW, None)
        changed = records.update(connection, changed, {"order": order.id}, LATER, None)
        assert connection.scalar('SELECT COUNT(*) FROM "order"') == 2
        first = records.insert(connection, "tag", {"name": "3"}, NOW, None)
        order = records.insert(connection, "order", {"number": "3"}, NOW, None)
        last = records.insert(connection, "tag", {"name": "4", "order": order.id}, NOW, None)
        return changed, first, last

    made = database.write(turn)
    assert [_get(database, records, "tag", one.id) for one in made] == list(made)


def test_a_search_leaves_those_waiting_that_are_no_answer(database: Database, records: Records) -> None:
    def turn(connection: Any) -> None:
        one = records.insert(connection, "tag", {"name": "one"}, NOW, None)
        two = records.insert(connection, "tag", {"name": "two"}, NOW, None)
        assert records.find(connection, "tag", {"name": "three"}) == []
        assert (connection.held("tag", one.id) is not None) == connection.may_hold
        # Some databases take a number for a text; Python does not.
        assert not connection.may_hold or connection.waits("tag", [(6, 1)])
        assert records.find(connection, "tag", {"name": "two"}) == [two]
        assert records.find(connection, "tag", {"name": "one", "order": None}) == [one]
        three = records.insert(connection, "tag", {"name": "three"}, NOW, None)
        assert records.find(connection, "tag", {"name": None}) == []
        four = records.insert(connection, "tag", {"name": "four"}, NOW, None)
        four = records.update(connection, four, {"name": "three"}, NOW, None)
        assert records.find(connection, "tag", {"name": "three"}) == [three, four]

    database.write(turn)


def test_a_waiting_row_of_a_block_that_is_taken_back_is_not_there(database: Database, records: Records) -> None:
    def turn(connection: Any) -> list[int]:
        kept = records.insert(connection, "tag", {"name": "kept"}, NOW, None)
        with pytest.raises(ValueError), connection.savepoint():
            records.insert(connection, "tag", {"name": "lost"}, NOW, None)
            records.update(connection, kept, {"name": "changed"}, LATER, None)
            raise ValueError
        after = records.insert(connection, "tag", {"name": "after"}, NOW, None)
        return [kept.id, after.id]

    ids = database.write(turn)
    with database.read() as connection:
        found = connection.execute("SELECT id, name, version FROM tag ORDER BY id")
    assert found == [(ids[0], "kept", 1), (ids[1], "after", 1)]
