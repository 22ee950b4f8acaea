"""One look-up for duplicates among 1,000,000 customers: milliseconds, what the database does for it, and what the keys weigh.

Run: python -m bench.duplicates --million, or python -m bench.million [customers] [--copied]. With --copied a tenth is made as a site
makes it and copied nine times in the database, under other phones: minutes instead of half an hour, with words ten times as common.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

SITE = """
kind: entity
name: customer
title: "{{ company }}"
fields: {company: {type: text}, contact: {type: text}, phone: {type: phone}}
duplicates:
  two_factors: {match: {phone: exact, company: {similar: 0.85}}}
  evidence: {compare: [company, contact, phone], above: 0.9}
"""
CITIES = ("上海", "北京", "深圳市", "广州", "杭州", "苏州", "成都", "武汉", "南京", "西安")
TRADES = ("科技", "贸易", "光学", "医疗器械", "电子", "实业", "精密机械", "生物技术", "信息技术", "新材料")
FORMS = ("有限公司", "股份有限公司", "有限责任公司", "集团有限公司")
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
BRANDS = Path(__file__).resolve().parents[2] / "shared/data/cn-names/company_short_names_20k.txt"


def customers(seed: int = 5) -> Iterator[dict[str, Any]]:
    """Customers without end: 20,000 real short names combined with places, trades and legal forms."""
    chance = random.Random(seed)
    brands = BRANDS.read_text("utf-8").split() if BRANDS.is_file() else [f"{a}{b}" for a in GIVEN for b in GIVEN]
    while True:
        name = f"{chance.choice(CITIES)}{chance.choice(brands)}{chance.choice(TRADES)}{chance.choice(FORMS)}"
        person = chance.choice(FAMILY) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
        phone = f"+861{chance.choice('35789')}{chance.randrange(10**9):09d}"
        yield {"company": name, "contact": person, "phone": phone}


def mistyped(values: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The same customer as somebody else writes it: another form and place, or one character wrong, or another phone."""
    company = str(values["company"]).removesuffix("有限公司")
    kind = chance.randrange(3)
    if kind == 0:
        return {**values, "company": f"{company}({chance.choice(CITIES)[:2]})公司"}
    if kind == 1:
        place = chance.randrange(len(company))
        return {**values, "company": company[:place] + chance.choice(GIVEN) + company[place + 1 :]}
    return {**values, "phone": f"+861{chance.choice('35789')}{chance.randrange(10**9):09d}"}


def fill(site: Any, number: int) -> float:
    """So many customers with their keys; seconds of CPU."""
    from engine.runtime import resemblance

    source, started = customers(), time.process_time()
    for _ in range(0, number, 20_000):
        lot = list(islice(source, min(20_000, number)))

        def keep(context: Any, lot: list[dict[str, Any]] = lot) -> None:
            plan = context.plan("customer")
            made = context.records.insert_many(context.connection, "customer", lot, context.now, None)
            for record in made:
                resemblance.remember(context, plan, record.id, record.values, {})

        site.do(keep)
    return time.process_time() - started


def copied(site: Any, number: int) -> float:
    """A tenth of so many customers, and nine copies of each; seconds of CPU."""
    tenth = number // 10
    spent, started = fill(site, tenth), time.process_time()
    columns = [str(row[1]) for row in site.rows("PRAGMA table_info('customer')")]
    for copy in range(1, 10):

        def more(connection: Any, copy: int = copy) -> None:
            other = {"id": f"id + {copy * tenth}", "phone": f"substr(phone, 1, 12) || '{copy}' || substr(phone, 14)"}
            listed = ", ".join(f'"{name}"' for name in columns)
            taken = ", ".join(other.get(name, f'"{name}"') for name in columns)
            connection.execute(f"INSERT INTO customer ({listed}) SELECT {taken} FROM customer WHERE id <= {tenth}")
            key = f"CASE field WHEN 'phone' THEN substr(key, 1, 11) || '{copy}' || substr(key, 13) ELSE key END"
            connection.execute(
                f"INSERT INTO fl_keys (entity, field, key, record) SELECT entity, field, {key}, record + {copy * tenth} "
                f"FROM fl_keys WHERE record <= {tenth}"
            )

        site.database.write(more)
    return spent + time.process_time() - started


def main() -> None:
    """Print what one check costs and what the database does for it."""
    from engine.runtime import duplicate, keyring
    from tests.engine.runtime.stage import Stage

    number = next((int(each) for each in sys.argv[1:] if each.isdigit()), 1_000_000)
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as folder:
        path = Path(folder) / "million.db"
        site = Stage(SITE, url=f"sqlite:///{path}")
        spent = copied(site, number) if "--copied" in sys.argv else fill(site, number)
        keys = site.rows("SELECT COUNT(*) FROM fl_keys")[0][0]
        size = path.stat().st_size / 1e6
        print(f"{number} customers, {keys} keys, {spent / number * 1e6:.0f} us of CPU each; {size:.0f} MB on disk")
        chance = random.Random(9)
        known = [
            (i, each)
            for i, each in enumerate(
                islice(customers(), min(number // 10 if "--copied" in sys.argv else number, 200_000)), 1
            )
            if chance.random() < 0.004
        ]
        fresh = list(islice(customers(77), 500))
        for label, asked in (
            ("nobody's twin", [(0, each) for each in fresh]),
            ("somebody's twin", [(i, mistyped(each, chance)) for i, each in known]),
        ):
            times, used, hits, said = [], [], 0, 0

            def look(context: Any, asked: list[Any] = asked) -> list[tuple[int, float, float, list[int]]]:
                found = []
                for own, values in asked:
                    started, cpu = time.perf_counter(), time.thread_time()
                    ids = [match.record for match in duplicate.asked(context, "customer", values)]
                    found.append((own, time.perf_counter() - started, time.thread_time() - cpu, ids))
                return found

            for own, seconds, cpu, ids in site.ask(look):
                times.append(seconds * 1e3)
                used.append(cpu * 1e3)
                hits += own in ids
                said += bool(ids)
            times.sort()
            used.sort()
            print(
                f"{label:16} {len(times)} checks: median {times[len(times) // 2]:.2f} ms, p95 "
                f"{times[int(len(times) * 0.95)]:.2f} ms, most {times[-1]:.1f} ms, of CPU {used[len(used) // 2]:.2f}, "
                f"{used[int(len(used) * 0.95)]:.2f}, {used[-1]:.1f}; found its own {hits}, said something {said}"
            )
        text = f"EXPLAIN QUERY PLAN {keyring.RECORDS['sqlite'].format(limit=keyring.COMMON + 1)}"
        asked = ("customer", json.dumps([["company", "rui shi"]]))
        with site.database.read() as connection:
            plan = connection.execute(text, asked)
        print("plan of a look-up by keys:", "; ".join(str(row[-1]) for row in plan))
        site.database.close()


if __name__ == "__main__":
    main()
