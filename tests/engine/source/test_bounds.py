"""Size, depth, encoding: settled before anything is built, and fast."""

from __future__ import annotations

import time

import pytest

from engine.source.reader import read_tolerant


def codes(text: str | bytes) -> list[str]:
    return [problem.code for problem in read_tolerant(text, "x.yaml")[1]]


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 3000, "a: " + "[" * 3000 + "]" * 3000, "{a: " * 3000, "- " * 3000, "? " * 3000]
    + ["".join(" " * level + "a:\n" for level in range(1000))],
    ids=["open", "closed", "maps", "lists", "keys", "blocks"],
)
def test_fault_013_3000_levels_are_refused_within_a_tenth_of_a_second(text: str) -> None:
    start = time.process_time()
    assert codes(text) == ["Y002"]
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize("text", ["a" * 50_000_000, b"\xd6\xd0" * 25_000_000], ids=["text", "bytes"])
def test_fault_013_a_file_of_50_mb_is_refused_within_a_tenth_of_a_second(text: str | bytes) -> None:
    start = time.process_time()
    assert codes(text) == ["Y001"]
    assert time.process_time() - start < 0.1


def test_a_file_past_one_megabyte_says_how_large_it_is() -> None:
    problem = read_tolerant("# " + "中" * 400_000, "big.yaml")[1][0]
    assert problem.line("zh") == (
        "big.yaml:1:1 Y001 文件太大:1.2 MB,最多 1 MB -> 拆成几个文件,一个文件写一个对象;大批数据请用 flowloom import 导入"
    )


def test_a_file_with_more_values_than_anybody_writes_is_refused() -> None:
    assert "Y047" in codes("a: [" + "1," * 250_000 + "]")
    assert codes("a: [" + "1," * 90_000 + "]") == []


def test_one_value_of_almost_a_megabyte_is_read() -> None:
    start = time.process_time()
    assert codes("a: " + "x" * 999_000) == []
    assert time.process_time() - start < 0.5


def test_64_levels_are_read() -> None:
    assert codes("a: " + "[" * 63 + "]" * 63) == []
    assert codes("a: " + "[" * 64 + "]" * 64) == ["Y002"]


def test_fault_010_a_byte_order_mark_is_accepted_and_is_no_column() -> None:
    source, problems = read_tolerant("\ufeffkind: entity\n".encode(), "x.yaml")
    assert not problems
    node = source.documents[0].get("kind")
    assert node is not None
    assert (node.where.line, node.where.column) == (1, 7)
    assert source.text[node.start : node.end] == "entity"


@pytest.mark.parametrize(
    ("raw", "code", "named"),
    [
        ("名称: 线索".encode("gbk"), "Y004", "GBK"),
        ("名稱: 線索".encode("big5"), "Y004", "Big5"),
        ("a: 线索".encode("utf-16"), "Y005", "UTF-16"),
        ("a: lead\nb: c\n".encode("utf-16-le"), "Y005", "UTF-16"),
        ("a: lead\nb: c\n".encode("utf-16-be"), "Y005", "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\x81", "Y006", "0x89"),
    ],
    ids=["gbk", "big5", "utf16", "utf16le", "utf16be", "png"],
)
def test_fault_010_another_encoding_is_named_and_nothing_is_guessed(raw: bytes, code: str, named: str) -> None:
    source, problems = read_tolerant(raw, "x.yaml")
    assert [problem.code for problem in problems] == [code]
    assert named in problems[0].line("zh")
    assert source.documents == ()


def test_fault_014_every_control_character_is_told_with_its_place() -> None:
    problems = read_tolerant("a: b\x00c\nd: \x1be\n", "x.yaml")[1]
    assert [(p.code, p.where.line, p.where.column) for p in problems] == [("Y003", 1, 5), ("Y003", 2, 4)]


def test_a_mark_that_turns_text_is_a_warning_and_the_file_is_read() -> None:
    source, problems = read_tolerant("a: b\u202ec\n", "x.yaml")
    assert [problem.severity for problem in problems] == ["warning"]
    assert source.documents[0].plain() == {"a": "b\u202ec"}


def test_hostile_files_of_a_megabyte_end_in_bounded_time() -> None:
    for text in (
        "a: #f\n" * 100_000,
        "a：1\n" * 100_000,
        "a: {{ x }}\n" * 80_000,
        'a: "x\n' * 100_000,
        "*a " * 300_000,
    ):
        start = time.process_time()
        found = codes(text)
        assert 0 < len(found) <= 200
        assert time.process_time() - start < 8
