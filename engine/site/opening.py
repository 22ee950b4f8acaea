"""Where a site's database is, before anything of it is loaded. Floor: 6."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from engine.errors import Conflict, NotFound, Problem
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
    from engine.site import publishing

    publishing.follow(running)
    return scheduler.fire_due(running.parts, running.database) if running.published else 0


SITE = """\
# 站点:公司名称、时区、数据库、安装的包和参数。改完运行 flowloom plan 看影响,再 flowloom publish。
name: {name}
label: {{zh: "{label}", en: "{label}"}}
locale: zh-CN
timezone: Asia/Shanghai
currency: CNY
packs: {{{packs}}}
"""


def new_site(folder: Path, label: str, packs: tuple[str, ...], admin: str = "admin") -> list[str]:
    """Make a site in an empty folder and publish it, with one administrator; the files written.

    Raises Conflict (C006) when the folder is not empty.
    """
    from engine.api import Engine
    from engine.facts import SYSTEM
    from engine.source import files

    if folder.exists() and any(folder.iterdir()):
        raise Conflict(Problem("C006", parameters={"folder": str(folder)}))
    (folder / "custom").mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9_]+", "_", folder.name.lower()).strip("_") or "site"
    wanted = ", ".join(f'{pack}: "*"' for pack in packs)
    files.write(folder / "site.yaml", SITE.format(name=name, label=label, packs=wanted))
    files.write(folder / ".gitignore", "flowloom.db*\n.flowloom/\n")
    with Engine.open(folder) as engine:
        engine.revisions.publish_if_new()
        engine.create(SYSTEM, "user", {"login": admin, "name": admin, "roles": ["admin"]})
    return ["site.yaml", ".gitignore", "custom/", "flowloom.db"]


def fill_with_samples(folder: Path, progress: Callable[[int], None] = lambda done: None) -> None:
    """Make the sample site of ``examples/demo`` in a folder: invented people, leads and a month of history.

    It is made beside and then moved to its place, so that an interrupted start leaves no half site.
    """
    import importlib.util
    import shutil

    source = Path(__file__).resolve().parents[2] / "examples/demo/sample.py"
    spec = importlib.util.spec_from_file_location("flowloom_sample", source)
    assert spec is not None and spec.loader is not None, "the sample is part of the project"
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    half = folder.with_name(folder.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    sample.fill(half, progress)
    half.rename(folder)
