"""Every record-only step, in a rule of its own."""

from __future__ import annotations

import json

import pytest

from engine.plugins.slots import EFFECTS, StepPlugin
from tests.engine.runtime.stage import Stage, registry

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true}, firm: {read: true, create: true, update: true}}
---
kind: entity
name: firm
fields:
  name: {type: text}
  last_lead_at: {type: datetime}
  leads: {type: backlink, to: lead, via: firm}
---
kind: entity
name: lead
title: "{{ company }}"
fields:
  company: {type: text}
  budget: {type: money}
  priority: {type: choice, choices: [A, B]}
  firm: {type: link, to: firm}
  owner: {type: user}
  note: {type: text}
  other: {type: link, to: lead}
  archived: {type: yes_no, default: false}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {}, gone: {final: true}}
transitions: {give_up: {from: new, to: gone, require: [{field: note}]}}
---
kind: template
name: hello
label: {zh: 问候}
for: lead
body: "{{ company }} 归 {{ owner.name }} 跟,预算 {{ budget }}"
---
kind: trigger
name: rule
when: {event: created, entity: lead}
DO
"""


def staged(do: str) -> Stage:
    stage = Stage(SITE.replace("DO", "do:\n" + do))
    stage.user("zhao", "sales")
    stage.user("li", "sales", manager=stage.people["zhao"])
    return stage


def steps(stage: Stage) -> list[dict[str, object]]:
    state, data = stage.rows("SELECT state, data FROM fl_runs ORDER BY id")[0]
    assert state == "done", data
    found: list[dict[str, object]] = json.loads(data)["steps"]
    return found


def test_set_computes_all_values_before_it_writes_any() -> None:
    stage = staged('  - set: {company: "=note", note: "=company"}')
    lead = stage.create("lead", company="甲", note="乙")
    assert (lead["company"], lead["note"]) == ("乙", "甲")
    assert steps(stage)[0]["result"] == {"record": lead.id, "set": {"company": "乙", "note": "甲"}}
    assert str(steps(stage)[0]["where"]).startswith("custom/all.yaml:")


def test_create_and_update_reach_other_records() -> None:
    stage = staged(
        '  - create: {entity: firm, set: {name: "=company"}}\n  - update: {record: "=firm", set: {last_lead_at: "=now()"}}'
    )
    firm = stage.create("firm", name="甲")
    stage.create("lead", company="乙", firm=firm.id)
    assert [each["name"] for each in stage.find("firm")] == ["甲", "乙"]
    assert stage.get("firm", firm.id)["last_lead_at"] == stage.clock.now()


def test_update_that_leads_nowhere_does_nothing() -> None:
    stage = staged('  - update: {record: "=firm", set: {name: x}}')
    stage.create("lead", company="乙")
    assert steps(stage)[0]["result"] == {"record": None}


def test_delete_and_archive_put_the_record_away() -> None:
    stage = staged("  - delete:")
    done = stage.do(lambda context: context.create("lead", {"company": "A"}))
    assert stage.find("lead") == [] and done.value.id == 1
    stage = staged("  - archive:")
    assert stage.create("lead", company="A")["archived"] is True


def test_transition_holds_every_requirement_and_may_fill_it_in() -> None:
    stage = staged("  - transition: {name: give_up, set: {note: 没人接}}")
    assert stage.create("lead", company="A")["stage"] == "gone"
    stage = staged("  - transition: give_up")
    assert stage.create("lead", company="A")["stage"] == "new"
    assert stage.rows("SELECT state FROM fl_runs") == [("failed",)]


def test_notify_tells_owners_roles_and_lists_once_each_in_the_words_of_a_template() -> None:
    stage = staged('  - notify: {to: ["=owner", "=owner.manager", {role: sales}], template: hello, via: [wecom]}')
    stage.create("lead", company="锐视", owner=stage.people["li"], budget=5)
    assert sorted(stage.told()) == ["li", "zhao"]
    told = stage.find("notification")[0]
    assert (told["title"], told["body"]) == ("问候", "锐视 归 li 跟,预算 5")
    assert (told["entity"], told["record"], told["rule"]) == ("lead", 1, "rule")


def test_notify_nobody_is_no_error() -> None:
    stage = staged('  - notify: {to: "=owner", title: x}')
    stage.create("lead", company="A")
    assert steps(stage)[0]["result"] == {"told": []}


def test_branch_goes_one_way_and_a_step_may_have_a_condition() -> None:
    stage = staged(
        '  - branch: {if: "budget > 5", then: [{set: {priority: A}}], else: [{set: {priority: B}}]}\n'
        '  - {set: {note: big}, if: "budget > 5"}'
    )
    assert [stage.create("lead", company="x", budget=n)[f] for n in (9, 1) for f in ("priority", "note")] == [
        "A",
        "big",
        "B",
        None,
    ]


def test_stop_ends_the_run_and_keeps_what_was_done() -> None:
    stage = staged(
        '  - set: {note: first}\n  - branch: {if: "budget > 5", then: [{stop: {}}]}\n  - set: {note: second}'
    )
    assert [stage.create("lead", company="x", budget=n)["note"] for n in (9, 1)] == ["first", "second"]


def test_each_runs_for_every_record_and_names_the_one_outside() -> None:
    stage = staged('  - each: {of: firm, where: "name == lead.company", do: [{set: {last_lead_at: "=now()"}}]}')
    one, two = stage.create("firm", name="甲"), stage.create("firm", name="乙")
    stage.create("lead", company="甲")
    assert stage.get("firm", one.id)["last_lead_at"] and stage.get("firm", two.id)["last_lead_at"] is None


def test_task_asks_somebody_by_a_time() -> None:
    stage = staged('  - task: {subject: "上门看 {{ company }}", to: "=owner", within: 2d}')
    stage.create("lead", company="锐视", owner=stage.people["li"])
    task = stage.find("task")[0]
    assert (task["subject"], task["owner"], (task["due_at"] - stage.clock.now()).days) == (
        "上门看 锐视",
        stage.people["li"],
        2,
    )


def test_merge_completes_one_record_redirects_links_and_trashes_the_other() -> None:
    stage = staged('  - merge: {other: "=other"}')
    old = stage.create("lead", company="甲", budget=7, note="旧的")
    child = stage.create("lead", company="子")
    stage.do(lambda context: context.connection.execute("UPDATE lead SET other = ? WHERE id = ?", (old.id, child.id)))
    new = stage.create("lead", company="乙", other=old.id)
    assert (new["company"], new["budget"], new["note"]) == ("乙", 7, "旧的")
    assert stage.ask(lambda context: context.get("lead", old.id)) is None
    assert stage.get("lead", child.id)["other"] == new.id


@pytest.mark.parametrize("name", registry().names("step"))
def test_every_step_says_what_it_is(name: str) -> None:
    plugin = registry().get(StepPlugin, name)
    assert plugin.title["zh"] and plugin.title["en"] and plugin.example and plugin.__doc__
    assert plugin.effect in EFFECTS
