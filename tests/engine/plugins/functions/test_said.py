"""What a message says of its sender: phone, name and the words that matter, by rules alone (M10)."""

from __future__ import annotations

import pytest

from engine.plugins.functions.mentioned import Mentioned
from engine.plugins.functions.name_in import NameIn
from engine.plugins.functions.phone_in import PhoneIn


@pytest.mark.parametrize(
    ("text", "phone", "name"),
    [
        ("我是锐视眼科的李雷，想了解报价，电话138 0013 8000", "13800138000", "李雷"),
        ("我叫王芳电话１３９００１３９０００", "13900139000", "王芳"),
        ("联系人：张三丰 手机 138-0013-8000", "13800138000", "张三丰"),
        ("幺三八零零一三八零零零", "13800138000", None),
        ("电话是一三八、零零一三、八零零零", "13800138000", None),
        ("免贵姓欧阳", None, "欧阳"),
        ("我是李主任", None, "李主任"),
        ("我是杭州市第一医院眼科的陈医生，座机 0571-88886666 转 801", "057188886666", "陈医生"),
        ("my name is Tom Lee, +1 415-555-2671", "+14155552671", "Tom Lee"),
        ("+86 13800138000", "13800138000", None),
        ("我是想了解报价", None, None),
        ("订单号20260105138001380001", None, None),
        ("身份证 110101199003071234", None, None),
        ("", None, None),
    ],
)
def test_a_message_gives_phone_and_name(text: str, phone: str | None, name: str | None) -> None:
    assert (PhoneIn().call(text), NameIn().call(text)) == (phone, name)


def test_a_word_is_found_whatever_its_width_and_case_and_the_first_of_the_list_counts() -> None:
    asked = ("报价", "怎么合作", "OCT")
    assert Mentioned().call("怎么合作?想要报价", asked) == "报价"
    assert Mentioned().call("ｏｃｔ 多少钱", asked) == "OCT"
    assert Mentioned().call("你好", asked) is None
    assert Mentioned().call(None, asked) is None and Mentioned().call("报价", None) is None


def test_long_texts_are_read_in_time_that_does_not_run_away() -> None:
    for text in ("我是" * 50_000, "1 " * 50_000, "一" * 100_000, "联系人" * 30_000):
        PhoneIn().call(text), NameIn().call(text)
