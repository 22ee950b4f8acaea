"""lint --fix: what has one right cure is mended, everything else is left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument
from engine.source.fix import fix, to_utf8
from engine.source.reader import read_tolerant

FOLDER = Path(__file__).resolve().parents[2] / "problems"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "kind: entity\nname：lead\nfields：\n  a: {type：text}\n",
            "kind: entity\nname: lead\nfields:\n  a: {type: text}\n",
        ),
        ("a: [价格，服务]\n", "a: [价格, 服务]\n"),
        ("a: {type: text，required: true}\n", "a: {type: text, required: true}\n"),
        ("label: “线索”  # 注\n", 'label: "线索"  # 注\n'),
        ("a:\n　　b: 1\n", "a:\n    b: 1\n"),
        ("a:\n\tb: 1\n\tc:\n\t\td: 2\n", "a:\n  b: 1\n  c:\n    d: 2\n"),
        ("a:\n\tb: 1\r\n", "a:\n  b: 1\r\n"),
        ("title: {{ a }} {{ b }}  # c\n", 'title: "{{ a }} {{ b }}"  # c\n'),
        ("title: {{ lead.name }}\n", 'title: "{{ lead.name }}"\n'),
        ("a: {zh: 你好 {{ name }}, en: x}\n", 'a: {zh: "你好 {{ name }}", en: x}\n'),
        ("msg: 提醒: 超时\n", 'msg: "提醒: 超时"\n'),
        ("color: #fff\n", 'color: "#fff"\n'),
        ("if: '抖音' in tags\n", "if: \"'抖音' in tags\"\n"),
        ("a: {value: =min(a, b), x: 1}\n", 'a: {value: "=min(a, b)", x: 1}\n'),
        ("kind:entity\nname:lead\n", "kind: entity\nname: lead\n"),
        ("a:\n- b\n-c\n", "a:\n- b\n- c\n"),
        ('path: "C:\\data"\n', 'path: "C:\\\\data"\n'),
        ("a: [b, , c]\n", "a: [b,   c]\n"),
    ],
)
def test_a_slip_with_one_cure_is_mended(before: str, after: str) -> None:
    fixed, mended = fix(before, "x.yaml")
    assert fixed == after
    assert mended
    assert read_tolerant(fixed, "x.yaml")[1] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind: pack\nversion: 1.10\n", 'kind: pack\nversion: "1.10"\n'),
        ("requires: {crm: 1.0}\n", 'requires: {crm: "1.0"}\n'),
    ],
)
def test_fault_004_a_version_without_quotes_is_told_with_them_and_mended(before: str, after: str) -> None:
    (problem,) = read_tolerant(before, "x.yaml")[1]
    assert '"1.' in problem.line("zh") and "引号" in problem.line("zh")
    assert fix(before, "x.yaml")[0] == after and read_tolerant(after, "x.yaml")[1] == []


@pytest.mark.parametrize(
    "text",
    [
        'a: "x\nb: 1\n',
        "a: 1\na: 2\n",
        "a: [1\nb: 2\n",
        "name lead\nkind: x\n",
        "icon: #备注\n",
        "a: .inf\n",
        "- a\n",
        "",
    ],
)
def test_what_has_no_single_cure_is_left_alone(text: str) -> None:
    assert fix(text, "x.yaml") == (text, [])


def test_a_good_file_is_not_touched() -> None:
    text = "# 说明：，“”\nkind:   entity\nlabel: 说明：这里，有“标点”\t# x\n"
    assert fix(text, "x.yaml") == (text, [])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("Y*.yaml")), ids=lambda path: path.stem)
def test_mending_twice_changes_nothing_more(path: Path) -> None:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return
    once = fix(text, path.name)[0]
    assert fix(once, path.name) == (once, [])


def test_a_fix_says_what_it_mended_and_where() -> None:
    _, mended = fix("kind: entity\nname：lead\n", "custom/lead.yaml")
    assert [(p.code, str(p.where)) for p in mended] == [("Y008", "custom/lead.yaml:2:5")]


@given(st.text(alphabet="ab:- ,[]{}#*'\"\n\t：，“”　中{}=1.", max_size=60))
@settings(max_examples=150, deadline=None)
def test_mending_any_text_ends_and_never_loses_a_letter(text: str) -> None:
    fixed, _ = fix(text, "x.yaml")
    for letter in "ab中=1":
        assert fixed.count(letter) == text.count(letter)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le", "big5"])
def test_fault_010_another_encoding_becomes_utf_8_without_mojibake(encoding: str) -> None:
    text = "名稱: 線索\nkind: entity\n"
    assert to_utf8(text.encode(encoding)) == text


def test_fault_010_what_is_no_text_is_never_converted() -> None:
    with pytest.raises(InvalidDocument) as caught:
        to_utf8(b"\x89PNG\r\n\x1a\n\x00\x00\x81\xff\xfe")
    assert caught.value.problems[0].code == "Y006"


def test_bytes_in_another_encoding_are_refused_by_fix_with_the_way_out() -> None:
    with pytest.raises(InvalidDocument) as caught:
        fix("名称: 线索".encode("gbk"), "x.yaml")
    assert "fmt --to-utf8" in caught.value.text("zh")
