"""Edits in place: what is asked happens, nothing else moves, and every edit can be taken back."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument, NotFound, Refused, WrongUsage
from engine.source.edit import Edit, apply, from_json, inverse
from engine.source.entries import comments
from engine.source.node import Node
from engine.source.reader import read

FLOW = """\
# 线索阶段
kind: state_machine   # what
name: lead_stage
label: {zh: 线索, en: "Lead"}   # label
states:
  # first
  new: {label: 新, within: 4h}  # n
  called: {label: 已首通}

  won:
    final: true # f
    label: '赢'
transitions:
  - from: new    # c1
    to: called
    require:
      - {field: summary, message: 未填写}
      # about check
      - check: len(x) >= 1
        message: x
  # second
  - from: called
    to: won
sort: [a, b, c]  # s
empty:
last: |
  text
  more
"""


def changed(edit: Edit, text: str = FLOW) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came; everything else stayed in its order."""
    import difflib

    after = apply(text, 0, [edit])
    assert apply(after, 0, inverse(text, 0, edit)) == text
    before_lines, after_lines = text.splitlines(), after.splitlines()
    lines = list(difflib.unified_diff(before_lines, after_lines, n=0, lineterm=""))[2:]
    return [one[1:] for one in lines if one[0] == "-"], [one[1:] for one in lines if one[0] == "+"]


@pytest.mark.parametrize(
    ("edit", "gone", "new"),
    [
        (Edit("set", "/name", "新阶段"), ["name: lead_stage"], ["name: 新阶段"]),
        (Edit("set", "/kind", "x"), ["kind: state_machine   # what"], ["kind: x   # what"]),
        (Edit("set", "/label/en", "New"), [FLOW.splitlines()[3]], ['label: {zh: 线索, en: "New"}   # label']),
        (Edit("set", "/label/zh", "a: b, c"), [FLOW.splitlines()[3]], ['label: {zh: "a: b, c", en: "Lead"}   # label']),
        (Edit("set", "/label/jp", "x"), [FLOW.splitlines()[3]], ['label: {zh: 线索, en: "Lead", jp: x}   # label']),
        (Edit("set", "/states/won/label", "it's"), ["    label: '赢'"], ["    label: 'it''s'"]),
        (Edit("set", "/states/won/final", False), ["    final: true # f"], ["    final: false # f"]),
        (Edit("set", "/transitions/0/to", "won"), ["    to: called"], ["    to: won"]),
        (Edit("set", "/empty", 5), ["empty:"], ["empty: 5"]),
        (Edit("set", "/empty/x", "y"), [], ["  x: y"]),
        (Edit("set", "/added", "13800138000"), [], ['added: "13800138000"']),
        (Edit("set", "/added/deep", "18:00"), [], ["added:", "  deep: 18:00"]),
        (Edit("insert", "/states/lost", {"label": "丢"}, before="won"), [], ["  lost:", "    label: 丢"]),
        (Edit("insert", "/transitions/1", {"from": "a", "to": "b"}), [], ["  - from: a", "    to: b"]),
        (Edit("insert", "/transitions/-", {"to": ["b", "c"]}), [], ["  - to: [b, c]"]),
        (Edit("insert", "/sort/1", "-x"), ["sort: [a, b, c]  # s"], ["sort: [a, -x, b, c]  # s"]),
        (Edit("insert", "/new", "甲\n乙\n"), [], ["new: |", "  甲", "  乙"]),
        (Edit("remove", "/sort/1"), ["sort: [a, b, c]  # s"], ["sort: [a, c]  # s"]),
        (Edit("remove", "/states/called"), ["  called: {label: 已首通}"], []),
        (Edit("remove", "/states/new"), ["  new: {label: 新, within: 4h}  # n"], ["  # n"]),
        (Edit("remove", "/transitions/0/to"), ["    to: called"], []),
        (Edit("rename", "/states/new", to="待首通"), [FLOW.splitlines()[6]], ["  待首通: {label: 新, within: 4h}  # n"]),
        (Edit("rename", "/states/new", to="on"), [FLOW.splitlines()[6]], ["  on: {label: 新, within: 4h}  # n"]),
        (Edit("move", "/sort/0", to="/sort/2"), ["sort: [a, b, c]  # s"], ["sort: [b, c, a]  # s"]),
        (Edit("move", "/sort/1", to="/sort/1"), [], []),
    ],
)  # fmt: skip
def test_an_edit_touches_only_its_own_lines(edit: Edit, gone: list[str], new: list[str]) -> None:
    assert changed(edit) == (gone, new)


