"""Plan, publish, roll back: what would change is said first, then it happens whole or not at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.api import Choices, Engine
from engine.errors import InvalidDocument, Refused
from engine.facts import SYSTEM
from engine.plugins.slots import FieldType
from engine.site import publishing
from engine.store import settings, tables
from engine.store.migrate import live
from tests.company import SITE, Company


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Everything here holds on both databases."""
    return company_anywhere


def limit(company: Company, value: str) -> None:
    """What a sales assistant does: one line in site.yaml."""
    (company.folder / "site.yaml").write_text(SITE + f"parameters:\n  first_call_limit: {value}\n", "utf-8")


def due(company: Company, lead: int) -> dt.datetime:
    promises = company.engine.get(SYSTEM, "lead", lead).promises
    return next(dt.datetime.fromisoformat(p["due"]) for p in promises if p["name"] == "lead_stage.new")


def test_m27_a_longer_deadline_names_the_leads_it_touches_before_it_is_published(company: Company) -> None:
    first, second = company.lead(company="锐视光学"), company.lead(company="星海仪器", phone="13900139000")
    before = due(company, first.id)
    limit(company, "8h")
    plan = company.engine.revisions.plan()
    assert plan.changes_anything
    assert {clock.title for clock in plan.clocks} == {"锐视光学", "星海仪器"}
    assert "首通" in plan.text("zh")
    assert due(company, first.id) == before
    with pytest.raises(Refused) as asked:
        company.engine.revisions.publish("旺季")
    assert [problem.code for problem in asked.value.problems] == ["M030"]
    done = company.engine.revisions.publish("旺季", Choices(timers="change"))
    assert done.number == 2
    # 09:00 plus eight hours of work (09:00-12:00, 13:30-18:00) is 09:30 of the next day.
    assert due(company, second.id).isoformat() == "2026-01-06T01:30:00+00:00"


def test_m27_running_clocks_are_kept_when_the_publisher_says_so(company: Company) -> None:
    old = company.lead()
    before = due(company, old.id)
    limit(company, "8h")
    company.engine.revisions.publish("旺季", Choices(timers="keep"))
    assert due(company, old.id) == before
    new = company.lead(company="星海仪器", phone="13900139000")
    assert due(company, new.id) > before


def test_a_season_reaches_only_its_own_days(company: Company) -> None:
    (company.folder / "site.yaml").write_text(
        SITE + "parameters:\n  first_call_limit: [{value: 4h}, {value: 8h, from: 2026-01-05, to: 2026-01-05}]\n",
        "utf-8",
    )
    company.engine.revisions.publish("", Choices(timers="keep"))
    today = company.lead()
    assert due(company, today.id).isoformat() == "2026-01-06T01:30:00+00:00"
    company.clock.advance(dt.timedelta(days=1))
    tomorrow = company.lead(company="星海仪器", phone="13900139000")
    assert due(company, tomorrow.id).isoformat() == "2026-01-06T06:30:00+00:00"


def test_fault_021_a_broken_folder_is_refused_whole_and_what_runs_goes_on(company: Company) -> None:
    (company.folder / "custom/broken.yaml").write_text("kind: entity\nname: x\nfeilds: {a: {type: text}}\n", "utf-8")
    with pytest.raises(InvalidDocument) as refused:
        company.engine.revisions.publish("")
    assert refused.value.problems[0].where.file == "custom/broken.yaml"
    assert company.engine.revision == 1
    assert company.lead().values["stage"] == "new"
    assert company.engine.revisions.folder_problems()
    assert company.engine.health.ready()["ready"] is True


def test_a_new_field_is_there_at_once_and_gone_after_a_rollback_and_back_with_its_values(company: Company) -> None:
    (company.folder / "custom/lead.yaml").write_text(
        "kind: entity\nextend: crm.lead\nfields:\n  nickname: {type: text, label: {zh: 昵称, en: Nickname}}\n", "utf-8"
    )
    lead = company.lead()
    assert "nickname" in company.engine.revisions.plan().text()
    company.engine.revisions.publish("昵称")
    company.engine.update(SYSTEM, "lead", lead.id, {"nickname": "小锐"})
    assert company.engine.revisions.rollback(1).number == 3
    assert "nickname" not in company.engine.get(SYSTEM, "lead", lead.id).values
    company.engine.revisions.rollback(2)
    assert company.engine.get(SYSTEM, "lead", lead.id).values["nickname"] == "小锐"
    listed = company.engine.revisions.listed()
    assert [one["number"] for one in listed] == [4, 3, 2, 1]
    assert [one["number"] for one in listed if one["current"]] == [4]


