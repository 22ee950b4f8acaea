"""Every refusal of a field's value, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import engine.errors
from engine.errors import Problem
from engine.model.entity import Field
from engine.model.terms import Choice
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType, Unclean

CASES: list[tuple[str, Any, dict[str, Any], str]] = [
    ("text", [1], {}, "f R001 这里要填文字 -> 填一段文字或一个数"),
    ("text", "abcd", {"max_length": 3}, "f R002 最多 3 个字,现在有 4 个 -> 缩短一些"),
    ("text", "abd", {"pattern": "[a-c]+"}, "f R003 格式不对,应符合 [a-c]+ -> 按要求的格式填写"),
    ("text", "a\x00b", {}, "f R004 含有无法保存的字符(空字符或残缺的字) -> 重新输入这段文字"),
    ("integer", "三个", {}, "f R010 要填整数,「三个」不是 -> 例如 12 或 1,200"),
    ("number", "abc", {}, "f R011 要填数字,「abc」不是 -> 例如 12.5、1,200 或 12.5 万"),
    ("integer", 4, {"min": 5}, "f R012 不能小于 5 -> 填一个不小于 5 的值"),
    ("integer", 6, {"max": 5}, "f R013 不能大于 5 -> 填一个不大于 5 的值"),
    ("number", "inf", {}, "f R014 不能是无穷大或非数字 -> 填一个具体的数"),
    ("money", "很多", {}, "f R015 要填金额,「很多」不是 -> 例如 125000、¥125,000.00 或 12.5 万"),
    ("money", "$100", {}, "f R017 这里的金额是 CNY,收到的是 USD -> 换算成 CNY 再填"),
    ("yes_no", "也许", {}, "f R020 要填是或否,「也许」不是 -> 填 是 / 否,或 true / false"),
    ("date", "5/1/2026", {}, "f R021 要填日期,「5/1/2026」看不懂 -> 写成 2026-01-05 或 2026年1月5日"),
    ("date", "2026-02-30", {}, "f R022 没有「2026-02-30」这一天 -> 检查月份和日子"),
    ("time", "25:00", {}, "f R023 要填时间,「25:00」看不懂 -> 写成 18:00 或 下午6:00"),
    ("datetime", "马上", {}, "f R024 要填日期和时间,「马上」看不懂 -> 写成 2026-01-05 09:00"),
    ("duration", "4", {}, "f R026 要填时长并带单位,「4」看不懂 -> 例如 30m、4h、2小时30分钟、7d"),
    (
        "choice",
        "webiste",
        {"choices": (Choice("website"), Choice("expo"))},
        "f R027 没有「webiste」这个选项,可选:website, expo -> 从列出的选项里选一个",
    ),
    ("phone", "打给我", {}, "f R030 「打给我」不是电话号码 -> 例如 13800138000、0755-1234567 转 801、+1 650 253 0000"),
    ("phone", "1380013800", {}, "f R031 电话号码「1380013800」的位数不对(10 位) -> 手机号是 11 位,座机要带区号"),
    (
        "phone",
        "1.38E+10",
        {},
        "f R032 电话号码「1.38E+10」被 Excel 变成了科学记数,末几位已经丢失 -> 在 Excel 里把这一列设为文本,重新导出",
    ),
    ("email", "a@b,c@d.cn", {}, "f R033 「a@b,c@d.cn」不是一个邮箱地址 -> 例如 li@example.com,一次只填一个"),
    ("url", "javascript:alert(1)", {}, "f R034 「javascript:alert(1)」不是网址 -> 例如 https://example.com"),
    (
        "uscc",
        "91110000600037342L",
        {},
        "f R035 统一社会信用代码「91110000600037342L」校验不通过 -> 对照营业执照核对,多半是某一位写错",
    ),
    ("uscc", "9111", {}, "f R036 统一社会信用代码应为 18 位,现在是 4 位 -> 补全或删去多余的字符"),
    ("address", {"planet": 1}, {}, "f R037 地址看不懂:planet -> 写成一行文字,或分省、市、区、街道填写"),
    ("link", "李四", {"to": "user"}, "f R038 「李四」不是记录的编号 -> 从列表中选择,或填编号"),
    ("list", [[1]], {}, "f R040 这个值不能保存在这里 -> 按字段的类型填写;反向关联要到对方记录里修改"),
    ("file", "../x", {}, "f R043 没有「../x」这个文件 -> 先上传文件,再保存记录"),
    ("list", ["x"] * 10_001, {}, "f R046 最多 10000 项 -> 减少一些,或改用单独的实体"),
]
#: Said by the store, not by a field type (tests/engine/store).
BY_THE_STORE = {"R041", "R042"}


@pytest.mark.parametrize(("type", "value", "options", "said"), CASES)
def test_a_refusal_says_exactly_this(
    registry: Registry, type: str, value: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unclean) as caught:
        registry.get(FieldType, type).clean(Field(name="f", type=type, **options), value)
    assert Problem(caught.value.code, field="f", parameters=caught.value.parameters).line("zh") == said


def test_every_code_of_fields_has_its_case() -> None:
    path = Path(engine.errors.__file__).parent / "problems" / "fields.yaml"
    codes = set(yaml.safe_load(path.read_text("utf-8")))
    assert {said.split()[1] for *_, said in CASES} | BY_THE_STORE == codes
