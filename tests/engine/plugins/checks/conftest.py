"""The loader's fixtures: a check is tried on documents, for that is what it is for."""

from __future__ import annotations

from tests.engine.load.conftest import loaded, registry

__all__ = ["loaded", "registry"]
