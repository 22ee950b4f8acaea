"""The tests are the same tree again."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIRRORED = ("engine", "studio")

#: Folders whose modules are tested through the folder above: plugins by their own example and by what uses them.
TOGETHER = {"engine/problems", "engine/plugins/executors", "studio/api", "studio/describe", "engine/runtime/holidays"}


def packages() -> list[Path]:
    found = [p.parent for top in MIRRORED for p in (ROOT / top).rglob("__init__.py")]
    return sorted(p for p in found if "node_modules" not in p.parts and len(list(p.glob("*.py"))) > 1)


@pytest.mark.parametrize("package", packages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_package_has_its_tests_at_the_same_place(package: Path) -> None:
    name = package.relative_to(ROOT)
    if str(name) in TOGETHER:
        return
    beside = list((ROOT / "tests" / name.parent).glob(f"test_{name.name}*.py"))
    assert beside or list((ROOT / "tests" / name).rglob("test_*.py")), f"no tests/{name}/test_*.py"


def test_every_test_folder_mirrors_a_package() -> None:
    folders = {
        p.parent.relative_to(ROOT / "tests") for top in MIRRORED for p in (ROOT / "tests" / top).rglob("test_*.py")
    }
    strangers = [str(f) for f in folders if not (ROOT / f).is_dir()]
    assert not strangers, strangers
