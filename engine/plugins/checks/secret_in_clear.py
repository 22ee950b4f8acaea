"""The check ``secret_in_clear``. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.errors import Problem, Where
from engine.model.manifest import Manifest
from engine.plugins.checks.walk import steps
from engine.plugins.slots import Check

_KEYS = re.compile(r"password|passwd|secret|token|api_?key|access_?key|private_?key|credential|密码|密钥", re.I)
_VALUES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{30,}|\bsk-\w{20,}|\bLTAI\w{12,}"
)
#: ``postgresql://user:password@host`` with a password in it.
_ADDRESS = re.compile(r"^\w[\w+.-]*://[^/\s:@]+:[^/\s@]+@")
#: A secret in a line of YAML, for lines that are shown beside a message.
_IN_LINE = re.compile(
    r"""(?i)((?:password|passwd|secret|token|api_?key|access_?key|private_?key|credential|密码|密钥)\w*["']?\s*:\s*["']?)"""
    r"""(?!=|\s|[\[{"'])([^"',}\s]+)|(://[^/\s:@]+:)([^/\s@]+)(?=@)"""
)


def masked(line: str) -> str:
    """The line with every secret in it as stars, as long as it was, so that a caret below stays in its place."""
    return _IN_LINE.sub(lambda found: (found[1] or found[3]) + "*" * len(found[2] or found[4]), line)


class SecretInClear(Check):
    """A password or key written in a file instead of ``=secret.NAME``. The value is never shown."""

    name = "secret_in_clear"
    title: ClassVar[Mapping[str, str]] = {"zh": "明文密钥", "en": "Secret in clear"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L011 for each."""
        if _ADDRESS.match(manifest.site.database):
            yield told("database", manifest.site.where)
        for connection in manifest.connections.values():
            for key in found("settings", connection.settings):
                yield told(key, connection.where)
        for trigger in manifest.triggers.values():
            for step in steps(trigger.do):
                for key in found(step.action, step.params):
                    yield told(key, step.where)


def told(key: str, where: Where) -> Problem:
    """The problem, without the secret."""
    return Problem("L011", where, parameters={"key": key})


def found(path: str, value: Any, secret: bool = False) -> Iterator[str]:
    """The paths below a value that hold a secret as plain text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from found(f"{path}.{key}", inner, bool(_KEYS.search(str(key))))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from found(path, inner, secret)
    elif isinstance(value, str) and value and (secret or _VALUES.search(value) or _ADDRESS.match(value)):
        yield path
