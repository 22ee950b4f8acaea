"""work, runs, dead and retry, as scripts use them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import run
from engine.clock import SystemClock
from tests.company import Company, found
from tests.engine.site.test_runs import RULE, Sink, publish


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def site(tmp_path: Path, registry: Any, sink: Sink) -> Iterator[Company]:
    made = found(tmp_path / "site", SystemClock(), registry)  # type: ignore[arg-type]
    publish(made, RULE.format(url=sink.url))
    yield made
    made.engine.close()


def test_from_a_dead_run_to_a_done_one_on_the_command_line(
    site: Company, sink: Sink, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sink.answers = [(400, {}, {"errcode": 1})]
    lead = site.lead()

    def flowloom(*words: str) -> tuple[int, str]:
        code = run(["-C", str(site.folder), *words])
        return code, capsys.readouterr().out

    assert flowloom("work", "--until-idle", "--json") == (0, json.dumps({"done": 1}, indent=2) + "\n")
    code, text = flowloom("dead")
    assert code == 0 and "tell_erp" in text and "custom/outside.yaml:12:5" in text and "400" in text
    dead = json.loads(flowloom("dead", "--json")[1])
    number = str(dead[0]["id"])
    assert "停在这里" in flowloom("runs", number)[1]
    given = tmp_path / "input.json"
    given.write_text('{"path": "/mended"}', "utf-8")
    assert flowloom("retry", number, "--input", str(given)) == (0, "重试了 1 次运行\n")
    assert flowloom("retry", number)[0] == 1
    assert flowloom("retry")[0] == 2
    flowloom("work", "--until-idle")
    assert sink.got[-1][0] == "/api/mended"
    assert "done" in flowloom("runs", "--record", f"lead/{lead.id}", "--trigger", "tell_erp")[1]
    assert flowloom("dead") == (0, "")
    assert flowloom("runs", "--record", "lead")[0] == 2
    assert flowloom("runs", "999")[0] == 2
