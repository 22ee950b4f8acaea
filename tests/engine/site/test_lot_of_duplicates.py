"""A lot asks for its duplicates at once: what it finds is what each row would have found for itself."""

from __future__ import annotations

import contextlib
import csv
import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from engine.api import Engine, Look
from engine.errors import Refused
from engine.facts import SYSTEM
from engine.runtime import duplicate, keyring, resemblance
from engine.site import importing
from engine.site.taking import Taker

ENTITY = """\
kind: entity
name: client
title: "{{ company }}"
fields:
  company: {type: text}
  contact: {type: text}
  phone: {type: phone}
  note: {type: text}
OTHER
duplicates:
  number: {match: {phone: exact, company: {similar: 0.8}}, then: THEN}
  alike: {match: {company: {similar: 0.9}}, then: link, where: note != "copy"}
  evidence: {compare: [company, contact, phone], above: 0.6}
---
kind: trigger
name: brings_another
when: {event: created, entity: client}
if: [note == "twin"]
do: [{create: {entity: client, set: {company: "=company + '分公司'", phone: "=phone", note: copy}}}]
---
kind: trigger
name: moves_house
when: {event: created, entity: client}
if: [note == "moves"]
do: [{set: {phone: "13900000000", company: "=company + '二部'"}}]
---
kind: trigger
name: goes
when: {event: created, entity: client}
if: [note == "goes"]
do: [{delete: {}}]
---
kind: trigger
name: fails
when: {event: created, entity: client}
if: [note == "fails"]
do: [{create: {entity: client, set: {company: 锐视光学, note: copy}}}, {set: {phone: "='12' + '3'"}}]
"""
#: A link to its own kind: such rows do not wait to be written.
OTHER = "  other: {type: link, to: client}"
COMPANIES = ("锐视光学", "瑞视光学有限公司", "上海锐视光学", "江海精密", "江海精密机械", "Quill Ltd", "Quil", "甲", "")
CONTACTS = ("张伟", "章伟", "王芳", "李娜", "Quill", "")
PHONES = ("13800138000", "13800138001", "13911112222", "13900000000", "12", "")
NOTES = ("", "", "", "", "twin", "moves", "goes", "fails")


def rows(seed: int, number: int) -> list[dict[str, str]]:
    chance = random.Random(seed)
    choices = {"company": COMPANIES, "contact": CONTACTS, "phone": PHONES, "note": NOTES}
    return [{name: chance.choice(several) for name, several in choices.items()} for _ in range(number)]


def between(engine: Engine, done: int) -> None:
    """Somebody else writes between two lots."""
    with contextlib.suppress(Refused):
        engine.create(
            SYSTEM, "client", {"company": "锐视光学", "contact": CONTACTS[done % 5], "phone": PHONES[done % 4]}
        )


def taken(folder: Path, text: str, seed: int, ahead: bool, database: str | None = None, **more: Any) -> list[Any]:
    """Everything that was found, row by row, and all that is there in the end."""
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text("kind: site\nname: lots\n", "utf-8")
    (folder / "custom" / "all.yaml").write_text(text, "utf-8")
    found: dict[Any, list[Any]] = {}
    said: list[Any] = []
    find, take, make = duplicate.candidates, Taker._row, Taker.__init__

    def candidates(context: Any, plan: Any, values: Mapping[str, Any], environment: Any, **how: Any) -> Any:
        matches, few = find(context, plan, values, environment), find(context, plan, values, environment, **how)
        assert few[:1] == matches[:1] and all(match in few for match in matches if match.then == "block")
        said.append([values["company"], values["phone"], [match.json() for match in matches]])
        return matches

    def row(self: Any, connection: Any, one: Any) -> Any:
        # A lot that is tried again finds everything once more.
        said.clear()
        done = take(self, connection, one)
        found[self.number, one.number] = [*said]
        return done

    def alone(self: Any, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        self._ring = None

    with Engine.open(folder, database=database) as engine, mock.patch.object(duplicate, "candidates", candidates):
        engine.revisions.publish_if_new()
        gone = engine.create(SYSTEM, "client", {"company": "江海精密", "phone": "13911112222"}).record
        engine.delete(SYSTEM, "client", gone.id)
        with (
            mock.patch.object(Taker, "__init__", make if ahead else alone),
            mock.patch.object(Taker, "_row", row),
        ):
            reports = []
            for number in range(2):
                path = folder / f"{number}.csv"
                with path.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, ["company", "contact", "phone", "note"])
                    writer.writeheader()
                    writer.writerows(rows(seed + number, 30))
                taken_in = engine.import_file(SYSTEM, path, "client", **more, progress=partial(between, engine))
                reports.append(taken_in.json())
        shown = [dict(each.values) for each in engine.list(SYSTEM, "client", Look(limit=200)).items]
        return [found, reports, [{name: each[name] for name in ("company", "contact", "phone")} for each in shown]]


@pytest.mark.parametrize(
    "then, seed, match_on, common",
    [
        ("warn", 1, (), 100),
        ("merge", 20, (), 2),
        ("block", 30, (), 2),
        ("link", 40, ("phone",), 3),
        ("merge", 50, (), 100),
    ],
)
def test_a_lot_finds_what_each_row_finds_alone(
    tmp_path: Path, monkeypatch: Any, then: str, seed: int, match_on: tuple[str, ...], common: int
) -> None:
    monkeypatch.setattr(importing, "LOT", 7)
    for module in (keyring, resemblance):
        monkeypatch.setattr(module, "COMMON", common)
    monkeypatch.setattr(resemblance, "FEWEST", 100)
    text = ENTITY.replace("THEN", then).replace("OTHER", OTHER if then == "link" else "")
    both = [taken(tmp_path / str(ahead), text, seed, ahead, match_on=match_on) for ahead in (True, False)]
    assert both[0] == both[1]
    assert sum(bool(each[2]) for row in both[0][0].values() for each in row) > 5


@pytest.mark.postgresql
def test_on_postgresql_a_lot_finds_what_each_row_finds_on_sqlite(
    tmp_path: Path, monkeypatch: Any, postgresql_url: str
) -> None:
    monkeypatch.setattr(importing, "LOT", 7)
    for module in (keyring, resemblance):
        monkeypatch.setattr(module, "COMMON", 2)
    # PostgreSQL gives no number twice, also when a row is taken back: how many records there are is counted by it.
    monkeypatch.setitem(globals(), "NOTES", NOTES[:-1])
    text = ENTITY.replace("THEN", "merge").replace("OTHER", "")
    lots = taken(tmp_path / "lots", text, 60, True, postgresql_url)
    assert lots == taken(tmp_path / "rows", text, 60, False)
