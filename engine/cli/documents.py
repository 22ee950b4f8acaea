"""lint, fmt, show, set, explain, schema: the documents themselves, without a database. Floor: 7."""

from __future__ import annotations

from pathlib import Path

import click

from engine.api import Workbench, explain
from engine.cli.speech import Speech
from engine.errors import Problem, WrongUsage, catalogue, nearest


@click.command("lint")
@click.option("--fix", is_flag=True, help="改好能自动改的 · mend what can be mended")
@click.option("--github", is_flag=True, help="GitHub 注释格式 · GitHub annotations")
@click.pass_obj
def lint_command(speech: Speech, fix: bool, github: bool) -> int:
    """检查全部配置,一次报出所有问题 · check every document, all problems at once."""
    bench = Workbench(speech.site)
    fixed = bench.fix() if fix else []
    for path in fixed:
        speech.say(f"已修正 {path}", f"fixed {path}")
    problems = bench.lint()
    errors = [p for p in problems if p.severity == "error"]
    if speech.as_json:
        speech.give({"fixed": fixed, "problems": [p.json(speech.language) for p in problems]})
    elif github:
        for p in problems:
            level = "error" if p.severity == "error" else "warning"
            place = f"file={p.where.file},line={p.where.line},col={p.where.column}"
            speech.show(f"::{level} {place}::{p.code} {p.what(speech.language)} {p.fix(speech.language)}".rstrip())
    else:
        speech.problems(problems)
        warned = len(problems) - len(errors)
        speech.say(
            f"{bench.count} 个文件,{len(errors)} 个错误,{warned} 个提醒",
            f"{bench.count} files, {len(errors)} errors, {warned} warnings",
        )
    return 1 if errors else 0


@click.command("fmt")
@click.option("--check", is_flag=True, help="只看不改 · change nothing")
@click.option("--to-utf8", is_flag=True, help="把 GBK / UTF-16 文件转成 UTF-8 · convert to UTF-8")
@click.pass_obj
def fmt_command(speech: Speech, check: bool, to_utf8: bool) -> int:
    """统一缩进和空格,保留注释 · even out indentation and spaces; comments stay."""
    bench = Workbench(speech.site)
    changed = bench.to_utf8(check) if to_utf8 else bench.format(check)
    if speech.as_json:
        speech.give({"changed": changed})
    else:
        for path in changed:
            speech.show(path)
    return 1 if check and changed else 0


@click.command("show")
@click.argument("name")
@click.pass_obj
def show_command(speech: Speech, name: str) -> None:
    """合并后的最终写法,每行注明来自哪个文件 · the merged document, each line with its file."""
    shown = Workbench(speech.site).show(name)
    if speech.as_json:
        speech.give(shown)
    else:
        speech.show(shown["text"])


@click.command("set")
@click.argument("name")
@click.argument("path")
@click.argument("value", required=False)
@click.option("--remove", is_flag=True, help="删掉这一项 · take it away")
@click.option("--rename", "new_name", help="改这个键的名字 · rename the key")
@click.option("--insert", is_flag=True, help="在这个位置插入 · insert at this place")
@click.option("--move", "to", help="移动到另一个位置 · move to another place")
@click.option("--dry-run", is_flag=True, help="只看改动 · only show the change")
@click.pass_obj
def set_command(
    speech: Speech,
    name: str,
    path: str,
    value: str | None,
    remove: bool,
    new_name: str | None,
    insert: bool,
    to: str | None,
    dry_run: bool,
) -> None:
    """就地改一个值,注释和其他行不动 · change one value in place.

    \b
    flowloom set first_call_limit 8h              (参数 · a parameter)
    flowloom set lead_stage /states/new/within 8h
    flowloom set crm.lead /fields/contact/required true   (改的是安装包,自动写成 custom/ 里的覆盖)
    """
    bench = Workbench(speech.site)
    if value is None and not (remove or new_name or insert or to):
        changed = bench.set_parameter(name, path, dry_run=dry_run)
        speech.give(changed) if speech.as_json else speech.show(changed["diff"])
        return
    operation = "remove" if remove else "rename" if new_name else "move" if to else "insert" if insert else "set"
    if operation == "insert" and value is None:
        raise WrongUsage(Problem("C003", parameters={"path": path}))
    edit = {"op": operation, "at": path}
    if new_name or to:
        edit["to"] = new_name or to or ""
    elif value is not None:
        edit["text"] = value
    changed = bench.edit(name, [edit], dry_run=dry_run)
    if speech.as_json:
        speech.give(changed)
    else:
        speech.show(changed["diff"])


@click.command("explain")
@click.argument("code")
@click.pass_obj
def explain_command(speech: Speech, code: str) -> None:
    """解释一个编号 · explain a code: flowloom explain Y003."""
    wanted = code.upper()
    if wanted not in catalogue():
        raise WrongUsage(Problem("C004", parameters={"code": code}, suggestion=nearest(wanted, catalogue())))
    if speech.as_json:
        speech.give(explain(wanted, speech.language))
    else:
        found = explain(wanted, speech.language)
        speech.show("\n".join(part for part in (f"{wanted}  {found['what']}", found["fix"], found["why"]) if part))


@click.command("schema")
@click.argument("kind", required=False)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="写到文件 · write to a file")
@click.option("--vscode", is_flag=True, help="写 .vscode/settings.json,编辑时自动补全 · set up completion in VS Code")
@click.pass_obj
def schema_command(speech: Speech, kind: str | None, output: Path | None, vscode: bool) -> None:
    """编辑器用的 JSON Schema(补全和提示) · the JSON Schema for editors."""
    bench = Workbench(speech.site)
    if vscode:
        for path in bench.set_up_editor():
            speech.show(path)
        return
    schema = bench.schema(kind)
    if output:
        import json

        output.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", "utf-8")
        speech.say(f"已写入 {output}", f"written to {output}")
    else:
        speech.give(schema)
