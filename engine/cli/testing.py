"""test: the scenarios, in virtual time. Floor: 7."""

from __future__ import annotations

import click

from engine.api import Workbench
from engine.cli.speech import Speech


@click.command("test")
@click.argument("names", nargs=-1)
@click.pass_obj
def test_command(speech: Speech, names: tuple[str, ...]) -> int:
    """用虚拟时间跑场景测试 · run the scenarios in virtual time."""
    results = Workbench(speech.site).test(names)
    failed = [result for result in results if result["problems"]]
    if speech.as_json:
        speech.give(
            [{**result, "problems": [p.json(speech.language) for p in result["problems"]]} for result in results]
        )
        return 1 if failed else 0
    for result in results:
        mark = "✗" if result["problems"] else "✓"
        speech.show(f"{mark} {result['name']}  {result['label']}".rstrip())
        speech.problems(result["problems"])
    speech.say(
        f"{len(results)} 个场景,{len(failed)} 个没有通过",
        f"{len(results)} scenarios, {len(failed)} failed",
    )
    return 1 if failed else 0
