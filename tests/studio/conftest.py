"""A company behind its HTTP door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from studio.app import create_app
from tests.company import Company
from tests.connectors.test_smtp import Post


@pytest.fixture
def client(company: Company) -> FlaskClient:
    """A client that nobody has signed in."""
    return create_app(company.engine).test_client()


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server that keeps what it is sent."""
    with Post() as server:
        yield server
        server.shutdown()
