from __future__ import annotations

from engine.load.read import Memory, scalar
from engine.plugins.registry import Registry
from engine.source.reader import read


def test_the_same_text_is_read_once(registry: Registry) -> None:
    memory = Memory(registry)
    text = "kind: role\nname: clerk\n"
    first = memory.parse("custom/a.yaml", text, "custom")
    assert memory.parse("custom/a.yaml", text, "custom") is first
    assert memory.parse("custom/a.yaml", text, "shop") is not first
    assert memory.parse("custom/a.yaml", text + "#\n", "custom") is not first


def test_a_file_may_hold_several_documents(registry: Registry) -> None:
    parsed = Memory(registry).parse("a.yaml", "kind: role\nname: a\n---\nkind: role\nname: b\n", "custom")
    assert [(draft.kind, draft.name, str(draft.where)) for draft in parsed.drafts] == [
        ("role", "a", "a.yaml:2:7"),
        ("role", "b", "a.yaml:5:7"),
    ]


def test_site_yaml_needs_no_kind(registry: Registry) -> None:
    memory = Memory(registry)
    assert memory.parse("site.yaml", "name: test\n", "custom").drafts[0].kind == "site"
    assert memory.parse("custom/site.yaml", "name: test\n", "custom").problems[0].code == "D001"


def test_a_scalar_is_its_text_as_written() -> None:
    node = read("a: 0755\nb: [x]\nc:\n", "x.yaml").documents[0]
    assert [scalar(node.get(key)) for key in "abcd"] == ["0755", "", "", ""]
