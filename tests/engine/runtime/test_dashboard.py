"""Dashboards: tiles read together, kept between looks, opened to their records; what one may not see stays out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import NotFound, WrongUsage
from engine.expression.parse import parse
from engine.facts import Actor
from engine.model.dashboard import Dashboard, Tile
from engine.model.metric import Metric, Moment, Ratio, Span
from engine.model.role import FieldRights, Rights, Role
from engine.model.view import View
from engine.runtime import dashboard, kept
from engine.runtime.dashboard import Board, Range
from engine.runtime.ground import ground_of
from engine.runtime.kept import Kept
from engine.store import audit
from engine.store.query import answer
from engine.store.query.question import Filter
from tests.engine.store.query.shop import NOW, Shop, when

METRICS = (
    Metric(name="leads", entity="lead", count=when("True")),
    Metric(name="old", entity="lead", count=when("hours_since(created_at) >= 48")),
    Metric(name="called_rate", entity="lead", ratio=Ratio(of=when("reached('called')"), per=when("True"))),
    Metric(name="heat", entity="lead", median=parse("heat")),
    Metric(name="rotten", entity="lead", avg=parse("secret")),
    Metric(name="hours", entity="task", sum=parse("hours")),
    Metric(
        name="wait", entity="lead", duration=Span(from_=Moment(entered="new"), to=Moment(entered="called"), show="avg")
    ),
)
TILES = (
    Tile(name="leads", metric="leads"),
    Tile(name="old", metric="old", target="< 2"),
    Tile(name="rate", metric="called_rate", target="> 40%", show="gauge"),
    Tile(name="heat", metric="heat"),
    Tile(name="mine", metric="leads", where_=when("owner == me")),
    Tile(name="daily", metric="leads", show="line", each="day"),
    Tile(name="by_source", metric="called_rate", show="bar", by=parse("source")),
    Tile(name="wait", metric="wait", target="< 24"),
    Tile(name="funnel", funnel="lead_stage", show="funnel"),
    Tile(name="dwell", heatmap="lead_stage", show="heatmap", rows=parse("owner")),
    Tile(name="list", view="hot", show="table"),
    Tile(name="rotten", metric="rotten"),
    Tile(name="hours", metric="hours"),
)
DOCUMENTS: dict[str, Any] = {
    "metrics": {each.name: each for each in METRICS},
    "views": {
        "hot": View(name="hot", entity="lead", where_=when("heat > 2"), columns=("company", "secret"), sort=("-heat",))
    },
    "dashboards": {"health": Dashboard(name="health", filters=("time", "source"), tiles={t.name: t for t in TILES})},
    "roles": {
        "sales": Role(
            name="sales",
            can={"lead": Rights(read=when("owner == me")), "user": Rights(read=True)},
            fields={"lead": FieldRights(hide=("secret",))},
        ),
        "boss": Role(name="boss", can={"*": Rights(read=True)}),
    },
}
BOSS = Actor(user=1, login="li", roles=("boss",), values={"id": 1})


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    made = Shop("sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgresql_url"), **DOCUMENTS)
    for login in ("li", "wang"):
        made.add("user", login=login)
    for place in range(6):
        at = NOW - dt.timedelta(days=place)
        values = {"owner": place % 2 + 1, "heat": float(place), "source": ("douyin", "expo")[place % 2], "secret": 7.0}
        made.add("lead", at, company=f"c{place}", stage="new", **values)
        stays = (
            [("new", -24 * place, None)]
            if place % 3
            else [("new", -24 * place, 12 - 24 * place), ("called", 12 - 24 * place, None)]
        )
        made.enter(place + 1, *stays)
    made.add("task", title="t", hours=2.5, lead=1)
    yield made
    made.database.close()


def look(
    shop: Shop, actor: Actor = BOSS, asked: Range = Range(), keep: Kept | None = None, now: dt.datetime = NOW
) -> Board:
    with shop.database.read() as connection:
        return dashboard.read(shop.context(connection, actor, now), "health", asked, keep)


def opened(
    shop: Shop, tile: str, point: str = "", part: str = "", asked: Range = Range(), actor: Actor = BOSS
) -> list[int]:
    with shop.database.read() as connection:
        context = shop.context(connection, actor)
        return sorted(
            answer.ids(connection, ground_of(context), dashboard.behind(context, "health", tile, asked, point, part))
        )


def change(shop: Shop, lead: int, **values: Any) -> None:
    """A change the way a turn makes it: the record, its audit row, its counter."""

    def work(connection: Any) -> None:
        record = shop.records.get(connection, "lead", lead)
        assert record is not None
        shop.records.update(connection, record, values, NOW, 1)
        audit.write(connection, NOW, BOSS, "update", entity="lead", record=lead)

    shop.database.write(work)


def plain(board: Board) -> dict[str, Any]:
    return {name: (tile.value, tile.data, tile.problem) for name, tile in board.tiles.items() if tile.records is None}


def test_every_tile_has_its_number_or_its_data(shop: Shop) -> None:
    tiles = look(shop).tiles
    assert [tiles[name].value for name in ("leads", "old", "rate", "heat", "mine", "hours")] == [
        6,
        4,
        2 / 6,
        2.5,
        3,
        2.5,
    ]
    assert tiles["rate"].good is False and tiles["old"].good is False and tiles["leads"].good is None
    assert tiles["rate"].shown == "33.3%" and tiles["wait"].shown == "12 小时"
    assert [point["value"] for point in tiles["daily"].data["points"]] == [1] * 6
    assert [point["label"] for point in tiles["by_source"].data["points"]] == ["douyin", "expo"]
    assert [(p["label"], p["count"]) for p in tiles["funnel"].data["points"]] == [
        ("NEW", 6),
        ("CALLED", 2),
        ("DIAGNOSED", 0),
        ("WON", 0),
    ]
    assert tiles["list"].count == 3 and [r["company"] for r in tiles["list"].records.records] == ["c5", "c4", "c3"]
    assert tiles["daily"].option["series"][0]["type"] == "line" and tiles["rate"].option["series"][0]["type"] == "gauge"
    assert tiles["dwell"].data["unit"] == "小时"
    assert {cell["value"] for cell in tiles["dwell"].data["cells"] if cell["x"] == 0} == {12.0}


def test_every_number_opens_to_exactly_its_records(shop: Shop) -> None:
    tiles = look(shop).tiles
    for name in ("leads", "old", "rate", "heat", "mine", "wait", "list"):
        assert len(opened(shop, name)) == tiles[name].count, name
    assert len(opened(shop, "rate", part="above")) == 2
    for name in ("daily", "by_source", "funnel"):
        for point in tiles[name].data["points"]:
            assert len(opened(shop, name, point["point"])) == point["count"], point
    for cell in tiles["dwell"].data["cells"]:
        assert len(opened(shop, "dwell", cell["point"])) == cell["count"], cell
    for tile, point in (
        ("leads", "by:1"),
        ("funnel", "state:nowhere"),
        ("dwell", "cell:new:{"),
        ("daily", "each:day:"),
    ):
        with pytest.raises(WrongUsage) as refused:
            opened(shop, tile, point)
        assert refused.value.problems[0].code == "Q011"


def test_days_and_filters_at_the_top_narrow_every_tile_that_has_the_field(shop: Shop) -> None:
    asked = Range(dt.date(2026, 1, 29), dt.date(2026, 1, 31), (Filter("source", "eq", "douyin"),))
    tiles = look(shop, asked=asked).tiles
    assert tiles["leads"].value == 2 and tiles["hours"].value == 2.5
    assert [point["count"] for point in tiles["funnel"].data["points"]] == [2, 1, 0, 0]
    assert opened(shop, "leads", asked=asked) == [1, 3]
    assert opened(shop, "funnel", "state:called", asked=asked) == [1]


def test_a_reader_sees_numbers_of_their_own_rows_and_a_closed_tile_says_so(shop: Shop) -> None:
    li = Actor(user=1, login="li", roles=("sales",), values={"id": 1})
    tiles = look(shop, li).tiles
    assert tiles["leads"].value == 3 and tiles["heat"].value == 2.0
    assert [point["count"] for point in tiles["funnel"].data["points"]] == [3, 1, 0, 0]
    assert tiles["rotten"].problem is not None and tiles["rotten"].problem.code == "Q008"
    assert tiles["rotten"].value is None and not tiles["rotten"].data
    assert tiles["hours"].problem is not None, "no right to read tasks"
    assert all("secret" not in record.values for record in tiles["list"].records.records)
    assert opened(shop, "leads", actor=li) == [1, 3, 5]


def test_what_is_kept_for_one_reader_is_not_shown_to_another(shop: Shop) -> None:
    keep = Kept()
    readers = [
        Actor(user=user, login=str(user), roles=(role,), values={"id": user})
        for user in (1, 2)
        for role in ("sales", "boss")
    ]
    alone = [plain(look(shop, reader)) for reader in readers]
    assert [plain(look(shop, reader, keep=keep)) for reader in readers] == alone
    assert [plain(look(shop, reader, keep=keep)) for reader in reversed(readers)] == alone[::-1]


def test_a_second_look_reads_nothing(shop: Shop) -> None:
    keep = Kept()
    first = look(shop, keep=keep)
    reads = keep.read_lots
    assert look(shop, keep=keep) is first and keep.read_lots == reads


def test_after_a_write_only_the_lots_it_touched_are_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 2)
    keep = Kept()
    look(shop, keep=keep)
    change(shop, 2, heat=99.0, owner=1)
    before = keep.read_lots
    again = look(shop, keep=keep)
    countings = {"plain", "live", "daily", "by_source", "stays"}
    assert keep.read_lots - before == len(countings), "one lot of each counting over leads, none over tasks"
    assert plain(again) == plain(look(shop))
    assert again.tiles["mine"].value == 4


def test_a_new_record_a_deletion_and_a_restore_are_seen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 2)
    keep = Kept()
    look(shop, keep=keep)

    def add(connection: Any) -> None:
        record = shop.records.insert(connection, "lead", {"company": "new", "heat": 50.0, "source": "expo"}, NOW, None)
        audit.write(connection, NOW, BOSS, "create", entity="lead", record=record.id)

    def trash(connection: Any) -> None:
        record = shop.records.get(connection, "lead", 3)
        assert record is not None
        shop.records.trash(connection, record, NOW, None)
        audit.write(connection, NOW, BOSS, "delete", entity="lead", record=3)

    for work, leads in ((add, 7), (trash, 6)):
        shop.database.write(work)
        assert look(shop, keep=keep).tiles["leads"].value == leads
        assert plain(look(shop, keep=keep)) == plain(look(shop))


def test_readers_whose_rights_go_by_a_column_share_one_counting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 2)
    keep = Kept()
    sales = [Actor(user=user, login=str(user), roles=("sales",), values={"id": user}) for user in (1, 2)]
    alone = [plain(look(shop, reader)) for reader in sales]
    look(shop, sales[0], keep=keep)
    assert {job[0] for job in keep._entries} == {False}, "who sees few records does not count everybody's"
    monkeypatch.setattr("engine.runtime.shared.FEW", -1)
    keep = Kept()
    look(shop, sales[0], keep=keep)
    reads = keep.read_lots
    assert [plain(look(shop, reader, keep=keep)) for reader in sales] == alone
    assert reads == 20 and keep.read_lots - reads == 4, "only the tile that names me is counted for the second reader"


def test_a_write_that_left_no_audit_row_is_still_seen(shop: Shop) -> None:
    keep = Kept()
    look(shop, keep=keep)
    shop.add("lead", company="by import", heat=1.0)
    assert look(shop, keep=keep).tiles["leads"].value == 7


def test_numbers_that_depend_on_the_moment_move_with_it(shop: Shop) -> None:
    keep = Kept()
    assert look(shop, keep=keep).tiles["old"].value == 4
    assert look(shop, keep=keep, now=NOW + dt.timedelta(days=1)).tiles["old"].value == 5


def test_a_change_of_a_linked_record_is_seen(shop: Shop) -> None:
    tile = Tile(name="t", metric="leads", where_=when("owner.login == 'li'"))
    site = Shop(**{**DOCUMENTS, "dashboards": {"health": Dashboard(name="health", tiles={"t": tile})}})
    user = site.add("user", login="li")
    site.add("lead", owner=user.id)
    keep = Kept()
    assert look(site, keep=keep).tiles["t"].value == 1
    site.database.write(lambda connection: site.records.update(connection, user, {"login": "zhao"}, NOW, None))
    assert look(site, keep=keep).tiles["t"].value == 0
    site.database.close()


def test_a_new_process_takes_what_was_saved_and_reads_only_what_changed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LOT", 1)
    monkeypatch.setattr(kept, "WORTH", 4)
    old = Kept()
    look(shop, keep=old)
    assert old.save(shop.database) == 5 and old.save(shop.database) == 0
    new = Kept()
    assert plain(look(shop, keep=new)) == plain(look(shop))
    assert new.read_lots == 2, "the tasks and my own leads: few records are read in one go and not worth saving"
    change(shop, 2, heat=99.0)
    later = Kept()
    assert plain(look(shop, keep=later)) == plain(look(shop))
    assert later.read_lots == 7, "those, and one lot of each other counting"
    hour = NOW + dt.timedelta(hours=1)
    assert plain(look(shop, keep=Kept(), now=hour)) == plain(look(shop, now=hour))


def test_what_an_older_engine_saved_is_not_believed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LOT", 1)
    keep = Kept()
    look(shop, keep=keep)
    keep.save(shop.database)
    monkeypatch.setattr("engine.runtime.saved.SHAPE", 0)
    assert plain(look(shop, keep=Kept())) == plain(look(shop))


def test_little_memory_forgets_the_oldest_parts_and_stays_right(shop: Shop) -> None:
    keep = Kept(budget=1)
    assert plain(look(shop, keep=keep)) == plain(look(shop))


def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    with shop.database.read() as connection:
        context = shop.context(connection, BOSS)
        for call in (lambda: dashboard.read(context, "nope"), lambda: dashboard.behind(context, "health", "nope")):
            with pytest.raises(NotFound):
                call()


@pytest.mark.parametrize(
    ("text", "value", "meets"),
    [
        ("< 5%", 0.04, True),
        ("< 5%", 0.05, False),
        (">= 8", 8, True),
        ("> 60%", None, None),
        ("", 1, None),
        ("60%", 0.7, True),
        ("soon", 1, None),
    ],
)
def test_a_target_is_read_as_people_write_it(text: str, value: Any, meets: Any) -> None:
    assert dashboard.met(text, value) is meets


@pytest.mark.parametrize(
    ("text", "unit", "shown"),
    [
        ("< 24", "小时", "< 24 小时"),
        ("< 5%", "小时", "< 5%"),
        ("< 3 天", "小时", "< 3 天"),
        ("< 24", "", "< 24"),
        ("", "h", ""),
    ],
)
def test_a_bare_target_gets_the_unit_of_its_metric(text: str, unit: str, shown: str) -> None:
    assert dashboard.with_unit(text, unit) == shown


def test_the_tile_of_a_view_follows_the_days_of_the_page_and_its_target_is_shown_with_its_unit(shop: Shop) -> None:
    whole = look(shop).tiles
    assert whole["wait"].target == "< 24 小时"
    assert sorted(record.id for record in whole["list"].records.records) == [4, 5, 6]
    days = Range(NOW.date() - dt.timedelta(days=4), NOW.date() - dt.timedelta(days=3))
    some = look(shop, asked=days).tiles["list"]
    assert sorted(record.id for record in some.records.records) == opened(shop, "list", asked=days) == [4, 5]
    assert some.count == 2
    assert look(shop, asked=Range(NOW.date())).tiles["list"].count == 0