def test_fault_022_a_moved_entry_takes_its_comments_along() -> None:
    after = apply(FLOW, 0, [Edit("move", "/transitions/1", to="/transitions/0")])
    assert after.index("# second\n  - from: called\n    to: won\n") < after.index("- from: new    # c1")


def test_an_entry_moves_into_another_list_with_its_comments() -> None:
    after = apply(FLOW, 0, [Edit("move", "/transitions/1", to="/transitions/0/require/1")])
    assert "      # second\n      - from: called\n        to: won\n      # about check\n" in after


def test_an_entry_moves_between_unlike_notations() -> None:
    after = apply(FLOW, 0, [Edit("move", "/label/en", to="/states/en", before="won")])
    assert "label: {zh: 线索}   # label\n" in after
    assert "\n  en: Lead\n  won:\n" in after


def test_a_list_is_set_item_by_item_and_keeps_the_comments_of_what_stays() -> None:
    plain = read(FLOW, "").documents[0].get("transitions")
    assert plain is not None
    value = copy.deepcopy(plain.plain())
    value[0]["require"].append({"field": "phone"})
    gone, new = changed(Edit("set", "/transitions", value))
    assert gone == []
    assert new == ["      - field: phone"]


def test_comments_inside_something_removed_stay_as_lines() -> None:
    after = apply(FLOW, 0, [Edit("remove", "/transitions/0")])
    assert "transitions:\n  # c1\n  # about check\n  # second\n  - from: called\n" in after


def test_the_last_entry_leaves_empty_brackets() -> None:
    assert apply("a:\n  b: 1\nc: [x]\n", 0, [Edit("remove", "/a/b"), Edit("remove", "/c/0")]) == "a: {}\nc: []\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("提醒: 超时", '"提醒: 超时"'), ("#fff", '"#fff"'), ("a #b", '"a #b"'), ("true", '"true"'), ("1.10", '"1.10"'),
        ("013800138000", '"013800138000"'), ("", '""'), (" x", '" x"'), ("-", '"-"'), ("- a", '"- a"'), ("*", '"*"'),
        ("{{ a }}", '"{{ a }}"'), ('say "x"', 'say "x"'), ('"x"', "'\"x\"'"), ("C:\\a", "C:\\a"), ("a\tb", '"a\\tb"'),
        ("=a + 'b'", "=a + 'b'"), ("'a' in b", '"\'a\' in b"'), ("2026-02-30", '"2026-02-30"'), ("null", '"null"'),
        ("你好，世界：在", "你好，世界：在"), ("name：x", '"name：x"'), ("“引”", '"“引”"'), ("18:00", "18:00"),
        (None, "null"), (True, "true"), (3, "3"), (0.5, "0.5"), (dt.date(2026, 1, 5), "2026-01-05"), ("\u3000x", '"\\u3000x"'),
        ([1, "a, b"], '[1, "a, b"]'), ([], "[]"), ({}, "{}"),
    ],
)  # fmt: skip
def test_a_value_gets_the_quotes_it_needs_and_no_others(value: Any, written: str) -> None:
    assert apply("a: x\n", 0, [Edit("set", "/a", value)]) == f"a: {written}\n"


def test_crlf_files_keep_crlf() -> None:
    text = FLOW.replace("\n", "\r\n")
    edits = [
        Edit("insert", "/transitions/0", {"from": "x", "do": [{"set": {"a": 1}}]}),
        Edit("set", "/last", "一\n二\n"),
        Edit("remove", "/states/won"),
        Edit("move", "/transitions/2", to="/transitions/0"),
    ]
    after = apply(text, 0, edits)
    assert after.count("\n") == after.count("\r\n")
    assert after.replace("\r\n", "\n") == apply(FLOW, 0, edits)


def test_a_file_without_a_last_line_break_stays_without() -> None:
    assert apply("a: 1", 0, [Edit("insert", "/b", 2)]) == "a: 1\nb: 2"
    assert apply("a: 1\nb: 2", 0, [Edit("remove", "/a")]) == "b: 2"


def test_only_the_asked_document_changes() -> None:
    text = "# one\na: 1\n--- # two\na: 1  # x\n"
    assert apply(text, 1, [Edit("set", "/a", 2)]) == "# one\na: 1\n--- # two\na: 2  # x\n"


def test_a_byte_order_mark_stays() -> None:
    assert apply("\ufeffa: 1\n", 0, [Edit("insert", "/b", 2, before="a")]) == "\ufeffb: 2\na: 1\n"


