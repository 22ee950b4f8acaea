from __future__ import annotations

import pytest

from engine.model.terms import Duration
from tests.engine.load.conftest import Loader, codes

PACK = 'kind: pack\nname: shop\nversion: "1.0.0"\nparameters:\n  limit: {parameter}\n'
USE = "kind: entity\nname: a\nfields: {x: {type: text, default: =param.limit}}\n"


def load_with(loaded: Loader, parameter: str, site: str = "") -> object:
    text = "name: test\npacks: [shop]\n" + (f"parameters:\n  limit: {site}\n" if site else "")
    return loaded(site=text, packs__shop__pack=PACK.replace("{parameter}", parameter), custom__use=USE)


def test_default_and_bounds_have_the_type_of_the_parameter(loaded: Loader) -> None:
    found = load_with(loaded, "{type: duration, default: 4h, min: 30m, max: 1d}")
    parameter = found.manifest.parameters["limit"]  # type: ignore[attr-defined]
    assert (parameter.default, parameter.min, parameter.max) == (
        Duration.parse("4h"),
        Duration.parse("30m"),
        Duration.parse("1d"),
    )
    assert parameter.pack == "shop"


def test_a_site_sets_a_value_for_a_season(loaded: Loader) -> None:
    found = load_with(
        loaded,
        "{type: duration, default: 4h}",
        "[{value: 4h}, {value: 8h, from: 2026-09-01, to: 2026-10-31}]",
    )
    seasons = found.manifest.parameters["limit"].seasons  # type: ignore[attr-defined]
    assert [(str(each.value), each.from_, each.to) for each in seasons] == [
        ("4h", None, None),
        ("8h", "2026-09-01", "2026-10-31"),
    ]


def test_a_list_parameter_is_set_by_a_plain_list(loaded: Loader) -> None:
    found = load_with(loaded, "{type: list, default: [a]}", "[b, c]")
    assert found.manifest.parameters["limit"].seasons[0].value == ("b", "c")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("parameter", "value", "code"),
    [
        ("{type: duration, default: 4h}", "4", "D030"),
        ("{type: duration, default: 4h, max: 24h}", "2d", "D031"),
        ("{type: duration, default: 48h, max: 24h}", "", "D031"),
        ("{type: integer, default: 4}", "4.5", "D030"),
        ("{type: number, default: 4, min: 1}", "0", "D031"),
        ("{type: yes_no, default: true}", "1", "D030"),
        ("{type: choice, choices: [a, b], default: a}", "c", "D030"),
        ("{type: date}", "2026-13-01", "D030"),
        ("{type: time}", "25:00", "D030"),
        ("{type: duration, default: 4h}", "[{value: 8h, from: 2026-9-1}]", "D010"),
        ("{type: duration, default: 4h}", "[{value: 8, from: 2026-09-01}]", "D030"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(loaded: Loader, parameter: str, value: str, code: str) -> None:
    assert code in codes(load_with(loaded, parameter, value))  # type: ignore[arg-type]


def test_text_keeps_its_zeros(loaded: Loader) -> None:
    found = load_with(loaded, "{type: text, default: 0755}", "013800138000")
    parameter = found.manifest.parameters["limit"]  # type: ignore[attr-defined]
    assert (parameter.default, parameter.seasons[0].value) == ("0755", "013800138000")
