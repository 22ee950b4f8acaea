from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

SHOP = 'kind: pack\nname: shop\nversion: "1.0.0"\n'
BAR = 'kind: pack\nname: bar\nversion: "1.0.0"\nrequires: {requires}\n'
OVER = "kind: entity\nextend: shop.ticket\nfields: {table: {type: integer}}\n"


def with_packs(loaded: Loader, requires: str, over: str = OVER) -> object:
    return loaded(
        site="name: test\npacks: [shop, bar]\n",
        packs__shop__pack=SHOP,
        packs__shop__entity__ticket=TICKET.lstrip(),
        packs__bar__pack=BAR.replace("{requires}", requires),
        packs__bar__entity__ticket=over,
    )


def test_a_pack_may_extend_what_it_requires(loaded: Loader) -> None:
    found = with_packs(loaded, "{shop: '*'}")
    assert codes(found) == []  # type: ignore[arg-type]
    entity = found.manifest.entities["ticket"]  # type: ignore[attr-defined]
    assert "table" in entity.fields and entity.pack == "shop"


def test_a_pack_may_not_extend_what_it_does_not_require(loaded: Loader) -> None:
    assert codes(with_packs(loaded, "{}")) == ["P006"]  # type: ignore[arg-type]


def test_everything_may_extend_base(loaded: Loader) -> None:
    over = "kind: entity\nextend: base.user\nfields: {nick: {type: text}}\n"
    assert codes(with_packs(loaded, "{}", over)) == []  # type: ignore[arg-type]


def test_the_pack_in_front_of_the_dot_must_be_right(loaded: Loader) -> None:
    found = loaded(TICKET, custom__a="kind: entity\nextend: crm.ticket\nicon: x\n")
    assert codes(found) == ["D023"]
    assert found.problems[0].suggestion == "custom.ticket"


def test_the_kind_must_be_that_of_the_extended_document(loaded: Loader) -> None:
    assert codes(loaded(TICKET, custom__a="kind: view\nextend: ticket\nshow: list\n")) == ["D023"]
