"""A new site in an empty folder, or the sample one. Floor: 6."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from engine.clock import SystemClock
from engine.errors import Conflict, Problem
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from engine.site import opening, writing
from engine.site.revising import Revisions
from engine.site.running import Running
from engine.source import files
from engine.store.database import Database

SITE = """\
# 站点:公司名称、时区、数据库、安装的包和参数。改完运行 flowloom plan 看影响,再 flowloom publish。
name: {name}
label: {{zh: {label}, en: {label}}}
locale: zh-CN
timezone: Asia/Shanghai
currency: CNY
packs: {{{packs}}}
"""


def new_site(folder: Path, label: str, packs: tuple[str, ...], admin: str = "admin") -> list[str]:
    """Make a site in an empty folder and publish it, with one administrator; the files written.

    Raises Conflict (C006) when the folder is not empty, InvalidDocument when a pack cannot be installed; then the folder is as
    it was.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(Problem("C006", parameters={"folder": str(folder)}))
    try:
        return _make(folder, label, packs, admin)
    except BaseException:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _make(folder: Path, label: str, packs: tuple[str, ...], admin: str) -> list[str]:
    (folder / "custom").mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9_]+", "_", folder.name.lower()).strip("_") or "site"
    wanted = ", ".join(f'{pack}: "*"' for pack in packs)
    files.write(folder / "site.yaml", SITE.format(name=name, label=json.dumps(label, ensure_ascii=False), packs=wanted))
    files.write(folder / ".gitignore", "flowloom.db*\nflowloom.files/\nfiles/\nspool/\nsecrets.env\n.flowloom/\n")
    clock = SystemClock()
    running = Running(folder, Registry.discover(), clock, Database.open(opening.url(folder), clock))
    try:
        Revisions(running).publish_if_new()
        writing.create(running, SYSTEM, "user", {"login": admin, "name": admin, "roles": ["admin"]})
    finally:
        running.database.close()
    return ["site.yaml", ".gitignore", "custom/", "flowloom.db"]


def fill_with_samples(folder: Path, progress: Callable[[int], None] = lambda done: None) -> None:
    """Make the sample site of ``examples/demo`` in a folder: invented people, leads and a month of history.

    It is made beside and then moved to its place, so that an interrupted start leaves no half site.
    """
    source = Path(__file__).resolve().parents[2] / "examples/demo/sample.py"
    spec = importlib.util.spec_from_file_location("flowloom_sample", source)
    assert spec is not None and spec.loader is not None, "the sample is part of the project"
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    half = folder.with_name(folder.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    sample.fill(half, progress)
    half.rename(folder)
