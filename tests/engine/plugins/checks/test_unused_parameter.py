from __future__ import annotations

import pytest

from tests.engine.load.conftest import TICKET, Loader, codes

PACK = 'kind: pack\nname: shop\nversion: "1.0.0"\nparameters: {limit: {type: integer, default: 5}}\n'
SITE = "name: test\npacks: [shop]\n"


@pytest.mark.parametrize(
    ("use", "found"),
    [
        ("", ["L016"]),
        ("---\nkind: view\nname: v\nentity: ticket\nwhere: amount > param.limit\n", []),
        (
            "---\nkind: decision\nname: d\nentity: ticket\ninputs: {amount: =amount}\n"
            "rows: [{amount: '>= param.limit', then: a}, {then: b}]\n",
            [],
        ),
        ("---\nkind: template\nname: t\nfor: ticket\nbody: '最多 {{ param.limit }} 件'\n", []),
        (
            "---\nkind: trigger\nname: t\nwhen: {event: created, entity: ticket}\n"
            "do: [{branch: {if: amount > 1, then: [{set: {amount: =param.limit}}]}}]\n",
            [],
        ),
    ],
)
def test_a_parameter_no_rule_reads_is_told(loaded: Loader, use: str, found: list[str]) -> None:
    assert codes(loaded(TICKET + use, site=SITE, packs__shop__pack=PACK)) == found
