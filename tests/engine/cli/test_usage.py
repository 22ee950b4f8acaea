"""A wrong command, said in Chinese; what is unknown stays as it came."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from engine.cli import usage
from engine.cli.main import run

SAID = {
    ("explain",): "少写了 CODE",
    ("export", "lead"): "少写了选项 '-o' / '--output'",
    ("lint", "--nosuch"): "没有 --nosuch 这个选项",
    ("lint", "extra"): "多写了 extra",
    ("serve", "--port"): "--port 后面要写上值",
    ("serve", "--port", "80x"): "--port: 「80x」不是数字",
    ("serve", "--port", "99999"): "--port: 99999 不在范围 1<=x<=65535 里",
    ("--lang", "fr", "lint"): "--lang: 「fr」不是 'zh', 'en' 中的一个",
    ("import", "nothing.csv", "--into", "lead"): "FILE: 没有 nothing.csv 这个文件",
    ("import", "/", "--into", "lead"): "FILE: / 是文件夹,这里要一个文件",
}


@pytest.mark.parametrize("arguments", SAID, ids=" ".join)
def test_a_wrong_command_is_explained_in_chinese(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == f"C002 命令写得不对: {SAID[arguments]} -> 在命令后面加 -h 看用法\n"


def test_what_it_does_not_know_stays_as_it_is() -> None:
    assert usage.why(click.ClickException("Something new."), "zh") == "Something new."
    assert usage.why(click.UsageError("Missing option '-o'."), "en") == "Missing option '-o'."


def test_a_kind_of_document_there_is_none_of_is_named_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.yaml").write_text("name: one\n", "utf-8")
    assert run(("-C", str(tmp_path), "schema", "trigge")) == 2
    assert capsys.readouterr().err.startswith("D002 没有 trigge 这种文档 -> 是否想写 trigger?")


def test_a_file_that_is_no_text_does_not_keep_the_others_from_being_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "custom" / "folder.yaml").mkdir(parents=True)
    (tmp_path / "site.yaml").write_text("name: one\n", "utf-8")
    (tmp_path / "custom" / "a.yaml").write_bytes(b"\xff\xfek\x00")
    (tmp_path / "custom" / "b.yaml").write_text("kind:role\nname: seller   \nlabel: {zh: 销售}\n", "utf-8")
    assert run(("-C", str(tmp_path), "lint", "--fix")) == 1
    spoken = capsys.readouterr()
    assert "Y005" in spoken.out and "已修正 custom/b.yaml" in spoken.err
    assert run(("-C", str(tmp_path), "fmt")) == 1
    assert "name: seller\n" in (tmp_path / "custom" / "b.yaml").read_text("utf-8")


def test_a_site_whose_pack_there_is_none_of_leaves_an_empty_folder(tmp_path: Path) -> None:
    assert run(("init", str(tmp_path), "--pack", "nosuch")) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_company_may_be_called_anything_and_the_next_command_can_be_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my crm"
    assert run(("init", str(folder), "--pack", "base", "--name", 'A: "B" {x} #y')) == 0
    assert f"flowloom -C '{folder}' serve" in capsys.readouterr().err
    assert run(("-C", str(folder), "lint")) == 0
