"""Files on disk: what belongs to a site is read, what is written is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import Conflict, Unavailable
from engine.source import files


def test_fault_020_what_editors_leave_behind_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "custom").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "custom" / "lead.yaml").write_text("kind: entity\n")
    (tmp_path / "site.yml").write_text("name: x\n")
    for name in (
        "lead.yaml~",
        ".lead.yaml.swp",
        ".hidden.yaml",
        "#lead.yaml",
        "notes.txt",
        "lead.yaml.tmp",
        "x.yaml.bak",
    ):
        (tmp_path / name).write_text("no")
    (tmp_path / ".git" / "config.yaml").write_text("no")
    assert files.read_folder(tmp_path) == {"custom/lead.yaml": "kind: entity\n", "site.yml": "name: x\n"}


def test_line_breaks_and_a_byte_order_mark_come_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffa: 1\r\n".encode())
    assert files.read_folder(tmp_path) == {"a.yaml": "\ufeffa: 1\r\n"}


def test_a_file_in_another_encoding_or_too_large_comes_as_bytes(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("名称: x".encode("gbk"))
    (tmp_path / "large.yaml").write_bytes(b"#" * 3_000_000)
    found = files.read_folder(tmp_path)
    assert found["gbk.yaml"] == "名称: x".encode("gbk")
    assert len(found["large.yaml"]) == 1_000_001


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "secret.yaml"
    site.mkdir()
    outside.write_text("a: 1\n")
    os.symlink(outside, site / "link.yaml")
    assert files.read_folder(site) == {}


def test_fault_020_a_file_is_written_whole_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "custom" / "lead.yaml"
    first = files.write(path, "a: 线索\r\n", "")
    assert path.read_bytes() == "a: 线索\r\n".encode()
    assert first == files.hash_of(path) == files.sha256("a: 线索\r\n")
    files.write(path, "a: 2\n", first)
    assert path.read_text() == "a: 2\n"
    assert sorted(os.listdir(path.parent)) == ["lead.yaml"]


def test_fault_020_the_second_of_two_editors_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lead.yaml"
    opened = files.write(path, "a: 1\n")
    files.write(path, "a: 2\n", opened)
    with pytest.raises(Conflict) as caught:
        files.write(path, "a: 3\n", opened)
    assert caught.value.problems[0].code == "Y054"
    with pytest.raises(Conflict):
        files.write(path, "a: 3\n", "")
    assert path.read_text() == "a: 2\n"
    assert os.listdir(tmp_path) == ["lead.yaml"]


def test_fault_020_a_full_disk_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lead.yaml"
    files.write(path, "a: 1\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable) as caught:
        files.write(path, "a: 2\n")
    assert caught.value.problems[0].code == "Y056"
    assert path.read_text() == "a: 1\n"
    assert os.listdir(tmp_path) == ["lead.yaml"]


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "lead.yaml"
    files.write(path, "a: 1\n")
    os.chmod(path, 0o640)
    files.write(path, "a: 2\n")
    assert path.stat().st_mode & 0o777 == 0o640
