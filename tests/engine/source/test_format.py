"""fmt: the layout changes, the words, the comments and the order do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidDocument
from engine.source.entries import comments
from engine.source.format import format_text
from engine.source.reader import read, read_tolerant

ROOT = Path(__file__).resolve().parents[3]

UNTIDY = """\
# header


kind:   entity
name : lead
fields:   # c
    company:   {type: text,label: { zh: 客户名称 }}
    contact:   {type: text}
    # about x
    x:  [ a,b , c ]   # note
    y:
    -   a: 1
        b: 2
        # tail
    - c


    - |
        text
          more

    z: "multi
       line"
    # end
text: >-
      a
      b
# last
m: {a: 1,
    b: 2}



"""

TIDY = """\
# header

kind: entity
name: lead
fields:   # c
  company:   {type: text, label: {zh: 客户名称}}
  contact:   {type: text}
  # about x
  x: [a, b, c]   # note
  y:
    - a: 1
      b: 2
      # tail
    - c

    - |
      text
        more

  z: "multi
    line"
  # end
text: >-
  a
  b
# last
m: {a: 1,
    b: 2}
"""


def test_a_file_is_laid_out_with_two_spaces_a_level() -> None:
    assert format_text(UNTIDY) == TIDY


def test_formatting_twice_changes_nothing_more() -> None:
    assert format_text(TIDY) == TIDY


def test_crlf_files_keep_crlf_and_a_byte_order_mark_stays() -> None:
    assert format_text(UNTIDY.replace("\n", "\r\n")) == TIDY.replace("\n", "\r\n")
    assert format_text("\ufeff" + UNTIDY) == "\ufeff" + TIDY


@pytest.mark.parametrize(
    "text",
    [
        "a: |+\n  x\n\n\n\nb: 1\n",
        "a: |2\n    x\n   y\nb: 1\n",
        "a: 'x\n\n\n  y'\n",
        "a: &x\n    b: 1\nc: *x\n",
        "a: x   y\n",
    ],
)
def test_what_a_text_says_never_changes(text: str) -> None:
    after = format_text(text)
    assert read(after, "").documents[0].plain() == read(text, "").documents[0].plain()
    assert format_text(after) == after


def test_a_broken_file_is_refused_not_guessed() -> None:
    with pytest.raises(InvalidDocument):
        format_text("a: [\n")
    with pytest.raises(InvalidDocument):
        format_text("名称: 线索".encode("gbk"))


def test_several_documents_are_laid_out_each() -> None:
    assert format_text("a:\n    b: 1\n---  # two\nc :   2\n") == "a:\n  b: 1\n---  # two\nc: 2\n"


@pytest.mark.parametrize("folder", ["builtin_flows", "examples"])
def test_every_file_we_ship_is_stable_and_says_the_same(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        text = path.read_bytes().decode("utf-8")
        source, problems = read_tolerant(text, path.name)
        assert not problems, path
        after = format_text(text)
        assert format_text(after) == after, path
        assert [one.plain() for one in read(after, "").documents] == [one.plain() for one in source.documents], path


LINES = st.lists(
    st.sampled_from(
        [
            "a:",
            "b :  1",
            "c:   {x: 1,y: [ 2 ]}  # 注",
            "- d",
            "-   e: 1",
            "  f: 2",
            "    g: 3",
            "# 独立",
            "  # 缩进",
            "",
            "    - h",
        ]
        + ["t: |", "      多行", "q: 'x", "    y'", "k: - ", "  - i:   j"]
    ),
    max_size=14,
)


@given(LINES)
@settings(max_examples=300, deadline=None)
def test_any_readable_text_keeps_its_values_and_comments_and_is_stable(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    source, problems = read_tolerant(text, "x.yaml")
    if problems:
        return
    after = format_text(text)
    again = read(after, "x.yaml")
    assert [one.plain() for one in again.documents] == [one.plain() for one in source.documents]
    kept = [after[start:end].rstrip() for start, end in comments(again)]
    assert kept == [text[start:end].rstrip() for start, end in comments(source)]
    assert format_text(after) == after
