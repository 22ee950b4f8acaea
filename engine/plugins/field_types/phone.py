"""phone. Floor: 4."""

from __future__ import annotations

import re
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_SEPARATORS = re.compile(r"[\s\-.()·_/]+")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
#: How nearly every number is typed, and how it is kept.
_PLAIN = re.compile(r"(?:\+86)?(1[3-9][0-9]{9})")
_EXTENSION = re.compile(r"(?:转分机|转|分机|ext\.?|extension|x|#|;ext=|,)\s*(\d{1,8})\s*$", re.IGNORECASE)


class Phone(FieldType):
    """A phone number, kept the international way (``+8613800138000``, ``+867551234567;ext=801``).

    ``region`` is where a number without country code belongs.
    """

    name = "phone"
    title = {"zh": "电话", "en": "Phone"}
    params = {
        "type": "object",
        "properties": {"region": {"type": "string", "pattern": "^[A-Z]{2}$", "default": "CN"}},
        "additionalProperties": False,
    }
    example = "phone: {type: phone, region: CN, personal: true}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """E.164, with ``;ext=`` where there is an extension. R030 no number, R031 wrong length, R032 as Excel spoils it."""
        region = field.options.get("region", "CN")
        plain = _PLAIN.fullmatch(value) if isinstance(value, str) and region == "CN" else None
        if plain is not None:
            return f"+86{plain[1]}"
        if entered.is_empty(value):
            return None
        text = entered.narrow(entered.text_of(value))
        bare = _SEPARATORS.sub("", text)
        if region == "CN" or bare.startswith(("+86", "0086")):
            mobile = _MOBILE.fullmatch(bare)
            if mobile is not None:
                return f"+86{mobile[1]}"
        return self._other(text, str(region))

    def _other(self, text: str, region: str) -> str:
        if re.fullmatch(r"\d(\.\d+)?e\+?\d+", text.lower()):
            raise Unclean("R032", value=text)
        extension = _EXTENSION.search(text)
        main = text[: extension.start()] if extension else text
        digits = _SEPARATORS.sub("", main)
        if not re.fullmatch(r"\+?\d{3,20}", digits):
            raise Unclean("R030", value=text[:40])
        return self._parsed(digits, region, text) + (f";ext={extension[1]}" if extension else "")

    def _parsed(self, digits: str, region: str, text: str) -> str:
        # The tables of all the world's numbers take long to load: only numbers that are no Chinese mobile pay for them.
        import phonenumbers

        try:
            number = phonenumbers.parse(digits, region)
        except phonenumbers.NumberParseException:
            raise Unclean("R030", value=text[:40]) from None
        national = str(number.national_number)
        mobile_like = number.country_code == 86 and national.startswith("1") and not digits.startswith("0")
        if (mobile_like and not phonenumbers.is_valid_number(number)) or not phonenumbers.is_possible_number(number):
            raise Unclean("R031", value=text[:40], digits=len(national))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def show(self, field: Field, value: Any, language: str) -> str:
        """``138 0013 8000``, ``0755 123 4567 转 801``; with the country code when it is another country's."""
        if not value:
            return ""
        number, _, extension = str(value).partition(";ext=")
        mobile = _MOBILE.fullmatch(number)
        if mobile is not None:
            shown = f"{mobile[1][:3]} {mobile[1][3:7]} {mobile[1][7:]}"
        else:
            import phonenumbers

            form = phonenumbers.PhoneNumberFormat
            parsed = phonenumbers.parse(number, None)
            shown = phonenumbers.format_number(
                parsed, form.NATIONAL if parsed.country_code == 86 else form.INTERNATIONAL
            )
        if extension:
            shown += f" 转 {extension}" if language == "zh" else f" ext. {extension}"
        return shown
