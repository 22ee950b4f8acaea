"""Buttons in messages, for the page that asks once more before anything is done. Floor: 6."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import FlowloomError, NotFound, Problem
from engine.facts import Actor
from engine.runtime import button, tracking
from engine.runtime.acts import Acting
from engine.runtime.button import Button
from engine.site import reading, writing
from engine.site.people import People
from engine.site.running import Running


class Gone(FlowloomError):
    """It was good once."""

    status = 410


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says: the button's words, the record's title, who would do it, in which language."""

    label: str
    title: str
    person: str
    language: str


class Buttons:
    """The buttons of one running site."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._people = People(running)

    def look(self, token: str) -> Shown:
        """What pressing would do; nothing is done. Raises NotFound (H045), Gone (H046)."""
        found, actor = self._whose(token)
        with self._running.reading(actor) as context:
            record = reading.visible(context, found.entity, found.record)
            return Shown(
                found.label, context.title(record), str(actor.values.get("name") or actor.login), actor.language
            )

    def press(self, token: str, address: str = "") -> Shown:
        """Do it under the rights of the person whose button it is. Raises NotFound (H045), Gone (H046), Conflict (H047), Refused,
        Forbidden."""
        found, actor = self._whose(token)
        shown = self.look(token)

        def work(context: Acting) -> object:
            reading.visible(context, found.entity, found.record)
            return button.press(context, found)

        writing.act(self._running, actor, work)
        return shown

    def _whose(self, token: str) -> tuple[Button, Actor]:
        with self._running.database.read() as connection:
            key = tracking.key_of(connection)
        found = button.read(key, token)
        if self._running.clock.now() >= found.ends:
            raise Gone(Problem("H046", parameters={"when": f"{found.ends:%Y-%m-%d %H:%M} UTC"}))
        actor = self._people.actor(found.user)
        if actor is None:
            raise NotFound(Problem("H045"))
        return found, actor
