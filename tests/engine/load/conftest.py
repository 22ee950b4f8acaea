"""One registry for all tests of loading, and short ways to load a few lines of YAML."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.load.pipeline import Loaded, load
from engine.load.read import Memory
from engine.plugins.registry import Registry

BASE = {
    "base": {
        "pack.yaml": 'kind: pack\nname: base\nversion: "1.0.0"\n',
        "entity/user.yaml": (
            "kind: entity\nname: user\nfields:\n  login: {type: text}\n  team: {type: team}\n  manager: {type: user}\n"
            "  backup: {type: user}\n  on_duty: {type: yes_no}\n  capacity: {type: integer}\n  roles: {type: list}\n"
        ),
        "entity/team.yaml": "kind: entity\nname: team\nfields: {name: {type: text}}\n",
        "role/staff.yaml": "kind: role\nname: staff\n",
    }
}
TICKET = """
kind: entity
name: ticket
label: {zh: 工单, en: Ticket}
fields:
  subject: {type: text, required: true}
  amount: {type: number}
  owner: {type: user}
  due: {type: datetime}
"""

Loader = Callable[..., Loaded]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def loaded(registry: Registry) -> Loader:
    """Loads documents (text in ``custom/x.yaml``) and files by path, over a small base pack."""

    def run(text: str = "", site: str = "name: test\n", memory: Memory | None = None, **files: str) -> Loaded:
        given: dict[str, str | bytes] = {"site.yaml": site}
        if text:
            given["custom/x.yaml"] = text
        given.update({path.replace("__", "/") + ".yaml": content for path, content in files.items()})
        return load(given, registry, BASE, memory)

    return run


def codes(found: Loaded) -> list[str]:
    """The codes of what was found, in order."""
    return [problem.code for problem in found.problems]


def places(found: Loaded) -> list[str]:
    """The places of what was found, in order."""
    return [str(problem.where) for problem in found.problems]
