"""The site the rig works on: the CRM pack, three people, and a promise of one second so that timers fire all the time."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from engine.api import Engine
from engine.facts import SYSTEM
from engine.plugins.registry import Registry

SITE = """\
name: crash
label: {zh: 断电测试, en: Crash rig}
timezone: Asia/Shanghai
packs: {crm: "*"}
calendar: work_hours
"""

#: Whatever a timer does is counted on its lead: a timer that fires twice, or halfway, is seen there.
RULES = """\
kind: entity
extend: crm.lead
fields:
  warned: {type: integer, default: 0, label: {zh: 提醒次数, en: Warned}}
  missed: {type: integer, default: 0, label: {zh: 超时次数, en: Missed}}
  escalated: {type: integer, default: 0, label: {zh: 升级次数, en: Escalated}}
---
kind: sla
name: answer
label: {zh: 一秒内回应, en: Answered within a second}
entity: lead
start: {event: created}
stop: {if: "stage != 'new'"}
target: 1s
warn_at: 50%
calendar: always
escalate:
  - {after: 0m, do: [{set: {missed: "=missed + 1"}}]}
  - {after: 1s, do: [{set: {escalated: "=escalated + 1"}}]}
---
kind: trigger
name: count_warning
label: {zh: 记下提醒, en: A warning is counted}
when: {event: sla_warning, entity: lead, sla: answer}
do: [{set: {warned: "=warned + 1"}}]
"""

PEOPLE = (("boss", "admin"), ("li", "sales"), ("wang", "sales"))


def found(folder: Path, database: str | None, registry: Registry) -> str:
    """Make the site in an empty folder; the bearer token of its administrator."""
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE, "utf-8")
    (folder / "custom" / "rig.yaml").write_text(RULES, "utf-8")
    with Engine.open(folder, database=database, registry=registry) as engine:
        engine.revisions.publish_if_new()
        team = engine.create(SYSTEM, "team", {"name": "华东组"}).record.id
        for login, role in PEOPLE:
            engine.create(SYSTEM, "user", {"login": login, "name": login, "roles": [role], "team": team})
        secret = engine.people.token("boss", "crash rig", dt.timedelta(days=30))
    assert secret is not None
    return secret


def grow(folder: Path, number: int) -> None:
    """Change the folder so that the next start has a revision to publish and a table to change."""
    text = (
        f"kind: entity\nextend: crm.lead\nfields:\n  grown_{number}: {{type: text, label: {{zh: 新字段, en: Grown}}}}\n"
    )
    (folder / "custom" / f"grown_{number}.yaml").write_text(text, "utf-8")
