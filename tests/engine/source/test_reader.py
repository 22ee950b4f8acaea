"""Reading: values by the YAML 1.2 rules, exact places, and every problem of a file at once."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument
from engine.source.node import Node
from engine.source.reader import read, read_tolerant


def root(text: str) -> Node:
    return read(text, "x.yaml").documents[0]


def codes(text: str) -> list[tuple[str, int, int]]:
    return [(p.code, p.where.line, p.where.column) for p in read_tolerant(text, "x.yaml")[1]]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("18:00", "18:00"), ("9:00", "9:00"), ("on", "on"), ("yes", "yes"), ("no", "no"), ("off", "off"), ("Y", "Y"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("NULL", None), ("nULL", "nULL"),
        ("12", 12), ("-7", -7), ("+7", 7), ("0o17", 15), ("0x1F", 31), ("1.10", 1.1), (".5", 0.5), ("1e3", 1000.0),
        ("1_000", "1_000"), ("0b1", "0b1"), ("2026-01-05", "2026-01-05"), ("2026-01-05T09:00", "2026-01-05T09:00"),
        ("4h", "4h"), ("三级甲等", "三级甲等"), ("=a + b", "=a + b"), ("< 5%", "< 5%"), ("-priority", "-priority"),
        ("13800138000", 13800138000), ("0755", 755), ("1.2.3", "1.2.3"), ("-", "-"), ("+", "+"), (".", "."),
    ],
)  # fmt: skip
def test_fault_001_002_words_are_read_by_the_yaml_1_2_core_rules(word: str, value: object) -> None:
    if word == "-":
        word = '"-"'
    node = root(f"a: {word}\n").get("a")
    assert node is not None
    assert node.value == value
    assert type(node.value) is type(value)


@pytest.mark.parametrize("number", ["013800138000", "0755", "0138", "1.10", "1e3", "0o17", "+7"])
def test_fault_005_a_number_keeps_the_text_it_was_written_with(number: str) -> None:
    node = root(f"phone: {number}\n").get("phone")
    assert node is not None
    assert node.raw == number
    assert not node.quoted


def test_fault_002_a_key_is_always_text() -> None:
    assert root("on: a\n1: b\n1.0: c\nnull: d\n~: e\n2026-01-01: f\n").plain() == {
        "on": "a", "1": "b", "1.0": "c", "null": "d", "~": "e", "2026-01-01": "f",
    }  # fmt: skip


def test_fault_003_a_duplicate_key_names_the_line_of_the_first() -> None:
    problem = read_tolerant("sla: 1\nb: 2\nsla: 3\n", "x.yaml")[1][0]
    assert problem.code == "Y018"
    assert problem.where.line == 3
    assert problem.also is not None
    assert problem.also.line == 1
    assert "第 1 行" in problem.what("zh")


def test_fault_008_a_full_width_colon_is_explained_with_a_caret() -> None:
    problem = read_tolerant("kind: entity\n名称: a\nname：lead\n", "x.yaml")[1][0]
    assert problem.text("zh").splitlines()[1:] == ["    3 | name：lead", "      |     ^"]


@pytest.mark.parametrize(
    "text",
    [
        "label: 说明：这里，有“中文”标点（全部）；都是　文字\n",
        "help: >\n  名称：客户，联系人\n  type：text\n",
        "help: |\n  提醒: 超时\n  \t{{ name }}\n",
        'help: "name：lead，type：text"\n',
        "help: '“引号”'\n",
        "label: {zh: 你好，世界：欢迎, en: x}\n",
        "steps:\n  - 提醒：超时\n  - VIP：重要客户\n  - “甲”和“乙”\n",
        "help: “甲”和“乙”\n",
        "# name：lead\na: b # type：text\n",
        "url: http://example.com:80/a#b\n",
        "text: a#b\n",
        "- 不是键：值\n".replace("- ", "a: "),
    ],
)
def test_fault_008_full_width_signs_in_ordinary_text_are_left_alone(text: str) -> None:
    assert codes(text) == []


UNQUOTED = [
    ("title: {{ lead.name }}\n", [("Y012", 1, 8)]),
    ("a: {b: {{ c }}, d: 你 {{ e }}}\n", [("Y012", 1, 8), ("Y012", 1, 20)]),
]
SIGNS = [
    ("color: #fff\n", [("Y013", 1, 8)]),
    ("list:\n  - #abc\n", [("Y013", 2, 5)]),
    ("fields: #客户的字段\n  a: 1\n", []),
    ("msg: 提醒: 超时\n", [("Y014", 1, 6)]),
]
TABS = [
    ("a:\n\tb: 1\n  \tc: 2\n", [("Y007", 2, 1), ("Y007", 3, 3), ("Y032", 3, 4)]),
    ("a: 1\n\t\nb: 2\n", [("Y007", 2, 1)]),
]
TAGS = [
    ("a: !!python/object/apply:os.system x\n", [("Y019", 1, 4)]),
    ("a: !!int x\n", [("Y019", 1, 4)]),
]
ALIASES = [("a: &a [*a]\n", [("Y021", 1, 8)]), ("a: {b: &b {c: *b}}\n", [("Y021", 1, 15)])]
NUMBERS = [
    ("d: 2026-02-30\n", [("Y024", 1, 4)]),
    ("a: .inf\nb: -.INF\nc: .nan\n", [("Y023", 1, 4), ("Y023", 2, 4), ("Y023", 3, 4)]),
]
EMPTY = [
    ("name lead\nkind: x\n", [("Y042", 1, 1)]),
    ("a: 1\n---\n- b\n", [("Y027", 3, 1)]),
    ("", [("Y025", 1, 1)]),
    ("\n  \n", [("Y025", 1, 1)]),
    ("---\n", [("Y025", 1, 1)]),
    ("# a\n", [("Y026", 1, 1)]),
]
Told = list[tuple[str, int, int]]


@pytest.mark.parametrize(("text", "expected"), UNQUOTED)
def test_fault_006_a_template_without_quotes_is_told_where_it_stands(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), SIGNS)
def test_fault_007_a_comment_sign_and_a_second_colon_are_explained(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), TABS)
def test_fault_009_a_tab_is_told_where_it_stands(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), TAGS)
def test_fault_011_any_tag_but_those_of_the_core_is_an_error_and_nothing_is_made(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), ALIASES)
def test_fault_012_an_alias_of_itself_is_an_error(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_fault_014_a_day_there_is_not_and_numbers_without_end_are_told(text: str, expected: Told) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(("text", "expected"), EMPTY)
def test_fault_015_empty_comments_only_and_lists_each_have_their_own_words(text: str, expected: Told) -> None:
    assert codes(text) == expected


def test_tags_of_the_core_rules_are_read() -> None:
    assert root('a: !!str 1\nb: !!int "3"\nc: !!float 2.5\nd: !!null ""\ne: !x\n'.replace("e: !x\n", "")).plain() == {
        "a": "1", "b": 3, "c": 2.5, "d": None,
    }  # fmt: skip


def test_fault_012_nine_levels_of_nine_aliases_stop_at_a_hundred_expansions() -> None:
    text = "a: &a [x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
    )
    start = time.process_time()
    assert [code for code, _, _ in codes(text)] == ["Y020"]
    assert time.process_time() - start < 0.1


def test_fault_012_aliases_nest_at_most_20_deep() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 13))
    assert codes(chain) == []
    chain = "a0: &a0 {v: x}\n" + "".join(f"a{n}: &a{n} {{v: *a{n - 1}}}\n" for n in range(1, 40))
    assert [code for code, _, _ in codes(chain)] == ["Y020"]


def test_an_alias_has_its_own_place_and_its_anchors_value() -> None:
    source = read("a: &x {b: 1}\nc: *x\n", "x.yaml")
    node = source.documents[0].get("c")
    assert node is not None
    assert node.plain() == {"b": 1}
    assert (node.where.line, node.where.column) == (2, 4)
    assert source.text[node.start : node.end] == "*x"


def test_ten_problems_in_one_file_are_all_told() -> None:
    text = (
        "kind：entity\nname: lead\nlabel: {zh：线索}\ntitle: {{ company }}\nif: '抖音' in tag\nfrom: *\nmsg: 提醒: 超时\n"
        "fields:\n\tcompany: {type: text，required: true}\nicon: “user”\nversion: 1.10\ncolor: #fff\nname: again\n"
        'path: "C:\\data"\nd: 2026-02-30\n'
    )
    found = codes(text)
    assert [code for code, _, _ in found] == [
        "Y008", "Y008", "Y012", "Y017", "Y016", "Y014", "Y007", "Y009", "Y010", "Y040", "Y013", "Y018", "Y037", "Y024",
    ]  # fmt: skip
    assert [line for _, line, _ in found] == [1, 3, 4, 5, 6, 7, 9, 9, 10, 11, 12, 13, 14, 15]


def test_after_a_problem_later_stages_still_get_what_was_meant() -> None:
    source, problems = read_tolerant("kind: entity\nname：lead\nfields: {a: {type：text}}\n", "x.yaml")
    assert len(problems) == 2
    assert source.documents[0].plain() == {"kind": "entity", "name": "lead", "fields": {"a": {"type": "text"}}}
    node = source.documents[0].at("/fields/a/type")
    assert node is not None
    assert (node.where.line, node.where.column) == (3, 19)


def test_an_unreadable_document_does_not_hide_the_next_one() -> None:
    source, problems = read_tolerant("kind: a\n---\nb: [1, {\n---\nkind: c\nname: c\nname: d\n", "x.yaml")
    assert {"Y034", "Y018"} <= {problem.code for problem in problems}
    assert {"kind": "c", "name": "c"} in [document.plain() for document in source.documents]


def test_read_raises_with_all_problems_at_once() -> None:
    with pytest.raises(InvalidDocument) as caught:
        read("a: 1\na: 2\nb: .inf\n", "x.yaml")
    assert [problem.code for problem in caught.value.problems] == ["Y018", "Y023"]


PLACES = """\
# top
kind: entity   # c
fields:
  a: {type: text, label: [x, "y z"]}   # d

  b:
    - one
    -
      two: 2
    # inside
