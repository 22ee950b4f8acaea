"""Roles become rights: rows, columns, actions."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import Forbidden, NotFound, Where
from engine.expression.parse import Condition, Expression
from engine.facts import SYSTEM, Actor
from engine.model.manifest import Manifest
from engine.model.role import FieldRights, Rights, Role
from engine.model.site import Site
from engine.runtime import access


def when(text: str) -> Condition:
    return Condition((Expression(text, tree=ast.parse(text, mode="eval").body),))


MINE = when("owner == me")
TEAM = when("team == me.team")

ROLES = {
    "staff": Role(name="staff", can={"task": Rights(read=True, create=True)}, may=("import",)),
    "sales": Role(
        name="sales",
        inherits=("staff",),
        can={"lead": Rights(read=MINE, create=True, update=MINE, where=Where("role/sales.yaml", 4, 3))},
        fields={
            "lead": FieldRights(
                hide=("cost_price", "note"), read_only=("priority",), where=Where("role/sales.yaml", 6, 3)
            )
        },
    ),
    "leader": Role(name="leader", inherits=("sales",), can={"lead": Rights(read=TEAM, delete=True)}),
    "warehouse": Role(name="warehouse", can={"stock": Rights(read=True)}),
    "quality": Role(
        name="quality", can={"lead": Rights(read=True)}, fields={"lead": FieldRights(hide=("note", "phone"))}
    ),
    "boss": Role(name="boss", can={"*": Rights(read=True, create=True, update=True, delete=True, export=True)}),
    "snake": Role(name="snake", inherits=("tail",)),
    "tail": Role(name="tail", inherits=("snake",), can={"lead": Rights(read=True)}),
}
MANIFEST = Manifest(site=Site(name="test"), roles=ROLES)


def context(*roles: str, user: int = 7) -> Any:
    """A context that knows the two conditions above."""

    def holds(condition: Condition, values: Any, me: Any) -> bool:
        if condition.any:
            return any(holds(part, values, me) for part in condition.parts)
        return values["owner"] == me["id"] if condition == MINE else values.get("team") == me["team"]

    actor = Actor(user=user, login="li", roles=roles, values={"id": user, "team": 3})
    return SimpleNamespace(
        manifest=MANIFEST,
        actor=actor,
        environment=lambda entity, values, extra: (values, extra["me"]),
        compiled=SimpleNamespace(call=lambda condition, entity: lambda environment: holds(condition, *environment)),
    )


def test_somebody_without_a_role_may_do_nothing() -> None:
    nothing = access.access_of(context(), "lead")
    assert nothing.read is False
    assert not any(nothing.may(action) for action in ("read", "create", "update", "delete", "export"))


def test_the_engine_itself_is_not_limited() -> None:
    everything = access.access_of(SimpleNamespace(manifest=MANIFEST, actor=SYSTEM), "lead")
    assert everything.read is True and not everything.hidden and everything.may("export", {"id": 1})


def test_a_row_condition_decides_on_the_record() -> None:
    mine = access.access_of(context("sales"), "lead")
    assert mine.may("update", {"id": 1, "owner": 7})
    assert not mine.may("update", {"id": 1, "owner": 8})
    assert mine.may("update"), "without a record: it could be allowed on some"
    assert not mine.may("delete", {"id": 1, "owner": 7})


def test_an_invisible_row_is_not_found_and_a_visible_one_forbidden() -> None:
    mine = access.access_of(context("sales"), "lead")
    with pytest.raises(NotFound) as unseen:
        mine.check("delete", {"id": 5, "owner": 8})
    assert unseen.value.problems[0].what("zh") == "没有这条记录:lead 5"
    with pytest.raises(Forbidden) as refused:
        mine.check("delete", {"id": 5, "owner": 7})
    assert refused.value.problems[0].code == "A004"
    mine.check("update", {"id": 5, "owner": 7})


def test_inheriting_adds_rights_and_keeps_what_is_hidden_hidden() -> None:
    leader = access.access_of(context("leader"), "lead")
    assert leader.may("read", {"owner": 7}) and leader.may("read", {"owner": 8, "team": 3})
    assert not leader.may("read", {"owner": 8, "team": 4})
    assert leader.may("delete", {"owner": 8, "team": 3})
    assert leader.hidden == {"cost_price", "note"} and leader.read_only >= {"priority"}
    assert access.access_of(context("leader"), "task").may("create", {})


def test_several_roles_hide_only_what_all_of_them_hide() -> None:
    both = access.access_of(context("sales", "quality"), "lead")
    assert both.hidden == {"note"}
    assert both.read is True


def test_a_role_that_does_not_open_the_entity_cannot_reveal_its_fields() -> None:
    assert access.access_of(context("sales", "warehouse"), "lead").hidden == {"cost_price", "note"}
    assert access.access_of(context("sales", "boss"), "lead").hidden == frozenset()


def test_a_star_speaks_for_every_entity_that_is_not_named() -> None:
    boss = access.access_of(context("boss"), "stock")
    assert boss.may("export", {"id": 1}) and boss.read is True


def test_roles_that_inherit_each_other_end() -> None:
    assert access.access_of(context("snake"), "lead").read is True


def test_a_write_to_a_read_only_or_hidden_field_is_refused_whole() -> None:
    mine = access.access_of(context("sales"), "lead")
    mine.check_write(["phone", "company"])
    with pytest.raises(Forbidden) as refused:
        mine.check_write(["phone", "priority", "cost_price"])
    assert [(p.code, p.field) for p in refused.value.problems] == [("A006", "priority"), ("A007", "cost_price")]
    assert refused.value.problems[1].what("zh") == "lead 没有可以填写的字段 cost_price"


def test_a_hidden_field_is_cut_from_the_values() -> None:
    mine = access.access_of(context("sales"), "lead")
    assert mine.cut({"id": 1, "phone": "1", "note": "x", "cost_price": 3}) == {"id": 1, "phone": "1"}


def test_the_key_is_shared_only_by_those_who_see_the_same() -> None:
    assert (
        access.access_of(context("quality", user=7), "lead").key
        == access.access_of(context("quality", user=8), "lead").key
    )
    assert (
        access.access_of(context("sales", user=7), "lead").key != access.access_of(context("sales", user=8), "lead").key
    )


def test_permissions_of_the_whole_company_come_from_may() -> None:
    actor = context("sales").actor
    assert access.permits(MANIFEST, actor, "import") and not access.permits(MANIFEST, actor, "publish")
    with pytest.raises(Forbidden):
        access.check_permit(MANIFEST, actor, "publish")


def test_an_explanation_names_the_role_and_the_line() -> None:
    allowed, reasons = access.explain(context("sales"), "lead", "update", {"id": 1, "owner": 8})
    assert not allowed
    assert (reasons[0].role, reasons[0].says, reasons[0].condition) == ("sales", "refuses", "owner == me")
    assert str(reasons[0].where) == "role/sales.yaml:4:3"
    assert reasons[1].says == "silent"
    hidden = access.explain_field(context("sales"), "lead", "note")
    assert (hidden[0].says, str(hidden[0].where)) == ("hides", "role/sales.yaml:6:3")


def test_rights_are_worked_out_once_for_a_manifest() -> None:
    assert access.rules_of(MANIFEST, ("sales", "boss"), "lead") is access.rules_of(MANIFEST, ("boss", "sales"), "lead")
