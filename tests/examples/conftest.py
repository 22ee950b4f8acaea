"""The real data beside the repository, and a way to open an example on it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Path:
    """The folder of real data named by the module's ``FOLDER``; the test is skipped where it is absent."""
    folder = DATA / request.module.FOLDER
    if not folder.is_dir():
        pytest.skip(f"{request.module.FOLDER} is not beside the repository (../shared/data)")
    return folder
