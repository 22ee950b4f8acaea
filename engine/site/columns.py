"""Which column of a file is which field: by its name, what it is also called, how it is read, and what stands in it. Floor: 6."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.entity import Field
from engine.plugins.slots import Unclean
from engine.store.words import sounds

#: Words people write over the same column. One that stands in a line with a field's name or label is a name of that field, too.
SAME: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split("|"))
    for line in (
        "公司|公司名称|公司名|单位|单位名称|客户|客户名称|客户名|企业|企业名称|机构|机构名称|company|companyname|account|organization|organisation|customer",
        "联系人|联系人姓名|姓名|名字|对接人|客户姓名|contact|contactname|contactperson|name|fullname",
        "手机|手机号|手机号码|电话|电话号码|联系电话|联系方式|移动电话|phone|mobile|phonenumber|mobilephone|tel|telephone|cell",
        "邮箱|邮件|电子邮箱|电子邮件|邮箱地址|email|mail|emailaddress",
        "统一社会信用代码|社会信用代码|信用代码|税号|纳税人识别号|uscc|taxid|creditcode",
        "地区|区域|所在地|省份|城市|省市|region|area|city|province",
        "地址|详细地址|通讯地址|联系地址|address|street",
        "来源|渠道|线索来源|客户来源|来源渠道|source|channel|leadsource",
        "活动|活动名称|市场活动|campaign|event",
        "预算|金额|预算金额|预计金额|budget|amount|expectedamount",
        "负责人|跟进人|销售|所属销售|业务员|归属人|owner|salesperson|assignedto|rep",
        "备注|说明|描述|留言|补充|note|notes|remark|remarks|comment|comments|description",
        "科室|部门|department|dept|division",
        "医院|医院名称|hospital|hospitalname",
        "职位|职务|岗位|title|jobtitle|position",
        "行业|所属行业|industry|sector",
        "网址|官网|网站|website|url|homepage",
        "数量|件数|qty|quantity|count",
        "单价|价格|售价|price|unitprice",
        "编号|编码|代码|code|number|no",
        "日期|时间|date|time",
        "产品|产品名称|商品|商品名称|product|productname",
    )
)
#: What is written around a name and is no part of it: 手机号(必填), *电话, 「单位」.
AROUND = re.compile(r"[((\[【].*?[))\]】]|[\s*_\-./::#「」]+")
#: Types whose values are told from all others by how they look.
TELLING = ("phone", "email", "uscc", "url")
#: Types a cell of a file cannot fill.
CLOSED = ("state", "sequence", "backlink", "links", "json", "file", "image")
WEIGHT: Mapping[str, int] = {"name": 6, "same": 5, "sound": 4, "part": 3, "content": 2}


@dataclass(frozen=True, slots=True)
class Guess:
    """A column for a field. ``why``: its name or label, another word for it (``same``), how it is read (``sound``), a part
    of the name, or what stands in it (``content``)."""

    field: str
    column: str
    why: str


def fillable(field: Field) -> bool:
    """Whether a cell of a file can fill it."""
    return field.type not in CLOSED and field.value is None


def plain(text: str) -> str:
    """A name without what is around it: full width, case, spaces, marks, brackets."""
    return AROUND.sub("", unicodedata.normalize("NFKC", text)).lower()


def guesses(
    columns: Sequence[str], samples: Mapping[str, Sequence[str]], fields: Iterable[Field], types: Mapping[str, Any]
) -> list[Guess]:
    """The best column for each field that has one: the surest first, no column and no field twice. ``samples`` are some cells of
    each column, ``types`` the field types by name."""
    found: list[tuple[int, int, Guess]] = []
    for order, field in enumerate(fields):
        if not fillable(field):
            continue
        names = {plain(word) for word in (field.name, field.label.zh, field.label.en)} - {""}
        for column in columns:
            why = _why(plain(column), names) if column else ""
            if not why and column and field.type in TELLING and _looks_like(field, samples.get(column, ()), types):
                why = "content"
            if why:
                found.append((-WEIGHT[why], order, Guess(field.name, column, why)))
    chosen: list[Guess] = []
    for _, _, guess in sorted(found, key=lambda each: each[:2]):
        if all(guess.field != other.field and guess.column != other.column for other in chosen):
            chosen.append(guess)
    return chosen


def heading_row(lines: Sequence[Sequence[str]], fields: Sequence[Field]) -> int:
    """The number of the line with the column names: that in which most fields are found by name; the first where none is."""
    best, most = 1, 0
    for number, cells in enumerate(lines, start=1):
        columns = [cell for cell in cells if cell and len(cell) <= 40]
        if len(columns) < len(set(columns)) or len(set(columns)) < 2:
            continue
        hits = len(guesses(list(dict.fromkeys(columns)), {}, fields, {}))
        if hits > most:
            best, most = number, hits
    return best


def _why(column: str, names: set[str]) -> str:
    if not column:
        return ""
    if column in names:
        return "name"
    if any(column in line and not line.isdisjoint(names) for line in SAME):
        return "same"
    if column.isascii() and column.isalpha() and any(column in readings for readings in _readings(names)):
        return "sound"
    if any(_inside(column, name) or _inside(name, column) for name in names):
        return "part"
    return ""


def _readings(names: set[str]) -> Iterator[tuple[str, ...]]:
    for name in names:
        if not name.isascii():
            whole, _, initials = sounds(name).partition(" ")
            # Two initials fit far too much.
            yield (whole, initials) if len(initials) > 2 else (whole,)


def _inside(short: str, long: str) -> bool:
    """True for 手机 in 客户手机: two characters of Chinese say as much as four letters."""
    return short in long and len(short) >= (4 if short.isascii() else 2)


def _looks_like(field: Field, cells: Sequence[str], types: Mapping[str, Any]) -> bool:
    filled = [cell for cell in cells if cell]
    kind = types.get(field.type)
    if kind is None or len(filled) < 2:
        return False
    good = 0
    for cell in filled:
        try:
            good += kind.clean(field, cell) is not None
        except Unclean:
            continue
    return good >= 0.8 * len(filled)
