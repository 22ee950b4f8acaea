"""completion: what a shell needs to complete commands. Floor: 7."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from engine.cli.speech import Speech


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion_command(speech: Speech, shell: str) -> None:
    """打印补全脚本 · print the completion script: eval "$(flowloom completion bash)"."""
    from engine.cli.main import flowloom

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells the option allows"
    speech.show(kind(flowloom, {}, "flowloom", "_FLOWLOOM_COMPLETE").source())
