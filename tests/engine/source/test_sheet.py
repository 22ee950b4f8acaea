"""Rows out of the files people really have."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from engine.errors import InvalidDocument
from engine.source.sheet import open_sheet, shortened


def written(folder: Path, content: bytes, name: str = "leads.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_text_is_read_in_whatever_encoding_excel_wrote(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "单位,手机\n锐视光学,13800138000\n".encode(encoding))
    sheet = open_sheet(path)
    assert sheet.columns == ("单位", "手机")
    assert [(row.number, row.cells) for row in sheet.rows()] == [(2, {"单位": "锐视光学", "手机": "13800138000"})]


def test_text_in_an_unknown_encoding_is_refused_and_never_read_as_nonsense(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xff\xfe\x00\x81\x82,\xff\xff\n")
    with pytest.raises(InvalidDocument) as refused:
        open_sheet(path)
    assert refused.value.problems[0].code == "I001"


def test_fault_052_quotes_newlines_and_empty_rows_keep_their_row_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, '名称,备注\n甲,"第一行\n第二行"\n\n乙,"他说""好"""\n'.encode())
    rows = list(open_sheet(path).rows())
    assert [row.number for row in rows] == [2, 4]
    assert rows[0].cells["备注"] == "第一行\n第二行"
    assert rows[1].cells["备注"] == '他说"好"'


def test_fault_052_a_heading_that_stands_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as refused:
        open_sheet(written(tmp_path, "手机,名称,手机\n1,2,3\n".encode()))
    problem = refused.value.problems[0]
    assert problem.code == "I004"
    assert problem.what() == "列名「手机」出现了两次(第 1 列和第 3 列)"


def test_fault_052_an_xlsx_with_the_wrong_ending_is_read_as_what_it_is(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["单位", "手机", "预算"])
    book.active.append(["锐视光学", 13800138000, 12.5])
    book.save(tmp_path / "leads.csv")
    sheet = open_sheet(tmp_path / "leads.csv")
    assert sheet.encoding == "xlsx"
    assert [row.cells for row in sheet.rows()] == [{"单位": "锐视光学", "手机": "13800138000", "预算": "12.5"}]


def test_fault_052_a_phone_that_excel_cut_short_is_recognised() -> None:
    assert shortened("1.38E+10")
    assert not shortened("13800138000")


@pytest.mark.parametrize(("content", "code"), [(b"", "I002"), (b"\n1,2\n", "I003"), (b"PK\x03\x04rest", "I005")])
def test_an_unusable_file_says_why(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        open_sheet(written(tmp_path, content))
    assert refused.value.problems[0].code == code


def test_reading_can_start_after_a_row(tmp_path: Path) -> None:
    path = written(tmp_path, b"a;b\n1;2\n3;4\n5;6\n")
    sheet = open_sheet(path)
    assert sheet.delimiter == ";"
    assert [row.number for row in sheet.rows(after=3)] == [4]
    assert sheet.count() == 3
