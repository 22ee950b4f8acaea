"""Fixtures: an empty shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.store.query.shop import Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """An empty site in memory."""
    made = Shop("sqlite://")
    yield made
    made.database.close()
