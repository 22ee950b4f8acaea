"""money: exact."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12.5 万", Decimal(125000)),
        ("¥125,000.00", Decimal(125000)),
        ("¥1,000元", Decimal(1000)),
        ("人民币3.2万元", Decimal(32000)),
        (0.1, Decimal("0.1")),
        ("1.23456", Decimal("1.2346")),
        (-5, Decimal(-5)),
        ("1 亿", Decimal(100_000_000)),
        ("", None),
    ],
)
def test_an_amount_is_understood_however_it_is_written(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("money", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("much", "R015"),
        ("$100", "R017"),
        ("100 EUR", "R017"),
        ("nan", "R014"),
        (10**16, "R013"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("money", given) == code


def test_another_currency_is_the_fields_own(cleaned: Clean, refused: Refused, shown: Shown) -> None:
    assert cleaned("money", "$1,000.50", options={"currency": "USD"}) == Decimal("1000.50")
    assert refused("money", "人民币 5", options={"currency": "USD"}) == "R017"
    assert shown("money", Decimal("-1000.5"), "en", options={"currency": "USD"}) == "-$1,000.50"


def test_it_is_shown_and_sent_exactly(shown: Shown, registry: Registry) -> None:
    assert shown("money", Decimal(125000)) == "¥125,000.00"
    plugin = registry.get(FieldType, "money")
    assert [plugin.to_json(Decimal(n)) for n in ("125000", "0.1234", "-3")] == ["125000.00", "0.1234", "-3.00"]
    assert plugin.to_store(Decimal("0.1")) == 1000
