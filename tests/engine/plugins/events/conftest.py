"""The loader's fixtures: an event is tried in a trigger."""

from __future__ import annotations

from tests.engine.load.conftest import loaded, registry

__all__ = ["loaded", "registry"]
