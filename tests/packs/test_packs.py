"""Every shipped pack and example loads clean, keeps its promises in scenarios, and speaks both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.plugins.registry import Registry

ROOT = Path(__file__).parents[2]
PACKS = sorted(path.parent for path in (ROOT / "builtin_flows").glob("*/pack.yaml"))
SITES = sorted(path.parent for path in (ROOT / "examples").glob("*/site.yaml"))
#: What the CRM pack promises; the numbers are those of the design's list of capabilities.
PROMISED = (
    *("M7", "M8", "M9", "M12", "M14", "M15", "M20", "M21", "M22", "M23", "M24", "M25", "M26", "M27"),
    *("M30", "M34", "M35", "M49", "M50", "M51", "M53", "M54", "M61"),
)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.discover(entry_points=False)


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.yaml")):
        for document in yaml.load_all(path.read_text("utf-8"), yaml.BaseLoader):
            yield path, document


@pytest.mark.parametrize("site", SITES, ids=lambda path: path.name)
def test_a_site_loads_without_an_error(site: Path, registry: Registry) -> None:
    from engine.load.pipeline import load_site

    loaded = load_site(site, registry)
    errors = [problem.text("zh") for problem in loaded.problems if problem.severity == "error"]
    assert not errors, "\n".join(errors)
    assert loaded.manifest is not None


@pytest.mark.parametrize("folder", [*PACKS, *SITES], ids=lambda path: path.name)
def test_a_document_lies_where_its_kind_says(folder: Path) -> None:
    own = folder / "custom" if (folder / "site.yaml").exists() else folder
    for path, document in _documents(own):
        if path.name == "pack.yaml":
            continue
        assert path.parent.name == document["kind"], path
        assert document.get("name", path.stem) == path.stem, path


def _labels(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("label", "summary", "help", "message") and not path.endswith(("/fields", "/set")):
                yield f"{path}/{key}", inner
            else:
                yield from _labels(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _labels(inner, f"{path}/{number}")


@pytest.mark.parametrize("folder", [*PACKS, *SITES], ids=lambda path: path.name)
def test_every_label_is_said_in_both_languages(folder: Path) -> None:
    for path, document in _documents(folder):
        for place, label in _labels(document):
            if "steps/" in place:
                continue
            assert isinstance(label, dict) and label.get("zh") and label.get("en"), f"{path} {place}: {label}"


@pytest.mark.parametrize("folder", [*PACKS, *SITES], ids=lambda path: path.name)
def test_every_document_begins_with_a_comment_for_the_operator(folder: Path) -> None:
    for path in sorted(folder.rglob("*.yaml")):
        assert re.match(r"# .*[\u4e00-\u9fff]", path.read_text("utf-8")), path


@pytest.mark.parametrize("folder", [*PACKS, *SITES], ids=lambda path: path.name)
def test_a_readme_speaks_both_languages(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    assert re.search(r"[\u4e00-\u9fff]{4}", text) and re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", text)


@pytest.mark.parametrize("number", PROMISED)
def test_each_promised_capability_has_a_scenario(number: str) -> None:
    summaries = [
        document.get("summary", {}).get("zh", "") for _, document in _documents(ROOT / "builtin_flows/crm/scenario")
    ]
    assert any(re.match(rf"{number}\b", summary) for summary in summaries), number


def test_the_helpdesk_holds_no_word_of_sales() -> None:
    for path, _ in _documents(ROOT / "examples/helpdesk/custom"):
        text = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
        assert not re.search(r"lead|sales|opportunit|线索|销售|商机|签约", text), path
