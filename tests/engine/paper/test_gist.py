"""Amounts, dates and parties of contracts, as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.paper.gist import capital, facts, party_name

CONTRACT = """设备采购合同
甲方(盖章)：明湖眼科医院
乙方：锐视（杭州）医疗器械有限公司    地址：杭州市
合同编号 20260105001
双方约定，设备单价 120,000.00 元。
合同总金额：人民币（大写）伍拾万捌仟元整 （小写）￥508,000.00
甲方应在收货后 10 日内付款。
质保期 24 个月。
签订日期：２０２６年１月５日
交货不晚于 2026-03-31
"""


def first(text: str, kind: str) -> str | None:
    return next((fact.value for fact in facts(text) if fact.kind == kind), None)


def test_m31_a_contract_in_short() -> None:
    assert first(CONTRACT, "amount") == "508000.00"
    assert first(CONTRACT, "date") == "2026-01-05"
    assert first(CONTRACT, "party_a") == "明湖眼科医院"
    assert first(CONTRACT, "party_b") == "锐视（杭州）医疗器械有限公司"
    amounts = [fact.value for fact in facts(CONTRACT) if fact.kind == "amount"]
    assert amounts == ["508000.00", "120000.00"]
    assert next(f.line for f in facts(CONTRACT) if f.kind == "date") == "签订日期：２０２６年１月５日"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("合计 ¥1,234.5", "1234.50"), ("总价:12.5万元", "125000.00"), ("RMB 88000", "88000.00"), ("金额 3亿元", "300000000.00"),
        ("Total: $ 1,000.00", "1000.00"), ("价税合计 1,130.00", "1130.00"), ("壹拾贰万叁仟肆佰伍拾陆元柒角捌分", "123456.78"),
        ("电话 0571-88880000", None), ("编号 20260105001", None), ("共 3 台", None), ("合计 3 台", None), ("日期 2026.01.05", None), ("", None),
    ],
)  # fmt: skip
def test_amounts_have_a_sign_or_a_word_for_them(text: str, amount: str | None) -> None:
    assert first(text, "amount") == amount


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026年1月5日", "2026-01-05"), ("2026/12/31", "2026-12-31"), ("2026.2.3", "2026-02-03"), ("2026-02-30", None), ("12026-01-011", None), ("1月5日", None)],
)  # fmt: skip
def test_dates_are_days_there_are(text: str, day: str | None) -> None:
    assert first(text, "date") == day


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("伍拾万捌仟元整", 508000),
        ("拾元整", 10),
        ("壹亿零叁拾万元", 100300000),
        ("叁元伍角", Decimal("3.5")),
        ("零元", None),
    ],
)
def test_capital_figures(text: str, number: Decimal | int | None) -> None:
    assert capital(text) == number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("(盖章)明湖眼科", "明湖眼科"),
        ("明湖眼科 乙方:锐视", "明湖眼科"),
        ("应按时付款", ""),
        ("_____", ""),
        ("甲", ""),
        ("明湖眼科,以下简称甲方", "明湖眼科"),
    ],
)
def test_names_of_parties_end_where_something_else_begins(text: str, name: str) -> None:
    assert party_name(text) == name


def test_a_long_text_takes_no_long_time() -> None:
    import time

    before = time.process_time()
    facts("甲方" * 20_000 + "\n" + "1," * 100_000 + "\n" + "拾" * 50_000 + "\n" + ("2026年" * 100 + "\n") * 3000)
    assert time.process_time() - before < 20