MACHINE = """\
kind: state_machine
name: visit_stage
label: {{zh: 拜访, en: Visit}}
entity: visit
field: stage
initial: planned
states:
  planned: {{label: {{zh: 已约, en: Planned}}}}
{more}  done: {{label: {{zh: 已完成, en: Done}}, final: true}}
transitions:
{moves}  finish: {{label: {{zh: 完成, en: Finish}}, from: {last}, to: done}}
"""
VISIT = (
    "kind: entity\nname: visit\nlabel: {zh: 拜访, en: Visit}\nfields:\n  who: {type: text, label: {zh: 谁, en: Who}}\n"
)


def test_a_state_that_goes_away_asks_where_its_records_go(company: Company) -> None:
    (company.folder / "custom/visit.yaml").write_text(VISIT, "utf-8")
    more = "  travelling: {label: {zh: 在路上, en: Travelling}}\n"
    moves = "  leave: {label: {zh: 出发, en: Leave}, from: planned, to: travelling}\n"
    machine = company.folder / "custom/visit_stage.yaml"
    machine.write_text(MACHINE.format(more=more, moves=moves, last="travelling"), "utf-8")
    company.engine.revisions.publish("")
    visit = company.engine.create(SYSTEM, "visit", {"who": "周"}).record
    company.engine.transition(SYSTEM, "visit", visit.id, "leave")
    machine.write_text(MACHINE.format(more="", moves="", last="planned"), "utf-8")
    with pytest.raises(Refused) as asked:
        company.engine.revisions.publish("")
    assert "在路上" in asked.value.problems[0].what()
    company.engine.revisions.publish("", Choices(moves={"visit_stage.travelling": "planned"}))
    assert company.engine.get(SYSTEM, "visit", visit.id)["stage"] == "planned"
    assert company.engine.transition(SYSTEM, "visit", visit.id, "finish").record["stage"] == "done"


def test_another_process_takes_up_what_was_published(company: Company) -> None:
    url = company.engine._site.database.url
    with Engine.open(company.folder, clock=company.clock, database=url) as other:
        assert other.revision == 1
        limit(company, "6h")
        company.engine.revisions.publish("")
        other.tick()
        assert other.revision == 2
        assert other.manifest.digest == company.engine.manifest.digest


def test_fault_096_tables_of_an_older_engine_are_brought_up_to_date_at_the_start(company: Company) -> None:
    url = company.engine._site.database.url
    lead = company.lead()
    company.engine._site.database.write(lambda connection: connection.execute("DROP TABLE fl_kept"))
    company.engine._site.database.write(
        lambda connection: connection.execute("DELETE FROM fl_settings WHERE name = 'engine'")
    )
    with Engine.open(company.folder, clock=company.clock, database=url) as newer:
        assert newer.get(SYSTEM, "lead", lead.id)["company"] == "锐视光学"
        assert newer._site.database.read().__enter__().scalar("SELECT COUNT(*) FROM fl_kept") == 0


def test_fault_096_an_index_that_only_a_newer_engine_has_is_made_at_the_start(company: Company) -> None:
    site = company.engine._site
    schema = tables.build(site.manifest, site.registry.plugins[FieldType.slot])
    index = next(each for each in schema.history.indexes if each.name == "ix_fl_history_state")
    schema.history.indexes.discard(index)

    def as_an_older_engine_left_it(connection: Any) -> None:
        connection.execute("DROP INDEX ix_fl_history_state")
        settings.put(connection, publishing.MARK, publishing.engine_mark(schema))

    site.database.write(as_an_older_engine_left_it)
    with (
        Engine.open(company.folder, clock=company.clock, database=site.database.url) as newer,
        newer._site.database.read() as connection,
    ):
        assert live.indexes(connection)["ix_fl_history_state"] == "fl_history"


def test_a_folder_that_runs_already_makes_no_revision(company: Company) -> None:
    again = company.engine.revisions.publish("nothing new")
    assert again.unchanged and again.number == 1
    assert again.text("zh") == "没有变化,第 1 版继续运行"
    assert again.text("en") == "Nothing has changed: revision 1 runs on"
    limit(company, "8h")
    assert company.engine.revisions.publish("旺季", Choices(timers="keep")).number == 2
    assert [one["number"] for one in company.engine.revisions.listed()] == [2, 1]
    assert company.engine.revisions.rollback(2).unchanged
