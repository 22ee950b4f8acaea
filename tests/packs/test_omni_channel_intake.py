"""The pack of incoming channels: loads clean, its scenarios hold."""

from __future__ import annotations

import pytest

from engine.load.pipeline import load
from engine.plugins.registry import Registry
from engine.runtime.scenario import run

SITE = {"site.yaml": "name: intake\nlabel: {zh: 进线, en: Intake}\npacks: {omni_channel_intake: '*'}\n"}
SCENARIOS = (
    "m03_rows_of_a_fair_become_leads",
    "a_returned_mail_marks_its_lead",
    "one_phone_number_is_one_lead",
    "what_a_customer_says_becomes_a_lead",
    "what_cannot_be_used_waits_for_a_person",
    "the_public_form_keeps_every_rule",
)


@pytest.fixture(scope="module")
def loaded() -> object:
    registry = Registry.discover(entry_points=False)
    return load(SITE, registry), registry


def test_the_pack_loads_without_a_word_of_complaint(loaded: tuple) -> None:  # type: ignore[type-arg]
    found, _ = loaded
    assert not [problem.text() for problem in found.problems if "omni_channel_intake" in str(problem.where)]
    assert not found.errors, [problem.text() for problem in found.errors]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_holds(loaded: tuple, name: str) -> None:  # type: ignore[type-arg]
    found, registry = loaded
    result = run(found.manifest, registry, found.manifest.scenarios[name])
    assert not result.problems, [problem.text() for problem in result.problems]


def test_every_scenario_of_the_pack_is_run(loaded: tuple) -> None:  # type: ignore[type-arg]
    found, _ = loaded
    assert {name for name, one in found.manifest.scenarios.items() if one.pack == "omni_channel_intake"} == set(
        SCENARIOS
    )
