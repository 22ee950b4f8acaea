"""Two records become one and two again: values, links, timers, timeline, rights, and two who merge at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine.errors import Conflict, Forbidden, Moved, NotFound, Refused, Stale
from engine.facts import SYSTEM, Actor, Record
from engine.runtime import entity as entities
from engine.runtime import merging, timeline
from engine.runtime.merging import Undone
from engine.store import merges, timers
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: client
title: "{{ name }}"
fields:
  name: {type: text, required: true}
  phone: {type: phone}
  code: {type: text, unique: true}
  note: {type: long_text}
  tags: {type: list}
  friends: {type: links, to: client}
  parent: {type: link, to: client}
  secret: {type: text}
  deals: {type: backlink, to: deal, via: client}
  worth: {type: integer, value: "=len(deals)"}
---
kind: entity
name: deal
title: "{{ label }}"
fields: {label: {type: text}, client: {type: link, to: client}, also: {type: links, to: client}}
---
kind: state_machine
name: care
entity: client
field: stage
initial: new
states: {new: {within: 4h}, done: {}}
transitions: {finish: {from: new, to: done}}
---
kind: sla
name: answer
entity: client
start: {event: created}
stop: {if: "note is not None"}
target: 2d
---
kind: trigger
name: later
when: {event: created, entity: deal}
mode: parallel
do:
  - wait: {for: 3d}
  - set: {label: "=client.name"}
---
kind: role
name: clerk
can: {client: {read: true, create: true, update: true, delete: true}, deal: {read: true}}
---
kind: role
name: keeper
can: {client: {read: note == "mine", update: true}, deal: {read: true}}
---
kind: role
name: apprentice
can: {client: {read: true, update: true, delete: false}}
fields: {client: {hide: [secret], read_only: [code]}}
"""


def site() -> Stage:
    return Stage(SITE)


def join(stage: Stage, record: int, other: int, actor: Actor = SYSTEM, **choose: str) -> int:
    return stage.do(lambda c: merging.merge(c, "client", record, other, choose)[1].id, actor).value


def part(stage: Stage, number: int, actor: Actor = SYSTEM) -> Undone:
    return stage.do(lambda c: merging.undo(c, number), actor).value


