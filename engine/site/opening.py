"""Where a site's database is, before anything of it is loaded. Floor: 6."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import NotFound, Problem
from engine.site.running import Running

DEFAULT = "sqlite:///flowloom.db"


def url(folder: Path, given: str | None = None) -> str:
    """The database's url: what was given, else ``FLOWLOOM_DATABASE``, else ``database:`` of site.yaml, else a file in the
    folder. A relative SQLite path is relative to the folder. Raises NotFound when the folder is no site."""
    if not (folder / "site.yaml").is_file():
        raise NotFound(Problem("C005", parameters={"folder": str(folder)}))
    chosen = given or os.environ.get("FLOWLOOM_DATABASE") or _written(folder) or DEFAULT
    scheme, _, rest = chosen.partition(":///")
    if scheme == "sqlite" and rest and not Path(rest).is_absolute() and not rest.startswith("/"):
        return f"sqlite:///{(folder / rest).resolve()}"
    return chosen


def _written(folder: Path) -> str | None:
    from engine.source.reader import read_tolerant

    source, _ = read_tolerant((folder / "site.yaml").read_bytes(), "site.yaml")
    for document in source.documents:
        node = document.get("database")
        if node is not None and isinstance(node.value, str):
            return _secret(node.value)
    return None


def _secret(text: str) -> str:
    """``=secret.NAME`` is read from the environment, so that no password stands in a file."""
    return os.environ.get(text.removeprefix("=secret."), "") if text.startswith("=secret.") else text


def tick(running: Running) -> int:
    """Let time pass: a revision published elsewhere is taken up, what is due fires; how many timers fired."""
    from engine.runtime import scheduler
    from engine.site import attachments, keying, publishing

    publishing.follow(running)
    running.look_for_paused()
    running.kept.save(running.database)
    if not running.published:
        return 0
    attachments.sweep_if_due(running)
    keying.catch_up(running)
    return scheduler.fire_due(running.parts, running.database)
