"""Each value says where it comes from: a person, a connection, a rule."""

from __future__ import annotations

from engine.runtime import origin
from engine.runtime.connection import route_of, take
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: client
title: "{{ name }}"
fields: {name: {type: text}, phone: {type: phone}, grade: {type: text}, secret: {type: text}}
---
kind: connection
name: website
label: {zh: 官网}
connector: webhook
settings: {secret: "=secret.HOOK", verify: token, header: X-Token, id: no}
into: client
map: {name: name, phone: mobile}
match_on: [name]
---
kind: trigger
name: grade_it
label: {zh: 打分}
when: {event: changed, entity: client, fields: [phone]}
do: [{set: {grade: A}}]
---
kind: role
name: clerk
can: {client: {read: true, create: true, update: true}}
fields: {client: {hide: [secret]}}
"""


def test_every_value_has_a_source_and_a_moment() -> None:
    stage = Stage(SITE)
    clerk = stage.user("li", "clerk", name="李强")
    made = stage.create("client", name="甲", secret="x")
    stage.advance(hours=1)
    route = route_of(stage.manifest, "website")
    stage.do(lambda c: take(c, route, {"name": "甲", "mobile": "13800138000"}, {}), via="connection:website")
    stage.advance(hours=1)
    stage.update(stage.get("client", made.id), clerk, name="甲公司")
    found = stage.ask(lambda c: origin.origins(c, "client", made.id), clerk)
    assert {name: each.source for name, each in found.items()} == {
        "name": "李强",
        "phone": "官网",
        "grade": "规则 打分",
    }
    assert found["phone"].json()["value"] == "+8613800138000"
    assert (found["name"].at - found["phone"].at).total_seconds() == 3600
    assert "secret" not in found
