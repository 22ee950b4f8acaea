"""Fixtures: an empty shop, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.store.query.shop import Shop


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """An empty site, in memory or on PostgreSQL."""
    made = Shop("sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgresql_url"))
    yield made
    made.database.close()
