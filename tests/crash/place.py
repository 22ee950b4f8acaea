"""The site the rig works on: the CRM pack, three people, and a promise of one second so that timers fire all the time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
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

#: What comes in from another system, and what people upload.
ARRIVALS = """\
kind: entity
name: arrival
title: "{{ key }}"
fields: {key: {type: text}, scan: {type: file}}
---
kind: connection
name: inward
label: {zh: 来件, en: Inward}
connector: webhook
settings: {secret: "=secret.HOOK", verify: token, header: X-Token, id: id}
into: arrival
map: {key: key}
"""
#: The secret of what comes in.
HOOK = "token"

#: What reaches outside, and leaves a count behind once it has.
OUTSIDE = """\
kind: entity
extend: crm.lead
fields:
  posted: {{type: integer, default: 0, label: {{zh: 已通知, en: Posted}}}}
  mailed: {{type: integer, default: 0, label: {{zh: 已发信, en: Mailed}}}}
---
kind: connection
name: partner
label: {{zh: 合作方, en: Partner}}
connector: http
settings: {{url: "http://127.0.0.1:{web}/", networks: ["127.0.0.0/8"], timeout: 5s}}
---
kind: connection
name: letters
label: {{zh: 邮件, en: Mail}}
connector: smtp
settings: {{host: 127.0.0.1, port: {mail}, from: "crm@example.com", security: none, networks: ["127.0.0.0/8"]}}
---
kind: trigger
name: tell_partner
label: {{zh: 通知合作方, en: Tell the partner}}
when: {{event: created, entity: lead}}
retry: {{times: 20, wait: 1s}}
do:
  - call: {{connection: partner, json: {{lead: "=campaign"}}, success: {{errcode: 0}}}}
  - set: {{posted: "=posted + 1"}}
---
kind: trigger
name: write_letter
label: {{zh: 写信, en: Write a letter}}
when: {{event: created, entity: lead}}
if: "campaign is not None"
retry: {{times: 20, wait: 1s}}
do:
  - send: {{to: "a@example.com", via: letters, subject: "{{{{ campaign }}}}", text: "你好"}}
  - set: {{mailed: "=mailed + 1"}}
"""

PEOPLE = (("boss", "admin"), ("li", "sales"), ("wang", "sales"))


def found(folder: Path, database: str | None, registry: Registry, outside: Mapping[str, int] | None = None) -> str:
    """Make the site in an empty folder; the bearer token of its administrator. ``outside`` names the ports it talks to."""
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE, "utf-8")
    (folder / "custom" / "rig.yaml").write_text(RULES, "utf-8")
    (folder / "custom" / "arrivals.yaml").write_text(ARRIVALS, "utf-8")
    if outside:
        (folder / "custom" / "outside.yaml").write_text(OUTSIDE.format(**outside), "utf-8")
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
