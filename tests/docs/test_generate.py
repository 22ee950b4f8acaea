"""The reference is made from what the program knows; nobody writes it by hand, nobody forgets it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from engine.errors import catalogue
from engine.model.manifest import KINDS
from engine.plugins.registry import Registry
from engine.plugins.slots import Check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate: ModuleType) -> dict[str, str]:
    found: dict[str, str] = generate.pages(Registry.discover())
    return found


def test_the_reference_in_the_repository_is_the_one_that_is_made(pages: dict[str, str]) -> None:
    stale = [
        name
        for name, text in pages.items()
        if not (ROOT / "docs" / "reference" / name).is_file()
        or (ROOT / "docs" / "reference" / name).read_text("utf-8") != text
    ]
    assert stale == [], "run: python docs/generate.py"


def test_every_kind_plugin_and_code_has_its_place(pages: dict[str, str]) -> None:
    assert {f"{kind}.md" for kind in KINDS} <= set(pages)
    registry = Registry.discover()
    for slot in ("field_type", "step", "event", "function", "check"):
        page = next(text for text in pages.values() if f"## {registry.names(slot)[0]}\n" in text)
        assert all(f"## {name}\n" in page for name in registry.names(slot))
    assert all(f"### {code}\n" in pages["problems.md"] for code in catalogue())
    assert Check.slot == "check"


def test_every_link_leads_somewhere(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        for target in re.findall(r"\]\(([^)#]+)(?:#[\w_]+)?\)", text):
            assert target in pages, f"{name}: {target}"


def test_pages_that_are_no_longer_made_are_taken_away(generate: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("old", "utf-8")
    assert generate.main(tmp_path) == len(list(tmp_path.glob("*.md")))
    assert not (tmp_path / "old.md").exists()