def whole(stage: Stage) -> dict[str, dict[int, dict[str, Any]]]:
    """Every record's own values, as they rest."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for entity in ("client", "deal"):
        for record in stage.find(entity):
            values = {k: v for k, v in record.values.items() if k not in ("updated_at", "updated_by")}
            found.setdefault(entity, {})[record.id] = values
    return found


def two(stage: Stage) -> tuple[Record, Record]:
    one = stage.create("client", name="锐视光学", phone="13800138000", tags=["a"])
    return one, stage.create("client", name="锐视光学有限公司", code="R1", note="老客户", tags=["b"], secret="x")


def test_what_is_empty_is_filled_lists_are_joined_and_a_choice_is_kept() -> None:
    stage = site()
    one, other = two(stage)
    join(stage, one.id, other.id, name="theirs")
    found = stage.get("client", one.id)
    assert (found["name"], found["code"], found["note"], found["phone"]) == (
        "锐视光学有限公司", "R1", "老客户", "+8613800138000",
    )  # fmt: skip
    assert found["tags"] == ("a", "b")


def test_links_of_both_kinds_lead_to_the_one_that_stays_and_none_to_itself() -> None:
    stage = site()
    one, other = two(stage)
    third = stage.create("client", name="丙", parent=other.id, friends=[one.id, other.id])
    stage.update(one, parent=other.id, friends=[other.id])
    deal = stage.create("deal", label="d", client=other.id, also=[other.id])
    join(stage, one.id, other.id)
    assert stage.get("deal", deal.id)["client"] == one.id
    assert stage.get("deal", deal.id)["also"] == (one.id,)
    assert stage.get("client", third.id)["parent"] == one.id
    assert stage.get("client", third.id)["friends"] == (one.id,)
    assert stage.get("client", one.id)["parent"] is None
    assert stage.get("client", one.id)["friends"] == ()


def test_the_one_that_went_says_where_over_several_merges() -> None:
    stage = site()
    one, other = two(stage)
    third = stage.create("client", name="丙")
    join(stage, one.id, other.id)
    join(stage, third.id, one.id)
    with pytest.raises(Moved) as error:
        stage.ask(lambda c: c.need("client", other.id))
    assert (error.value.status, error.value.record) == (410, third.id)
    assert f"已经合并到 {third.id}" in error.value.text()
    with pytest.raises(Moved):
        stage.do(lambda c: c.update("client", other.id, {"name": "x"}))
    with pytest.raises(NotFound) as missing:
        stage.ask(lambda c: c.need("client", 999))
    assert not isinstance(missing.value, Moved)


def test_where_a_record_went_is_told_only_to_who_may_see_it_there() -> None:
    stage = site()
    one, other = two(stage)
    reader, stranger = stage.user("reader", "clerk"), stage.user("stranger", "keeper")
    join(stage, one.id, other.id)
    for ask in (
        lambda c: timeline.timeline(c, "client", other.id),
        lambda c: c.need("client", other.id),
        lambda c: c.update("client", other.id, {"name": "x"}),
    ):
        with pytest.raises(Moved):
            stage.do(ask, reader)
        with pytest.raises(NotFound) as refused:
            stage.do(ask, stranger)
        assert [(p.code, "into" in p.parameters) for p in refused.value.problems] == [("R052", False)]


def test_links_of_what_lies_in_the_trash_are_moved_and_come_back() -> None:
    stage = site()
    one, other = two(stage)
    deal = stage.create("deal", label="d", client=other.id, also=[one.id, other.id])
    later = stage.create("deal", label="e", client=other.id, also=[other.id])
    stage.do(lambda c: c.delete("deal", deal.id))
    number = join(stage, one.id, other.id)
    stage.do(lambda c: entities.restore(c, "deal", deal.id))
    assert (stage.get("deal", deal.id)["client"], stage.get("deal", deal.id)["also"]) == (one.id, (one.id,))
    titles = [m.title for m in stage.ask(lambda c: timeline.timeline(c, "deal", deal.id))]
    assert titles[:2] == ["恢复", "修改"]
    # What was put into the trash since the merge is given back as well.
    stage.do(lambda c: c.delete("deal", later.id))
    assert part(stage, number).left == []
    stage.do(lambda c: entities.restore(c, "deal", later.id))
    for each, also in ((deal, (one.id, other.id)), (later, (other.id,))):
        assert (stage.get("deal", each.id)["client"], stage.get("deal", each.id)["also"]) == (other.id, also)


def test_undo_gives_both_back_as_they_were() -> None:
    stage = site()
    one, other = two(stage)
    stage.create("client", name="丙", parent=other.id, friends=[one.id, other.id])
    stage.update(one, parent=other.id, friends=[other.id])
    stage.create("deal", label="d", client=other.id, also=[other.id, one.id])
    before = whole(stage)
    done = part(stage, join(stage, one.id, other.id, name="theirs"))
    assert done.left == []
    assert whole(stage) == before


def test_what_was_changed_since_stays_and_is_told() -> None:
    stage = site()
    one, other = two(stage)
    deal = stage.create("deal", label="d", client=other.id)
    number = join(stage, one.id, other.id)
    stage.advance(hours=1)
    stage.update(stage.get("client", one.id), note="后来写的")
    stage.update(stage.get("deal", deal.id), client=None)
    fresh = stage.create("deal", label="new", client=one.id)
    done = part(stage, number)
    assert stage.get("client", one.id)["note"] == "后来写的"
    assert stage.get("client", one.id)["code"] is None
    assert stage.get("client", other.id)["note"] == "老客户"
    assert stage.get("deal", deal.id)["client"] is None
    assert stage.get("deal", fresh.id)["client"] == one.id
    assert {(each.entity, each.record, each.field) for each in done.left} == {
        ("client", one.id, "note"), ("deal", deal.id, "client"), ("deal", fresh.id, "client"),
    }  # fmt: skip


def test_promises_go_on_with_the_one_that_stays_and_come_back() -> None:
    stage = site()
    one = stage.create("client", name="甲", note="answered")
    other = stage.create("client", name="乙")
    moved = stage.move(one, "finish")

    def open_timers(record: int) -> set[str]:
        return {t.timer.name for t in stage.ask(lambda c: timers.open_of(c.connection, "client", record))}

    assert open_timers(other.id) == {"sla:answer", "sla:care.new"}
    number = join(stage, moved.id, other.id)
    assert "sla:care.new" not in open_timers(one.id)
    assert open_timers(other.id) == set()
    part(stage, number)
    assert open_timers(other.id) == {"sla:answer", "sla:care.new"}


def test_the_timeline_of_both_is_one() -> None:
    stage = site()
    one, other = two(stage)
    stage.update(other, note="vorher")
    number = join(stage, one.id, other.id)
    kinds = [m.kind for m in stage.ask(lambda c: timeline.timeline(c, "client", one.id))]
    assert kinds.count("created") == 2 and "merged" in kinds and "changed" in kinds
    part(stage, number)
    moments = stage.ask(lambda c: timeline.timeline(c, "client", one.id))
    assert [m.kind for m in moments].count("created") == 1
    assert "撤销了合并" in [m.title for m in moments]


def test_rights_hold_on_both_sides() -> None:
    stage = site()
    clerk, apprentice = stage.user("clerk", "clerk"), stage.user("learner", "apprentice")
    one, other = two(stage)
    with pytest.raises(Forbidden):
        join(stage, one.id, other.id, apprentice)
    number = join(stage, one.id, other.id, clerk)
    assert stage.get("client", one.id)["secret"] == "x"
    with pytest.raises(Forbidden):
        part(stage, number, apprentice)
    part(stage, number, clerk)
    sides = stage.ask(lambda c: merging.sides(c, one, other), apprentice)
    assert "secret" not in [side.name for side in sides]
    assert {side.name for side in sides if side.locked} == {"code"}


def test_what_cannot_be_merged_or_undone_is_refused_with_its_reason() -> None:
    stage = site()
    one, other = two(stage)
    with pytest.raises(Refused) as error:
        join(stage, one.id, one.id)
    assert error.value.problems[0].code == "R241"
    with pytest.raises(Refused) as error:
        join(stage, one.id, other.id, name="both", nothing="mine")
    assert [p.code for p in error.value.problems] == ["R242", "R242"]
    with pytest.raises(NotFound) as none:
        part(stage, 99)
    assert none.value.problems[0].code == "R243"
    with pytest.raises(Stale):
        stage.do(lambda c: merging.merge(c, "client", one.id, other.id, {}, (one.version + 1, other.version)))
    number = join(stage, one.id, other.id)
    with pytest.raises(Refused) as error:
        stage.do(lambda c: merging_restore(c, other.id))
    assert error.value.problems[0].code == "R247"
    third = stage.create("client", name="丙")
    further = join(stage, third.id, one.id)
    with pytest.raises(Refused) as error:
        part(stage, number)
    assert error.value.problems[0].code == "R246"
    part(stage, further)
    part(stage, number)
    with pytest.raises(Conflict) as again:
        part(stage, number)
    assert again.value.problems[0].code == "R245"
    late = join(stage, one.id, other.id)
    stage.advance(days=31)
    with pytest.raises(Refused) as error:
        part(stage, late)
    assert error.value.problems[0].code == "R244"


def merging_restore(context: Any, record: int) -> None:

    entities.restore(context, "client", record)


def test_of_two_merges_of_one_record_the_second_is_told_where_it_went() -> None:
    stage = site()
    one, other = two(stage)
    third = stage.create("client", name="丙")
    join(stage, one.id, other.id)
    with pytest.raises(Moved) as error:
        join(stage, third.id, other.id)
    assert error.value.record == one.id
    with pytest.raises(Moved):
        join(stage, other.id, one.id)
    assert len(stage.rows("SELECT 1 FROM fl_merges")) == 1


def test_a_waiting_run_goes_on_about_the_one_that_stays() -> None:
    stage = Stage(SITE.replace("when: {event: created, entity: deal}", "when: {event: created, entity: client}").replace(
        'label: "=client.name"', 'note: "=name"'))  # fmt: skip
    one, other = two(stage)
    number = join(stage, one.id, other.id)
    live = stage.rows("SELECT record FROM fl_runs WHERE state = 'waiting'")
    assert [row[0] for row in live] == [one.id, one.id]
    part(stage, number)
    assert sorted(row[0] for row in stage.rows("SELECT record FROM fl_runs WHERE state = 'waiting'")) == [
        one.id,
        other.id,
    ]


NAMES = st.sampled_from([None, "甲", "乙"])
VALUES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["甲", "乙"]),
        "note": NAMES,
        "secret": NAMES,
        "tags": st.lists(st.sampled_from("abc"), max_size=2),
    }
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(
    people=st.lists(VALUES, min_size=3, max_size=4),
    links=st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=3)), max_size=4),
    parents=st.lists(st.integers(0, 3), max_size=4),
    choose=st.dictionaries(st.sampled_from(["name", "note", "secret"]), st.sampled_from(["mine", "theirs"])),
)
def test_merge_and_undo_leave_everything_as_it_was(
    people: list[dict[str, Any]], links: list[tuple[int, list[int]]], parents: list[int], choose: dict[str, str]
) -> None:
    stage = site()
    ids = [stage.create("client", **values).id for values in people]
    pick = lambda number: ids[number % len(ids)]  # noqa: E731
    for child, parent in enumerate(parents[: len(ids)]):
        stage.update(stage.get("client", ids[child]), parent=pick(parent), friends=[pick(parent + 1)])
    for number, (one, several) in enumerate(links):
        stage.create("deal", label=str(number), client=pick(one), also=sorted({pick(each) for each in several}))
    before = whole(stage)
    first = join(stage, ids[0], ids[1], **choose)
    second = join(stage, ids[2], ids[0], **choose)
    held = whole(stage)
    assert set(held["client"]) == set(ids[2:])
    assert all(deal["client"] in ids[2:] for deal in held.get("deal", {}).values())
    assert part(stage, second).left == [] and part(stage, first).left == []
    after = whole(stage)
    for entity, records in before.items():
        for number, values in records.items():
            assert {k: v for k, v in after[entity][number].items() if k != "worth"} == {
                k: v for k, v in values.items() if k != "worth"
            }


def test_a_chain_is_followed_and_what_was_gathered_is_known() -> None:
    stage = site()
    one, other = two(stage)
    third = stage.create("client", name="丙")
    join(stage, one.id, other.id)
    join(stage, third.id, one.id)
    assert stage.ask(lambda c: merges.gathered(c.connection, "client", third.id)) == [one.id, other.id]
    assert stage.ask(lambda c: merges.moved_to(c.connection, "client", other.id)) == third.id
    assert isinstance(merging.KEPT, dt.timedelta)
