"""The command ``flowloom notifications``: last week's messages under other limits. Floor: 7."""

from __future__ import annotations

import click

from engine.api import Engine
from engine.cli.speech import Speech
from engine.facts import SYSTEM


@click.command("notifications")
@click.argument("what", type=click.Choice(["preview"]))
@click.option("--quiet", default="", metavar="21:00-08:00", help="免打扰 · quiet hours")
@click.option("--per-day", default="", metavar="20", help="每人每天上限 · most for one person a day")
@click.option("--group", default="", metavar="15m", help="多久之内合并 · group within")
@click.pass_obj
def notifications_command(speech: Speech, what: str, quiet: str, per_day: str, group: str) -> int:
    """提醒预览:按新的限制,上周每个人会收到几条 · last week's messages under other limits.

    例 · example: flowloom notifications preview --quiet 21:00-08:00 --per-day 20 --group 15m
    """
    with Engine.open(speech.site) as engine:
        found = engine.people.preview(SYSTEM, quiet=quiet, per_day=per_day, group=group)
    if speech.as_json:
        speech.give(found)
        return 0
    before, after, days = found["before"], found["after"], found["days"]
    speech.show(
        speech.word(
            f"最近 {days} 天:{before} 条会变成 {after} 条", f"Last {days} days: {before} messages would be {after}"
        )
    )
    for one in found["people"]:
        most = one["most_a_day"]
        speech.show(
            speech.word(
                f"  {one['name']}: {one['before']} → {one['after']}(合并 {one['grouped']},留到汇总 {one['held']};"
                f"一天最多 {most['before']} → {most['after']})",
                f"  {one['name']}: {one['before']} -> {one['after']} (grouped {one['grouped']}, held {one['held']}; "
                f"most a day {most['before']} -> {most['after']})",
            )
        )
    return 0
