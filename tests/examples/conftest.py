"""The real data beside the repository, and examples opened on it in virtual time."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.api import Choices, Engine
from engine.clock import VirtualClock
from engine.plugins.registry import Registry

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Path:
    """The folder of real data named by the module's ``FOLDER``; the test is skipped where it is absent."""
    folder = DATA / request.module.FOLDER
    if not folder.is_dir():
        pytest.skip(f"{request.module.FOLDER} is not beside the repository (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.discover(entry_points=False)


@pytest.fixture
def opened(tmp_path: Path, registry: Registry) -> Iterator[Callable[..., tuple[Engine, VirtualClock]]]:
    """Opens a site (an example by name, or a folder) on an empty database, published, its clock at an instant."""
    engines: list[Engine] = []

    def open_site(site: str | Path, start: dt.datetime) -> tuple[Engine, VirtualClock]:
        folder = tmp_path / "site"
        shutil.copytree(ROOT / "examples" / site if isinstance(site, str) else site, folder)
        clock = VirtualClock(start)
        engine = Engine.open(folder, clock=clock, registry=registry)
        engines.append(engine)
        engine.revisions.publish("test", Choices(scenarios=False))
        return engine, clock

    yield open_site
    for engine in engines:
        engine.close()
