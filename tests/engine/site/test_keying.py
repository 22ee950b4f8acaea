"""A rule that is published later finds the records that were there before."""

from __future__ import annotations

from pathlib import Path

from engine.api import Engine
from engine.facts import SYSTEM

ENTITY = """\
kind: entity
name: client
title: "{{ name }}"
fields: {name: {type: text}, phone: {type: phone}}
"""
RULE = "duplicates: {same: {compare: [name, phone], above: 0.9}}\n"


def test_records_from_before_a_rule_get_their_keys_with_the_ticks(tmp_path: Path) -> None:
    (tmp_path / "custom").mkdir()
    (tmp_path / "site.yaml").write_text("kind: site\nname: keys\n", "utf-8")
    document = tmp_path / "custom" / "client.yaml"
    document.write_text(ENTITY, "utf-8")
    typed = {"name": "瑞视光学有限公司", "phone": "13800138000"}
    with Engine.open(tmp_path) as engine:
        engine.revisions.publish_if_new()
        old = engine.create(SYSTEM, "client", {"name": "锐视光学", "phone": "13800138000"}).record.id
        document.write_text(ENTITY + RULE, "utf-8")
        engine.revisions.publish("a rule")
        new = engine.create(SYSTEM, "client", {"name": "江海精密", "phone": "13911112222"}).record.id
        assert not engine.duplicates(SYSTEM, "client", typed)
        engine.tick()
        found = engine.duplicates(SYSTEM, "client", typed)
        assert [each["record"].id for each in found] == [old]
        again = engine.duplicates(SYSTEM, "client", {"name": "江海精密机械", "phone": "13911112222"})
        assert [each["record"].id for each in again] == [new]
        document.write_text(ENTITY, "utf-8")
        engine.revisions.publish("without it")
        engine.tick()
    with Engine.open(tmp_path) as engine:
        assert not engine.duplicates(SYSTEM, "client", typed)
