"""Something found in a text that is wrong, as offsets: reading shows it, fixing mends it. Floor: 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import Problem
from engine.source.splice import Lines, Splice

#: A source line longer than this is not shown below the message.
MAX_EXCERPT = 160


#: Shown instead of what a terminal would obey or hide.
_PICTURES = {code: 0x2400 + code for code in range(32) if code != 9} | dict.fromkeys(
    (0x7F, 0x2028, 0x2029, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)


@dataclass(frozen=True, slots=True)
class Found:
    """``code`` at offset ``at``. ``splices`` let the reader go on; ``fix`` says that they are also the right cure."""

    code: str
    at: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    splices: tuple[Splice, ...] = ()
    fix: bool = False
    also: int | None = None

    def moved(self, back: Callable[[int], int]) -> Found:
        """The same thing with its offsets led back to an earlier text."""
        return replace(
            self,
            at=back(self.at),
            splices=tuple(Splice(back(s.start), back(s.end), s.text) for s in self.splices),
            also=None if self.also is None else back(self.also),
        )

    def problem(self, path: str, lines: Lines) -> Problem:
        """The problem as people see it, with its source line."""
        number = lines.number(self.at)
        excerpt = lines.words(number).translate(_PICTURES)
        where = lines.where(path, self.at)
        return Problem(
            self.code,
            where,
            parameters={"line": where.line, **self.parameters},
            also=None if self.also is None else lines.where(path, self.also),
            excerpt=excerpt if len(excerpt) <= MAX_EXCERPT else "",
        )
