"""work, runs, dead, retry, resume: the runs of rules, and the processes that carry them. Floor: 7."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import click

from engine import collector
from engine.api import Engine
from engine.cli.clockwork import keep_time
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage

STATES = ("live", "dead", "waiting", "queued", "done", "failed", "stopped", "skipped", "cancelled", "quarantined")


@click.command("work")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="同时做几个 · at once")
@click.option("--until-idle", is_flag=True, help="做完到期的就结束 · end when nothing is due")
@click.pass_obj
def work_command(speech: Speech, threads: int, until_idle: bool) -> None:
    """只干活不开网页的工作进程,可以开多个 · a worker process without pages; start as many as you like."""
    with Engine.open(speech.site) as engine:
        collector.settle()
        if until_idle:
            engine.tick()
            done = engine.runs.work()
            if speech.as_json:
                speech.give({"done": done})
            else:
                speech.say(f"做了 {done} 件", f"{done} done")
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        carried = engine.runs.start(threads)
        speech.say(
            f"工作进程 {os.getpid()} 已启动({carried},{threads} 个线程)",
            f"worker {os.getpid()} is up ({carried}, {threads} threads)",
        )
        try:
            keep_time(engine, stop)
        finally:
            engine.runs.stop()
            speech.say("手上的做完了,已停止", "what was begun is finished; stopped")


@click.command("runs")
@click.argument("number", type=int, required=False)
@click.option("--record", default="", metavar="ENTITY/ID", help="只看这条记录的,如 lead/12 · of one record")
@click.option("--state", type=click.Choice(STATES), default=None, help="只看这种状态的 · in one state")
@click.option("--trigger", default=None, help="只看这个触发器的 · of one trigger")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.pass_obj
def runs_command(
    speech: Speech, number: int | None, record: str, state: str | None, trigger: str | None, limit: int
) -> None:
    """规则的每次运行;给出编号就看每一步 · runs of rules; with a number, every step of one."""
    with Engine.open(speech.site) as engine:
        if number is not None:
            _one(speech, engine.runs.read(speech.system, number))
            return
        if not speech.as_json:
            _paused(speech, engine)
        found = engine.runs.listed(speech.system, record=_record(record), state=state, trigger=trigger, limit=limit)
        _listed(speech, found)


@click.command("dead")
@click.option("--trigger", default=None, help="只看这个触发器的 · of one trigger")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 10000))
@click.pass_obj
def dead_command(speech: Speech, trigger: str | None, limit: int) -> None:
    """停下来等人处理的运行:为什么、停在哪一步 · runs that wait for a person."""
    with Engine.open(speech.site) as engine:
        _listed(speech, engine.runs.listed(speech.system, state="dead", trigger=trigger, limit=limit))


@click.command("retry")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "every", is_flag=True, help="所有停下来的 · all that are dead")
@click.option("--trigger", default=None, help="和 --all 一起:只重试这个触发器的 · with --all: of one trigger")
@click.option(
    "--input", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="JSON:改掉要发送的内容里的这些项 · replaces these parts of what is sent",
)  # fmt: skip
@click.option("--current", is_flag=True, help="按现在发布的写法继续 · go on by the rule as it is now")
@click.pass_obj
def retry_command(
    speech: Speech, numbers: tuple[int, ...], every: bool, trigger: str | None, file: Path | None, current: bool
) -> int:
    """让停下来的运行从原处继续,不会重复生效 · let dead runs go on where they stopped."""
    with Engine.open(speech.site) as engine:
        chosen = list(numbers)
        if every:
            chosen += [
                each["id"] for each in engine.runs.listed(speech.system, state="dead", trigger=trigger, limit=10_000)
            ]
        if not chosen:
            raise WrongUsage(Problem("C002", parameters={"why": "flowloom retry NUMBER… | --all"}))
        done = engine.runs.retry(speech.system, chosen, _given(file), current=current)
        if speech.as_json:
            speech.give({"retried": done})
        else:
            speech.show(speech.word(f"重试了 {len(done)} 次运行", f"{len(done)} runs go on"))
    return 0 if len(done) == len(set(chosen)) else 1


@click.command("resume")
@click.argument("triggers", nargs=-1)
@click.option("--all", "every", is_flag=True, help="所有暂停的 · all that are paused")
@click.pass_obj
def resume_command(speech: Speech, triggers: tuple[str, ...], every: bool) -> None:
    """恢复因兜圈子而暂停的规则;不写名字就列出来 · let paused rules run again; without a name they are listed."""
    with Engine.open(speech.site) as engine:
        chosen = [each["trigger"] for each in engine.runs.paused(speech.system)] if every else list(triggers)
        if chosen:
            engine.runs.resume(speech.system, chosen)
        if speech.as_json:
            speech.give({"resumed": chosen, "paused": engine.runs.paused(speech.system)})
        elif chosen:
            speech.show(speech.word(f"已恢复:{'、'.join(chosen)}", f"resumed: {', '.join(chosen)}"))
        elif not _paused(speech, engine):
            speech.say("没有暂停的规则", "no rule is paused")


def _paused(speech: Speech, engine: Engine) -> bool:
    """Show the rules that are paused; False when there is none."""
    found = engine.runs.paused(speech.system)
    for each in found:
        since = each["at"][:19]
        speech.show(
            speech.word(
                f"已暂停 {each['trigger']}(从 {since} 起):{each['chain']}  -> flowloom resume {each['trigger']}",
                f"paused {each['trigger']} (since {since}): {each['chain']}  -> flowloom resume {each['trigger']}",
            )
        )
    return bool(found)


def _given(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise WrongUsage(Problem("C002", parameters={"why": f"{file.name}: {error}"})) from None
    if not isinstance(found, dict):
        raise WrongUsage(Problem("C002", parameters={"why": f"{file.name}: {{…}}"}))
    return found


def _record(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    entity, _, number = text.partition("/")
    if not entity or not number.isdigit():
        raise WrongUsage(Problem("C002", parameters={"why": "--record lead/12"}))
    return entity, int(number)


def _listed(speech: Speech, found: list[dict[str, Any]]) -> None:
    if speech.as_json:
        speech.give(found)
        return
    for run in found:
        about = f"{run['entity']}/{run['record']}" if run["record"] else "-"
        step = run["step"]["where"] if run["step"] and run["state"] != "done" else ""
        line = f"{run['id']:>6}  {run['state']:<11} {run['at'][:19]}  {about:<14} {run['trigger']}  {step}  {run['reason']}"
        speech.show(line.rstrip())


def _one(speech: Speech, run: dict[str, Any]) -> None:
    if speech.as_json:
        speech.give(run)
        return
    _listed(speech, [run])
    for step in run["steps"]:
        more = step.get("failed") or (
            "" if step.get("value") is None else json.dumps(step["value"], ensure_ascii=False, default=str)
        )
        speech.show(
            f"        {step['at'][11:19]} {step['path']:<12} {step['result']:<8} {step.get('step', ''):<8} {step.get('where', '')}  {more}".rstrip()
        )
    for note in run["notes"]:
        speech.show(f"        {note['at'][11:19]} {note['kind']}")
    if run.get("input"):
        speech.show(speech.word("        停在这里,要发送的是:", "        stopped here, about to send:"))
        speech.show("        " + json.dumps(run["input"], ensure_ascii=False))
