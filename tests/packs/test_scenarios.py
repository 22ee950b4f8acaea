"""Every scenario of every pack and example, run in virtual time."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.plugins.registry import Registry

ROOT = Path(__file__).parents[2]
SITES = {path.parent.name: path.parent for path in (ROOT / "examples").glob("*/site.yaml")}


def _scenarios() -> list[Any]:
    found = []
    for folder, site in [(ROOT / "builtin_flows/base", "demo"), (ROOT / "builtin_flows/crm", "demo")] + [
        (folder / "custom", name) for name, folder in sorted(SITES.items())
    ]:
        for path in sorted(folder.glob("scenario/*.yaml")):
            name = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["name"]
            found.append(pytest.param(site, name, id=f"{folder.parent.name if site != 'demo' else folder.name}-{name}"))
    return found


@functools.cache
def _loaded(site: str) -> Any:
    from engine.load.pipeline import load_site

    registry = Registry.discover(entry_points=False)
    return load_site(SITES[site], registry).manifest, registry


@pytest.mark.parametrize(("site", "name"), _scenarios())
def test_the_scenario_holds(site: str, name: str) -> None:
    from engine.runtime.scenario import run

    manifest, registry = _loaded(site)
    result = run(manifest, registry, manifest.scenarios[name])
    assert result.passed, "\n".join(problem.text("zh") for problem in result.problems)
