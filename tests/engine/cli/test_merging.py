"""merge and undo-merge on the command line."""

from __future__ import annotations

import pytest

from engine.cli.main import run
from tests.company import Company


def test_two_leads_made_one_and_two_again(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    one = company.lead(company="锐视光学").id
    other = company.lead(company="锐视光学有限公司", phone="13911112222", contact="张伟").id

    def flowloom(*words: str) -> tuple[int, str]:
        code = run(["-C", str(company.folder), *words])
        return code, capsys.readouterr().out

    code, text = flowloom("merge", f"lead/{one}", str(other), "--dry-run")
    assert code == 0 and "锐视光学 | 锐视光学有限公司 -> mine" in text and "- | 张伟 -> theirs" in text
    code, text = flowloom("merge", f"lead/{one}", str(other), "--choose", "company=theirs")
    assert code == 0 and f"lead/{other} 已并入 lead/{one}" in text and "undo-merge 1" in text
    assert flowloom("merge", f"lead/{one}", str(other))[0] == 2
    code, text = flowloom("undo-merge", "1")
    assert code == 0 and "又是两条" in text
    assert flowloom("undo-merge", "1")[0] == 1
    assert flowloom("merge", "lead", "2")[0] == 2
