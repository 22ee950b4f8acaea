"""What the database does for a list: an index in the list's order, nothing sorted on the side."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.view import View
from engine.store.query import answer, indexes
from engine.store.query.question import Filter, Query
from tests.engine.store.query.shop import Shop, when

VIEWS = {
    view.name: view
    for view in (
        View(name="mine", entity="lead", where_=when("owner == me", "stage != 'won'"), sort=("next_date", "heat")),
        View(name="hot", entity="lead", sort=("-heat", "-created_at")),
        View(name="pool", entity="lead", where_=when("owner is None"), sort=("source", "created_at")),
        View(name="board", entity="lead", show="board", group="stage", sort=("source",)),
        View(name="both_ways", entity="lead", sort=("-downloads", "company")),
        View(name="far", entity="lead", sort=("hospital.name",)),
    )
}


def plans(shop: Shop, **asked: Any) -> list[str]:
    with shop.database.read() as connection:
        lines = []
        for select in answer.statements(connection, shop.ground(connection), Query(entity="lead", **asked)):
            sql, values, _ = connection._statements.ready(select, ())
            lines.append("; ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, values)))
        return lines


@pytest.fixture
def viewed() -> Any:
    made = Shop(views=VIEWS)
    yield made
    made.database.close()


def test_a_site_gets_the_indexes_its_views_ask_for() -> None:
    shop = Shop(views=VIEWS)
    assert indexes.wanted(shop.manifest)["lead"] == (
        ("owner", "next_date", "heat"), ("heat", "created_at"), ("owner", "source", "created_at"), ("stage", "source"),
    )  # fmt: skip
    names = {index.name for index in shop.schema.table("lead").indexes}
    assert {"ix_lead_owner_next_date_heat", "ix_lead_heat_created_at", "ix_lead_stage_source"} <= names
    shop.database.close()


def test_the_default_list_is_read_in_the_order_of_the_key(viewed: Shop) -> None:
    (plan,) = plans(viewed)
    assert "TEMP B-TREE" not in plan and plan.startswith("SCAN lead")


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"sort": ("-heat", "-created_at")}, "ix_lead_heat_created_at"),
        ({"sort": ("-created_at",)}, "ix_lead_created_at"),
        ({"where": (when("owner is None"),), "sort": ("source", "created_at")}, "ix_lead_owner_source_created_at"),
        ({"filters": (Filter("owner", "eq", "1"),), "sort": ("next_date", "heat")}, "ix_lead_owner_next_date_heat"),
        ({"filters": (Filter("stage", "eq", "new"),), "sort": ("-created_at",)}, "ix_lead_stage_created_at"),
        ({"matches": (("stage", "new"),), "sort": ("source",)}, "ix_lead_stage_source"),
        ({"filters": (Filter("phone", "eq", "13800138000"),)}, "ix_lead_phone"),
    ],
)
def test_a_filtered_sorted_list_is_a_range_of_an_index(viewed: Shop, asked: dict[str, Any], index: str) -> None:
    for plan in plans(viewed, **asked):
        assert f"INDEX {index}" in plan, plan
        if "phone" not in index:
            assert "TEMP B-TREE" not in plan, plan


def test_a_count_of_one_persons_records_uses_an_index(viewed: Shop) -> None:
    (plan, *_) = plans(viewed, where=(when("owner == 1"),), sort=("-created_at",))
    assert "SEARCH lead USING INDEX ix_lead_owner_created_at" in plan
