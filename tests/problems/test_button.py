"""What a button says that does nothing, word for word."""

from __future__ import annotations

from engine.errors import Problem


def test_what_is_said_of_a_button() -> None:
    said = {
        code: Problem(code, parameters={"when": "2026-01-08 01:00 UTC"}).line("zh") for code in ("H045", "H046", "H047")
    }
    assert said == {
        "H045": "H045 这个按钮不能用 -> 打开系统里的那条记录,在那里办",
        "H046": "H046 这个按钮已经过期了(2026-01-08 01:00 UTC) -> 打开系统里的那条记录,在那里办",
        "H047": "H047 这个按钮已经用过了 -> 不用再点;要改,打开系统里的那条记录",
    }
