"""What is kept between looks is what counting everything again would give: after any writes, at any moment, for any reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.expression.parse import parse
from engine.facts import Actor
from engine.model.dashboard import Dashboard, Tile
from engine.model.metric import Metric, Moment, Ratio, Span
from engine.model.role import FieldRights, Rights, Role
from engine.runtime import dashboard, kept
from engine.runtime.dashboard import Range
from engine.runtime.kept import Kept
from engine.store import audit
from tests.engine.store.query.shop import NOW, SOURCES, STATES, Shop, when

OLD = "hours_since(created_at) >= 48"
METRICS = (
    Metric(name="leads", entity="lead", count=when("True")),
    Metric(name="old", entity="lead", ratio=Ratio(of=when(OLD, "called_at is None or hours_between(created_at, called_at) > 48"), per=when(OLD))),
    Metric(name="stuck", entity="lead", count=when("stage not in ['won'] and 72 < hours_since(called_at)")),
    Metric(name="due", entity="lead", count=when("next_date <= today()")),
    Metric(name="ahead", entity="lead", count=when("days_since(called_at) < 0.5 or created_at > now()")),
    Metric(name="slow", entity="lead", count=when("dwell('new') > '36h'")),
    Metric(name="fresh", entity="lead", median=parse("heat"), where_=when("days_since(created_at) < 2")),
    Metric(name="called", entity="lead", ratio=Ratio(of=when("reached('called')"), per=when("True"))),
    Metric(name="wait", entity="lead", duration=Span(from_=Moment(entered="new"), to=Moment(entered="called"), show="avg")),
)  # fmt: skip
TILES = (
    *(Tile(name=each.name, metric=each.name) for each in METRICS),
    Tile(name="old_by_owner", metric="old", show="bar", by=parse("owner")),
    Tile(name="daily", metric="leads", show="line", each="day"),
    Tile(name="funnel", funnel="lead_stage", show="funnel"),
    Tile(name="dwell", heatmap="lead_stage", show="heatmap", rows=parse("owner")),
)
DOCUMENTS: dict[str, Any] = {
    "metrics": {each.name: each for each in METRICS},
    "dashboards": {"health": Dashboard(name="health", tiles={tile.name: tile for tile in TILES})},
    "roles": {
        "boss": Role(name="boss", can={"*": Rights(read=True)}),
        "sales": Role(
            name="sales",
            can={"lead": Rights(read=when("owner == me or owner.team == me.team or owner is None")), "user": Rights(read=True)},
            fields={"lead": FieldRights(hide=("secret",))},
        ),
        "late": Role(name="late", can={"lead": Rights(read=when("hours_since(created_at) > 24")), "user": Rights(read=True)}),
    },
}  # fmt: skip
READERS = [
    Actor(user=1, login="a", roles=("boss",), values={"id": 1, "team": 1}),
    Actor(user=2, login="b", roles=("sales",), values={"id": 2, "team": 1}),
    Actor(user=3, login="c", roles=("sales",), values={"id": 3, "team": 2}),
    Actor(user=3, login="c", roles=("late",), values={"id": 3, "team": 2}),
]
HOUR = dt.timedelta(hours=1)
CALM: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}
leads = st.integers(0, 30)
owners = st.one_of(st.none(), st.integers(1, 4))
hours = st.integers(-200, 24)


class Keeping(RuleBasedStateMachine):
    """A dashboard looked at again and again while records and the clock move."""

    url: Any = "sqlite://"

    @initialize()
    def found(self) -> None:
        self.shop = Shop(self.url() if callable(self.url) else self.url, **DOCUMENTS)
        self.now, self.ids, self.kept = NOW, list[int](), Kept()
        for name in ("east", "west"):
            self.shop.add("team", name=name)
        for place in range(4):
            self.shop.add("user", login=f"u{place}", team=place % 2 + 1)

    def change(self, action: str, work: Any) -> None:
        def turn(connection: Any) -> None:
            number = work(connection)
            audit.write(connection, self.now, READERS[0], action, entity="lead", record=number)

        self.shop.database.write(turn)

    @rule(many=st.lists(st.tuples(hours, owners, st.sampled_from(SOURCES)), min_size=1, max_size=6))
    def arrive(self, many: list[tuple[int, int | None, str]]) -> None:
        for ago, owner, source in many:
            at = self.now + ago * HOUR

            def work(connection: Any, at: dt.datetime = at, owner: Any = owner, source: str = source) -> int:
                values = {"owner": owner, "source": source, "heat": float(len(self.ids)), "stage": "new"}
                record = self.shop.records.insert(connection, "lead", values, at, None)
                self.ids.append(record.id)
                return int(record.id)

            self.change("create", work)
            self.shop.enter(self.ids[-1], ("new", ago, None))

    @rule(lead=leads, ago=hours, owner=owners, day=st.integers(-3, 3), stage=st.sampled_from(STATES))
    def touch(self, lead: int, ago: int, owner: int | None, day: int, stage: str) -> None:
        if not self.ids:
            return
        number = self.ids[lead % len(self.ids)]
        values = {
            "called_at": self.now + ago * HOUR, "owner": owner, "stage": stage,
            "next_date": (self.now + dt.timedelta(days=day)).date(),
        }  # fmt: skip

        def work(connection: Any) -> int:
            record = self.shop.records.get(connection, "lead", number)
            if record is not None:
                self.shop.records.update(connection, record, values, self.now, 1)
            return number

        self.change("update", work)

    @rule(lead=leads)
    def trash(self, lead: int) -> None:
        if not self.ids:
            return
        number = self.ids.pop(lead % len(self.ids))

        def work(connection: Any) -> int:
            record = self.shop.records.get(connection, "lead", number)
            assert record is not None
            self.shop.records.trash(connection, record, self.now, None)
            return number

        self.change("delete", work)

    @rule(span=st.sampled_from([dt.timedelta(microseconds=1), dt.timedelta(seconds=61), HOUR, 24 * HOUR, 71 * HOUR]))
    def wait(self, span: dt.timedelta) -> None:
        self.now += span

    @rule()
    def start_again(self) -> None:
        self.kept.save(self.shop.database)
        self.kept = Kept()

    @rule()
    def look_away(self) -> None:
        """Whole pages are kept for a minute as they were; numbers are not."""
        self.kept._pages.clear()

    @invariant()
    def nothing_is_told_wrong(self) -> None:
        if not hasattr(self, "shop"):
            return
        with self.shop.database.read() as connection:
            for reader in READERS:
                context = self.shop.context(connection, reader, self.now)
                self.kept._pages.clear()
                ours = dashboard.read(context, "health", Range(), self.kept)
                plain = dashboard.read(context, "health", Range(), Kept())
                for name, tile in plain.tiles.items():
                    told = ours.tiles[name]
                    assert (told.value, told.data, told.problem) == (tile.value, tile.data, tile.problem), (
                        name,
                        reader,
                    )

    def teardown(self) -> None:
        if hasattr(self, "shop"):
            self.shop.database.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kept, "LOT", 3)
    monkeypatch.setattr(kept, "BLOCK", 2)
    monkeypatch.setattr(kept, "WORTH", 1)
    monkeypatch.setattr(kept, "HOT", 2)
    monkeypatch.setattr(kept, "AGAIN", dt.timedelta(0))
    monkeypatch.setattr("engine.runtime.shared.FEW", -1)
    # Nothing may be old and still shown: what cannot be foreseen is counted at every look.
    monkeypatch.setattr(kept, "PATIENCE", dt.timedelta(0))
    yield


def test_a_lot_is_read_again_only_when_its_own_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 1)
    shop = Shop(
        **{**DOCUMENTS, "dashboards": {"health": Dashboard(name="health", tiles={t.name: t for t in TILES[1:3]})}}
    )
    for ago in (100, 47, 10):
        shop.add("lead", NOW - ago * HOUR, stage="new", called_at=NOW - HOUR)
    keep = Kept()

    def look(after: dt.timedelta) -> tuple[Any, Any, int]:
        before = keep.read_lots
        keep._pages.clear()
        with shop.database.read() as connection:
            tiles = dashboard.read(shop.context(connection, READERS[0], NOW + after), "health", Range(), keep).tiles
        return tiles["old"].count, tiles["stuck"].value, keep.read_lots - before

    minute = dt.timedelta(minutes=1)
    assert look(0 * HOUR) == (1, 0, 4)
    assert look(59 * minute) == (1, 0, 0), "a minute has passed, but nothing in anybody's life"
    assert look(60 * minute) == (2, 0, 1), "one lead is 48 hours old"
    assert look(38 * HOUR) == (3, 0, 1)
    assert look(71 * HOUR) == (3, 0, 0), "exactly 72 hours after the call: more is asked for"
    assert look(71 * HOUR + dt.timedelta(microseconds=1)) == (3, 3, 3)
    assert look(9000 * HOUR) == (3, 3, 0)
    shop.database.close()


def test_whatever_is_written_and_however_time_goes_it_is_as_if_counted_anew(small: None) -> None:
    calm = settings(max_examples=6, stateful_step_count=10, **CALM)
    run_state_machine_as_test(Keeping, settings=calm)


@pytest.mark.postgresql
def test_the_same_holds_on_postgresql(small: None, postgresql_url: str) -> None:
    class There(Keeping):
        def url(self) -> str:
            return postgresql_url

        def teardown(self) -> None:
            if hasattr(self, "shop"):
                self.shop.database.write(lambda connection: connection.execute("DROP SCHEMA public CASCADE"))
                self.shop.database.write(lambda connection: connection.execute("CREATE SCHEMA public"))
            super().teardown()

    calm = settings(max_examples=2, stateful_step_count=6, **CALM)
    run_state_machine_as_test(There, settings=calm)
