"""The words a record is found by."""

from __future__ import annotations

import pytest
from pypinyin import lazy_pinyin

from engine.store import words
from engine.store.words import search_text, sounds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("锐视光学", "ruishiguangxue rsgx"),
        ("重庆长安", "chongqingchangan cqca"),
        ("绿地集团", "lvdijituan ldjt"),
        ("中国银行", "zhongguoyinhang zgyh"),
        ("华为(HW)深圳", "huaweihwshenzhen hwhsz"),
        ("Ünal 𠮷", "ünal𠮷 ü"),
    ],
)
def test_chinese_is_found_by_its_sound_and_initials(text: str, expected: str) -> None:
    assert sounds(text.lower()) == expected


def test_readings_are_those_of_pypinyin() -> None:
    names = [
        "音乐学院",
        "都江堰",
        "旅行社",
        "西藏自治区人民医院",
        "乐山大佛",
        "朝阳区",
        "厦门大学",
        "行长会计",
        "传奇宝藏",
        "中国人民解放军总医院",
    ]
    for name in names:
        assert sounds(name).split()[0] == "".join(lazy_pinyin(name))


def test_empty_values_leave_nothing_and_numbers_are_found_without_separators() -> None:
    assert search_text([None, ""]) == ""
    assert search_text(["ACME", None, "+86 138-0013-8000"]) == "acme +86 138-0013-8000 8613800138000"
    assert search_text(["13800138000"]) == "13800138000"
    assert len(search_text(["x" * 50_000])) == 20_000


def test_a_long_text_is_found_as_it_is_written_and_its_beginning_by_its_sound_too() -> None:
    found = search_text(["采购合同" + "好" * 396 + "仲裁委员会"])
    assert "仲裁委员会" in found and "caigou" in found and "zhongcai" not in found


def test_the_tables_found_in_the_text_are_pypinyins_own() -> None:
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    phrases, characters, _ = words._tables()
    spoken = {text: [words._plain(each[0]) for each in readings] for text, readings in PHRASES_DICT.items()}
    assert {text: found.split() for text, found in phrases.items()} == {
        text: readings for text, readings in spoken.items() if len(text) <= words.PHRASE
    }
    assert characters == {point: words._plain(reading.partition(",")[0]) for point, reading in PINYIN_DICT.items()}
