"""Lists, boards, exports: a view joined with its reader's own wishes, cut to what they may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import Forbidden, NotFound, WrongUsage
from engine.expression.parse import parse
from engine.facts import SYSTEM, Actor
from engine.model.role import FieldRights, Rights, Role
from engine.model.terms import Template
from engine.model.view import View
from engine.runtime import view
from engine.runtime.view import Look
from engine.store.query.question import Filter
from tests.engine.store.query.shop import NOW, Shop, when

VIEWS = {
    each.name: each
    for each in (
        View(name="hot", entity="lead", where_=when("heat > 1"), columns=("company", "secret", "owner", parse("days_since(created_at)"), "owner.login"), sort=("-heat",)),
        View(name="board", entity="lead", show="board", card=("company",), sort=("company",)),
        View(name="by_source", entity="lead", show="board", group="source"),
        View(name="rotten", entity="lead", where_=when("secret > 1"), columns=("company",)),
        View(name="rotten_order", entity="lead", sort=("secret",), columns=("company",)),
        View(name="calendar", entity="lead", show="calendar", time="next_date", columns=("company",)),
        View(name="tasks", entity="task"),
    )
}  # fmt: skip
ROLES = {
    "sales": Role(
        name="sales",
        can={"lead": Rights(read=True, export=when("owner == me")), "user": Rights(read=True)},
        fields={"lead": FieldRights(hide=("secret",))},
    ),
    "viewer": Role(name="viewer", can={"lead": Rights(read=True)}),
}
LI = Actor(user=1, login="li", roles=("sales",), values={"id": 1})


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop(views=VIEWS, roles=ROLES)
    made.add("user", login="li")
    for place, stage in enumerate(("new", "new", "called", "new")):
        at = NOW - dt.timedelta(days=place)
        day = dt.date(2026, 2, place + 1)
        values = {
            "company": f"c{place}",
            "heat": float(place),
            "secret": 9.0 - place,
            "next_date": day,
            "source": "expo",
        }
        made.add("lead", at, stage=stage, owner=1 if place % 2 else None, **values)
    yield made
    made.database.close()


def with_(shop: Shop, work: Any, actor: Actor = LI) -> Any:
    with shop.database.read() as connection:
        return work(shop.context(connection, actor))


def companies(page: Any) -> list[str]:
    return [record["company"] for record in page.records]


def test_a_view_and_what_its_reader_adds_hold_together(shop: Shop) -> None:
    def ask(look: Look) -> Any:
        return with_(shop, lambda context: view.page(context, "lead", view.view_of(context, "hot"), look))

    assert companies(ask(Look())) == ["c3", "c2"]
    assert companies(ask(Look(filters=(Filter("owner", "eq", "me"),)))) == ["c3"]
    assert companies(ask(Look(where="heat < 3"))) == ["c2"]
    assert companies(ask(Look(search="C2"))) == ["c2"]
    assert companies(ask(Look(sort=("heat",)))) == ["c2", "c3"]
    assert with_(shop, lambda context: view.count(context, "lead", view.view_of(context, "hot"), Look(limit=1))) == 2


def test_hidden_columns_of_a_view_are_left_out_and_the_rest_have_words(shop: Shop) -> None:
    headings = with_(shop, lambda context: view.headings(context, view.view_of(context, "hot")))
    assert [heading.key for heading in headings] == ["company", "owner", "=days_since(created_at)", "owner.login"]
    assert headings[2].label.endswith("(创建时间)") and headings[1].to == "user"
    page = with_(shop, lambda context: view.page(context, "lead", view.view_of(context, "hot")))
    assert set(page.records[0].values) == {"company", "owner", "=days_since(created_at)", "owner.login"}
    assert page.records[0]["owner.login"] == "li" and round(page.records[0]["=days_since(created_at)"]) == 3
    whole = with_(shop, lambda context: view.headings(context, view.view_of(context, "hot")), SYSTEM)
    assert "secret" in [heading.key for heading in whole]


@pytest.mark.parametrize("name", ["rotten", "rotten_order"])
def test_a_view_that_needs_a_hidden_field_is_refused_by_its_name(shop: Shop, name: str) -> None:
    with pytest.raises(Forbidden) as refused:
        with_(shop, lambda context: view.page(context, "lead", view.view_of(context, name)))
    assert refused.value.problems[0].code == "Q008" and "secret" not in refused.value.text()
    assert (
        len(with_(shop, lambda context: view.page(context, "lead", view.view_of(context, name)), SYSTEM).records) == 4
    )


def test_a_view_of_what_one_may_not_read_is_not_there(shop: Shop) -> None:
    for name in ("tasks", "nothing"):
        with pytest.raises(NotFound) as missing:
            with_(shop, lambda context, name=name: view.view_of(context, name))
        assert missing.value.problems[0].code == "Q007"


def test_a_board_has_a_lane_for_every_state_and_pages_of_cards(shop: Shop) -> None:
    def lanes(**more: Any) -> Any:
        return with_(shop, lambda context: view.board(context, view.view_of(context, "board"), **more))

    board = lanes(look=Look(limit=2))
    assert [(lane.key, lane.label, lane.count) for lane in board] == [
        ("new", "NEW", 3), ("called", "CALLED", 1), ("diagnosed", "DIAGNOSED", 0), ("won", "WON", 0),
    ]  # fmt: skip
    assert companies(board[0].page) == ["c0", "c1"] and board[0].page.next and not board[1].page.next
    (rest,) = lanes(look=Look(limit=2, cursor=board[0].page.next), lane="new")
    assert companies(rest.page) == ["c3"]
    by_source = with_(shop, lambda context: view.board(context, view.view_of(context, "by_source")))
    assert [(lane.key, lane.count) for lane in by_source] == [("website", 0), ("douyin", 0), ("expo", 4)]


def test_a_calendar_shows_its_days(shop: Shop) -> None:
    look = Look(during=(dt.date(2026, 2, 2), dt.date(2026, 2, 4)), sort=("next_date",))
    page = with_(shop, lambda context: view.page(context, "lead", view.view_of(context, "calendar"), look))
    assert companies(page) == ["c1", "c2"]


def test_an_export_carries_away_what_the_right_allows_and_nothing_hidden(shop: Shop) -> None:
    rows = with_(shop, lambda context: list(view.export(context, "lead", None, Look(sort=("id",)))))
    assert [row["company"] for row in rows] == ["c1", "c3"] and all("secret" not in row.values for row in rows)
    with pytest.raises(Forbidden) as refused:
        with_(
            shop,
            lambda context: view.export(context, "lead"),
            Actor(user=1, login="li", roles=("viewer",), values={"id": 1}),
        )
    assert refused.value.problems[0].code == "A005"
    with pytest.raises(WrongUsage):
        with_(shop, lambda context: view.export(context, "lead", None, Look(sort=("secret",))))


def test_links_are_shown_by_their_titles_and_values_as_their_fields_show_them(shop: Shop) -> None:
    def words(context: Any) -> Any:
        page = view.page(context, "lead", view.view_of(context, "hot"))
        names = view.linked(context, page.records, page.columns)
        return [view.shown(context, column, page.records[0].values[column.key], names) for column in page.columns]

    assert with_(shop, words) == ["c3", "user 1", "3", "li"]


def test_the_fields_of_a_title_are_found_in_its_template(shop: Shop) -> None:
    import dataclasses

    entity = dataclasses.replace(
        shop.manifest.entities["lead"], title=Template("{{ company }} {{ phone or 'x' }} {{ nope }}")
    )
    manifest = dataclasses.replace(shop.manifest, entities={"lead": entity})
    from types import SimpleNamespace

    context: Any = SimpleNamespace(manifest=manifest)
    assert list(view.title_fields(context, "lead")) == ["company", "phone"]
