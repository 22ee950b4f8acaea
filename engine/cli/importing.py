"""import, attach, undo-import, export: files in and out. Floor: 7."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click

from engine import collector
from engine.api import Engine, Look, write_bad_rows
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage
from engine.facts import SYSTEM, Actor


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise WrongUsage([Problem("I009", parameters={"text": text}) for text in wrong])
    split = [text.partition("=") for text in texts]
    return {name.strip(): value.strip() for name, _, value in split}


def _actor(engine: Engine, login: str | None) -> Actor:
    if login is None:
        return SYSTEM
    found = engine.people.actor(login)
    if found is None:
        raise WrongUsage(Problem("C007", parameters={"login": login}))
    return found


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", required=True, help="放进哪个表 · which entity, e.g. lead")
@click.option("--map", "mapping", multiple=True, metavar="字段=列名", help="哪个字段取哪一列,可写多次 · field=column")
@click.option("--set", "constants", multiple=True, metavar="字段=值", help="每行都填的值 · a value for every row")
@click.option(
    "--match-on", multiple=True, metavar="字段", help="这些字段相同就是同一条,更新它 · same record when equal"
)
@click.option("--dry-run", is_flag=True, help="只检查,不写入 · check only")
@click.option("--again", is_flag=True, help="导入过的文件再导一遍 · import a file again")
@click.option(
    "--errors", type=click.Path(dir_okay=False, path_type=Path), help="没导入的行写到这个 CSV · write bad rows to a CSV"
)
@click.option(
    "--files",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="文件列里写的是这个文件夹里的文件名 · names in file columns are files of this folder",
)
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def import_command(
    speech: Speech,
    file: Path,
    into: str,
    mapping: tuple[str, ...],
    constants: tuple[str, ...],
    match_on: tuple[str, ...],
    dry_run: bool,
    again: bool,
    errors: Path | None,
    files: Path | None,
    login: str | None,
) -> int:
    """导入 CSV 或 Excel,每一行走完整流程 · take a CSV or Excel file in.

    \b
    flowloom import 展会.csv --into lead --map company=单位 --map phone=手机 --dry-run
    中断后重新运行同一条命令会接着做 · run the same command again to go on after a stop
    """
    with Engine.open(speech.site) as engine:
        engine.revisions.publish_if_new()
        collector.settle()
        with speech.progress("导入", "importing") as advance:
            report = engine.import_file(
                _actor(engine, login),
                file,
                into,
                mapping=_pairs(mapping),
                constants=_pairs(constants),
                match_on=match_on,
                dry_run=dry_run,
                again=again,
                files=files,
                progress=advance,
            )
    if errors is not None and report.bad:
        write_bad_rows(report, errors, speech.language)
    if speech.as_json:
        speech.give(report.json(speech.language))
    else:
        _tell(speech, report, errors)
    return 1 if report.bad else 0


def _tell(speech: Speech, report: object, errors: Path | None) -> None:
    bad = report.bad  # type: ignore[attr-defined]
    for one in bad[:20]:
        for problem in one.problems:
            speech.show(speech.word(f"第 {one.row} 行 ", f"row {one.row} ") + problem.line(speech.language))
    if len(bad) > 20:
        speech.show(speech.word(f"… 还有 {len(bad) - 20} 行", f"… and {len(bad) - 20} more rows"))
    made, matched, number = report.created, report.matched, report.number  # type: ignore[attr-defined]
    if report.dry_run:  # type: ignore[attr-defined]
        speech.show(
            speech.word(
                f"试运行: 会新建 {made} 条,更新 {matched} 条,{len(bad)} 行有问题,没有写入任何内容",
                f"dry run: {made} would be created, {matched} updated, {len(bad)} rows are bad; nothing was written",
            )
        )
        return
    speech.show(
        speech.word(
            f"第 {number} 次导入: 新建 {made} 条,更新 {matched} 条,{len(bad)} 行没有导入。撤销: flowloom undo-import {number}",
            f"import {number}: {made} created, {matched} updated, {len(bad)} rows not taken. Undo: flowloom undo-import {number}",
        )
    )
    if errors is not None and bad:
        speech.say(f"没导入的行在 {errors}", f"the rows not taken are in {errors}")


@click.command("attach")
@click.argument("record", metavar="lead/12")
@click.argument("field")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def attach_command(speech: Speech, record: str, field: str, file: Path, login: str | None) -> None:
    """把文件放进一条记录 · put a file into a record: flowloom attach lead/12 contract 合同.pdf."""
    entity, _, number = record.partition("/")
    if not number.isdigit():
        raise WrongUsage(Problem("R162", parameters={"text": record}))
    with Engine.open(speech.site) as engine, file.open("rb") as stream:
        actor = _actor(engine, login)
        kept = engine.files.keep(actor, engine.files.wanted(actor, entity, field), file.name, stream)
        engine.update(actor, entity, int(number), {field: kept.id})
    if speech.as_json:
        speech.give({"id": kept.id, "name": kept.name, "size": kept.size, "type": kept.type})
    else:
        speech.say(f"{record} 的 {field} 现在是 {kept.name}", f"{field} of {record} is now {kept.name}")


@click.command("document")
@click.argument("template")
@click.argument("record", metavar="lead/12")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None, help="写到哪里 · where to")
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def document_command(speech: Speech, template: str, record: str, out: Path | None, login: str | None) -> None:
    """改模板时先看一眼:按文件夹里现在的模板,给一条记录做出 PDF · what a template makes of a record, before it is published."""
    entity, _, number = record.partition("/")
    if not number.isdigit():
        raise WrongUsage(Problem("R162", parameters={"text": record}))
    with Engine.open(speech.site) as engine:
        name, paper = engine.files.draft(_actor(engine, login), template, entity, int(number))
    target = out or Path(name)
    target.write_bytes(paper.content)
    if speech.as_json:
        speech.give(
            {"file": str(target), "pages": paper.pages, "size": len(paper.content), "missed": list(paper.missed)}
        )
        return
    speech.show(
        speech.word(f"{target}: {paper.pages} 页", f"{target}: {paper.pages} page{'' if paper.pages == 1 else 's'}")
    )
    if paper.missed:
        shown = " ".join(paper.missed)
        speech.say(f"字体里没有、写成了名称的: {shown}", f"no font has these, their names stand instead: {shown}")


@click.command("undo-import")
@click.argument("number", type=int)
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def undo_import_command(speech: Speech, number: int, login: str | None) -> None:
    """撤销一次导入;之后被改过的记录会留下 · take an import back; records changed since stay."""
    with Engine.open(speech.site) as engine:
        done = engine.imports.take_back(_actor(engine, login), number)
    if speech.as_json:
        speech.give(done)
        return
    kept = ", ".join(map(str, done["kept"][:20]))
    speech.show(speech.word(f"已撤销 {done['undone']} 条", f"{done['undone']} records taken back"))
    if kept:
        speech.show(speech.word(f"之后被改过、保留的: {kept}", f"changed since and kept: {kept}"))


@click.command("export")
@click.argument("entity")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".csv / .xlsx")
@click.option("--where", default="", help="条件,和 YAML 里一样写 · an expression")
@click.option("--view", default=None, help="用哪个视图的列和条件 · a view")
@click.option("--as", "login", default=None, help="以谁的身份 · as whom")
@click.pass_obj
def export_command(speech: Speech, entity: str, output: Path, where: str, view: str | None, login: str | None) -> None:
    """导出 CSV 或 Excel · write CSV or Excel: flowloom export lead -o leads.xlsx --where "stage == 'new'"."""
    kind = output.suffix.removeprefix(".").lower()
    if kind not in ("csv", "xlsx"):
        raise WrongUsage(Problem("C015", parameters={"file": output.name}))
    if not output.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(output.parent))
    with Engine.open(speech.site) as engine:
        rows = engine.export(_actor(engine, login), entity, kind, Look(where=where), view)
        with output.open("wb") as file:
            for part in rows:
                file.write(part)
    speech.say(f"已写入 {output}", f"written to {output}")
