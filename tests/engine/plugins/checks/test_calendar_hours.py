from __future__ import annotations

import pytest

from tests.engine.load.conftest import Loader, codes


@pytest.mark.parametrize(
    ("open_", "found"),
    [
        ("{mon-fri: ['09:00-12:00', '13:30-18:00']}", []),
        ("{}", ["L012"]),
        ("{mon: []}", ["L012"]),
        ("{mon: ['12:00-09:00']}", ["L017"]),
        ("{mon: ['09:00-12:00', '11:00-13:00']}", ["L017"]),
        ("{mon: ['13:00-14:00', '09:00-12:00']}", []),
        ("{sun: ['00:00-24:00']}", []),
    ],
)
def test_fault_093_hours_that_cannot_be_counted_are_told(loaded: Loader, open_: str, found: list[str]) -> None:
    assert codes(loaded(f"kind: calendar\nname: c\nopen: {open_}\n")) == found


def test_hours_that_are_no_hours_are_refused_by_the_schema(loaded: Loader) -> None:
    assert codes(loaded("kind: calendar\nname: c\nopen: {mon: ['9-12'], montag: ['09:00-10:00']}\n")) == [
        "D010",
        "D009",
    ]
