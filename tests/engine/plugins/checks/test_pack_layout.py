from __future__ import annotations

from tests.engine.load.conftest import Loader, codes

PACK = 'kind: pack\nname: shop\nversion: "1.0.0"\n'
SITE = "name: test\npacks: [shop]\n"


def test_a_document_of_a_pack_lies_under_its_kind_and_name(loaded: Loader) -> None:
    role = "kind: role\nname: clerk\n"
    assert codes(loaded(site=SITE, packs__shop__pack=PACK, packs__shop__role__clerk=role)) == []
    found = loaded(site=SITE, packs__shop__pack=PACK, packs__shop__roles=role)
    assert codes(found) == ["L015"]
    assert found.problems[0].parameters == {"expected": "role/clerk.yaml", "found": "roles.yaml"}


def test_a_company_lays_its_own_files_out_as_it_likes(loaded: Loader) -> None:
    assert codes(loaded(custom__everything="kind: role\nname: clerk\n")) == []
