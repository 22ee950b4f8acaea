"""How commands speak: results on stdout, talk on stderr, JSON when asked. Floor: 7."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import FlowloomError, Problem
from engine.facts import Actor


@dataclass(frozen=True, slots=True)
class Speech:
    """The reader: which site, which language, words or JSON."""

    site: Path
    language: str = "zh"
    as_json: bool = False

    @property
    def system(self) -> Actor:
        """The engine itself, answering in the reader's language."""
        return Actor(language=self.language)

    def word(self, zh: str, en: str) -> str:
        """The words in the reader's language."""
        return en if self.language == "en" else zh

    def say(self, zh: str, en: str) -> None:
        """Talk, on stderr; silent in JSON."""
        if not self.as_json:
            print(self.word(zh, en), file=sys.stderr)

    def show(self, text: str) -> None:
        """A result in words, on stdout."""
        print(text)

    def give(self, content: Any) -> None:
        """A result as JSON, on stdout."""
        print(json.dumps(content, ensure_ascii=False, indent=2, default=str))

    def refuse(self, error: FlowloomError) -> None:
        """What was refused: JSON on stdout, or every problem on stderr."""
        if self.as_json:
            self.give({"problems": [problem.json(self.language) for problem in error.problems]})
        else:
            print(error.text(self.language), file=sys.stderr)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Problems as the command's result: one after another on stdout."""
        for problem in problems:
            print(problem.text(self.language))

    @contextmanager
    def progress(self, zh: str, en: str, total: int | None = None) -> Iterator[Any]:
        """A bar with rate and time left on a terminal; nothing elsewhere. Gives ``advance(done)``."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(self.word(zh, en), total=total)
            yield lambda done: bar.update(task, completed=done)
