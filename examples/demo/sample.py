"""Writes the sample: a month of a small company, lived through the product's own door in virtual time.

``fill(folder, progress)`` makes the site in ``folder`` (site.yaml and database) so that timers, assignment cards, state
history and the audit log are as real as if people had worked there. The same seed gives the same story.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.api import Choices, Engine
from engine.clock import SystemClock, VirtualClock
from engine.errors import FlowloomError
from engine.facts import SYSTEM, Actor

HERE = Path(__file__).parent
#: How often somebody looks whether something is due, in the month that is lived.
LOOK = dt.timedelta(minutes=15)


def _story() -> ModuleType:
    """story.py beside this file, however this file was loaded."""
    spec = importlib.util.spec_from_file_location("flowloom_sample_story", HERE / "story.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Teller:
    """Lets the story happen: moves the clock, acts as whoever owns the record then."""

    def __init__(self, engine: Engine, clock: VirtualClock, story: ModuleType) -> None:
        self.engine = engine
        self.clock = clock
        self.story = story
        self.ids: dict[str, int] = {}
        self.refused = 0

    def people(self) -> None:
        """Two teams, eight reps, their manager, operations, an administrator and a viewer."""
        for name, label in (("east", "华东组"), ("north", "华北组"), ("office", "运营与方案组")):
            self._create("team", name, {"name": label})
        office = {"team": self.ids["office"]}
        self._create("user", "admin", {"login": "admin", "name": "管理员", "roles": ["admin"], **office})
        self._create("user", "zhaomin", {"login": "zhaomin", "name": "赵敏之", "roles": ["sales_manager"], **office})
        self._create("user", "yunying", {"login": "yunying", "name": "云英", "roles": ["operations"], **office})
        self._create("user", "boss", {"login": "boss", "name": "柏总", "roles": ["viewer"], **office})
        for login, name, team, regions, seniority in self.story.REPS:
            values = {"login": login, "name": name, "roles": ["sales"], "regions": regions, "seniority": seniority}
            self._create(
                "user", login, values | {"team": self.ids[team], "manager": self.ids["zhaomin"], "capacity": 40}
            )
        logins = [rep[0] for rep in self.story.REPS]
        for login, backup in zip(logins, logins[1:] + logins[:1], strict=True):
            self.engine.update(SYSTEM, "user", self.ids[login], {"backup": self.ids[backup]})

    def places(self, story: Any) -> None:
        """Hospitals, customers and their orders of four years."""
        for number, (name, grade, region, district, owner) in enumerate(self.story.HOSPITALS):
            values = {"name": name, "grade": grade, "region": region, "district": district, "sample": True}
            self._create("hospital", f"h{number}", values | {"owner": self.ids.get(owner or "")})
        for handle, values, orders in story.customers():
            self._create("customer", handle, self._linked(values) | {"sample": True})
            for order in orders:
                self._create("order", order["number"], order | {"customer": self.ids[handle], "sample": True})

    def live(self, moment: Any) -> None:
        """One moment: the clock moves there, what was due on the way fires, then it happens."""
        self.until(moment.at)
        try:
            getattr(self, f"_{moment.what}")(moment.handle, self._linked(moment.values))
        except FlowloomError:
            self.refused += 1  # a frozen lead, a step already missed: in life, too, some attempts are refused

    def until(self, instant: dt.datetime) -> None:
        """Let time pass, looking for what is due every quarter of an hour."""
        while self.clock.now() + LOOK < instant:
            self.clock.advance(LOOK)
            self.engine.tick()
        self.clock.move_to(max(instant, self.clock.now()))
        self.engine.tick()

    def _create(self, entity: str, handle: str, values: Mapping[str, Any], actor: Actor = SYSTEM) -> int:
        made = self.engine.create(actor, entity, {key: value for key, value in values.items() if value is not None})
        self.ids[handle] = made.record.id
        return made.record.id

    def _linked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with handles of hospitals and customers replaced by ids."""
        return {k: self.ids[v] if k in ("hospital", "customer") and v is not None else v for k, v in values.items()}

    def _actor(self, user: int | str) -> Actor:
        actor = self.engine.people.actor(user)
        assert actor is not None, user
        return actor

    def _owner(self, handle: str) -> Actor:
        """Whoever has the lead now; its manager where nobody has it."""
        lead = self.engine.get(SYSTEM, "lead", self.ids[handle])
        owner = lead["owner"]
        return self._actor(owner) if owner else self._actor("zhaomin")

    def _step(self, name: str, handle: str, values: Mapping[str, Any]) -> None:
        self.engine.transition(self._owner(handle), "lead", self.ids[handle], name, values)

    def _create_lead(self, handle: str, values: Mapping[str, Any]) -> None:
        self._create("lead", handle, values, self._actor("yunying"))

    def _call(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("complete_first_call", handle, values)

    def _diagnose(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("complete_diagnosis", handle, values)

    def _propose(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("send_proposal", handle, values)

    def _demo(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("book_demo", handle, values)

    def _sign(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("sign", handle, values)

    def _lose(self, handle: str, values: Mapping[str, Any]) -> None:
        self._step("give_up", handle, values)

    def _open(self, handle: str, values: Mapping[str, Any]) -> None:
        lead = self.engine.get(SYSTEM, "lead", self.ids[handle])
        if lead["stage"] in ("proposed", "demo_booked", "won"):
            self.engine.update(SYSTEM, "lead", self.ids[handle], {"proposal_opened_at": self.clock.now()})

    def _object(self, handle: str, values: Mapping[str, Any]) -> None:
        self.engine.update(self._owner(handle), "lead", self.ids[handle], values)

    def _hand_out(self, handle: str, values: Mapping[str, Any]) -> None:
        reps = [rep[0] for rep in self.story.REPS]
        owner = self.ids[reps[self.ids[handle] % len(reps)]]
        self.engine.update(self._actor("zhaomin"), "lead", self.ids[handle], {"owner": owner})

    def _leave(self, handle: str, values: Mapping[str, Any]) -> None:
        self._duty(False)

    def _come_back(self, handle: str, values: Mapping[str, Any]) -> None:
        self._duty(True)

    def _duty(self, on_duty: bool) -> None:
        for rep in self.story.REPS:
            self.engine.update(self._actor("admin"), "user", self.ids[rep[0]], {"on_duty": on_duty})

    def _talk(self, handle: str, values: Mapping[str, Any]) -> None:
        said = {"lead": self.ids[handle], "summary": "了解近况，约下一步", **values}
        self._create("interaction", f"{handle}.{len(self.ids)}", said, self._owner(handle))

    def _ask(self, handle: str, values: Mapping[str, Any]) -> None:
        number = int(handle[1:])
        rep = self.story.REPS[number % len(self.story.REPS)][0]
        self._create("task", handle, {**values, "owner": self.ids["yunying"]}, self._actor(rep))

    def _answer(self, handle: str, values: Mapping[str, Any]) -> None:
        self.engine.update(self._actor("yunying"), "task", self.ids[handle], {"done": True})


def fill(folder: Path, progress: Callable[[int], None] = lambda done: None, end: dt.datetime | None = None) -> int:
    """Make the sample site in ``folder``; how many leads it holds. ``progress`` hears how many moments were lived.

    ``end`` is the instant the month ends (now, unless said).
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "site.yaml", folder / "site.yaml")
    module = _story()
    story = module.Story(end or SystemClock().now())
    clock = VirtualClock(story.start)
    # Thousands of turns need not each wait for the disk: the site is made beside and moved to its place when it is whole.
    with Engine.open(folder, clock=clock, database="sqlite:///flowloom.db?durable=no") as engine:
        engine.revisions.publish("示例站点 · the sample site", Choices(scenarios=False))
        teller = Teller(engine, clock, module)
        teller.people()
        teller.places(story)
        for number, moment in enumerate(story.moments(), 1):
            teller.live(moment)
            progress(number)
        teller.until(story.end)
    return int(module.LEADS)
