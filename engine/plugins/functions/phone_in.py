"""The function ``phone_in``. Floor: 4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type
from engine.plugins.slots import Function

#: Characters of a text that are looked at.
LONGEST = 10_000
MOBILE = re.compile(r"(?<![\d-])(?:\+?86[-\s]?)?(1[3-9](?:[-\s]?\d){9})(?!\d)")
LANDLINE = re.compile(r"(?<![\d-])(0\d{2,3}[-\s]?[2-8]\d{6,7})(?!\d)")
ABROAD = re.compile(r"(?<![\d-])(\+(?!86)\d{1,3}(?:[-\s]?\d){6,12})(?!\d)")
#: How digits are said on the telephone.
SAID = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")
SPOKEN = re.compile(r"[零〇一幺二两三四五六七八九\d](?:[\s,、,-]?[零〇一幺二两三四五六七八九\d]){9,}")


class PhoneIn(Function):
    """The first phone number in a text, as it would be dialled: written with blanks or hyphens, in full-width digits, or said in
    words (幺三八零零…); a mobile number before a landline. Empty where there is none."""

    name = "phone_in"
    title = {"zh": "文中的电话", "en": "Phone in"}
    signature = ("text",)
    example = 'phone: "=phone_in(content.Content)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, *arguments: Any, **_: Any) -> Any:
        """The number's digits, with + for one abroad; None without one."""
        if arguments[0] is None:
            return None
        text = unicodedata.normalize("NFKC", str(arguments[0])[:LONGEST])
        text = SPOKEN.sub(lambda found: _dialled(found[0]), text)
        for pattern in (MOBILE, ABROAD, LANDLINE):
            found = pattern.search(text)
            if found:
                return re.sub(r"[-\s]", "", found[1])
        return None


def _dialled(said: str) -> str:
    """Digits of what was said in words; what is written in digits stays as it is written."""
    if said.isascii():
        return said
    return re.sub(r"[\s,、-]", "", said).translate(SAID)
