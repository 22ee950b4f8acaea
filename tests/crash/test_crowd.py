"""Four channels bring the same people, overlapping, misspelt, out of order, with kill -9 in between: each is in the pool once,
and every raw delivery is accounted for.

150 people by default; the 2,000 of the promise with FLOWLOOM_CROWD=2000. With -s it prints its figures.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from engine.api import Engine
from tests.crash.crowd import DOCUMENTS, SITE, Brought, crowd, sheet

NUMBER = int(os.environ.get("FLOWLOOM_CROWD", "150"))
KILLS = max(3, NUMBER // 100)
ROOT = Path(__file__).resolve().parents[2]


def _deliver(folder: Path, brought: list[Brought], chance: random.Random) -> tuple[int, int]:
    """Send everything until every receipt is there, killing the site in between; (kills, sent again after a receipt was lost)."""
    receipts, todo = folder / "receipts", folder / "todo"
    receipts.touch()
    rows = [each for each in brought if each.channel == "excel"]
    sheet(folder / "rows.csv", rows)
    wanted = [(each.key, each.channel, each.values) for each in brought if each.channel != "excel"]
    wanted.insert(len(wanted) // 2, ("the file", "import", {"path": str(folder / "rows.csv")}))
    kills = again = 0
    while True:
        known = set(receipts.read_text("utf-8").split("\n"))
        missing = [each for each in wanted if each[0] not in known]
        if not missing and kills >= KILLS:
            return kills, again
        # Senders are not tidy: some of what was answered comes once more.
        repeated = chance.sample(wanted, min(5, len(wanted)))
        again += len(repeated)
        lines = [
            json.dumps(each, ensure_ascii=False)
            for each in (*repeated, *missing)
            if each[1] != "import" or each in missing
        ]
        todo.write_text("\n".join(lines), "utf-8")
        command = [sys.executable, "-m", "tests.crash.crowd", str(folder / "site"), str(todo), str(receipts)]
        child = subprocess.Popen(command, cwd=ROOT)
        if kills < KILLS:
            before = len(known)
            share = before + max(1, len(missing) // (KILLS - kills + 1))
            while child.poll() is None and len(receipts.read_text("utf-8").split("\n")) < share:
                time.sleep(0.01)
            time.sleep(chance.random() * 0.05)
            child.kill()
            child.wait()
            kills += 1
        else:
            assert child.wait() == 0


@pytest.mark.slow
def test_four_channels_bring_the_same_people_and_each_is_in_the_pool_once(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "custom").mkdir(parents=True)
    (site / "site.yaml").write_text(SITE, "utf-8")
    (site / "custom" / "all.yaml").write_text(DOCUMENTS, "utf-8")
    with Engine.open(site) as engine:
        engine.revisions.publish_if_new()
    brought = crowd(NUMBER, 11)
    by_key = {each.key: each for each in brought}
    kills, again = _deliver(tmp_path, brought, random.Random(3))
    with Engine.open(site) as engine, engine._site.database.read() as connection:
        raw = connection.execute("SELECT connection, key, state, record FROM fl_inbox")
        rows = connection.execute("SELECT row, action, record FROM fl_import_rows ORDER BY row")
        pool = [number for (number,) in connection.execute("SELECT id FROM person WHERE deleted_at IS NULL")]
    found: dict[int, set[int]] = defaultdict(set)
    states: Counter[str] = Counter()
    arrived = set()
    for _, key, state, record in raw:
        known = by_key[key]
        arrived.add(key)
        states[state] += 1
        assert (state == "quarantined") == (known.person < 0), (key, state)
        if record is not None:
            found[known.person].add(record)
    excel = [each for each in brought if each.channel == "excel"]
    for (_, action, record), each in zip(rows, excel, strict=True):
        assert action != "bad"
        found[each.person].add(record)
    # Every raw delivery is there once, whatever happened in between.
    assert arrived == {each.key for each in brought if each.channel != "excel"}
    assert len(raw) == len(arrived) and len(rows) == len(excel)
    split = {who: records for who, records in found.items() if len(records) > 1}
    owners: dict[int, set[int]] = defaultdict(set)
    for who, records in found.items():
        for record in records:
            owners[record].add(who)
    mixed = {record: who for record, who in owners.items() if len(who) > 1}
    print(
        f"{NUMBER} people, {len(brought)} deliveries by 4 channels, {again} sent again, {kills} kills: {len(pool)} in the pool, "
        f"{len(split)} split, {len(mixed)} mixed up; inbox {dict(states)}, {len(rows)} rows"
    )
    told = [[(each.key, each.values) for each in brought if each.person == who] for who in list(split)[:3]]
    assert not split and not mixed, told
    assert len(pool) == NUMBER == len(found)
    assert set(pool) == {record for records in found.values() for record in records}
