"""The command ``flowloom ahead``: what would happen to a record if time passed and nobody acted. Floor: 7."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import click

from engine.api import Engine
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage
from engine.facts import SYSTEM

#: kind of happening -> (zh, en).
WORDS = {
    "notice": ("通知", "tells"),
    "assigned": ("负责人", "owner"),
    "sla": ("时限", "deadline"),
    "changed": ("修改", "change"),
    "created": ("新建", "new"),
    "transition": ("推进", "moves"),
    "trigger": ("规则", "rule"),
    "approval": ("审批", "approval"),
}


@click.command("ahead")
@click.argument("record", metavar="ENTITY/ID")
@click.argument("span", metavar="7d")
@click.option("--save", default=None, metavar="PATH", help="存成场景,例如 custom/scenario/x.yaml · save as a scenario")
@click.pass_obj
def ahead_command(speech: Speech, record: str, span: str, save: str | None) -> int:
    """快进:没有人动它,会发生什么;真实数据不变 · what would happen if nobody acted; nothing changes.

    例 · example: flowloom ahead lead/12 7d
    """
    entity, _, number = record.partition("/")
    if not number.isdigit():
        raise WrongUsage(Problem("R162", parameters={"text": record}))
    with Engine.open(speech.site) as engine:
        zone = ZoneInfo(engine.manifest.site.timezone)
        if save:
            found = engine.slider.save(SYSTEM, entity, int(number), span, save)
        else:
            found = engine.slider.look(SYSTEM, entity, int(number), span)
    if speech.as_json:
        speech.give(found)
        return 0
    for each in found["happenings"]:
        speech.show(_line(speech, each, zone))
    if not found["happenings"]:
        speech.show(speech.word(f"{span} 内什么都不会发生", f"Nothing would happen within {span}"))
    for name, change in found["differs"].items():
        if isinstance(change, dict):
            speech.show(f"  {name}: {change['before'] or '-'} → {change['after'] or '-'}")
    if save:
        speech.say(f"场景已存到 {save}", f"Saved as {save}")
    return 0


def _line(speech: Speech, each: dict[str, Any], zone: ZoneInfo) -> str:
    at = dt.datetime.fromisoformat(each["at"]).astimezone(zone).strftime("%m-%d %H:%M")
    word = speech.word(*WORDS.get(each["kind"], (each["kind"], each["kind"])))
    to = f" → {'、'.join(each['to'])}" if each["to"] else ""
    changes = ", ".join(f"{one['label']}: {one['before'] or '-'} → {one['after'] or '-'}" for one in each["changes"])
    text = f"{at}  {word}  {each['title']}{to}" + (f"  {changes}" if changes else "")
    return f"{text}  ({each['where']})" if each["where"] else text
