"""Northwind's orders joined to its customers: what each bought within three years, and the sales, equal to pandas."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd

from engine.facts import SYSTEM

FOLDER = "crm-northwind-erp"
#: Three years back from here lie about half of the orders.
NOW = dt.datetime(2020, 6, 1, tzinfo=dt.UTC)


def _lines(data: Path) -> pd.DataFrame:
    orders, lines = pd.read_csv(data / "orders.csv"), pd.read_csv(data / "order_details.csv")
    products, categories = pd.read_csv(data / "products.csv"), pd.read_csv(data / "categories.csv")
    named = products.merge(categories, on="CategoryID")
    joined = lines.merge(orders, on="OrderID").merge(named, on="ProductID", suffixes=("", "_list"))
    return joined[["OrderID", "CustomerID", "OrderDate", "ProductName", "CategoryName", "UnitPrice", "Quantity", "Discount"]]


def test_what_customers_bought_in_three_years_is_what_pandas_joins(
    data: Path, opened: Callable[..., tuple], tmp_path: Path
) -> None:
    engine, _ = opened("northwind", NOW)
    customers = engine.import_file(
        SYSTEM,
        data / "customers.csv",
        "customer",
        {"company": "CompanyName", "code": "CustomerID", "country": "Country"},
    )
    assert customers.bad == [] and customers.created == 93
    # four customers of the file have no order; one order names a customer that the file spells otherwise
    orders = engine.import_file(
        SYSTEM,
        data / "orders.csv",
        "order",
        {"number": "OrderID", "customer": "CustomerID", "ordered_at": "OrderDate"},
    )
    assert orders.bad == [] and orders.created == 830
    lines = _lines(data)
    lines.to_csv(tmp_path / "lines.csv", index=False)
    taken = engine.import_file(
        SYSTEM,
        tmp_path / "lines.csv",
        "order_line",
        {
            "order": "OrderID",
            "customer": "CustomerID",
            "ordered_at": "OrderDate",
            "product": "ProductName",
            "category": "CategoryName",
            "unit_price": "UnitPrice",
            "quantity": "Quantity",
            "discount": "Discount",
        },
    )
    assert taken.bad == [] and taken.created == 2155

    since = NOW.replace(year=NOW.year - 3, tzinfo=None)
    recent = lines[pd.to_datetime(lines["OrderDate"]) > since]
    expected = recent.groupby("CustomerID")["CategoryName"].agg(lambda names: sorted(set(names))).to_dict()
    found = {}
    for seen in engine.query(SYSTEM, "customer", limit=200).items:
        # a computed value is as of the last save: touching the record brings it up to date
        kept = engine.update(SYSTEM, "customer", seen.record.id, {"country": seen.record.values["country"] + " "}).record
        found[kept.record.values["code"]] = sorted(kept.record.values["bought"] or ())
    assert {code: bought for code, bought in found.items() if bought} == expected

    def cents(row: pd.Series) -> Decimal:
        exact = Decimal(str(row["UnitPrice"])) * int(row["Quantity"]) * (1 - Decimal(str(row["Discount"])))
        return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)

    lines["amount"] = lines.apply(cents, axis=1)
    assert Decimal(str(engine.metric(SYSTEM, "sales_amount").whole.value)) == lines["amount"].sum()
    groups = {g.key: Decimal(str(g.value)) for g in engine.metric(SYSTEM, "sales_amount", by="category").groups}
    assert groups == lines.groupby("CategoryName")["amount"].sum().to_dict()
