"""The house stands: floors, circles, sizes, names. Read from the packages' own docstrings."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "connectors", "studio")
FORBIDDEN = {
    "manager",
    "handler",
    "helper",
    "util",
    "utils",
    "common",
    "misc",
    "base",
    "data",
    "info",
    "item",
    "doc",
    "obj",
}
FLOOR = re.compile(r"Floor: (\d)\.")

FUNCTION_LINES = 60
FILE_LINES = 400
API_LINES = 200


def python_files() -> list[Path]:
    """Every module of the house, without the front end's sources."""
    found = [p for package in PACKAGES for p in (ROOT / package).rglob("*.py")]
    return sorted(p for p in found if "node_modules" not in p.parts)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def floors() -> dict[str, int]:
    """module -> floor: its own plate, else that of the nearest package above it."""
    plates = {}
    for path in python_files():
        match = FLOOR.search(ast.get_docstring(tree_of(path)) or "")
        if match:
            plates[module_of(path)] = int(match.group(1))
    found = {}
    for path in python_files():
        name = module_of(path)
        while name not in plates and "." in name:
            name = name.rpartition(".")[0]
        found[module_of(path)] = plates.get(name, 0)
    return found


def imports_of(path: Path) -> set[str]:
    """The house's own modules that a module imports when it runs, inside functions included, for types excluded."""
    own = module_of(path)
    known = floors()
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree_of(path))
    return {name for name in found if name in known and name != own}


@pytest.mark.parametrize("path", python_files(), ids=module_of)
def test_every_module_stands_on_a_floor_and_imports_only_downward(path: Path) -> None:
    mine = floors()[module_of(path)]
    assert mine, f"{module_of(path)}: no 'Floor: N.' in its docstring or its package's"
    upward = {name: floors()[name] for name in imports_of(path) if floors()[name] > mine}
    assert not upward, f"{module_of(path)} (floor {mine}) imports upward: {upward}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module_of(path): imports_of(path) for path in python_files()}
    done: set[str] = set()
    circles: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            circles.append(" -> ".join((*trail[trail.index(name) :], name)))
            return
        if name in done:
            return
        for below in sorted(graph.get(name, ())):
            visit(below, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())
    assert not circles, circles


def code_lines(node: ast.AST, source: list[str]) -> int:
    """Lines of code of a function: blank lines, comments and its docstring do not count."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    body = node.body[1:] if ast.get_docstring(node) else node.body
    if not body:
        return 0
    lines = source[body[0].lineno - 1 : body[-1].end_lineno]
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


@pytest.mark.parametrize("path", python_files(), ids=module_of)
def test_no_function_or_file_is_longer_than_a_room_allows(path: Path) -> None:
    source = path.read_text("utf-8").splitlines()
    limit = API_LINES if path == ROOT / "engine/api.py" else FILE_LINES
    assert len(source) <= limit, f"{path.name} has {len(source)} lines (limit {limit}): find its rooms"
    long = {
        node.name: code_lines(node, source)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node, source) > FUNCTION_LINES
    }
    assert not long, long


@pytest.mark.parametrize("path", python_files(), ids=module_of)
def test_names_say_what_a_thing_is(path: Path) -> None:
    words = set(path.stem.lower().split("_"))
    for node in tree_of(path).body:
        if isinstance(node, ast.ClassDef):
            words |= {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", node.name)}
    assert not words & FORBIDDEN, f"{module_of(path)}: {sorted(words & FORBIDDEN)} says nothing"


@pytest.mark.parametrize("path", python_files(), ids=module_of)
def test_whatever_is_public_says_what_comes_back(path: Path) -> None:
    silent = []
    for node in tree_of(path).body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and not ast.get_docstring(node):
            silent.append(node.name)
    assert ast.get_docstring(tree_of(path)), f"{module_of(path)} has no docstring"
    assert not silent, f"{module_of(path)}: no docstring on {silent}"


def test_only_the_front_door_is_used_from_above() -> None:
    """The studio and the CLI import engine.api (and the ground); nothing deeper."""
    allowed = {
        "engine",
        "engine.api",
        "engine.errors",
        "engine.clock",
        "engine.collector",
        "engine.facts",
        "engine.plugins.slots",
    }
    wrong = {}
    for path in python_files():
        name = module_of(path)
        if name.startswith(("studio", "engine.cli")):
            deep = {
                n
                for n in imports_of(path)
                if n.startswith("engine") and n not in allowed and not n.startswith("engine.cli")
            }
            if deep:
                wrong[name] = sorted(deep)
    assert not wrong, wrong
