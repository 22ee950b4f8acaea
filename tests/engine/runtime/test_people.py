"""Who is told: each in the language they read, with the channels a rule names kept beside it."""

from __future__ import annotations

from tests.engine.runtime.stage import Stage

RULES = """
kind: entity
name: lead
label: {zh: 线索, en: Lead}
title: "{{ company }}"
fields: {company: {type: text}, owner: {type: user}, second: {type: user}, due: {type: date}}
---
kind: template
name: hello
label: {zh: 新的一条, en: A new one}
for: lead
body: "{{ company }} · {{ due | weekday }}"
---
kind: trigger
name: hello
when: {event: created, entity: lead}
do: [{notify: {to: ["=owner", "=second"], template: hello, via: [wecom, phone]}}]
"""


def test_everybody_is_told_in_the_language_they_read_not_in_the_writers() -> None:
    stage = Stage(RULES)
    stage.user("li")
    stage.user("amy", language="en")
    li, amy = stage.people["li"], stage.people["amy"]
    stage.create("lead", company="锐视", owner=li, second=amy, due="2026-01-05")
    told = {one["user"]: (one["title"], one["body"]) for one in stage.find("notification")}
    assert told == {li: ("新的一条", "锐视 · 周一"), amy: ("A new one", "锐视 · Mon")}


def test_the_channels_a_rule_names_are_kept_on_the_notification() -> None:
    stage = Stage(RULES)
    stage.user("li")
    stage.create("lead", company="锐视", owner=stage.people["li"])
    assert [one["via"] for one in stage.find("notification")] == [("wecom", "phone")]
