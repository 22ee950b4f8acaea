"""What the tutorial and the how-to pages show is tried here: files are written, commands run, what they say compared.

In a page a block ``yaml`` whose first line names a file becomes that file of the site ``demo``; a block ``sh`` is run line by
line, ``# exit 1`` behind a line says with which code it ends; each line of a block ``text`` is said by the commands before
it (a line with … or a moment in it differs from day to day and is not compared). Blocks of other kinds are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import run
from engine.plugins.registry import Registry
from tests.docs.pages import DOCS, ROOT, Block, blocks

PAGES = sorted(page for folder in ("tutorial", "how-to") for page in (DOCS / folder).glob("*.zh.md"))
ENGLISH = sorted(page for folder in ("tutorial", "how-to") for page in (DOCS / folder).glob("*.en.md"))
EXIT = re.compile(r"\s+# exit (\d+)$")
MOMENT = re.compile(r"\d\d-\d\d \d\d:\d\d|\d{4}-\d\d-\d\dT")


def names(pages: list[Path]) -> list[str]:
    return [page.relative_to(DOCS).as_posix() for page in pages]


def write(block: Block, place: Path) -> None:
    assert block.file is not None
    target = place / ("" if block.file.endswith(".csv") else "demo") / block.file
    target.parent.mkdir(parents=True, exist_ok=True)
    text = block.text.split("\n", 1)[1] if block.kind == "csv" else block.text
    target.write_text(text, "utf-8")


def carry_out(block: Block, capsys: pytest.CaptureFixture[str]) -> str:
    """Run each line; what they said together."""
    said = ""
    for line in block.text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        code = int(found[1]) if (found := EXIT.search(line)) else 0
        words = shlex.split(line, comments=True)
        assert words[0] == "flowloom", f"only flowloom is run: {line}"
        ended = run(words[1:])
        spoken = capsys.readouterr()
        said += spoken.out + spoken.err
        assert ended == code, f"{line}\n{spoken.out}{spoken.err}"
    return said


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def compare(block: Block, said: str) -> None:
    for line in map(squeezed, block.text.splitlines()):
        if line and "…" not in line and not MOMENT.search(line):
            assert line in squeezed(said), f"the page shows: {line}\nthe command said:\n{said}"


def follow(page: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ""
    for block in blocks(page):
        if block.kind == "yaml" and block.file and not block.file.endswith("site.yaml") or block.kind == "csv":
            write(block, place)
        elif block.kind == "sh":
            said = carry_out(block, capsys)
        elif block.kind == "text":
            compare(block, said)


@pytest.mark.parametrize("name", names(PAGES))
def test_the_page_can_be_followed_and_says_what_is_said(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    follow(DOCS / name, place, capsys)


def test_the_tutorial_can_be_followed_in_english(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWLOOM_LANG", "en")
    follow(DOCS / "tutorial/first-change.en.md", place, capsys)


@pytest.mark.parametrize("name", names(ENGLISH))
def test_both_languages_show_the_same_files_and_commands(name: str) -> None:
    def shown(page: Path) -> list[tuple[str, str]]:
        return [
            (block.kind, _plain(block)) for block in blocks(page) if block.kind not in ("text", "mermaid", "console")
        ]

    english = DOCS / name
    assert shown(english) == shown(english.with_name(english.name.replace(".en.md", ".zh.md")))


def _plain(block: Block) -> str:
    """The block without what is for readers of one language: comments and messages, but not the name of a file."""
    bare = re.sub(r'-m "[^"]*"', "-m", block.text)
    return (block.file or "") + "\n".join(re.sub(r"(^|\s+)#\s.*$", "", line) for line in bare.splitlines())


def test_every_document_of_a_page_is_in_a_file_that_is_tried() -> None:
    for page in (*PAGES, *ENGLISH):
        for block in blocks(page):
            if block.kind == "yaml" and re.search(r"^kind:", block.text, re.M):
                assert block.file, f"{page.name}: say in which file this is:\n{block.text}"


@pytest.mark.parametrize(("page", "language"), [("README.md", "zh"), ("README.en.md", "en")])
def test_the_front_page_shows_a_rule_that_loads_and_the_message_a_mistake_gets(
    page: str, language: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = next(block.text for block in blocks(ROOT / page) if block.kind == "yaml")
    message = next(block.text for block in blocks(ROOT / page) if block.kind == "" and "source_tag" in block.text)
    target = place / "demo/custom/trigger/douyin.yaml"
    target.parent.mkdir(parents=True)
    target.write_text(rule, "utf-8")
    assert run(["-C", "demo", "lint"]) == 0, capsys.readouterr().out
    target.write_text(rule.replace("source_tag", "soruce_tag"), "utf-8")
    assert run(["-C", "demo", "--lang", language, "lint"]) == 1
    assert squeezed(message) in squeezed(capsys.readouterr().out)


def test_the_plugin_of_its_page_is_found_and_passes_its_own_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [block for block in blocks(DOCS / "how-to/write-a-plugin.zh.md") if block.kind == "python"]
    for block in files:
        assert block.file
        target = tmp_path / block.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.text, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Registry.discover(["engine.plugins", "short_name.plugins.initials"], entry_points=False)
    assert "initials" in found.names("function")
    for block in files:
        if block.file and block.file.startswith("tests/"):
            spoken: dict[str, Any] = {}
            exec(compile(block.text, block.file, "exec"), spoken)
            tests = [value for name, value in spoken.items() if name.startswith("test_")]
            assert tests
            for test in tests:
                test()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page on the API is tried with curl")
def test_the_calls_of_the_page_on_the_api_are_answered(place: Path) -> None:
    from werkzeug.serving import make_server

    from engine.api import Engine
    from studio.app import create_app

    calls = "".join(block.text for block in blocks(DOCS / "how-to/use-the-api.zh.md") if block.kind == "bash")
    assert calls.count("curl") >= 5
    with Engine.open(place / "demo") as engine:
        server = make_server("127.0.0.1", 0, create_app(engine), threaded=True)
        served = threading.Thread(target=server.serve_forever, daemon=True)
        served.start()
        try:
            script = "set -e\n" + calls.replace("127.0.0.1:8630", f"127.0.0.1:{server.port}").replace(
                "curl -s", "curl -sS -f"
            )
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            done = subprocess.run(
                ["bash", "-c", script], capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=120
            )
        finally:
            server.shutdown()
            served.join(5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"owner_why"' in done.stdout
