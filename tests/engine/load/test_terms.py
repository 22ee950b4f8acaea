from __future__ import annotations

from engine.load.terms import Term, Terms, Written
from engine.model.terms import Template
from engine.plugins.registry import Registry
from tests.engine.load.conftest import TICKET, Loader

TRIGGER = """---
kind: trigger
name: t
when: {event: created, entity: user}
if: on_duty
do:
  - each:
      of: ticket
      where: owner == user
      do:
        - set: {subject: "=user.login", amount: 1}
        - create: {entity: team, set: {name: "{{ subject }}"}}
        - update: {record: =owner, set: {login: a}}
"""


def test_every_expression_of_a_trigger_knows_its_place(loaded: Loader, registry: Registry) -> None:
    manifest = loaded(TICKET + TRIGGER).manifest
    assert manifest is not None
    found = list(Terms(manifest, registry).of(manifest.triggers["t"]))
    terms = [each for each in found if isinstance(each, Term)]
    named = {
        each.term.text if isinstance(each.term, Template) else getattr(each.term, "text", "condition"): each.place
        for each in terms
    }
    assert named["user.login"].entity == "ticket"
    assert named["user.login"].outer == ("user",)
    assert named["{{ subject }}"].entity == "ticket"
    conditions = [(each.place.entity, each.place.scope) for each in terms if each.gives == "condition"]
    assert conditions == [("user", "rule"), ("ticket", "rule")]


def test_what_steps_write_is_known_with_the_record_it_is_written_on(loaded: Loader, registry: Registry) -> None:
    manifest = loaded(TICKET + TRIGGER).manifest
    assert manifest is not None
    written = [each for each in Terms(manifest, registry).of(manifest.triggers["t"]) if isinstance(each, Written)]
    assert [(sorted(each.values), each.entity, each.known) for each in written] == [
        (["amount", "subject"], None, True),
        (["name"], "team", True),
        (["login"], None, False),
    ]
    assert written[2].record is not None and written[2].record.text == "owner"


def test_what_comes_only_at_run_time_is_left_out(loaded: Loader, registry: Registry) -> None:
    manifest = loaded("kind: scenario\nname: s\nsteps: [{create: {user: u, login: =anything}}]\n").manifest
    assert manifest is not None
    assert list(Terms(manifest, registry).of(manifest.scenarios["s"])) == []
