"""Adding one of anything is one file: dropped into a folder, it is known to YAML, lint, palette and help at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.load.pipeline import load
from engine.load.schema import combined
from engine.plugins.registry import BUILT_IN, Registry, describe
from engine.plugins.slots import SLOTS, Chart, Connector, Function, StepPlugin
from engine.runtime.scenario import run

HEAD = """\
from typing import Any
from engine.expression.types import NUMBER, TEXT, Type
from engine.plugins.slots import *
"""

FILES = {
    "function": """
class Doubled(Function):
    '''Twice a number.'''
    name = "doubled"
    title = {"zh": "两倍", "en": "Doubled"}
    signature = ("number",)
    example = "doubled(2)"
    def returns(self, arguments): return NUMBER
    def call(self, *arguments, **environment): return None if arguments[0] is None else arguments[0] * 2
""",
    "step": """
class Shout(StepPlugin):
    '''Write a text in capitals into a field.'''
    name = "shout"
    title = {"zh": "大写", "en": "Shout"}
    params = {"type": "object", "properties": {"field": {"type": "string"}}, "required": ["field"],
              "additionalProperties": False}
    example = "shout: {field: who}"
    def run(self, context, step, event):
        record = context.own(event)
        name = step.params["field"]
        context.update(record.entity, record.id, {name: str(record[name]).upper()})
""",
    "field_type": """
from engine.plugins.field_types.text import Text
class Plate(Text):
    '''A number plate, in capitals.'''
    name = "plate"
    title = {"zh": "车牌", "en": "Plate"}
    example = "car: {type: plate}"
    def clean(self, field, value):
        found = super().clean(field, value)
        return found.upper() if found else found
""",
    "event": """
class Touched(EventPlugin):
    '''A record was made.'''
    name = "touched"
    title = {"zh": "碰过", "en": "Touched"}
    example = "when: {event: touched, entity: visit}"
    def fires(self, params, event): return True
""",
    "strategy": """
class Last(Strategy):
    '''The candidate with the highest id.'''
    name = "last"
    title = {"zh": "最后一位", "en": "Last"}
    example = "strategy: last"
    def pick(self, context, assignment, record, candidates):
        chosen = sorted(candidates, key=lambda user: -user["id"])
        return [{"user": user["id"], "points": None, "factors": {}} for user in chosen]
""",
    "chart": """
class Dots(Chart):
    '''Points.'''
    name = "dots"
    title = {"zh": "点图", "en": "Dots"}
    takes = ("series",)
    example = "show: dots"
    def option(self, data, palette, language): return {"series": [{"type": "scatter"}]}
""",
    "connector": """
class Pigeon(Connector):
    '''Letters by pigeon.'''
    name = "pigeon"
    title = {"zh": "信鸽", "en": "Pigeon"}
    example = "connector: pigeon"
""",
    "check": """
from engine.errors import Problem
class Noisy(Check):
    '''Finds nothing wrong.'''
    name = "noisy"
    title = {"zh": "吵闹", "en": "Noisy"}
    def run(self, manifest): return [Problem("L001", entity.where) for entity in manifest.entities.values() if entity.name == "noise"]
""",
    "executor": """
class Later(Executor):
    '''Carries nothing.'''
    name = "later"
    title = {"zh": "以后", "en": "Later"}
    example = "executor: later"
    def start(self, work, due): pass
    def send(self, job): pass
    def stop(self): pass
""",
}

SITE = {
    "site.yaml": "name: one\npacks: {}\n",
    "custom/entity/visit.yaml": """\
kind: entity
name: visit
label: {zh: 拜访, en: Visit}
fields:
  who: {type: text, label: {zh: 谁, en: Who}}
  car: {type: plate, label: {zh: 车, en: Car}}
  hours: {type: number, label: {zh: 小时, en: Hours}}
  twice: {type: number, value: "=doubled(hours)", label: {zh: 两倍, en: Twice}}
  owner: {type: user, label: {zh: 负责人, en: Owner}}
""",
    "custom/trigger/louder.yaml": """\
kind: trigger
name: louder
label: {zh: 大声, en: Louder}
when: {event: created, entity: visit}
do: [{shout: {field: who}}, {assign: {rule: newest}}]
""",
    "custom/assignment/newest.yaml": """\
kind: assignment
name: newest
label: {zh: 最新的人, en: Newest}
entity: visit
candidates: {role: staff}
strategy: last
""",
    "custom/scenario/all_of_it.yaml": """\
kind: scenario
name: all_of_it
label: {zh: 全部, en: All of it}
given: {users: {ann: {role: staff}, bob: {role: staff}}}
steps:
  - create: {visit: v, who: zhou, car: "浙a12345", hours: 2}
    expect: {record: {v: {who: ZHOU, car: 浙A12345, twice: 4, owner: bob}}}
""",
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The built-in plugins and one new file per slot."""
    root = tmp_path_factory.mktemp("extra")
    package = root / "flowloom_extra_plugins"
    package.mkdir()
    (package / "__init__.py").write_text('"""Extra plugins."""\n', "utf-8")
    for slot, source in FILES.items():
        (package / f"{slot}_one.py").write_text(HEAD + source, "utf-8")
    sys.path.insert(0, str(root))
    try:
        return Registry.discover((*BUILT_IN, "flowloom_extra_plugins"), entry_points=False)
    finally:
        sys.path.remove(str(root))


def test_there_is_one_new_file_for_every_slot() -> None:
    assert set(FILES) == set(SLOTS)


def test_one_file_is_enough_to_use_it_from_yaml(registry: Registry, tmp_path: Path) -> None:
    loaded = load(SITE, registry)
    assert not loaded.errors, [problem.text() for problem in loaded.errors]
    assert loaded.manifest is not None
    result = run(loaded.manifest, registry, loaded.manifest.scenarios["all_of_it"])
    assert not result.problems, [problem.text() for problem in result.problems]


def test_without_the_file_lint_says_what_is_not_known() -> None:
    loaded = load(SITE, Registry.discover(entry_points=False))
    said = " ".join(problem.text() for problem in loaded.errors)
    for word in ("plate", "doubled", "shout", "last"):
        assert word in said


def test_palette_help_and_editor_schema_follow_by_themselves(registry: Registry) -> None:
    for slot, name in ((Function, "doubled"), (StepPlugin, "shout"), (Chart, "dots"), (Connector, "pigeon")):
        shown = describe(registry.get(slot, name))  # type: ignore[type-abstract]
        assert shown["title"] and shown["help"] and shown["example"]
    text = str(combined(registry))
    for word in ("shout", "plate", "touched", "last", "dots", "pigeon"):
        assert word in text, word
