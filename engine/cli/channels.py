"""connection, inbox: what comes in from outside, tried, looked at, mended, replayed. Floor: 7."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import click

from engine.api import Engine
from engine.cli.speech import Speech
from engine.errors import Problem

KINDS = {".json": "application/json", ".form": "application/x-www-form-urlencoded", ".txt": "application/json"}


@click.group("connection", invoke_without_command=True)
@click.pass_context
def connection_command(context: click.Context) -> None:
    """连接:看、试、取、问 · connections: list, try, poll, probe, embed.

    \b
    flowloom connection                        都有哪些,来了多少 · what there is and what came
    flowloom connection try website 样例.json   粘一份原始内容,看会变成什么,不写入 · nothing is written
    """
    if context.invoked_subcommand is None:
        _listed(context.obj)


def _listed(speech: Speech) -> None:
    with Engine.open(speech.site) as engine:
        found = engine.channels.listing(speech.system)
        spooled = engine.channels.spool.count()
    if speech.as_json:
        speech.give({"connections": found, "spooled": spooled})
        return
    for one in found:
        counts = " ".join(f"{state}={count}" for state, count in sorted(one["counts"].items())) or "-"
        late = (
            speech.word(f" 该来没来,自 {one['silent_since']}", f" silent since {one['silent_since']}")
            if one["silent_since"]
            else ""
        )
        speech.show(
            f"{one['name']}  {one['connector']} -> {one['into'] or '-'}  {one['address'] or ''}  {counts}{late}"
        )
        why, poll = one["why"], one["poll"]
        if why and not (poll and poll["error"]):
            speech.show(speech.word("   要处理:", "   needs attention: ") + f"{why['message']} -> {why['fix']}")
        if poll and poll["next"]:
            speech.show(speech.word(f"   下次去取 {poll['next']}", f"   next look {poll['next']}"))
        if poll and poll["error"]:
            since = poll["failing_since"]
            speech.show(speech.word(f"   自 {since} 取不到:", f"   failing since {since}: ") + poll["error"])
    if spooled:
        speech.show(speech.word(f"还有 {spooled} 条在文件里等数据库", f"{spooled} wait in files for the database"))


@connection_command.command("try")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", default=None, help="内容类型 · media type, e.g. application/json")
@click.pass_obj
def try_command(speech: Speech, name: str, file: Path, kind: str | None) -> int:
    """一份原始内容会变成什么;什么都不写入 · what would come of a raw input; nothing is written."""
    guessed = KINDS.get(file.suffix.lower()) or mimetypes.guess_type(file.name)[0] or "application/json"
    with Engine.open(speech.site) as engine:
        found = engine.channels.trial(speech.system, name, file.read_bytes(), kind or guessed, file.name)
    if speech.as_json:
        speech.give({"items": [_plain(one, speech.language) for one in found]})
    else:
        for number, one in enumerate(found, start=1):
            _tell(speech, number, one)
    return 1 if any(one["action"] == "refused" for one in found) else 0


ACTIONS = {
    "created": ("会新建", "would be created"),
    "matched": ("会更新已有的", "would change an existing one"),
    "received": ("会触发规则,不写记录", "would only start rules"),
    "refused": ("会留在收件箱,等人处理", "would wait in the inbox for a person"),
}


def _tell(speech: Speech, number: int, one: dict[str, Any]) -> None:
    zh, en = ACTIONS[one["action"]]
    which = f" #{one['record']}" if one.get("record") else ""
    speech.show(f"{number}. {speech.word(zh, en)}{which}")
    for problem in one.get("problems", ()):
        speech.show(f"   {problem.line(speech.language)}")
    for name, value in (one.get("values") or {}).items():
        speech.show(f"   {name}: {value}")


def _plain(one: dict[str, Any], language: str) -> dict[str, Any]:
    problems = [problem.json(language) for problem in one.get("problems", ())]
    return {**one, "problems": problems} if problems else one


@connection_command.command("upload")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def upload_command(speech: Speech, name: str, file: Path) -> int:
    """交一份表格,一行一条;交两次不会重复 · hand over a table, a delivery a row; twice has no effect."""
    with Engine.open(speech.site) as engine:
        done = engine.channels.upload(speech.system, name, file.name, file.read_bytes())
    if speech.as_json:
        speech.give(done)
    else:
        zh = f"新来 {done['new']} 条,以前来过 {done['known']} 条,等人处理 {done['waiting']} 条"
        speech.show(speech.word(zh, f"{done['new']} new, {done['known']} known, {done['waiting']} wait for a person"))
    return 1 if done["waiting"] else 0


@connection_command.command("probe")
@click.argument("name")
@click.pass_obj
def probe_command(speech: Speech, name: str) -> None:
    """问问对方在不在 · ask whether the other side answers."""
    with Engine.open(speech.site) as engine:
        said = engine.channels.probe(speech.system, name)
    speech.show(
        said or speech.word("密钥都在;这个连接等别人来找它", "its secrets are there; it waits for others to come")
    )


@connection_command.command("poll")
@click.argument("name")
@click.option(
    "--from-start", is_flag=True, help="从头再取,来过的不会重复生效 · read all again; what came has no effect twice"
)
@click.pass_obj
def poll_command(speech: Speech, name: str, from_start: bool) -> int:
    """现在就去取一次,不等定时 · look now, whatever the schedule says."""
    with Engine.open(speech.site) as engine:
        done = engine.channels.fetching.poll(speech.system, name, from_start=from_start)
    if speech.as_json:
        speech.give(done)
    elif done["busy"]:
        speech.show(speech.word("另一个进程正在取", "another process is looking right now"))
    elif done.get("waits"):
        speech.show(speech.word(f"限量,{done['waits']} 再取", f"limited, looked at {done['waits']}"))
    else:
        speech.show(speech.word(f"新来 {done['came']} 条", f"{done['came']} new"))
        if done["error"]:
            speech.show(done["error"])
    return 1 if done["error"] else 0


@connection_command.command("embed")
@click.argument("name")
@click.option("--url", default="http://127.0.0.1:8630", show_default=True, help="站点的地址 · the site's address")
@click.pass_obj
def embed_command(speech: Speech, name: str, url: str) -> int:
    """公开表单贴到别的网页里的代码 · the code that puts a public form into another page."""
    with Engine.open(speech.site) as engine:
        form = engine.manifest.forms.get(name.removeprefix("form:"))
    if form is None or form.public is None:
        speech.problems([Problem("I025", parameters={"name": name})])
        return 1
    address = f"{url.rstrip('/')}/f/{form.public.path}"
    speech.show(f'<script src="{address}/embed.js"></script>')
    speech.show(f'<iframe src="{address}" title="{form.name}" style="width:100%;border:0;min-height:640px"></iframe>')
    return 0


@click.group("inbox", invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice(["quarantined", "parked", "new", "skipped", "done"]),
    default="quarantined",
    show_default=True,
    help="哪一种状态 · which state",
)
@click.option("--connection", default=None, help="哪一个连接的 · of one connection")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@click.pass_context
def inbox_command(context: click.Context, state: str, connection: str | None, limit: int) -> None:
    """收件箱:进来的原始内容,先留下再处理 · raw deliveries, kept before anything is made of them.

    \b
    flowloom inbox                       等人处理的 · what waits for a person
    flowloom inbox replay 7 --input 7.json   改好再来一次 · mend it and work it off again
    """
    if context.invoked_subcommand is not None:
        return
    speech: Speech = context.obj
    with Engine.open(speech.site) as engine:
        found = engine.channels.deliveries(speech.system, state, limit, name=connection)
    if speech.as_json:
        speech.give({"items": found})
        return
    for one in found:
        speech.show(f"{one['id']}  {one['connection']}  {one['received_at']}  {one['state']}  {_place(one)}".rstrip())
        speech.show(f"   {one.get('reason') or one.get('record') or ''}")
        speech.show(f"   {one['body'][:300]}")
    if not found:
        speech.show(speech.word("没有", "none"))


def _place(one: dict[str, Any]) -> str:
    """Where in a file it stood: ``leads.csv:12``."""
    facts = one["facts"]
    file = facts.get("file") or {}
    return f"{file.get('name', '')}:{facts['row']}" if "row" in facts else str(file.get("name", ""))


@inbox_command.command("replay")
@click.argument("id", type=int)
@click.option(
    "--input",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="改好的内容 · the mended input",
)
@click.pass_obj
def replay_command(speech: Speech, id: int, file: Path | None) -> int:
    """再处理一次;已经处理好的不会再做 · work it off once more; one that is done stays as it is."""
    with Engine.open(speech.site) as engine:
        done = engine.channels.replay(speech.system, id, file.read_bytes() if file is not None else None)
    if speech.as_json:
        speech.give(done)
    else:
        record = done.get("record")
        shown = f"{record['entity']} {record['id']}" if record else done.get("reason", "")
        speech.show(f"{done['id']}  {done['state']}  {shown}")
    return 0 if done["state"] == "done" else 1
