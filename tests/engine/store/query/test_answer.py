"""Lists, filters, sorting, paging, search and groups over one entity."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotFound, WrongUsage
from engine.store.query import answer, cursor
from engine.store.query.question import Aggregate, Filter, Query
from engine.store.query.rights import Access
from tests.engine.store.query.shop import NOW, Shop


@pytest.fixture
def filled(shop: Shop) -> Shop:
    li = shop.add("user", login="li", name="李")
    rows: list[dict[str, Any]] = [
        {
            "company": "锐视光学",
            "phone": "+8613800138000",
            "source": "douyin",
            "budget": Decimal("100000.50"),
            "owner": li.id,
        },
        {"company": "Alpha Dental", "phone": "+8613900139001", "source": "website", "heat": 3.5, "frozen": True},
        {"company": "北京眼科医院", "source": "expo", "heat": 9.0, "next_date": dt.date(2026, 2, 1), "called_at": NOW},
        {
            "company": "beta 100%",
            "source": "douyin",
            "budget": Decimal(5),
            "heat": 1.0,
            "frozen": False,
            "owner": li.id,
        },
    ]
    for place, row in enumerate(rows):
        shop.add("lead", NOW + dt.timedelta(minutes=place), stage="new", **row)
    return shop


def found(shop: Shop, *filters: Filter, ground: dict[str, Any] | None = None, **more: Any) -> list[int]:
    with shop.database.read() as connection:
        query = Query(entity="lead", filters=filters, columns=("id",), **{"sort": ("id",), **more})
        return [
            record.id for record in answer.page(connection, shop.ground(connection, **(ground or {})), query).records
        ]


@pytest.mark.parametrize(
    ("name", "op", "value", "ids"),
    [
        ("source", "eq", "douyin", [1, 4]),
        ("source", "ne", "douyin", [2, 3]),
        ("source", "in", "expo,website", [2, 3]),
        ("source", "in", ["expo"], [3]),
        ("phone", "eq", "138 0013 8000", [1]),
        ("company", "contains", "ALPHA", [2]),
        ("company", "contains", "0%", [4]),
        ("company", "contains", "_", []),
        ("budget", "ge", "100000.5", [1]),
        ("budget", "empty", "yes", [2, 3]),
        ("heat", "empty", "0", [2, 3, 4]),
        ("heat", "lt", "3.5", [4]),
        ("heat", "ne", "9", [2, 4]),
        ("frozen", "eq", "true", [2]),
        ("owner", "eq", "1", [1, 4]),
        ("next_date", "le", "2026-02-01", [3]),
        ("called_at", "eq", "2026-01-31", [3]),
        ("called_at", "gt", "2026-01-31", []),
        ("called_at", "le", "2026-01-31", [3]),
        ("created_at", "ge", "2026-02-01", []),
        ("id", "in", "1,3", [1, 3]),
        ("phone", "eq", None, [3, 4]),
    ],
)
def test_a_filter_finds_what_a_person_means(filled: Shop, name: str, op: str, value: Any, ids: list[int]) -> None:
    assert found(filled, Filter(name, op, value)) == ids


def test_a_filter_for_me_means_the_reader(filled: Shop) -> None:
    with filled.database.read() as connection:
        li = filled.records.get(connection, "user", 1)
    assert found(filled, Filter("owner", "eq", "me"), ground={"me": li}) == [1, 4]
    assert found(filled, Filter("owner", "eq", "me")) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Filter("compny"), "Q001"),
        (Filter("company", "like", "x"), "Q002"),
        (Filter("frozen", "lt", "1"), "Q003"),
        (Filter("tasks", "eq", "1"), "Q003"),
        (Filter("called_at", "eq", "2026-02-30"), "Q009"),
    ],
)
def test_a_filter_that_cannot_be_is_explained(filled: Shop, asked: Filter, code: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        found(filled, asked)
    problem = refused.value.problems[0]
    assert problem.code == code and problem.what("zh") and problem.what("en")
    if code == "Q001":
        assert problem.suggestion == "company"


def test_a_value_the_field_cannot_take_is_refused_in_its_own_words(filled: Shop) -> None:
    with pytest.raises(WrongUsage) as refused:
        found(filled, Filter("heat", "gt", "warm"))
    assert refused.value.problems[0].code.startswith("R")


def test_empty_values_of_the_first_term_come_last_in_both_directions(filled: Shop) -> None:
    assert found(filled, sort=("heat",)) == [4, 2, 3, 1]
    assert found(filled, sort=("-heat",)) == [3, 2, 4, 1]
    assert found(filled, sort=("-budget", "heat")) == [1, 4, 2, 3]
    assert found(filled, sort=("source", "heat")) == [1, 4, 3, 2]
    assert found(filled, sort=("-source", "-heat")) == [2, 3, 4, 1]


def test_a_to_many_field_cannot_be_sorted_by(filled: Shop) -> None:
    with pytest.raises(WrongUsage) as refused:
        found(filled, sort=("tasks",))
    assert refused.value.problems[0].code == "Q004"


def test_values_come_back_as_python_values(filled: Shop) -> None:
    with filled.database.read() as connection:
        page = answer.page(connection, filled.ground(connection), Query(entity="lead", sort=("id",)))
        stored = filled.records.get(connection, "lead", 1)
    first = page.records[0]
    assert stored is not None
    assert {name: first[name] for name in stored.values} == dict(stored.values)
    assert first["budget"] == Decimal("100000.50") and first.version == 1


def pages(shop: Shop, sort: tuple[str, ...], size: int, **more: Any) -> list[list[int]]:
    got: list[list[int]] = []
    mark = None
    with shop.database.read() as connection:
        ground = shop.ground(connection)
        while True:
            page = answer.page(connection, ground, Query(entity="lead", sort=sort, limit=size, cursor=mark, **more))
            got.append([record.id for record in page.records])
            mark = page.next
            if mark is None:
                return got


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 2)), st.sampled_from(["a", "b", None])), max_size=9),
    st.lists(
        st.sampled_from(["downloads", "-downloads", "company", "-company", "id", "-id", "-created_at"]), max_size=3
    ),
    st.integers(1, 4),
)
def test_pages_put_together_are_the_whole_list_in_order(rows: list[Any], sort: list[str], size: int) -> None:
    shop = Shop("sqlite://")
    for downloads, company in rows:
        shop.add("lead", downloads=downloads, company=company)
    whole = pages(shop, tuple(sort), 1000)[0]
    joined = [ident for page in pages(shop, tuple(sort), size) for ident in page]
    assert joined == whole and sorted(whole) == list(range(1, len(rows) + 1))
    shop.database.close()


def test_a_row_that_comes_in_between_neither_repeats_nor_hides_another(filled: Shop) -> None:
    with filled.database.read() as connection:
        ground = filled.ground(connection)
        first = answer.page(connection, ground, Query(entity="lead", sort=("company",), limit=2))
    filled.add("lead", company="AAA first of all")
    with filled.database.read() as connection:
        ground = filled.ground(connection)
        rest = answer.page(connection, ground, Query(entity="lead", sort=("company",), limit=9, cursor=first.next))
    assert {r.id for r in first.records} | {r.id for r in rest.records} == {1, 2, 3, 4}


def test_a_cursor_of_another_list_or_an_edited_one_is_refused(filled: Shop) -> None:
    with filled.database.read() as connection:
        ground = filled.ground(connection)
        mark = answer.page(connection, ground, Query(entity="lead", sort=("company",), limit=1)).next
        assert mark is not None
        for query in (
            Query(entity="lead", sort=("heat",), cursor=mark),
            Query(entity="lead", sort=("company",), filters=(Filter("source", "eq", "expo"),), cursor=mark),
            Query(entity="lead", sort=("company",), cursor=mark[:-2] + ("AA" if mark[-2:] != "AA" else "BB")),
            Query(entity="lead", sort=("company",), cursor="!!"),
            Query(entity="lead", sort=("company",), cursor=""),
        ):
            if query.cursor == "":
                assert len(answer.page(connection, ground, query).records) == 4
                continue
            with pytest.raises(WrongUsage) as refused:
                answer.page(connection, ground, query)
            assert refused.value.problems[0].code == "Q005"


@given(st.binary(max_size=40))
def test_no_bytes_make_a_cursor_by_chance(noise: bytes) -> None:
    import base64

    with pytest.raises(WrongUsage):
        cursor.decode("q", base64.urlsafe_b64encode(noise).decode(), 1)


def test_a_page_has_bounds(filled: Shop) -> None:
    for size in (0, 1001, -1):
        with pytest.raises(WrongUsage) as refused:
            found(filled, limit=size)
        assert refused.value.problems[0].code == "Q006"


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("锐视", [1]), ("ruishi", [1]), ("rsgx", [1]), ("8000", [1]), ("138-0013-8000", [1]), ("１３８００１３", [1]),
        ("DENTAL", [2]), ("alpha 9001", [2]), ("眼科 北京", [3]), ("yanke", [3]), ("100%", [4]), ("nobody", []), ("  ", [1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_a_search_finds_characters_pinyin_initials_and_last_digits(filled: Shop, typed: str, ids: list[int]) -> None:
    assert found(filled, search=typed) == ids


def test_a_search_does_not_look_into_hidden_fields(filled: Shop) -> None:
    hidden = {"lead": Access("lead", True, hidden=frozenset({"phone"}))}
    assert found(filled, search="8000", ground=hidden) == []
    assert found(filled, search="rsgx", ground=hidden) == [1]
    nothing = {"lead": Access("lead", True, hidden=frozenset({"phone", "company"}))}
    assert found(filled, search="rsgx", ground=nothing) == []


def test_a_count_and_a_stream_agree_with_the_pages(filled: Shop) -> None:
    with filled.database.read() as connection:
        ground = filled.ground(connection)
        query = Query(entity="lead", filters=(Filter("source", "eq", "douyin"),), sort=("-id",), limit=1)
        assert answer.count(connection, ground, query) == 2
        assert answer.ids(connection, ground, query) == [4, 1]
        assert [record.id for record in answer.stream(connection, ground, query, lot=1)] == [4, 1]


def test_groups_and_aggregates(filled: Shop) -> None:
    numbers = {
        "count": Aggregate("count"),
        "budget": Aggregate("sum", "budget"),
        "heat": Aggregate("avg", "heat"),
        "first": Aggregate("min", "created_at"),
        "owners": Aggregate("distinct", "owner"),
    }
    with filled.database.read() as connection:
        ground = filled.ground(connection)
        groups = answer.groups(connection, ground, Query(entity="lead", group=("source",), aggregates=numbers))
        whole = answer.groups(connection, ground, Query(entity="lead", aggregates=numbers))
    by = {group.key: group.values for group in groups}
    assert list(by) == [("douyin",), ("expo",), ("website",)]
    assert by[("douyin",)] == {
        "count": 2, "budget": Decimal("100005.50"), "heat": 1.0, "first": NOW, "owners": 1,
    }  # fmt: skip
    assert by[("expo",)]["budget"] is None
    assert whole[0].key == () and whole[0].values["count"] == 4 and whole[0].values["heat"] == 4.5


def test_records_in_the_trash_are_nowhere(filled: Shop) -> None:
    with filled.database.read() as connection:
        record = filled.records.get(connection, "lead", 2)
    assert record is not None
    filled.database.write(lambda connection: filled.records.trash(connection, record, NOW, None))
    assert found(filled) == [1, 3, 4]
    with filled.database.read() as connection:
        assert answer.count(connection, filled.ground(connection), Query(entity="lead")) == 3


def test_a_reader_without_the_entity_is_told_it_does_not_exist(filled: Shop) -> None:
    for name, access in (("lead", {"lead": Access("lead")}), ("ledger", {})):
        with pytest.raises(NotFound) as refused, filled.database.read() as connection:
            answer.page(connection, filled.ground(connection, **access), Query(entity=name))
        assert refused.value.problems[0].code == "Q007"
