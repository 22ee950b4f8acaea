from __future__ import annotations

import pytest

from engine.load.version import fits, number


@pytest.mark.parametrize(
    ("version", "versions", "yes"),
    [
        ("1.2.0", "*", True),
        ("1.2.0", "", True),
        ("1.2.0", ">=1.0,<2.0", True),
        ("2.0.0", ">=1.0,<2.0", False),
        ("1.10.0", ">1.9", True),
        ("1.2.0", "1.2", True),
        ("1.2.1", "1.2", False),
        ("1.9.3", "^1.2", True),
        ("2.0.0", "^1.2", False),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.2.0", "!=1.2.0", False),
        ("1.2.0-beta", ">=1.2", True),
        ("first", "*", False),
        ("1.2.0", "soon", False),
    ],
)
def test_a_version_fits_a_range(version: str, versions: str, yes: bool) -> None:
    assert fits(version, versions) is yes


def test_missing_numbers_are_zero() -> None:
    assert number("2") == (2, 0, 0)
    assert number("v1.2.3+build.5") == (1, 2, 3)
    assert number("one") is None
