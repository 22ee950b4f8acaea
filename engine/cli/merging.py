"""merge, undo-merge: two records made one, and two again. Floor: 7."""

from __future__ import annotations

import click

from engine.api import Engine
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage
from engine.facts import SYSTEM


def _place(text: str) -> tuple[str, int]:
    entity, _, number = text.partition("/")
    if not entity or not number.isdigit():
        raise WrongUsage(Problem("R162", parameters={"text": text}))
    return entity, int(number)


@click.command("merge")
@click.argument("record", metavar="ENTITY/ID")
@click.argument("other", type=int)
@click.option("--choose", multiple=True, metavar="FIELD=mine|theirs|both", help="这个字段取哪边的 · whose value stays")
@click.option("--dry-run", is_flag=True, help="只并排看看 · only side by side")
@click.pass_obj
def merge_command(speech: Speech, record: str, other: int, choose: tuple[str, ...], dry_run: bool) -> None:
    """把另一条合并进来,30 天内可以撤销 · make one record of two; it can be undone for 30 days."""
    entity, number = _place(record)
    chosen = dict(each.partition("=")[::2] for each in choose)
    with Engine.open(speech.site) as engine:
        if dry_run:
            found = engine.merging.look(SYSTEM, entity, number, other)
            for side in found["fields"]:
                if not side["same"]:
                    choice = chosen.get(side["name"], side["choice"])
                    speech.show(
                        f"{side['label']}: {side['mine_shown'] or '-'} | {side['theirs_shown'] or '-'} -> {choice}"
                    )
            for link in found["links"]:
                speech.show(f"{link['label']}.{link['field']}: {link['count']}")
            return
        done = engine.merging.merge(SYSTEM, entity, number, other, chosen)["merge"]
    if speech.as_json:
        speech.give(done)
        return
    moved = done["moved"]["links"]
    text = speech.word(
        f"第 {done['number']} 次合并:{entity}/{other} 已并入 {record},移过来 {moved} 个关联;"
        f"撤销用 flowloom undo-merge {done['number']}(30 天内)",
        f"merge {done['number']}: {entity}/{other} is in {record} now, {moved} links moved; "
        f"undo with flowloom undo-merge {done['number']} (30 days)",
    )
    speech.show(text)


@click.command("undo-merge")
@click.argument("number", type=int)
@click.pass_obj
def undo_merge_command(speech: Speech, number: int) -> None:
    """撤销一次合并,说明哪些后来的改动保留 · take a merge back, and say what was changed since and stays."""
    with Engine.open(speech.site) as engine:
        done = engine.merging.undo(SYSTEM, number)
    if speech.as_json:
        speech.give({"merge": done["merge"], "kept": done["kept"]})
        return
    merge = done["merge"]
    text = speech.word(
        f"已撤销:{merge['entity']}/{merge['record']} 和 {merge['entity']}/{merge['other']} 又是两条",
        f"undone: {merge['entity']}/{merge['record']} and {merge['entity']}/{merge['other']} are two again",
    )
    speech.show(text)
    for each in done["kept"]:
        speech.show(f"  {each['entity']}/{each['id']} {each['label']}: {each['why']}")
