"""plan, publish, rollback, revisions, audit: from the folder to what runs. Floor: 7."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import click

from engine.api import Choices, Engine
from engine.cli.speech import Speech
from engine.errors import FlowloomError, Problem, WrongUsage
from engine.facts import SYSTEM, Actor


@click.command("plan")
@click.option("--to", type=int, default=None, metavar="N", help="退回第 N 版会改变什么 · of going back to revision N")
@click.pass_obj
def plan_command(speech: Speech, to: int | None) -> int:
    """发布会改变什么:文件、表、受影响的记录、计时、运行和审批 · what a publish would change.

    退出码 · exit code: 0 没有变化 none, 1 有变化 some.
    """
    with Engine.open(speech.site) as engine:
        plan = engine.revisions.plan(to)
        if speech.as_json:
            speech.give(plan.json(speech.language))
        else:
            speech.show(plan.text(speech.language))
        return 1 if plan.changes_anything else 0


#: What a publish and a way back ask for alike: what becomes of what is in flight, and of values a new type cannot hold.
_IN_FLIGHT = (
    click.option(
        "--timers",
        type=click.Choice(["keep", "change"]),
        default=None,
        help="在途计时:保持原时限 / 改用另一版的时限 · running timers",
    ),
    click.option(
        "--move",
        multiple=True,
        metavar="MACHINE.STATE=STATE",
        help="被删状态里的记录移到哪 · where records of a removed state go",
    ),
    click.option(
        "--runs",
        multiple=True,
        metavar="[RULE=]keep|change|stop",
        help="在途的运行:按旧步骤做完 / 按新步骤接着做 / 停下 · runs in flight",
    ),
    click.option(
        "--approvals",
        multiple=True,
        metavar="[RULE=]keep|change|stop",
        help="等着的审批:原来的人决定 / 按新规则重新请人 / 作废 · open approvals",
    ),
    click.option(
        "--allow-lossy", is_flag=True, help="允许会丢精度的类型变化 · allow changes of type that lose something"
    ),
)


def _in_flight(command: Callable[..., int]) -> Callable[..., int]:
    """The command with these options, in this order."""
    for option in reversed(_IN_FLIGHT):
        command = option(command)
    return command


@click.command("publish")
@click.option("-m", "--message", default="", help="为什么改 · why")
@_in_flight
@click.option(
    "--tell",
    multiple=True,
    metavar="TEMPLATE=senders|everybody",
    help="改过的模板告诉谁:发过它的人 / 全员 · whom to tell of a changed template",
)
@click.option("--skip-scenarios", is_flag=True, help="不跑场景 · do not run the scenarios")
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def publish_command(
    speech: Speech,
    message: str,
    timers: str | None,
    move: tuple[str, ...],
    runs: tuple[str, ...],
    approvals: tuple[str, ...],
    allow_lossy: bool,
    tell: tuple[str, ...],
    skip_scenarios: bool,
    login: str | None,
) -> int:
    """检查、跑场景、改表,然后一次切换 · check, run the scenarios, migrate, switch at once.

    没有变化就不产生新版本 · an unchanged folder makes no revision.
    """
    telling = {name: {"to": to, "note": ""} for name, _, to in (one.rpartition("=") for one in tell)}
    choices = Choices(
        timers, _moves(move), allow_lossy, not skip_scenarios, _words(runs), _words(approvals), tell=telling
    )
    with Engine.open(speech.site) as engine:
        done = engine.revisions.publish(message, choices, _publisher(engine, login))
        if speech.as_json:
            speech.give(done.json(speech.language))
        else:
            speech.show(done.text(speech.language))
    return 0


def _publisher(engine: Engine, login: str | None) -> Actor:
    """Who publishes: the user of that login, else the user called like the person at this machine if they may publish, else
    the engine itself, with that name kept beside. Raises WrongUsage (C007), Forbidden."""
    if login is not None:
        found = engine.people.actor(login) if engine.revision else None
        if found is None:
            raise WrongUsage(Problem("C007", parameters={"login": login}))
        engine.allow(found, "publish")
        return found
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        return SYSTEM
    known = engine.people.actor(name) if engine.revision else None
    if known is not None and "publish" in engine.people.may(known):
        return known
    return replace(SYSTEM, address=name)


def _moves(pairs: tuple[str, ...]) -> dict[str, str]:
    """``lead_stage.old=new`` pairs as a map. Raises WrongUsage for one without ``=``."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise WrongUsage([Problem("C013", parameters={"text": pair}) for pair in wrong])
    return dict(pair.split("=", 1) for pair in pairs)


@click.command("rollback")
@click.argument("number", type=int)
@click.option("-m", "--message", default="", help="为什么 · why")
@_in_flight
@click.option("--undo/--no-undo", default=True, help="把发布动过的在途放回原样 · put what was in flight as it was")
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def rollback_command(
    speech: Speech,
    number: int,
    message: str,
    timers: str | None,
    move: tuple[str, ...],
    runs: tuple[str, ...],
    approvals: tuple[str, ...],
    allow_lossy: bool,
    undo: bool,
    login: str | None,
) -> int:
    """让某个历史版本重新生效,在途的放回原样 · make a revision current again, what was in flight as it was."""
    choices = Choices(timers, _moves(move), allow_lossy, True, _words(runs), _words(approvals), undo)
    with Engine.open(speech.site) as engine:
        done = engine.revisions.rollback(number, message, choices, _publisher(engine, login))
        if speech.as_json:
            speech.give(done.json(speech.language))
        else:
            speech.show(done.text(speech.language))
    return 0


def _words(given: tuple[str, ...]) -> dict[str, str]:
    """``keep`` for all rules, ``follow_up=stop`` for one."""
    return {name or "*": choice for name, _, choice in (one.rpartition("=") for one in given)}


@click.command("revisions")
@click.pass_obj
def revisions_command(speech: Speech) -> None:
    """发布过的版本:编号、何时(站点时区)、谁、为什么 · published revisions, in the site's time zone."""
    with Engine.open(speech.site) as engine:
        found = engine.revisions.listed()
        if speech.as_json:
            speech.give(found)
            return
        zone = ZoneInfo(engine.manifest.site.timezone)
        for revision in found:
            mark = "*" if revision["current"] else " "
            at = dt.datetime.fromisoformat(revision["at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
            speech.show(f"{mark} {revision['number']:>4}  {at}  {revision['by']:<12} {revision['message']}".rstrip())


@click.command("audit")
@click.pass_obj
def audit_command(speech: Speech) -> int:
    """验证操作日志没有被改动 · verify the chain of the audit log."""
    with Engine.open(speech.site) as engine:
        verdict = engine.health.audit()
        if speech.as_json:
            speech.give(verdict)
        if not verdict["ok"]:
            if speech.as_json:
                return 1
            raise FlowloomError(Problem("C010", parameters=verdict))
        if not speech.as_json:
            speech.show(speech.word(f"日志完整,{verdict['rows']} 行", f"the log is whole, {verdict['rows']} rows"))
    return 0
