"""The same people as four channels write them: overlapping, misspelt, out of order; and the site they come to.

Run as a program it is the site: it takes what lies in a journal's ``todo`` file and writes down every receipt, until it is killed.
"""

from __future__ import annotations

import csv
import json
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰斌宇浩凯健俊帆婷雪琳晨阳梓涵欣怡若曦思远嘉懿煜城志泽峻熙雨桐"
)
#: Characters that are taken for each other because they sound the same.
SOUND = {
    "伟": "玮",
    "芳": "方",
    "静": "婧",
    "磊": "蕾",
    "洋": "阳",
    "杰": "洁",
    "涛": "韬",
    "明": "铭",
    "华": "桦",
    "宇": "雨",
}
HEADS = "锐明同安康博华启瑞宏恒天中海金德信和诚达远航泰盛嘉禾茂源朗润凯旋辰星宇飞翔龙腾骏驰卓越创维瀚博雅致兴邦鼎新"
TRADES = ("光学", "医疗器械", "生物技术", "精密机械", "信息技术", "新材料")
CHANNELS = ("website", "partner", "walk_in", "excel")

SITE = """\
kind: site
name: pool
"""
DOCUMENTS = """\
kind: entity
name: person
title: "{{ name }}"
fields:
  name: {type: text, required: true}
  phone: {type: phone}
  email: {type: email}
  company: {type: text}
  seen: {type: integer, default: 1}
duplicates:
  same_person: {compare: [name, phone, email, company], above: 0.99, then: merge}
---
kind: connection
name: website
connector: webhook
settings: {secret: "=secret.HOOK", verify: token, header: X-Token, id: id}
into: person
map: {name: name, phone: mobile, email: mail, company: firm}
on_bad_row: quarantine
---
kind: connection
name: partner
connector: webhook
settings: {secret: "=secret.HOOK", verify: token, header: X-Token, items: people, id: id}
into: person
map: {name: 姓名, phone: 手机, email: 邮箱, company: 单位}
on_bad_row: quarantine
---
kind: form
name: visit
entity: person
fields: [name, phone, email, company]
public: {path: visit}
"""


@dataclass(frozen=True)
class Brought:
    """One delivery: ``person`` is who it really is (-1 for what nobody can use), ``values`` as this channel writes them."""

    key: str
    channel: str
    person: int
    values: dict[str, str]


def people(number: int, seed: int) -> list[dict[str, str]]:
    """So many people; names and companies repeat as they do in life."""
    chance = random.Random(seed)
    found = []
    for each in range(number):
        name = chance.choice(FAMILY) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
        firm = "".join(chance.choices(HEADS, k=2)) + chance.choice(TRADES)
        phone = f"1{chance.choice('35789')}{chance.randrange(10**9):09d}"
        found.append(
            {
                "name": name,
                "phone": phone,
                "email": f"u{each:05d}x{chance.randrange(10**4)}@corp.example",
                "company": firm,
            }
        )
    return found


def written(person: dict[str, str], anchor: str, chance: random.Random) -> dict[str, str]:
    """A person as somebody else types them. What they are reached by (``anchor``: phone or email) may be written in another way
    but is theirs; anything else may be missing or wrong, one thing at a time."""
    values, loose = dict(person), "email" if anchor == "phone" else "phone"
    slip = chance.randrange(5)
    if slip == 0:
        values["name"] = "".join(SOUND.get(each, each) for each in values["name"])
    elif slip == 1:
        values[loose] = ""
    elif slip == 2 and loose == "phone":
        place = chance.randrange(3, 11)
        digit = str((int(values["phone"][place]) + 1) % 10)
        values["phone"] = values["phone"][:place] + digit + values["phone"][place + 1 :]
    elif slip == 2:
        values["email"] = values["email"].replace("@corp", "@crop")
    form = chance.choice(("", "有限公司", "股份有限公司", "(上海)有限公司", "有限公司深圳分公司"))
    values["company"] = chance.choice((values["company"] + form, values["company"] + form, ""))
    if values["phone"]:
        phone = values["phone"]
        values["phone"] = chance.choice(
            (phone, f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}", f"{phone[:3]} {phone[3:7]} {phone[7:]}")
        )
    return values


def crowd(number: int, seed: int) -> list[Brought]:
    """What the channels bring, shuffled: each person by one to four of them, some things twice, one in a hundred unusable."""
    chance = random.Random(seed + 1)
    found = []
    for who, person in enumerate(people(number, seed)):
        for channel in chance.sample(CHANNELS, chance.choice((1, 2, 2, 3, 4))):
            found.append(
                Brought(f"{channel}-{who}", channel, who, written(person, ("phone", "email")[who % 2], chance))
            )
    for nothing in range(number // 100):
        found.append(
            Brought(f"website-bad-{nothing}", "website", -1, {"name": "", "phone": "123", "email": "", "company": ""})
        )
    chance.shuffle(found)
    return found


def sheet(path: Path, brought: list[Brought]) -> None:
    """The rows of the channel ``excel`` as a file."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "phone", "email", "company"])
        for each in brought:
            writer.writerow([each.values[name] for name in ("name", "phone", "email", "company")])


def _take(engine: Any, key: str, channel: str, values: dict[str, str]) -> None:
    receiving, headers = engine.channels, {"x-token": "token", "content-type": "application/json"}
    if channel == "website":
        names = {"name": "name", "phone": "mobile", "email": "mail", "company": "firm"}
        content: Any = {"id": key, **{names[name]: value for name, value in values.items()}}
    elif channel == "partner":
        names = {"name": "姓名", "phone": "手机", "email": "邮箱", "company": "单位"}
        content = {"people": [{"id": key, **{names[name]: value for name, value in values.items()}}]}
    else:
        receiving.submit("visit", key, {name: value for name, value in values.items() if value})
        return
    receiving.receive(channel, json.dumps(content).encode(), headers)


def main() -> None:
    """Take what is to do, one after another; a receipt is written when the engine has said yes."""
    from engine.api import Engine
    from engine.facts import SYSTEM

    folder, todo, receipts = (Path(each) for each in sys.argv[1:4])
    os.environ["HOOK"] = "token"
    with Engine.open(folder) as engine, receipts.open("a", encoding="utf-8") as said:
        for line in todo.read_text("utf-8").splitlines():
            key, channel, values = json.loads(line)
            if channel == "import":
                engine.import_file(SYSTEM, Path(values["path"]), "person")
            else:
                _take(engine, key, channel, values)
            said.write(f"{key}\n")
            said.flush()


if __name__ == "__main__":
    main()
