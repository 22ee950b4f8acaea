"""A CRM site for measuring: the pack as it ships, a team of eight, ten hospitals; and leads to put into it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from engine.api import Engine
from engine.facts import SYSTEM

SITE = 'name: bench\nlabel: {zh: 测量, en: Bench}\ntimezone: Asia/Shanghai\npacks: {crm: "*"}\n'
#: The pack gives a person at most 20 leads a day; a measurement gives them thousands and must not stop being one.
LIMITS = """\
kind: assignment
extend: crm.{name}
limits: {{open: 10000000, per_day: 10000000}}
"""
REGIONS = ("上海", "广东", "北京", "浙江", "江苏", "四川", "湖北", "山东")
SOURCES = ("website", "douyin", "expo", "wecom", "phone", "jd", "referral", "other")
PLACES = ("锐视", "明眸", "仁济", "安康", "同德", "博爱", "华光", "康宁", "瑞丰", "启明")
KINDS = ("眼科医院", "光学仪器有限公司", "口腔门诊部", "医疗科技有限公司", "体检中心")
SEGMENTS = ("138", "139", "135", "136", "186")


def found(folder: Path) -> str:
    """Make and publish the site in a folder; a bearer token of its operations clerk."""
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE, "utf-8")
    for name in ("by_hospital_list", "by_region", "smart_dispatch"):
        (folder / "custom" / f"{name}.yaml").write_text(LIMITS.format(name=name), "utf-8")
    with Engine.open(folder) as engine:
        engine.revisions.publish_if_new()
        team = engine.create(SYSTEM, "team", {"name": "华东组"}).record.id
        head = {"login": "zhao", "name": "赵敏", "roles": ["sales_manager"], "team": team}
        boss = engine.create(SYSTEM, "user", head).record.id
        clerk = {"login": "clerk", "name": "云英", "roles": ["operations", "sales_manager", "admin"], "team": team}
        engine.create(SYSTEM, "user", clerk)
        reps = []
        for number, region in enumerate(REGIONS):
            values = {"login": f"rep{number}", "name": f"销售{number}", "roles": ["sales"], "regions": [region]}
            values |= {"team": team, "manager": boss, "capacity": 1_000_000, "seniority": (0.4, 0.7, 1)[number % 3]}
            reps.append(engine.create(SYSTEM, "user", values).record.id)
        for number in range(10):
            grade = ("三级甲等", "二级甲等", "未定级")[number % 3]
            engine.create(
                SYSTEM, "hospital", {"name": f"第{number}人民医院", "grade": grade, "owner": reps[number % 8]}
            )
        token = engine.people.token("clerk", "bench", dt.timedelta(days=2))
    assert token is not None
    return token


def leads(seed: int = 1) -> Iterator[dict[str, Any]]:
    """Leads without end, the same for the same seed; no two have the same phone number, those of other seeds (140 of them)
    included: each seed has 700,000 numbers of its own."""
    chance, block = random.Random(seed), seed // 10 * 700_000
    for number in count(1):
        source = chance.choice(SOURCES)
        yield {
            "company": f"{chance.choice(PLACES)}{seed}{number}{chance.choice(KINDS)}",
            "contact": "王经理",
            "phone": f"{chance.choice(SEGMENTS)}{seed % 10}{(block + number) % 10_000_000:07d}",
            "source": source,
            "campaign": "春季展会" if source in ("expo", "douyin") else None,
            "budget": chance.choice((None, 80_000, 300_000, 900_000)),
        }
