"""What reaches outside: connections opened with their secrets, deliveries made or, in a scenario, only written down. Floor: 5."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.errors import Problem, nearest
from engine.expression.parse import Expression
from engine.model.connection import Connection
from engine.model.manifest import Manifest
from engine.model.terms import Duration
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector, OutsideStep, Undone

#: Where the value of ``=secret.NAME`` comes from.
Secrets = Callable[[str], "str | None"]


class Way(Protocol):
    """How deliveries leave."""

    def deliver(self, plugin: OutsideStep, delivery: Mapping[str, Any], key: str) -> Any:
        """Make one; its result as JSON. Raises Undone."""
        ...


class Outside:
    """The real outside of a site: what an outside step is given to send with."""

    def __init__(self, manifest: Manifest, registry: Registry, secrets: Secrets = os.environ.get) -> None:
        self._manifest, self._registry, self._secrets = manifest, registry, secrets

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
        return connector, settings_of(found, self._secrets)


class Rehearsal:
    """An outside that is only written down: nothing leaves the process. ``sent`` holds (connection, delivery, key)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, Any], str]] = []

    def deliver(self, plugin: OutsideStep, delivery: Mapping[str, Any], key: str) -> Any:
        """Note the delivery."""
        self.sent.append((str(delivery.get("connection", "")), delivery, key))
        return plugin.rehearse(delivery)


def settings_of(connection: Connection, secrets: Secrets) -> Mapping[str, Any]:
    """A connection's settings with ``=secret.NAME`` read and durations in seconds. Raises Undone (R103)."""
    return {name: _setting(connection, value, secrets) for name, value in connection.settings.items()}


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


def _secret(term: Expression) -> str:
    node: Any = term.tree
    node = node.body if isinstance(node, ast.Expression) else node
    inner = node.value if isinstance(node, ast.Attribute) else None
    return node.attr if isinstance(inner, ast.Name) and inner.id == "secret" else ""
