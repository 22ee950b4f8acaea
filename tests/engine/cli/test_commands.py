"""Commands as a person or a script runs them: words, JSON, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import run

GOOD = """\
kind: entity
name: visit
label: {zh: 拜访, en: Visit}
fields:
  who: {type: text, label: {zh: 谁, en: Who}}   # 一句备注
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a good document in it."""
    (tmp_path / "custom/entity").mkdir(parents=True)
    (tmp_path / "site.yaml").write_text("name: small\npacks: {}\n", "utf-8")
    (tmp_path / "custom/entity/visit.yaml").write_text(GOOD, "utf-8")
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    spoken = capsys.readouterr()
    return code, spoken.out, spoken.err


def test_a_clean_site_lints_with_zero_and_a_broken_one_with_one(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "-C", str(site), "lint")[0] == 0
    (site / "custom/entity/visit.yaml").write_text(GOOD.replace("type: text", "type: txet"), "utf-8")
    code, out, _ = call(capsys, "-C", str(site), "lint")
    assert code == 1
    assert "custom/entity/visit.yaml:5:15" in out
    assert "是否想写 text?" in out


def test_lint_speaks_json_and_github(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "custom/entity/visit.yaml").write_text(GOOD.replace("fields", "feilds"), "utf-8")
    code, out, _ = call(capsys, "-C", str(site), "lint", "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["where"]["file"] == "custom/entity/visit.yaml"
    _, out, _ = call(capsys, "-C", str(site), "lint", "--github")
    assert "::error file=custom/entity/visit.yaml,line=4,col=1::" in out


def test_lint_fix_mends_full_width_punctuation_and_nothing_else(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = site / "custom/entity/visit.yaml"
    path.write_text(GOOD.replace("name: visit", "name： visit"), "utf-8")
    assert call(capsys, "-C", str(site), "lint", "--fix")[0] == 0
    assert path.read_text("utf-8") == GOOD


def test_set_changes_one_value_and_keeps_the_comment(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "-C", str(site), "set", "visit", "/fields/who/required", "true")
    assert code == 0, err
    text = (site / "custom/entity/visit.yaml").read_text("utf-8")
    assert "required: true" in text
    assert "# 一句备注" in text
    assert "+  who:" in out


def test_set_on_a_pack_writes_an_overlay(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "site.yaml").write_text('name: small\npacks: {crm: "*"}\n', "utf-8")
    code, _, err = call(capsys, "-C", str(site), "set", "crm.lead", "/fields/contact/required", "true")
    assert code == 0, err
    overlay = next((site / "custom").rglob("*lead*.yaml")).read_text("utf-8")
    assert "extend: crm.lead" in overlay
    code, out, _ = call(capsys, "-C", str(site), "show", "lead")
    assert code == 0
    assert "required: true" in out
    assert "custom/" in out


def test_explain_says_what_why_and_how(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "explain", "y003")
    assert code == 0
    assert out.startswith("Y003")
    code, _, err = call(capsys, "explain", "Y03")
    assert code == 2
    assert "是否想写" in err


def test_an_unknown_command_gets_the_nearest_and_exit_two(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "publsh")
    assert code == 2
    assert "publish" in err


def test_a_folder_that_is_no_site_is_exit_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "-C", str(tmp_path), "lint")
    assert code == 2
    assert "site.yaml" in err


def test_english_is_complete(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "custom/entity/visit.yaml").write_text(GOOD.replace("type: text", "type: txet"), "utf-8")
    _, out, err = call(capsys, "--lang", "en", "-C", str(site), "lint")
    assert "Did you mean text?" in out
    assert "errors" in err


def test_from_nothing_to_a_published_site_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "mycrm")
    assert call(capsys, "init", folder, "--name", "锐视")[0] == 0
    assert call(capsys, "init", folder)[0] == 1
    code, out, _ = call(capsys, "-C", folder, "plan")
    assert (code, out.strip()) == (0, "没有变化")
    assert call(capsys, "-C", folder, "set", "first_cal_limit", "8h")[0] == 2
    assert call(capsys, "-C", folder, "set", "first_call_limit", "8h")[0] == 0
    code, out, _ = call(capsys, "-C", folder, "plan")
    assert code == 1
    assert "8h" in out
    assert call(capsys, "-C", folder, "publish", "-m", "旺季")[0] == 0
    code, out, _ = call(capsys, "-C", folder, "revisions", "--json")
    assert [one["number"] for one in json.loads(out)] == [2, 1]
    assert call(capsys, "-C", folder, "rollback", "1")[0] == 0
    assert call(capsys, "-C", folder, "rollback", "9")[0] == 2
    code, out, _ = call(capsys, "-C", folder, "audit")
    assert code == 0
    code, out, _ = call(capsys, "-C", folder, "sign-in", "admin")
    assert "/in/" in out
    assert call(capsys, "-C", folder, "sign-in", "nobody")[0] == 2


def test_import_and_export_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "mycrm")
    call(capsys, "init", folder)
    sheet = tmp_path / "leads.csv"
    sheet.write_text("单位,手机\n锐视光学,13800138000\n坏的,1\n", "utf-8")
    common = ("-C", folder, "import", str(sheet), "--into", "lead", "--map", "company=单位", "--map", "phone=手机")
    code, out, _ = call(capsys, *common, "--dry-run")
    assert code == 1
    assert "没有写入任何内容" in out
    code, out, _ = call(capsys, *common, "--errors", str(tmp_path / "bad.csv"))
    assert code == 1
    assert "新建 1 条" in out
    assert (tmp_path / "bad.csv").exists()
    output = tmp_path / "out.csv"
    assert call(capsys, "-C", folder, "export", "lead", "-o", str(output))[0] == 0
    assert "锐视光学" in output.read_text("utf-8-sig")
    assert call(capsys, "-C", folder, "undo-import", "1")[0] == 0


def test_doctor_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "mycrm")
    call(capsys, "init", folder)
    _, out, _ = call(capsys, "-C", folder, "doctor", "--json")
    found = {one["name"]: one["state"] for one in json.loads(out)}
    assert {"python", "sqlite", "disk", "time zones", "documents", "database", "audit", "clock", "holidays"} <= set(
        found
    )
    assert found["database"] == found["audit"] == "ok"


def test_the_shell_can_complete_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "completion", "bash")
    assert code == 0
    assert "_FLOWLOOM_COMPLETE" in out


def test_a_token_lets_a_program_act_as_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.api import Engine

    folder = str(tmp_path / "mycrm")
    call(capsys, "init", folder)
    code, out, _ = call(capsys, "-C", folder, "token", "admin", "--label", "erp", "--days", "30")
    assert code == 0
    with Engine.open(folder) as engine:
        actor = engine.people.recognise(out.strip())
        assert actor is not None
        assert actor.login == "admin"
    assert call(capsys, "-C", folder, "token", "nobody")[0] == 2


def test_a_parameter_is_set_on_a_site_called_like_one_of_its_documents(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "site.yaml").write_text('name: demo\npacks: {crm: "*"}\n', "utf-8")
    assert call(capsys, "-C", str(site), "set", "first_call_limit", "8h")[0] == 0
    assert "first_call_limit: 8h" in (site / "site.yaml").read_text("utf-8")
