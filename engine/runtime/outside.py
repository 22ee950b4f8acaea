"""What reaches outside: connections opened with their secrets, deliveries made or, in a scenario, only written down. Floor: 5."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import Problem, Unavailable, Where, nearest
from engine.expression.parse import Expression
from engine.model.connection import Connection
from engine.model.manifest import Manifest
from engine.model.terms import Duration
from engine.plugins.purse import Purse, Settings
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector, OutsideStep, Undone

if TYPE_CHECKING:
    from engine.runtime.scenario import Stage
    from engine.runtime.shelf import Shelf

#: Where the value of ``=secret.NAME`` comes from.
Secrets = Callable[[str], "str | None"]


class Way(Protocol):
    """How deliveries leave."""

    def deliver(self, plugin: OutsideStep, delivery: Mapping[str, Any], key: str) -> Any:
        """Make one; its result as JSON. Raises Undone."""
        ...


class Outside:
    """The real outside of a site: what an outside step is given to send with."""

    def __init__(
        self,
        manifest: Manifest,
        registry: Registry,
        secrets: Secrets = os.environ.get,
        shelf: Shelf | None = None,
        purse: Purse | None = None,
    ) -> None:
        self._manifest, self._registry, self._secrets, self._shelf = manifest, registry, secrets, shelf
        self._purse = purse

    @property
    def shelf(self) -> Shelf:
        """The files of the site. Raises Unavailable where there are none."""
        if self._shelf is None:
            raise Unavailable(Problem("B003", parameters={"reason": "no files"}))
        return self._shelf

    def deliver(self, plugin: OutsideStep, delivery: Mapping[str, Any], key: str) -> Any:
        """Make one delivery now."""
        return plugin.perform(self, delivery, key)

    def connection(self, name: str) -> tuple[Connector, Mapping[str, Any]]:
        """(connector, settings with their secrets) of a connection. Raises Undone (R101, R102, R103): a person has to mend it."""
        found = self._manifest.connections.get(name)
        if found is None:
            near = nearest(name, self._manifest.connections)
            raise Undone(Problem("R101", parameters={"connection": name}, suggestion=near), final=True)
        connector = self._registry.find(Connector, found.connector)
        if connector is None:
            raise Undone(Problem("R102", found.where, parameters={"connector": found.connector}), final=True)
        return connector, Settings(_timed(connector, settings_of(found, self._secrets)), self._purse)


class Rehearsal:
    """An outside that is only written down: nothing leaves the process. ``sent`` holds (connection, delivery, key)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any], str]] = []

    def deliver(self, plugin: OutsideStep, delivery: Mapping[str, Any], key: str) -> Any:
        """Note the delivery."""
        self.sent.append((str(delivery.get("connection", "")), delivery, key))
        return plugin.rehearse(delivery)


def expected(stage: Stage, where: Where, value: Any) -> list[Problem]:
    """What is wrong about what was sent: ``value`` lists, in any order, all of it, each by its connection or by some of its
    content (``{via: mail, to: a@b.cn}``)."""
    sent = [{**delivery, "via": name} for name, delivery, _ in stage.outside.sent]
    left = list(sent)
    missing: list[Any] = []
    for each in value if isinstance(value, list | tuple) else [value]:
        about = each if isinstance(each, Mapping) else {"via": each}
        found = next((one for one in left if _fits(about, one)), None)
        if found is None:
            missing.append(each)
        else:
            left.remove(found)
    if not missing and not left:
        return []
    shown = "; ".join(json.dumps(one, ensure_ascii=False, sort_keys=True, default=str) for one in sent) or "-"
    return [Problem("S001", where, parameters={"what": "sent", "expected": str(value), "actual": shown})]


def _fits(about: Any, found: Any) -> bool:
    if isinstance(about, Mapping):
        return isinstance(found, Mapping) and all(_fits(each, found.get(name)) for name, each in about.items())
    return str(about) == str(found)


def settings_of(connection: Connection, secrets: Secrets) -> Mapping[str, Any]:
    """A connection's settings with ``=secret.NAME`` read and durations in seconds. Raises Undone (R103)."""
    return {name: _setting(connection, value, secrets) for name, value in connection.settings.items()}


def _timed(connector: Connector, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings with every duration of the connector's (``timeout: 5s``) in seconds."""
    asked = connector.params.get("properties", {})
    spans = {name for name, part in asked.items() if part.get("format") == "duration"}
    found = {name: Duration.parse(settings[name]) for name in spans if isinstance(settings.get(name), str)}
    return {**settings, **{name: span.seconds for name, span in found.items() if span is not None}}


def _setting(connection: Connection, value: Any, secrets: Secrets) -> Any:
    if isinstance(value, Mapping):
        return {name: _setting(connection, each, secrets) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_setting(connection, each, secrets) for each in value]
    if isinstance(value, Duration):
        return value.seconds
    if not isinstance(value, Expression):
        return value
    name = _secret(value)
    found = secrets(name) if name else None
    if found is None:
        about = {"connection": connection.name, "name": name or value.text}
        raise Undone(Problem("R103", value.where, parameters=about), final=True)
    return found


def secrets_of(connection: Connection) -> tuple[str, ...]:
    """The names of the secrets a connection's settings speak of, in their order."""
    found: dict[str, None] = {}

    def look(value: Any) -> None:
        if isinstance(value, Expression):
            found.setdefault(_secret(value) or value.text)
        for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ():
            look(each)

    look(connection.settings)
    return tuple(found)


def _secret(term: Expression) -> str:
    node: Any = term.tree
    node = node.body if isinstance(node, ast.Expression) else node
    inner = node.value if isinstance(node, ast.Attribute) else None
    return node.attr if isinstance(inner, ast.Name) and inner.id == "secret" else ""
