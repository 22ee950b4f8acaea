"""The wheel holds everything: installed into a fresh environment, in an empty folder, the product founds, checks and serves."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What the wheel carries besides code, under the same paths.
CARRIED = ("engine", "connectors", "schemas", "builtin_flows", "examples/demo", "studio/templates", "studio/static")
LEFT_OUT = shutil.ignore_patterns(
    ".*", "node_modules", "__pycache__", "*.egg-info", "build", "dist", "demo.half", "tests", "bench", "docs", "*.db*"
)

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the tree, built without network."""
    place = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, place / "tree", ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", str(place / "out"), str(place / "tree")], check=True, timeout=300)
    return next((place / "out").glob("flowloom-*.whl"))


@pytest.fixture(autouse=True)
def _no_other_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the wheel runs is what it carries, also where the tests themselves were pointed at a tree."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``flowloom`` in an environment that has the wheel, and the libraries of this one."""
    place = tmp_path_factory.mktemp("fresh") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=120)
    inside = next(place.glob("lib/python*/site-packages"))
    (inside / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin/python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, timeout=300)
    return place / "bin/flowloom"


def test_the_wheel_carries_every_file_that_is_no_code_and_nothing_that_is_not_needed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in CARRIED
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(wanted - names) == []
    assert not [name for name in names if name.startswith(("tests/", "bench/", "docs/", "studio/web"))]


def test_a_site_is_founded_checked_and_tried_from_the_wheel_alone(program: Path, tmp_path: Path) -> None:
    def flowloom(*words: str) -> str:
        done = subprocess.run([str(program), *words], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    python = program.with_name("python")
    where = subprocess.run(
        [str(python), "-c", "import engine, schemas; print(engine.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(program.parents[1])), "the tree was imported instead of the wheel"
    assert "site.yaml" in flowloom("init", "mycrm")
    flowloom("-C", "mycrm", "lint")
    flowloom("-C", "mycrm", "explain", "Y003")
    assert "lead_stage" in flowloom("-C", "mycrm", "show", "lead_stage")
    flowloom("-C", "mycrm", "test", "m12_three_fields_are_enough")


@pytest.fixture
def demo(program: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``flowloom demo`` in an empty folder, with its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(program), "demo", "--port", str(port)]
    running = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield running, port
    finally:
        running.terminate()
        running.wait(30)


def test_flowloom_demo_serves_from_the_wheel_alone(demo: tuple[subprocess.Popen[str], int], tmp_path: Path) -> None:
    running, port = demo
    assert running.stdout is not None
    said = ""
    while not re.search(rf"http://127\.0\.0\.1:{port}/in/\S+", said):
        line = running.stdout.readline()
        assert line, said
        said += line
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                assert answer.status == 200
            break
        except OSError:
            running.poll()
            assert running.returncode is None, said
            time.sleep(0.3)
    else:
        pytest.fail(said)
    if not (ROOT / "studio/static/index.html").is_file():
        pytest.skip("the pages are not built here (make web); everything else was served")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
        assert '<div id="root">' in page.read().decode()
