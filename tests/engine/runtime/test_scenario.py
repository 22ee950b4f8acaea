"""The scenario runner: what passes, and the words when something does not."""

from __future__ import annotations

from engine.load.pipeline import load
from engine.runtime import scenario
from tests.engine.runtime.stage import registry

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: "owner == me"}}
---
kind: entity
name: lead
title: "{{ company }}"
fields:
  company: {type: text, required: true, label: {zh: 客户名称}}
  owner: {type: user}
  note: {type: text}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {within: 2h}, done: {final: true}}
transitions: {finish: {from: new, to: done, require: [{field: note, message: {zh: 请写备注}}]}}
---
kind: trigger
name: tell
when: {event: sla_breached, entity: lead, sla: loop.new}
do: [{notify: {to: "=owner", title: 超时}}]
---
kind: metric
name: leads
entity: lead
count: "True"
---
kind: view
name: mine
entity: lead
show: list
where: "owner is not None"
"""

STORY = """
---
kind: scenario
name: story
given:
  clock: 2026-01-05T09:00
  users: {li: {role: sales, manager: wang}, wang: {role: sales}}
  records: {old: {entity: lead, company: 旧的, stage: done, owner: li, created_at: 2025-12-01T09:00}}
steps:
"""


def play(steps: str) -> scenario.Result:
    loaded = load(
        {"site.yaml": "kind: site\nname: s\n", "custom/a.yaml": SITE, "custom/b.yaml": STORY.lstrip("-\n") + steps},
        registry(),
    )
    assert loaded.manifest is not None, "\n".join(problem.text() for problem in loaded.errors)
    return scenario.run(loaded.manifest, registry(), loaded.manifest.scenarios["story"])


def lines(steps: str) -> list[str]:
    return [problem.line() for problem in play(steps).problems]


def test_a_story_that_goes_as_told_passes() -> None:
    result = play("""
  - create: {lead: l1, company: 锐视, owner: li}
    expect: {record: {l1: {owner: li, stage: new}}, owner: {l1: li}, state: {l1: new, old: done}, events: [created, assigned]}
  - try: {transition: finish, on: l1, as: li}
    expect: {refused: [note], message: 请写备注}
  - try: {update: l1, company: x, as: wang}
    expect: {refused: true}
  - advance: 2h
    expect: {notified: [li], not_notified: [wang], timers: {l1: {loop.new: broken}}, count: {lead: 2}}
  - try: {transition: finish, on: l1, as: li, note: 好了}
    expect: {record: {l1: {stage: done, note: 好了}}, metric: {leads: 2}, view: {mine: [old, l1]}, check: {l1: "len(note) == 2"}}
  - delete: {on: l1}
    expect: {record: {l1: null}, count: {lead: 1}}
""")
    assert [problem.line() for problem in result.problems] == []
    assert (result.passed, result.steps) == (True, 6)


def test_a_wrong_value_is_told_with_its_line_and_both_values() -> None:
    found = lines("""
  - create: {lead: l1, company: 锐视, owner: li}
    expect: {record: {l1: {owner: wang, company: 别的}}}
""")
    assert found == [
        "custom/b.yaml:9:5 S001 l1.owner:应为 wang,实际是 li",
        "custom/b.yaml:9:5 S001 l1.company:应为 别的,实际是 锐视",
    ]


def test_a_refusal_that_did_not_come_and_one_that_came_unasked() -> None:
    found = lines("""
  - create: {lead: l1, company: 锐视, owner: li}
    expect: {refused: [company]}
  - try: {transition: finish, on: l1, as: li}
  - try: {transition: finish, on: l1, as: li}
    expect: {refused: [company]}
""")
    assert found == [
        "custom/b.yaml:9:5 S002 这一步应该被拒绝,却成功了",
        "custom/b.yaml:11:5 S004 这一步没有成功:R053 请写备注",
        "custom/b.yaml:12:5 S003 被拒绝的字段不对:应为 company,实际是 note",
    ]


def test_notifications_that_are_missing_or_too_many() -> None:
    found = lines("""
  - create: {lead: l1, company: 锐视, owner: li}
    expect: {notified: [li]}
  - advance: 2h
    expect: {not_notified: [li]}
""")
    assert found == [
        "custom/b.yaml:9:5 S008 应该收到通知,却没有:li;收到通知的是 -",
        "custom/b.yaml:11:5 S009 不该收到通知,却收到了:li",
    ]


def test_what_a_scenario_cannot_say_is_told_and_not_passed_over() -> None:
    found = lines("""
  - create: {lead: l1, company: 锐视}
    expect: {weather: fine, check: {l1: "owner is not None"}, metric: {leads: 7}, record: {l9: {company: x}}}
""")
    assert found == [
        "custom/b.yaml:9:5 S007 看不懂这项期望:weather",
        "custom/b.yaml:9:5 S011 条件不成立:owner is not None(owner=null)",
        "custom/b.yaml:9:5 S001 leads:应为 7,实际是 2",
        "custom/b.yaml:9:5 S005 场景里没有叫 l9 的记录",
    ]


def test_what_is_expected_of_something_unknown_is_told() -> None:
    steps = """
  - create: {lead: a, company: 甲}
    expect: {count: {leed: 1}, metric: {leeds: 1}, timers: {b: {loop.new: running}}}
"""
    assert [problem.code for problem in play(steps).problems] == ["S007", "S007", "S005"]
