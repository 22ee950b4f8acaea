"""What a contract or quote says in short: amounts, dates, parties, each with the words it was found in. Floor: 2."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

KINDS = ("amount", "date", "party_a", "party_b")
_GAP = r"[ \t:\uff1a]*"
_AMOUNT = re.compile(
    r"(?:(?P<sign>[¥$€])|(?P<word>人民币|RMB|CNY|USD)[\s()小写:]*¥?)?\s*"
    r"(?P<number>\d{1,3}(?:[,]\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?)\s*(?P<unit>亿|万)?\s*(?P<yuan>元|圆)?"
)
_CAPITAL = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,}[元圆](?:整|正|[零壹贰叁肆伍陆柒捌玖角分]*)?")
_TOTAL = re.compile(r"(?:合同总?价款?|合同总?金额|总金额|总价|合计|价税合计|报价|金额|total|amount)", re.I)
_DATE = re.compile(
    r"(?P<y>(?:19|20)\d{2})\s*[年/.\-]\s*(?P<m>1[0-2]|0?[1-9])\s*[月/.\-]\s*(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)"
)
_SIGNED = re.compile(r"(?:签订|签署|签约|订立|合同)?\s*(?:日期|时间|date)", re.I)
_PARTY = {
    "party_a": re.compile(rf"(?:甲\s*方|买\s*方|需\s*方|采购方|委托方|party\s*a|buyer){_GAP}(?P<name>[^\n\t]+)", re.I),
    "party_b": re.compile(rf"(?:乙\s*方|卖\s*方|供\s*方|销售方|受托方|party\s*b|seller){_GAP}(?P<name>[^\n\t]+)", re.I),
}
_BRACKET = re.compile(
    r"^[(\uff08]\s*(?:盖章|签章|公章|签字|买方|卖方|需方|供方|甲方|乙方|采购方|委托方|受托方)[^)\uff09]*[)\uff09]"
    + _GAP
)
_DIGITS = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
_STEPS = {"拾": 10, "佰": 100, "仟": 1000}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a text says: its kind, its value as JSON (amounts with two places, dates as ISO), and the line it stands in."""

    kind: str
    value: str
    line: str


def facts(text: str) -> list[Fact]:
    """What was found, the likeliest of each kind first; each value once. Nothing is guessed: no words, no fact."""
    found: dict[tuple[str, str], tuple[int, int, Fact]] = {}
    for number, line in enumerate(text.split("\n")[:5000]):
        for weight, fact in _of_line(line[:500]):
            known = found.get((fact.kind, fact.value))
            if known is None or known[0] < weight:
                found[fact.kind, fact.value] = (weight, number, fact)
    ordered = sorted(found.values(), key=lambda each: (KINDS.index(each[2].kind), -each[0], each[1]))
    return [fact for _, _, fact in ordered]


def _of_line(written: str) -> Iterator[tuple[int, Fact]]:
    shown = written.strip()[:120]
    # Full-width digits and signs as ordinary ones; names are taken as they are written.
    line = unicodedata.normalize("NFKC", written)
    plain = written if len(written) == len(line) else line
    for match in _CAPITAL.finditer(line):
        value = capital(match.group())
        if value is not None:
            yield 3 + bool(_TOTAL.search(line)), Fact("amount", f"{value:.2f}", shown)
    for match in _AMOUNT.finditer(line):
        marked = bool(match["sign"] or match["word"] or match["yuan"])
        named = bool(_TOTAL.search(line[: match.start()])) and not _DATE.match(line, match.start())
        if not marked and not (named and ("." in match["number"] or "," in match["number"] or match["unit"])):
            continue
        amount = Decimal(match["number"].replace(",", "")) * {"万": 10_000, "亿": 100_000_000}.get(
            match["unit"] or "", 1
        )
        if amount:
            yield 1 + 2 * named + marked, Fact("amount", f"{amount:.2f}", shown)
    for match in _DATE.finditer(line):
        try:
            day = dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError:
            continue
        yield 1 + bool(_SIGNED.search(line[: match.start()])), Fact("date", day.isoformat(), shown)
    for kind, pattern in _PARTY.items():
        party = pattern.search(line)
        name = party_name(plain[party.start("name") : party.end("name")]) if party else ""
        if name:
            yield 1, Fact(kind, name, shown)


def party_name(text: str) -> str:
    """The name behind ``甲方``: without what stands in brackets before it, and without what follows on the same line; empty when
    there is none."""
    text = _BRACKET.sub("", text.strip()).lstrip(" :\uff1a")
    name = re.split(r"\s{2,}|[;,。\uff1b\uff0c]|(?:乙\s*方|签字|盖章|日期|地址|电话)", text)[0].strip(" :\uff1a_")
    return name if 2 <= len(name) <= 60 and not re.search(r"应|负责|有权|同意|支付|按照", name) else ""


def capital(text: str) -> Decimal | None:
    """An amount in capital figures (伍拾万捌仟元整); None where it is none."""
    yuan, _, rest = re.sub("[整正]", "", text).replace("圆", "元").partition("元")
    total = section = digit = 0
    for sign in yuan:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _STEPS:
            section, digit = section + (digit or 1) * _STEPS[sign], 0
        elif sign == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        elif sign == "亿":
            total, section, digit = (total + section + digit) * 100_000_000, 0, 0
    cents = {"角": 0, "分": 0}
    for value, unit in re.findall("([零壹贰叁肆伍陆柒捌玖])([角分])", rest):
        cents[unit] = _DIGITS[value]
    amount = Decimal(total + section + digit) + Decimal(cents["角"]) / 10 + Decimal(cents["分"]) / 100
    return amount if amount else None
