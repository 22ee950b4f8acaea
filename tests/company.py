"""A small company for tests of the doors: the CRM pack, four people, a hospital."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.api import Engine
from engine.clock import Clock, VirtualClock
from engine.facts import SYSTEM, Actor
from engine.plugins.registry import Registry
from tests.sharing import founded

SITE = """\
name: testing
label: {zh: 测试公司, en: Test company}
timezone: Asia/Shanghai
packs: {crm: "*"}
calendar: work_hours
"""


@dataclass
class Company:
    """An open site with people in it. ``folder`` is its folder, ``ids`` its users by login."""

    engine: Engine
    clock: Any
    folder: Path
    ids: dict[str, int]

    def actor(self, login: str) -> Actor:
        """The actor of a user."""
        found = self.engine.people.actor(login)
        assert found is not None, login
        return found

    def token(self, login: str) -> dict[str, str]:
        """The header that lets a client act as this user."""
        secret = self.engine.people.token(login, "tests", dt.timedelta(days=30))
        return {"Authorization": f"Bearer {secret}"}

    def lead(self, **values: Any) -> Any:
        """A new lead; the company is called 锐视光学 unless said otherwise."""
        given: Mapping[str, Any] = {"company": "锐视光学", "phone": "13800138000", "source": "website", **values}
        return self.engine.create(SYSTEM, "lead", given).record


def found(folder: Path, clock: Clock, registry: Registry, database: str | None = None, site: str = SITE) -> Company:
    """A company in an empty folder (or one with documents in ``custom``), its first revision published. In virtual time it is
    made once in a process and copied afterwards."""
    (folder / "custom").mkdir(parents=True, exist_ok=True)
    (folder / "site.yaml").write_text(site, "utf-8")

    def make(place: Path, at: Clock, url: str | None) -> dict[str, int]:
        with Engine.open(place, clock=at, registry=registry, database=url) as engine:
            engine.revisions.publish_if_new()
            return _people(engine)

    if isinstance(clock, VirtualClock):
        ids = founded().copy(folder, clock.now(), registry, database, make)
    else:
        ids = make(folder, clock, database)
    return Company(Engine.open(folder, clock=clock, registry=registry, database=database), clock, folder, ids)


def _people(engine: Engine) -> dict[str, int]:
    team = engine.create(SYSTEM, "team", {"name": "华东组"}).record.id
    ids: dict[str, int] = {}
    for login, role, name in (
        ("admin", "admin", "管理员"),
        ("zhao", "sales_manager", "赵敏"),
        ("li", "sales", "李强"),
        ("wang", "sales", "王芳"),
    ):
        values = {"login": login, "name": name, "roles": [role], "team": team}
        ids[login] = engine.create(SYSTEM, "user", values).record.id
    for login in ("li", "wang"):
        engine.update(SYSTEM, "user", ids[login], {"manager": ids["zhao"]})
    return ids
