"""What a scenario that cannot be played, or is not refused in the words it names, says."""

from __future__ import annotations

from typing import Any

import pytest

from engine.load.pipeline import load
from engine.runtime.scenario import run

VISIT = """\
kind: entity
name: visit
label: {zh: 拜访, en: Visit}
fields:
  who: {type: text, required: true, label: {zh: 谁, en: Who}}
"""
HEAD = "kind: scenario\nname: story\nlabel: {zh: 故事, en: Story}\nsteps:\n"

STORIES = {
    "S010": (
        "  - try: {create: visit}\n    expect: {refused: true, message: 请选择日期}\n",
        "拒绝的理由里没有这句话:请选择日期;实际是 R053 请填写“谁”",
    ),
    "S006": ("  - try: {jump: v}\n", "这一步没有成功:S006 看不懂这一步:jump"),
}


@pytest.mark.parametrize("code", STORIES)
def test_a_story_says_what_is_wrong_with_it(code: str, registry: Any) -> None:
    steps, words = STORIES[code]
    files = {"site.yaml": "name: small\npacks: {}\n", "custom/visit.yaml": VISIT, "custom/story.yaml": HEAD + steps}
    loaded = load(files, registry)
    assert loaded.manifest is not None, [problem.text() for problem in loaded.errors]
    result = run(loaded.manifest, registry, loaded.manifest.scenarios["story"])
    assert [p.what() for p in result.problems] == [words], code
    assert result.problems[0].where.file == "custom/story.yaml"