@pytest.mark.parametrize(
    ("edit", "kind", "code"),
    [
        (Edit("remove", "/stats"), NotFound, "Y051"),
        (Edit("set", "/transitions/7/to", 1), NotFound, "Y051"),
        (Edit("insert", "/sort/9", 1), NotFound, "Y051"),
        (Edit("insert", "/name", 1), Refused, "Y052"),
        (Edit("rename", "/name", to="kind"), Refused, "Y052"),
        (Edit("move", "/states", to="/states/new/x"), Refused, "Y052"),
        (Edit("insert", "/name/x", 1), Refused, "Y055"),
        (Edit("rename", "/sort/0", to="x"), Refused, "Y055"),
        (Edit("swap", "/name"), WrongUsage, "Y055"),
        (Edit("remove", ""), WrongUsage, "Y055"),
        (Edit("set", "", {}), Refused, "Y053"),
        (Edit("set", "/name", float("inf")), Refused, "Y023"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(edit: Edit, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind) as caught:
        apply(FLOW, 0, [edit])
    assert [problem.code for problem in caught.value.problems] == [code]  # type: ignore[attr-defined]


def test_a_mistyped_key_gets_the_nearest_name() -> None:
    with pytest.raises(NotFound) as caught:
        apply(FLOW, 0, [Edit("remove", "/stats")])
    assert "states" in caught.value.text("zh")


def test_inside_an_alias_nothing_is_edited() -> None:
    text = "a: &x {b: 1}\nc: *x\n"
    with pytest.raises(Refused) as caught:
        apply(text, 0, [Edit("set", "/c/b", 2)])
    assert caught.value.problems[0].code == "Y050"
    assert apply(text, 0, [Edit("set", "/c", 2)]) == "a: &x {b: 1}\nc: 2\n"


def test_an_edit_that_would_change_what_an_alias_repeats_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        apply("a: &x {b: 1}\nc: *x\n", 0, [Edit("set", "/a/b", 2)])
    assert caught.value.problems[0].code == "Y053"


def test_a_patch_on_a_changed_text_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        apply("a: 1\n", 0, [Edit("patch", value=((0, "b", "c"),))])
    assert caught.value.problems[0].code == "Y054"


def test_a_broken_file_is_not_edited() -> None:
    with pytest.raises(InvalidDocument):
        apply("a: [\n", 0, [Edit("set", "/a", 1)])


def test_an_edit_comes_from_the_studio_with_to_or_value() -> None:
    assert from_json({"op": "set", "at": "/a", "to": "x"}) == Edit("set", "/a", "x")
    assert from_json({"op": "insert", "at": "/a/-", "value": None}) == Edit("insert", "/a/-", None)
    assert from_json({"op": "move", "at": "/a/0", "to": "/a/1"}) == Edit("move", "/a/0", to="/a/1")
    with pytest.raises(WrongUsage):
        from_json({"op": "patch", "at": "/a"})


# Texts as people write them: blocks and brackets, quotes, comments everywhere, blank lines.

WORDS = st.sampled_from(
    [
        "a",
        "客户名称",
        "18:00",
        "1.10",
        "true",
        "提醒: 超时",
        "it's",
        'a "b"',
        "#fff",
        "x, y",
        "",
        "4h",
        "两\n行\n",
        "=a + b",
        "-x",
    ]
)
NAMES = st.sampled_from(["name", "label", "f1", "字段", "on", "a b", "x-y", "k1", "k2", "k3", "k4"])
VALUES = st.recursive(
    WORDS | st.integers(-9, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document written by hand, more or less tidily."""
    from engine.source import write

    notes = iter(range(10_000))

    def remark(chance: int = 3) -> str:
        return f"{draw(st.sampled_from([' ', '   ']))}# 注{next(notes)}" if draw(st.integers(0, chance)) == 0 else ""

    def above(pad: str) -> list[str]:
        kind = draw(st.integers(0, 6))
        return [f"{pad}# 前{next(notes)}"] if kind == 0 else [""] if kind == 1 else []

    def scalar(flow: bool) -> str:
        word = draw(WORDS.filter(lambda one: "\n" not in one))
        style = draw(st.sampled_from(["", "", "'", '"']))
        return write.scalar(word, flow=flow, style=style)

    def brackets(depth: int) -> str:
        if depth > 2 or draw(st.booleans()):
            return scalar(True)
        inside = [brackets(depth + 1) for _ in range(draw(st.integers(0, 3)))]
        if draw(st.booleans()):
            return "[" + ", ".join(inside) + "]"
        names = draw(st.lists(NAMES, min_size=len(inside), max_size=len(inside), unique=True))
        return "{" + ", ".join(f"{write.key_text(n)}: {one}" for n, one in zip(names, inside, strict=True)) + "}"

    def block(indent: int, depth: int) -> list[str]:
        pad = " " * indent
        lines: list[str] = []
        if depth and draw(st.booleans()):
            for _ in range(draw(st.integers(1, 3))):
                lines += above(pad)
                inner = value(indent + 2, depth + 1)
                if inner[0] == "" and len(inner) > 1 and not inner[1].strip().startswith("#") and inner[1].strip():
                    lines += [f"{pad}- {inner[1].lstrip(' ')}", *inner[2:]]
                else:
                    lines += [f"{pad}-{inner[0]}", *inner[1:]]
            return lines
        for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
            lines += above(pad)
            first, *rest = value(indent + draw(st.sampled_from([2, 4])), depth + 1)
            lines += [f"{pad}{write.key_text(name)}:{first}", *rest]
        return lines

    def value(indent: int, depth: int) -> list[str]:
        kind = draw(st.integers(0, 9))
        if kind >= 7 and depth < 4:
            lines = block(indent, depth)
            return ["" if lines[0].strip() else remark(), *lines]
        if kind == 6:
            return [" |" + remark(), f"{' ' * indent}多行", f"{' ' * indent}  文字"]
        if kind == 5:
            return [remark()]
        if kind in (3, 4):
            return [f" {brackets(0)}{remark()}"]
        return [f" {scalar(False)}{remark()}"]

    text = "\n".join(["# 头", *block(0, 0), *above("")]) + "\n"
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@st.composite
def edits(draw: st.DrawFn, text: str) -> Edit:
    """An edit that can be done."""
    root = read(text, "").documents[0]
    nodes = [(path, node) for path, node in root.walk() if path]
    path, _ = draw(st.sampled_from(nodes))
    parent, last = path.rpartition("/")[0], path.rpartition("/")[2]
    above = root.at(parent)
    assert above is not None
    op = draw(st.sampled_from(["set", "set", "insert", "remove", "move", "rename"]))
    if op == "set":
        return Edit("set", path, draw(VALUES))
    if op == "remove":
        return Edit("remove", path) if parent or len(root.value) > 1 else Edit("set", path, draw(VALUES))
    if op == "insert" or (op == "rename" and above.is_list):
        return _insertion(draw, parent, above)
    if op == "rename":
        return Edit("rename", path, to=draw(NAMES.filter(lambda name: name not in above.value or name == last)))
    if above.is_list:
        return Edit("move", path, to=f"{parent}/{draw(st.integers(0, len(above.value) - 1))}")
    return Edit("move", path, to=path, before=draw(st.sampled_from([None, *above.value])))


def _insertion(draw: st.DrawFn, parent: str, above: Node) -> Edit:
    if above.is_list:
        return Edit("insert", f"{parent}/{draw(st.integers(0, len(above.value)))}", draw(VALUES))
    name = draw(st.sampled_from([f"neu{n}" for n in range(9)]).filter(lambda one: one not in above.value))
    return Edit("insert", f"{parent}/{name}", draw(VALUES), before=draw(st.sampled_from([None, *above.value])))


def notes_of(text: str) -> list[str]:
    source = read(text, "")
    return sorted(source.text[start:end].rstrip() for start, end in comments(source))


def outside(text: str, key: str) -> tuple[str, str]:
    """The text before and after the lines of one top-level entry and of the comments straight above it."""
    root = read(text, "").documents[0]
    start = text.rfind("\n", 0, root.keys[key].start) + 1
    while start and text[text.rfind("\n", 0, start - 1) + 1 : start].startswith("#"):
        start = text.rfind("\n", 0, start - 1) + 1
    end = text.find("\n", max(root.keys[key].end, root.value[key].end)) + 1
    return text[:start], text[end:]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_any_sequence_of_edits_keeps_every_comment_and_leads_back(data: st.DataObject) -> None:
    text = data.draw(texts())
    trail = [text]
    back: list[list[Edit]] = []
    for _ in range(data.draw(st.integers(1, 4))):
        edit = data.draw(edits(trail[-1]))
        before = trail[-1]
        after = apply(before, 0, [edit])
        assert notes_of(after) == notes_of(before)
        assert ("\r\n" in after) == ("\r\n" in text)
        back.append(inverse(before, 0, edit))
        trail.append(after)
    here = trail[-1]
    for step, wanted in zip(reversed(back), reversed(trail[:-1]), strict=True):
        here = apply(here, 0, step)
        assert here == wanted
    assert here == text


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_lines_of_other_entries_stay_byte_for_byte(data: st.DataObject) -> None:
    text = data.draw(texts())
    edit = data.draw(edits(text))
    key = edit.at.split("/")[1].replace("~1", "/").replace("~0", "~")
    if edit.at.count("/") < 2:
        return
    after = apply(text, 0, [edit])
    above, below = outside(text, key)
    assert after.startswith(above)
    assert after.endswith(below)
