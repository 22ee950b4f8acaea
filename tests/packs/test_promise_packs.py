"""The packs about time and promises: each loads on top of the CRM, clean, and its scenarios hold."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.plugins.registry import Registry

ROOT = Path(__file__).parents[2] / "builtin_flows"
#: pack -> the capabilities it has to prove.
PACKS = {
    "golden_hours": ("M36",),
    "no_reply": ("M28",),
    "double_signature": ("M31",),
    "new_customer_approval": ("M44",),
    "silent_warning": ("M41",),
    "revival_friday": ("M39",),
    "silent_customers": ("M40",),
    "incentive_points": ("M18",),
    "device_care": ("M73",),
    "company_news": ("M76",),
    "voicemail_share": ("M37",),
    "cross_department": ("M58",),
    "value_orchestration": ("M77",),
    "contracts_and_payments": ("M32", "M33", "M59"),
    "content_library": ("M38",),
}


@functools.cache
def loaded(pack: str) -> Any:
    from engine.load.pipeline import load

    registry = Registry.discover(entry_points=False)
    site = f"kind: site\nname: tried\npacks: [crm, {pack}]\n"
    return load({"site.yaml": site}, registry), registry


def scenarios() -> list[Any]:
    return [
        pytest.param(pack, path.stem, id=f"{pack}-{path.stem}")
        for pack in PACKS
        for path in sorted((ROOT / pack / "scenario").glob("*.yaml"))
    ]


@pytest.mark.parametrize("pack", PACKS)
def test_the_pack_loads_without_a_word(pack: str) -> None:
    found, _ = loaded(pack)
    own = [one.text("zh") for one in found.problems if one.where.file.startswith(f"builtin_flows/{pack}/")]
    assert own == []
    assert found.manifest is not None


@pytest.mark.parametrize(("pack", "name"), scenarios())
def test_its_scenario_holds(pack: str, name: str) -> None:
    from engine.runtime.scenario import run

    found, registry = loaded(pack)
    result = run(found.manifest, registry, found.manifest.scenarios[name])
    told = [problem.text("zh") for problem in result.problems]
    assert result.passed, "\n".join([*told, *result.notes])


@pytest.mark.parametrize("pack", PACKS)
def test_each_capability_of_the_pack_is_proved_by_a_scenario(pack: str) -> None:
    summaries = [
        yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["summary"]["zh"]
        for path in (ROOT / pack / "scenario").glob("*.yaml")
    ]
    for number in PACKS[pack]:
        assert any(text.startswith(f"{number} ") for text in summaries), number


def test_the_packs_get_on_with_one_another() -> None:
    from engine.load.pipeline import load

    names = ", ".join(["crm", *PACKS])
    registry = Registry.discover(entry_points=False)
    found = load({"site.yaml": f"kind: site\nname: all\npacks: [{names}]\n"}, registry)
    assert [one.text("zh") for one in found.errors] == []


def test_fault_077_nothing_is_said_of_devices_while_their_gateway_is_silent_it_is_told_instead() -> None:
    from engine.load.pipeline import load
    from engine.plugins.registry import Registry
    from engine.runtime.scenario import run

    registry = Registry.discover(entry_points=False)
    site = "name: care\nlabel: {zh: 关怀, en: Care}\npacks: {device_care: '*'}\n"
    manifest = load({"site.yaml": site}, registry).manifest
    assert manifest is not None
    story = manifest.scenarios["m73_a_silent_gateway_is_not_an_idle_device"]
    assert not run(manifest, registry, story).problems
    # The same story is not a story of silence for a device whose gateway speaks: there the rule is not suspended.
    assert not run(manifest, registry, manifest.scenarios["m73_idle_for_seven_days"]).problems
