"""What customers see of what was sent to them, and what they let us know. Floor: 6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from engine.errors import FlowloomError, NotFound, Problem
from engine.facts import SYSTEM, Record
from engine.runtime import tracking, turn
from engine.runtime.acts import Acting
from engine.site.running import Running
from engine.store.files import File


class Gone(FlowloomError):
    """The link has ended."""

    status = 410


@dataclass(frozen=True, slots=True)
class Page:
    """What a link shows: the title, the names of its files, the addresses of its links. ``recorded``: whether openings are
    written down."""

    title: str
    files: tuple[str, ...]
    links: tuple[str, ...]
    recorded: bool


class Tracking:
    """The tracked links of one site; nobody here is signed in."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._key = b""

    def page(self, token: str) -> Page:
        """What a link shows; looking changes nothing. Raises NotFound (R210), Gone (R211)."""
        with self._running.reading() as context:
            sending = self._find(context, token)
            files = tuple(file.name for file in self._files(context, sending))
            return Page(
                sending["title"] or "", files, tuple(sending["links"] or ()), tracking.recorded(context, sending)
            )

    def file(self, token: str, number: int) -> tuple[File, IO[bytes]]:
        """A file of a link and its bytes. Raises NotFound (R210), Gone (R211)."""
        with self._running.reading() as context:
            files = self._files(context, self._find(context, token))
            if not 0 <= number < len(files):
                raise NotFound(Problem("R210"))
            return files[number], self._running.files.open(context.connection, files[number])

    def seen(self, token: str, seconds: float) -> None:
        """A person looks at the page, since so many seconds more. Raises NotFound, Gone."""
        self._turn(token, lambda context, sending: tracking.seen(context, sending, seconds))

    def clicked(self, token: str, number: int) -> None:
        """A person follows a link. Raises NotFound, Gone."""
        self._turn(token, lambda context, sending: tracking.clicked(context, sending, number))

    def hush(self, token: str) -> None:
        """Nothing more is to be recorded. Raises NotFound, Gone."""
        self._turn(token, tracking.hush)

    def _turn(self, token: str, work: Callable[[Acting, Record], None]) -> None:
        def inside(context: Acting) -> None:
            work(context, self._find(context, token))

        turn.run(self._running.parts, self._running.database, SYSTEM, inside, via="link")

    def _find(self, context: Acting, token: str) -> Record:
        self._key = self._key or tracking.key_of(context.connection)
        found = tracking.of_token(context, token) if tracking.genuine(self._key, token) else None
        if found is None:
            raise NotFound(Problem("R210"))
        if tracking.expired(context, found):
            raise Gone(Problem("R211"))
        return found

    def _files(self, context: Acting, sending: Record) -> list[File]:
        found = (
            self._running.files.get(context.connection, sending[name]) for name in tracking.DOCUMENTS if sending[name]
        )
        return [file for file in found if file is not None]
