"""How alike two values are: names of companies and people as they are really written."""

from __future__ import annotations

from math import log2

import pytest

from engine.plugins import alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("锐视光学", "锐视光学有限公司"),
        ("锐视光学股份有限公司", "锐视光学有限责任公司"),
        ("锐视光学(上海)有限公司", "上海锐视光学有限公司"),
        ("锐视光学(上海)有限公司", "锐视光学(上海)有限公司"),
        ("锐视光学有限公司深圳分公司", "锐视光学有限公司"),
        ("銳視光學有限公司", "锐视光学"),
        ("ＡＣＭＥ Ltd.", "acme"),
        ("Acme Optics Co., Ltd.", "ACME OPTICS"),
        ("锐视 光学", "锐视光学"),
    ],
)
def test_one_company_written_in_two_ways_is_one(one: str, other: str) -> None:
    assert alike.similarity(one, other) == 1.0


def test_a_name_that_only_sounds_the_same_is_nearly_the_same() -> None:
    assert alike.similarity("瑞视光学", "锐视光学") == 0.95
    assert alike.similarity("张伟", "章伟") == 0.95
    assert alike.similarity("张伟", "Zhang Wei") == 0.95
    assert alike.similarity("张伟", "Wei Zhang") == 0.95


def test_other_companies_and_other_places_stay_apart() -> None:
    assert alike.similarity("江海精密机械", "海蓝生物") < 0.5
    assert alike.similarity("上海大众", "广州大众") == 0.8
    assert alike.similarity("锐视光学", "") == 0.0


def test_a_company_that_is_called_only_by_its_form_keeps_a_name() -> None:
    assert alike.read("公司").whole == "公司"
    assert alike.read("上海公司").whole
    assert alike.read("(上海)").whole


def test_words_of_chinese_survive_a_character_of_the_same_sound() -> None:
    assert alike.read("锐视光学").words == ("rui shi", "shi guang", "guang xue") == alike.read("瑞视光学").words


def test_a_rare_word_that_agrees_proves_more_than_a_common_one() -> None:
    one, other = alike.read("Quillfeather"), alike.read("Smith")
    rare, _ = alike.agreement(one, one, lambda word: log2(10_000 / 1))
    common, _ = alike.agreement(other, other, lambda word: log2(10_000 / 500))
    against, share = alike.agreement(one, other, lambda word: 10.0)
    assert rare > common > 0 > against
    assert share == 0.0 and against == -alike.AGAINST


def test_slips_of_the_pen_are_not_other_words() -> None:
    bits = lambda word: 10.0  # noqa: E731
    assert alike.agreement(alike.read("pridhamstreet"), alike.read("pridham street"), bits)[1] == 1.0
    assert alike.agreement(alike.read("katherine"), alike.read("katharine"), bits)[1] > 0.8
    assert 0.5 < alike.agreement(alike.read("13800138000"), alike.read("13800138001"), bits)[1] < 0.9
    assert alike.agreement(alike.read("1999"), alike.read("1998"), bits)[1] <= 0.5


def test_probability_asks_for_more_evidence_among_more_records() -> None:
    assert alike.probability(20, 10_000) > 0.98 > alike.probability(20, 1_000_000) > 0.4
    assert alike.probability(-500, 10) >= 0.0
    assert alike.probability(500, 10) <= 1.0
