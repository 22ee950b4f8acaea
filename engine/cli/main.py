"""The command ``flowloom``: finds the command's file, speaks the reader's language, ends with the right code. Floor: 7."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from engine import __version__
from engine.cli import usage
from engine.cli.speech import Speech
from engine.errors import FlowloomError, Problem, Unavailable, WrongUsage, nearest

#: command -> the module that has it; a module is imported only when its command is called.
COMMANDS = {
    "demo": "serving",
    "init": "serving",
    "serve": "serving",
    "sign-in": "serving",
    "token": "serving",
    "doctor": "doctor",
    "lint": "documents",
    "fmt": "documents",
    "show": "documents",
    "set": "documents",
    "explain": "documents",
    "schema": "documents",
    "plan": "publishing",
    "publish": "publishing",
    "rollback": "publishing",
    "revisions": "publishing",
    "test": "testing",
    "ahead": "ahead",
    "notifications": "notifications",
    "import": "importing",
    "attach": "importing",
    "undo-import": "importing",
    "export": "importing",
    "document": "importing",
    "connection": "channels",
    "inbox": "channels",
    "audit": "publishing",
    "merge": "merging",
    "undo-merge": "merging",
    "work": "running",
    "runs": "running",
    "dead": "running",
    "retry": "running",
    "resume": "running",
    "completion": "completion",
}

#: 0 fine, 1 problems found, 2 wrong usage, 3 environment, 130 interrupted.
INTERRUPTED = 130


class Commands(click.Group):
    """Commands found by name in ``COMMANDS``, with a guess where a name is unknown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"engine.cli.{COMMANDS[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_") + "_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown name is a problem with the nearest one."""
        name = args[0] if args else ""
        if name not in COMMANDS:
            raise WrongUsage(Problem("C001", parameters={"command": name}, suggestion=nearest(name, COMMANDS)))
        return super().resolve_command(ctx, args)


def _language() -> str:
    chosen = os.environ.get("FLOWLOOM_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "en" if chosen.lower().startswith("en") and "FLOWLOOM_LANG" in os.environ else "zh"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "--site",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    help="站点文件夹 · the site's folder",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="语言 · language")
@click.option("--json", "as_json", is_flag=True, help="机器可读的输出 · machine-readable output")
@click.version_option(__version__, prog_name="flowloom")
@click.pass_context
def flowloom(context: click.Context, site: Path, lang: str | None, as_json: bool) -> None:
    """Flowloom:用 YAML 写流程的 CRM · a CRM whose flows are YAML.

    \b
    flowloom demo                      带示例数据启动 · start with sample data
    flowloom lint                      检查配置 · check the documents
    flowloom plan && flowloom publish  先看影响再发布 · see the effect, then publish
    """
    context.obj = Speech(site=site, language=lang or _language(), as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its code."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run one command; what comes back is its exit code: 0, 1, 2, 3 or 130."""
    speech = Speech(site=Path("."), language=_language(), as_json="--json" in arguments)
    if "--lang" in arguments[:-1]:
        chosen = arguments[list(arguments).index("--lang") + 1]
        speech = Speech(site=speech.site, language=chosen if chosen in ("zh", "en") else "zh", as_json=speech.as_json)
    try:
        result = flowloom.main(args=_hoist(arguments), prog_name="flowloom", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except FlowloomError as error:
        speech.refuse(error)
        return error.exit_code
    except click.exceptions.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.ClickException as error:
        speech.refuse(WrongUsage(Problem("C002", parameters={"why": usage.why(error, speech.language)})))
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        parameters = {"path": str(error.filename), "why": usage.about_file(error, speech.language)}
        refused = Unavailable(Problem("C014", parameters=parameters))
        speech.refuse(refused)
        return refused.exit_code


def _hoist(arguments: Sequence[str]) -> list[str]:
    """``--json`` and ``--lang zh`` may stand anywhere: move them before the command."""
    front: list[str] = []
    rest: list[str] = []
    waiting = False
    for argument in arguments:
        if waiting:
            front.append(argument)
            waiting = False
        elif argument == "--json":
            front.append(argument)
        elif argument == "--lang":
            front.append(argument)
            waiting = True
        else:
            rest.append(argument)
    return front + rest
