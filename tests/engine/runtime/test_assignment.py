"""Who gets it: strategies, limits, fairness, the kept score card."""

from __future__ import annotations

import threading

import pytest

from engine.runtime import why
from engine.store.encode import from_text
from tests.engine.runtime.stage import Stage

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true}}
---
kind: role
name: boss
inherits: [staff]
can: {lead: {read: true}}
---
kind: entity
name: lead
fields:
  company: {type: text}
  region: {type: text}
  heat: {type: number, default: 50}
  owner: {type: user}
  keeper: {type: user}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {}, won: {final: true}}
transitions: {win: {from: new, to: won}}
---
kind: assignment
name: rule
entity: lead
candidates: {role: sales, where: "on_duty and active"}
STRATEGY
nobody: {pool: unassigned, notify: boss}
---
kind: trigger
name: give
when: {event: created, entity: lead}
if: "owner is None"
do: [{assign: {rule: rule}}]
"""


def staged(strategy: str, *logins: str, **values: object) -> Stage:
    stage = Stage(SITE.replace("STRATEGY", strategy))
    for login in logins or ("a", "b", "c"):
        stage.user(login, "sales", **values)
    return stage


def owners(stage: Stage, count: int) -> list[str]:
    names = {number: login for login, number in stage.people.items()}
    return [names[stage.create("lead", company=str(index))["owner"]] for index in range(count)]


def test_in_turn_everybody_gets_one_also_when_somebody_is_away() -> None:
    stage = staged("strategy: round_robin")
    assert owners(stage, 4) == ["a", "b", "c", "a"]
    stage.update(stage.get("user", stage.people["b"]), on_duty=False)
    assert owners(stage, 3) == ["c", "a", "c"]


def test_first_is_the_first_who_fits() -> None:
    assert owners(staged("strategy: first"), 3) == ["a", "a", "a"]


def test_the_least_loaded_is_counted_as_records_come_move_and_go() -> None:
    stage = staged("strategy: least_loaded")
    assert owners(stage, 4) == ["a", "b", "c", "a"]
    mine = stage.find("lead", owner=stage.people["b"])[0]
    stage.move(mine, "win")
    other = stage.find("lead", owner=stage.people["c"])[0]
    stage.do(lambda context: context.delete("lead", other.id))
    # a holds two, b and c none; b and c got one today each.
    assert owners(stage, 2) == ["b", "c"]


def test_the_best_score_wins_and_the_card_keeps_every_factor_of_the_runner_up() -> None:
    stage = staged(
        'strategy: best_score\nscore:\n  load: {label: {zh: 负荷}, weight: 40, value: "=1 - open_leads / capacity"}\n'
        '  heat: {label: {zh: 热度}, weight: 60, value: "=lead.heat / 100 * seniority"}',
        "a",
        capacity=4,
    )
    stage.user("b", "sales", capacity=4, seniority=0.5)
    lead = stage.create("lead", company="A")
    assert lead["owner"] == stage.people["a"]
    card = stage.ask(lambda context: why.owner(context, "lead", lead.id))
    assert card is not None
    shown = [
        (each["name"], each["points"], [(f["label"], f["points"]) for f in each["factors"]])
        for each in card["candidates"]
    ]
    assert shown == [("a", 70.0, [("负荷", 40.0), ("热度", 30.0)]), ("b", 55.0, [("负荷", 40.0), ("热度", 15.0)])]
    assert (card["rule"], card["reason"]) == ("rule", "strategy")


def test_a_table_names_the_owner_when_they_may_have_it() -> None:
    stage = staged('strategy: table\ntable: "=keeper"')
    lead = stage.create("lead", company="A", keeper=stage.people["b"])
    assert lead["owner"] == stage.people["b"]
    stage.update(stage.get("user", stage.people["b"]), on_duty=False)
    assert stage.create("lead", company="B", keeper=stage.people["b"])["owner"] is None


def test_limits_leave_people_out_and_nobody_left_tells_the_boss() -> None:
    stage = staged("strategy: first\nlimits: {open: 2, per_day: 3}", "a", "b")
    stage.user("zhao", "boss")
    assert owners(stage, 4) == ["a", "a", "b", "b"]
    lead = stage.create("lead", company="E")
    assert (lead["owner"], stage.told()) == (None, ["zhao"])
    card = from_text(stage.rows("SELECT candidates FROM fl_score_cards ORDER BY id DESC LIMIT 1")[0][0])
    assert [(each["name"], each["out"]) for each in card] == [("a", "open"), ("b", "open")]
    for one in stage.find("lead", owner=stage.people["a"]):
        stage.move(one, "win")
    assert owners(stage, 1) == ["a"]
    with pytest.raises(KeyError):
        # a holds one but has had three today; b holds two: nobody until tomorrow.
        owners(stage, 1)
    stage.advance(days=1)
    assert owners(stage, 1) == ["a"]


def test_a_backup_takes_over_when_no_candidate_is_left() -> None:
    stage = staged('strategy: first\nbackup: "=keeper.backup"', "a", on_duty=False)
    wang = stage.user("wang", "boss")
    keeper = stage.user("keeper", "boss", backup=wang.user)
    assert stage.create("lead", company="A", keeper=keeper.user)["owner"] == wang.user


def test_fault_058_who_left_gets_nothing_new() -> None:
    stage = staged("strategy: first", "a", "b")
    stage.update(stage.get("user", stage.people["a"]), active=False)
    assert owners(stage, 1) == ["b"]


def test_fault_059_a_hundred_leads_at_once_differ_by_one_at_most() -> None:
    stage = staged("strategy: least_loaded", "a", "b", "c", "d", "e", "f", "g")
    failures: list[BaseException] = []

    def give(start: int) -> None:
        try:
            for index in range(start, 100, 8):
                stage.do(lambda context, index=index: context.create("lead", {"company": str(index)}))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=give, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    counts = [count for _, count in stage.rows("SELECT owner, COUNT(*) FROM lead GROUP BY owner")]
    assert (len(counts), sum(counts), max(counts) - min(counts)) == (7, 100, 1)
    kept = dict(stage.rows("SELECT key, n FROM fl_counters WHERE day = ''"))
    assert kept == dict(stage.rows("SELECT owner, COUNT(*) FROM lead GROUP BY owner"))


def test_a_counter_that_means_something_else_now_is_counted_afresh() -> None:
    stage = staged("strategy: least_loaded", "a", "b")
    for _ in range(3):
        stage.create("lead", company="x", owner=stage.people["a"])
    assert owners(stage, 3) == ["b", "b", "b"]
    stage.do(lambda context: context.connection.execute("DELETE FROM fl_counters"))
    assert owners(stage, 1) == ["a"]
    assert dict(stage.rows("SELECT key, n FROM fl_counters WHERE day = ''")) == {
        stage.people["a"]: 4,
        stage.people["b"]: 3,
    }
