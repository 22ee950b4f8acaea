"""The CRM pack as an open site in virtual time, with a small team."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.api import Choices, Engine
from engine.clock import VirtualClock
from engine.facts import SYSTEM
from engine.plugins.registry import Registry

ROOT = Path(__file__).parents[2]
#: A trigger a company might write to save itself the steps; the machine must not let it.
SHORT_CUT = """# 想走捷径的规则:备注写了“直接签”就签约。
kind: trigger
name: short_cut
label: {zh: 捷径, en: Short cut}
when: {event: changed, entity: lead, fields: [department]}
if: "department == '直接签'"
do:
  - transition: sign
"""


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """``engine``, ``clock``, ``folder``, ``ids`` and ``people`` (actors): li sells, zhao is her manager, yun operates."""
    folder = tmp_path / "site"
    shutil.copytree(ROOT / "examples/demo", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.db*"))
    (folder / "custom/trigger").mkdir(parents=True)
    (folder / "custom/trigger/short_cut.yaml").write_text(SHORT_CUT, "utf-8")
    clock = VirtualClock(dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC))
    with Engine.open(folder, clock=clock, registry=Registry.discover(entry_points=False)) as engine:
        engine.revisions.publish("test", Choices(scenarios=False))
        ids: dict[str, int] = {}
        for login, role in (("zhao", "sales_manager"), ("yun", "operations"), ("li", "sales")):
            values = {"login": login, "name": login, "roles": [role]}
            if login == "li":
                values["manager"] = ids["zhao"]
            ids[login] = engine.create(SYSTEM, "user", values).record.id
        people = {login: engine.people.actor(login) for login in ids}
        yield SimpleNamespace(engine=engine, clock=clock, folder=folder, ids=ids, people=people)
