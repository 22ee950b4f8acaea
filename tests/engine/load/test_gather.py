from __future__ import annotations

import pytest

from engine.load.gather import is_document
from engine.load.pipeline import load
from engine.plugins.registry import Registry
from tests.engine.load.conftest import BASE, Loader, codes


def pack(name: str, requires: str = "{}", version: str = "1.0.0") -> str:
    return f'kind: pack\nname: {name}\nversion: "{version}"\nrequires: {requires}\n'


def test_a_folder_without_site_yaml_is_no_site(registry: Registry) -> None:
    found = load({"custom/x.yaml": "kind: role\nname: r\n"}, registry, BASE)
    assert [problem.line("zh") for problem in found.problems] == [
        "site.yaml D037 没有 site.yaml,这个文件夹不是一个站点 -> 新建 site.yaml,写上 name;或换一个文件夹"
    ]


def test_packs_come_after_what_they_require(loaded: Loader) -> None:
    found = loaded(
        site="name: test\npacks: [c]\n",
        packs__c__pack=pack("c", "{b: '*', a: '*'}"),
        packs__b__pack=pack("b", "{a: '*'}"),
        packs__a__pack=pack("a"),
    )
    assert codes(found) == []
    assert found.packs == ("base", "a", "b", "c")


def test_a_pack_nobody_asks_for_is_not_loaded(loaded: Loader) -> None:
    found = loaded(packs__a__pack=pack("a"), packs__a__role__r="kind: role\nname: r\n")
    assert found.packs == ("base",)
    assert found.manifest is not None and "r" not in found.manifest.roles


def test_an_installed_pack_wins_over_a_shipped_one(registry: Registry) -> None:
    files: dict[str, str | bytes] = {
        "site.yaml": "name: test\npacks: [a]\n",
        "packs/a/pack.yaml": pack("a", version="2.0.0"),
    }
    found = load(files, registry, {**BASE, "a": {"pack.yaml": pack("a")}})
    assert found.manifest is not None and found.manifest.packs["a"].version == "2.0.0"


def test_documents_know_the_pack_they_came_from(loaded: Loader) -> None:
    found = loaded("kind: role\nname: own\n")
    assert found.manifest is not None
    assert (found.manifest.roles["staff"].pack, found.manifest.roles["own"].pack) == ("base", "custom")


def test_a_file_anywhere_in_the_site_is_the_companys_own(loaded: Loader) -> None:
    found = loaded(roles__clerk="kind: role\nname: clerk\n")
    assert found.manifest is not None and "clerk" in found.manifest.roles


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("custom/a.yaml", True),
        ("custom/a.yml", True),
        ("custom/a.yaml~", False),
        ("custom/.a.yaml.swp", False),
        (".git/config.yaml", False),
        ("custom/layout.yaml", False),
        ("custom/lead.layout.yaml", False),
        ("README.md", False),
    ],
)
def test_fault_020_what_an_editor_leaves_behind_is_no_document(path: str, counts: bool) -> None:
    assert is_document(path) is counts


def test_every_missing_pack_is_told_at_once(loaded: Loader) -> None:
    found = loaded(site="name: test\npacks: [one, two]\n", packs__two__pack=pack("two", "{three: '*', base: '>=9'}"))
    assert codes(found) == ["P001", "P002", "P001"]
