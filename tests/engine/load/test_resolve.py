from __future__ import annotations

import pytest

from tests.engine.load.conftest import TICKET, Loader, codes
from tests.engine.load.test_pipeline import MACHINE

VIEW = "---\nkind: view\nname: v\nentity: ticket\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (VIEW + "where: subjct == 1\n", "X013"),
        (VIEW + "where: owner.tem == me.team\n", "X014"),
        (VIEW + "where: due > 'soon'\n", "X020"),
        (VIEW + "where: nowhere(subject)\n", "X015"),
        (VIEW + "where: amount > param.limit\n", "X029"),
        (VIEW + "columns: [=amont * 2]\n", "X013"),
        ("---\nkind: role\nname: r\ncan: {ticket: {read: ownr == me}}\n", "X013"),
        ("---\nkind: metric\nname: m\nentity: ticket\nsum: =amont\n", "X013"),
        ('---\nkind: metric\nname: m\nentity: ticket\ncount: "True"\nby: [subjct]\n', "X013"),
        (
            "---\nkind: trigger\nname: t\nwhen: {event: created, entity: ticket}\nif: old.amout > 1\ndo: [{stop: }]\n",
            "X014",
        ),
        (
            "---\nkind: trigger\nname: t\nwhen: {event: created, entity: ticket}\ndo: [{set: {amount: =amout}}]\n",
            "X013",
        ),
        (
            "---\nkind: assignment\nname: a\nentity: ticket\ncandidates: {role: staff, where: ticket.amout > 1}\n",
            "X014",
        ),
        ("---\nkind: template\nname: t\nfor: ticket\nbody: '{{ subjct }}'\n", "T010"),
        (
            "---\nkind: sla\nname: s\nentity: ticket\nstart: {event: created}\nstop: {if: amount}\ntarget: =amount\n",
            "D036",
        ),
        ("---\nkind: assignment\nname: a\nentity: ticket\nstrategy: best_score\nscore: {x: {value: =login}}\n", "D036"),
        ("---\nkind: metric\nname: m\nentity: ticket\nduration: {from: {at: subject}, to: {at: due}}\n", "D036"),
        ("---\nkind: dashboard\nname: d\ntiles: {a: {view: v, by: amont}}\n" + VIEW, "X013"),
    ],
)
def test_every_expression_is_read_in_its_own_scope(loaded: Loader, text: str, code: str) -> None:
    found = loaded(TICKET + text)
    assert code in codes(found), [problem.text() for problem in found.problems]


@pytest.mark.parametrize(
    "text",
    [
        "---\nkind: trigger\nname: t\nwhen: {event: changed, entity: ticket}\nif: old.amount != amount and event.name\ndo: [{stop: }]\n",
        "---\nkind: assignment\nname: a\nentity: ticket\ncandidates: {role: staff, where: on_duty and ticket.amount > 1}\n"
        "strategy: best_score\nscore: {load: {weight: 40, value: =1 - open_tickets / capacity}}\nbackup: =owner.backup\n",
        "---\nkind: role\nname: r\ncan: {ticket: {read: owner == me or owner.team == me.team}}\n",
        "---\nkind: trigger\nname: t\nwhen: {event: created, entity: user}\n"
        "do: [{each: {of: ticket, where: owner == user.manager, do: [{set: {subject: =user.login}}]}}]\n",
        "---\nkind: metric\nname: m\nentity: ticket\nduration: {from: {at: created_at}, to: {at: due}}\n",
    ],
)
def test_names_of_the_scope_are_known(loaded: Loader, text: str) -> None:
    found = loaded(TICKET + text)
    assert [problem.text() for problem in found.errors] == []


def test_what_the_database_cannot_compute_is_refused_where_it_must(loaded: Loader) -> None:
    text = "where: \"'a' in keywords(subject)\"\n"
    found = loaded(TICKET + VIEW + text)
    assert codes(found) == ["X040"]
    column = loaded(TICKET + VIEW + "columns: [=keywords(subject)]\n")
    assert codes(column) == []
    fixed = loaded(TICKET + VIEW + "where: \"amount == 1 and 'a' in keywords('a b')\"\n")
    assert codes(fixed) == []


def test_a_field_may_not_have_the_name_of_a_system_field(loaded: Loader) -> None:
    assert codes(loaded(TICKET + "  version: {type: text}\n")) == ["D032"]


def test_two_machines_may_not_share_a_field(loaded: Loader) -> None:
    found = loaded(TICKET + MACHINE + MACHINE.replace("ticket_stage", "second"))
    assert codes(found) == ["D033"]


def test_a_circle_of_roles_is_told_once(loaded: Loader) -> None:
    roles = "kind: role\nname: {}\ninherits: [{}]\n"
    found = loaded("---\n".join([roles.format("a", "b"), roles.format("b", "c"), roles.format("c", "a")]))
    assert codes(found) == ["D028"]
    assert found.problems[0].parameters["path"] == "a -> b -> c -> a"


def test_an_inherited_circle_elsewhere_does_not_hang(loaded: Loader) -> None:
    roles = "kind: role\nname: {}\ninherits: [{}]\n"
    found = loaded("---\n".join([roles.format("z", "a"), roles.format("a", "b"), roles.format("b", "a")]))
    assert codes(found) == ["D028"]


def test_a_time_zone_nobody_knows_is_told(loaded: Loader) -> None:
    found = loaded(site="name: test\ntimezone: Asia/Shanghei\n")
    assert codes(found) == ["D038"]
    assert found.problems[0].suggestion == "Asia/Shanghai"
    bad = loaded("kind: calendar\nname: c\ntimezone: Mars/Base\nopen: {mon: ['09:00-10:00']}\n")
    assert [str(problem.where) for problem in bad.problems] == ["custom/x.yaml:3:11"]


DATED = """\
---
kind: entity
name: visit
fields: {day: {type: date}, paid_on: {type: date}, came: {type: datetime}}
---
kind: metric
name: m
entity: visit
"""


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ("{from: {at: created_at}, to: {at: day}}", "这里应该是日期时间,这个表达式得到的是日期"),
        ("{from: {at: day}, to: {at: came}}", "这里应该是日期,这个表达式得到的是日期时间"),
        ("{from: {at: day}, to: {at: paid_on}}", ""),
        ("{from: {at: came}, to: {at: created_at}}", ""),
    ],
)
def test_a_duration_between_a_date_and_a_moment_is_refused_where_it_stands(
    loaded: Loader, span: str, told: str
) -> None:
    found = [problem for problem in loaded(TICKET + DATED + f"duration: {span}\n").problems if problem.code == "D036"]
    assert [problem.what("zh") for problem in found] == ([told] if told else [])
    assert all(problem.where.line and problem.where.column > 20 for problem in found)
