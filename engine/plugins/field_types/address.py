"""address. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.expression.types import ANY, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

PARTS = ("province", "city", "district", "street")
_CITIES = "北京|上海|天津|重庆"
_PROVINCE = re.compile(
    rf"(?:中国)?([一-龥]{{2,8}}?(?:省|自治区|特别行政区)|(?:{_CITIES})市?|内蒙古|广西|西藏|宁夏|新疆)"
)
_CITY = re.compile(r"([一-龥]{2,10}?(?:市|自治州|地区|盟))")
_DISTRICT = re.compile(r"([一-龥]{1,8}?(?:自治县|区|县|市|旗))")


class Address(FieldType):
    """A postal address: province, city, district, street. Written in one line, it is taken apart."""

    name = "address"
    title = {"zh": "地址", "en": "Address"}
    example = "address: {type: address}"

    def type_of(self, field: Field) -> Type:
        """any (its parts by name)"""
        return ANY

    def column(self, field: Field) -> Any:
        """JSON"""
        from engine.store import columns

        return columns.json()

    def clean(self, field: Field, value: Any) -> dict[str, str] | None:
        """The parts that are known. R037 for anything but text or a map of the four parts."""
        if entered.is_empty(value):
            return None
        if isinstance(value, Mapping):
            strange = [str(key) for key in value if key not in PARTS]
            if strange:
                raise Unclean("R037", value=", ".join(strange)[:60])
            parts = {key: entered.text_of(value[key]).strip() for key in PARTS if not entered.is_empty(value.get(key))}
            return parts or None
        if not isinstance(value, str):
            raise Unclean("R037", value=str(value)[:60])
        return taken_apart(entered.narrow(entered.text_of(value)))

    def to_store(self, value: Any) -> Any:
        """JSON text."""
        import orjson

        return None if value is None else orjson.dumps(value).decode()

    def from_store(self, value: Any) -> Any:
        """The parts."""
        import orjson

        return None if value is None else orjson.loads(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """In one line, the large first in Chinese, last in English."""
        if not value:
            return ""
        parts = [value[key] for key in PARTS if value.get(key)]
        return "".join(dict.fromkeys(parts)) if language == "zh" else ", ".join(reversed(list(dict.fromkeys(parts))))


def taken_apart(text: str) -> dict[str, str]:
    """``广东省深圳市南山区科技园1号`` by its parts; a city that is a province is both."""
    found: dict[str, str] = {}
    rest = text
    province = _PROVINCE.match(rest)
    if province:
        found["province"] = province[1]
        rest = rest[province.end() :].lstrip()
        if re.fullmatch(rf"(?:{_CITIES})市?", province[1]):
            found["province"] = found["city"] = province[1].removesuffix("市") + "市"
            rest = rest.removeprefix(found["city"]).removeprefix("市辖区")
    if "city" not in found and (city := _CITY.match(rest)):
        found["city"] = city[1]
        rest = rest[city.end() :].lstrip()
    if found and (district := _DISTRICT.match(rest)):
        found["district"] = district[1]
        rest = rest[district.end() :].lstrip()
    if rest:
        found["street"] = rest
    return found
