"""The files of a site for work done outside a turn: read, and kept under an id that was chosen before. Floor: 5."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from engine.clock import Clock
from engine.errors import Refused
from engine.paper.gist import KINDS, facts
from engine.paper.press import Paper, checked, kind_of, press
from engine.paper.reader import read
from engine.plugins.slots import Undone
from engine.runtime.paper import pictures_of
from engine.store.database import Database
from engine.store.files import File, Files

PDF = "application/pdf"
#: Letters and facts of each kind that are kept of a file that was read.
LETTERS, TOLD = 100_000, 5
#: Bytes of a picture that goes along with every mail.
SHOWN = 1024 * 1024


class Shelf:
    """The files of one site, each look and each keeping a transaction of its own."""

    def __init__(self, database: Database, files: Files, clock: Clock) -> None:
        self._database, self._files, self._clock = database, files, clock

    def about(self, id: str) -> File | None:
        """What is known of a file."""
        with self._database.read() as connection:
            return self._files.get(connection, id)

    def read(self, id: str) -> bytes:
        """A file's bytes. Raises NotFound."""
        with self._database.read() as connection:
            return self._files.read(connection, id)

    def picture(self, id: str) -> dict[str, Any]:
        """``name``, ``type`` and ``content`` of a picture sent within a mail. Raises Undone (R204) for what is none, or too big."""
        about = self.about(id)
        content = self.read(id) if about is not None and about.size <= SHOWN else b""
        try:
            checked(about.name if about is not None else id, content)
        except Refused as error:
            raise Undone(error.problems[0], final=True) from error
        kind = {"jpg": "jpeg"}.get(kind_of(content), kind_of(content))
        return {"name": f"logo.{kind_of(content)}", "type": f"image/{kind}", "content": content}

    def keep(self, seed: str, name: str, type: str, content: bytes) -> File:
        """A file of our own making. With the same ``seed`` the same bytes are one file, however often they are kept."""
        with self._files.take(io.BytesIO(content), len(content), name) as taken:
            self._files.keep(taken)
            now = self._clock.now()
            return self._database.write(lambda c: self._files.add(c, taken, name, type, now, None, seed))

    def reading(self, id: str) -> dict[str, Any]:
        """What is written in a file: ``text``, ``pages``, ``ocr``, and ``facts`` (kind, value, line), the likeliest of each kind first.
        Raises Undone (see ``engine.paper.reader``)."""
        try:
            found = read(self.read(id))
        except Refused as error:
            problem = error.problems[0]
            raise Undone(problem, final=problem.code not in ("R201", "R202")) from error
        told = [{"kind": fact.kind, "value": fact.value, "line": fact.line} for fact in facts(found.text)]
        kept = [fact for kind in KINDS for fact in [each for each in told if each["kind"] == kind][:TOLD]]
        about = {"file": id, "text": found.text[:LETTERS], "pages": found.pages, "ocr": found.ocr, "facts": kept}
        return {**about, "cut": True} if found.cut or len(found.text) > LETTERS else about

    def printed(self, document: Mapping[str, Any], seed: str) -> dict[str, Any]:
        """Lay a document out and keep it: ``file`` (its id), ``name``, ``pages``, ``size``, the characters no font has
        (``missed``), the template and the revision it was made of. Raises Undone (see ``engine.paper.press``)."""
        try:
            paper: Paper = press(document, {name: self.read(each) for name, each in pictures_of(document).items()})
        except Refused as error:
            # A limit may have been passed because the machine was busy; nothing else gets better by itself.
            problem = error.problems[0]
            raise Undone(problem, final=problem.code not in ("R201", "R202")) from error
        file = self.keep(seed, str(document["name"]), PDF, paper.content)
        known = {name: document[name] for name in ("template", "revision")}
        about = {"file": file.id, "name": file.name, **known, "size": file.size, "pages": paper.pages}
        return {**about, "missed": list(paper.missed)} if paper.missed else about
