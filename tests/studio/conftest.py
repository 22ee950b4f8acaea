"""A company behind its HTTP door."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from studio.app import create_app
from tests.company import Company


@pytest.fixture
def client(company: Company) -> FlaskClient:
    """A client that nobody has signed in."""
    return create_app(company.engine).test_client()
