"""Northwind's orders joined to its customers: what each bought within three years, and the sales, equal to pandas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.api import Engine, Look
from engine.facts import SYSTEM
from tests.examples.asked import number, values

FOLDER = "crm-northwind-erp"
#: Three years back from here lie about half of the orders.
NOW = dt.datetime(2020, 6, 1, tzinfo=dt.UTC)


def _lines(data: Path) -> pd.DataFrame:
    orders, lines = pd.read_csv(data / "orders.csv"), pd.read_csv(data / "order_details.csv")
    products, categories = pd.read_csv(data / "products.csv"), pd.read_csv(data / "categories.csv")
    named = products.merge(categories, on="CategoryID")
    joined = lines.merge(orders, on="OrderID").merge(named, on="ProductID", suffixes=("", "_list"))
    return joined[
        ["OrderID", "CustomerID", "OrderDate", "ProductName", "CategoryName", "UnitPrice", "Quantity", "Discount"]
    ]


COLUMNS = {
    "order": "OrderID",
    "customer": "CustomerID",
    "ordered_at": "OrderDate",
    "product": "ProductName",
    "category": "CategoryName",
    "unit_price": "UnitPrice",
    "quantity": "Quantity",
    "discount": "Discount",
}


def _imported(engine: Engine, data: Path, lines: pd.DataFrame, folder: Path) -> None:
    """Customers, their orders and the lines, each through the import, linked by code and number."""
    named = {"company": "CompanyName", "code": "CustomerID", "country": "Country"}
    customers = engine.import_file(SYSTEM, data / "customers.csv", "customer", mapping=named)
    assert (customers.created, customers.bad) == (93, [])
    named = {"number": "OrderID", "customer": "CustomerID", "ordered_at": "OrderDate"}
    orders = engine.import_file(SYSTEM, data / "orders.csv", "order", mapping=named)
    assert (orders.created, orders.bad) == (830, [])
    lines.to_csv(folder / "lines.csv", index=False)
    taken = engine.import_file(SYSTEM, folder / "lines.csv", "order_line", mapping=COLUMNS)
    assert (taken.created, taken.bad) == (2155, [])


@pytest.mark.slow
def test_what_customers_bought_in_three_years_is_what_pandas_joins(
    data: Path, opened: Callable[..., Any], tmp_path: Path
) -> None:
    engine, _ = opened("northwind", NOW)
    lines = _lines(data)
    _imported(engine, data, lines, tmp_path)
    since = NOW.replace(year=NOW.year - 3, tzinfo=None)
    recent = lines[pd.to_datetime(lines["OrderDate"]) > since]
    expected = recent.groupby("CustomerID")["CategoryName"].agg(lambda names: sorted(set(names))).to_dict()
    found = {}
    for seen in engine.list(SYSTEM, "customer", Look(limit=200, columns=("code", "bought"))).items:
        found[seen["code"]] = sorted(seen["bought"] or ())
    assert len(found) == 93
    assert {code: bought for code, bought in found.items() if bought} == expected


@pytest.mark.slow
def test_sales_by_category_are_those_of_pandas(data: Path, opened: Callable[..., Any], tmp_path: Path) -> None:
    engine, _ = opened("northwind", NOW)
    lines = _lines(data)
    _imported(engine, data, lines, tmp_path)

    def amount(row: pd.Series) -> Decimal:
        exact = Decimal(str(row["UnitPrice"])) * int(row["Quantity"]) * (1 - Decimal(str(row["Discount"])))
        return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)

    lines["amount"] = lines.apply(amount, axis=1)
    assert number(engine, "sales_amount") == pytest.approx(float(lines["amount"].sum()))
    expected = {name: float(total) for name, total in lines.groupby("CategoryName")["amount"].sum().items()}
    assert values(engine, "sales_amount", "category") == pytest.approx(expected)
    assert number(engine, "order_count") == 830