list:
- 1
- &x |
  text
    more

- 'last'
empty:
end: >-
  folded

# tail
"""


@pytest.mark.parametrize("text", [PLACES, PLACES.replace("\n", "\r\n"), "\ufeff" + PLACES], ids=["lf", "crlf", "bom"])
def test_start_and_end_of_every_value_are_exact(text: str) -> None:
    source = read(text, "x.yaml")
    document = source.documents[0]
    eol = "\r\n" if "\r\n" in text else "\n"

    def cut(path: str) -> str:
        node = document.at(path)
        assert node is not None
        return text[node.start : node.end].replace(eol, "\n")

    assert cut("/kind") == "entity"
    assert cut("/fields/a") == '{type: text, label: [x, "y z"]}'
    assert cut("/fields/a/label/1") == '"y z"'
    assert cut("/fields/b") == "- one\n    -\n      two: 2"
    assert cut("/fields") == PLACES[PLACES.index("a: {") : PLACES.index("two: 2") + 6]
    assert cut("/list/1") == "&x |\n  text\n    more"
    assert cut("/list/2") == "'last'"
    assert cut("/empty") == ""
    assert cut("/end") == ">-\n  folded"
    assert cut("") == PLACES[PLACES.index("kind") : PLACES.index("folded") + 6]
    for path, node in document.walk():
        before = text[: node.start].removeprefix("\ufeff")
        line = before.count("\n") + 1
        assert node.where.line == line, path
        assert node.where.column == len(before) - (before.rfind("\n") + 1) + 1, path
        for name, key in node.keys.items():
            assert text[key.start : key.end].strip("\"'") == name


def test_a_thousand_lines_are_read_in_one_pass() -> None:
    entry = "  f{0}: {{type: text, label: {{zh: 客户名称, en: Name}}, required: true}}  # c\n  g{0}:\n    type: text\n    max: 9\n"
    text = "kind: entity\nfields:\n" + "".join(entry.format(n) for n in range(250))
    read(text, "x.yaml")
    best = min(_timed(text) for _ in range(5))
    assert best < 0.1, f"{best * 1000:.1f} ms"


def _timed(text: str) -> float:
    start = time.process_time()
    read(text, "x.yaml")
    return time.process_time() - start


SIGNS = st.text(alphabet="ab:- ,[]{}#&*!|>'\"%@`\n\t：，“”　中{{}}=0.", max_size=60)


@given(SIGNS)
@example("{\n#}0")
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_places(text: str) -> None:
    source, problems = read_tolerant(text, "x.yaml")
    count = text.count("\n") + text.count("\r") + 1
    for problem in problems:
        assert 1 <= problem.where.line <= count
        assert problem.where.column >= 1
        assert problem.text("zh")
    assert problems or source.documents


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    source, problems = read_tolerant(raw, "x.yaml")
    assert problems or source.documents
