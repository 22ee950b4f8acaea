"""money. Floor: 4."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.expression.types import MONEY, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

SCALE = 10_000
STEP = Decimal("0.0001")
LARGEST = Decimal(2**63 - 1) / SCALE
#: With fewer digits no whole number is too large.
DIGITS = 15

SIGNS: Mapping[str, str] = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}
_CURRENCY = re.compile(r"(人民币|rmb|cny|hk\$|hkd|usd|us\$|eur|gbp|jpy|[¥¥$€£]|元整|元|圆)")
_MEANS: Mapping[str, str] = {
    "人民币": "CNY",
    "rmb": "CNY",
    "cny": "CNY",
    "hk$": "HKD",
    "hkd": "HKD",
    "usd": "USD",
    "us$": "USD",
    "$": "USD",
    "eur": "EUR",
    "€": "EUR",
    "gbp": "GBP",
    "£": "GBP",
    "jpy": "JPY",
}


def _read(value: Any, own: str) -> Decimal:
    """The amount that was typed, in the currency ``own``."""
    if isinstance(value, str):
        if len(value) < DIGITS and value.isascii() and value.isdigit():
            return Decimal(value).quantize(STEP)
        text = entered.narrow(entered.text_of(value)).lower()
        for sign in _CURRENCY.findall(text):
            currency = _MEANS.get(sign)
            if currency is not None and currency != own:
                raise Unclean("R017", given=currency, expected=own)
        value = _CURRENCY.sub("", text).strip()
    amount = entered.decimal_of(value, "R015")
    if abs(amount) > LARGEST:
        raise Unclean("R013", most=LARGEST)
    return amount.quantize(STEP, rounding=ROUND_HALF_UP)


_bound = functools.lru_cache(maxsize=256, typed=True)(_read)


class Money(FieldType):
    """An amount in the field's ``currency`` (the site's by default), exact to four decimals.

    ``12.5 万``, ``¥125,000.00`` and ``125000元`` are all understood.
    """

    name = "money"
    title = {"zh": "金额", "en": "Money"}
    params = {
        "type": "object",
        "properties": {"currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
        "additionalProperties": False,
    }
    example = "budget: {type: money, currency: CNY, min: 0}"

    def type_of(self, field: Field) -> Type:
        """money"""
        return MONEY

    def column(self, field: Field) -> Any:
        """BIGINT: ten-thousandths."""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> Decimal | None:
        """The amount, rounded to four decimals. R015 when it is none, R017 in another currency, R012, R013 out of bounds."""
        if entered.is_empty(value):
            return None
        own = self.currency(field)
        return entered.bounded(field, _read(value, own), lambda bound: _bound(bound, own))  # type: ignore[no-any-return]

    def currency(self, field: Field) -> str:
        """Three letters."""
        return str(field.options.get("currency", "CNY"))

    def to_store(self, value: Any) -> Any:
        """Ten-thousandths."""
        return None if value is None else int(Decimal(value) * SCALE)

    def from_store(self, value: Any) -> Any:
        """The exact amount."""
        return None if value is None else (Decimal(value) / SCALE).quantize(STEP)

    def to_json(self, value: Any) -> Any:
        """Text, so that nobody's floats touch it: ``"125000.00"``, with two decimals at least."""
        if value is None:
            return None
        whole, _, rest = f"{value:f}".partition(".")
        return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"

    def show(self, field: Field, value: Any, language: str) -> str:
        """``¥125,000.00``"""
        if value is None:
            return ""
        currency = self.currency(field)
        sign = SIGNS.get(currency, f"{currency} ")
        return f"{'-' if value < 0 else ''}{sign}{abs(value):,.2f}"
