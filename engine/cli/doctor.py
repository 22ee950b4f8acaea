"""doctor: what this machine and this site lack, each with its fix. Floor: 7."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from engine.api import Engine
from engine.cli.speech import Speech

OK, WARN, BAD = "ok", "warn", "bad"
#: More runs that are due and not begun than this are told.
BACKLOG = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, in both languages, and what to do."""

    name: str
    state: str
    zh: str
    en: str
    fix_zh: str = ""
    fix_en: str = ""


def _python(site: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        OK if good else BAD,
        f"Python {version}",
        f"Python {version}",
        "需要 3.11 或更新",
        "3.11 or newer is needed",
    )


def _libraries(site: Path) -> Iterator[Finding]:
    import sqlite3

    new = sqlite3.sqlite_version_info >= (3, 35)
    yield Finding(
        "sqlite",
        OK if new else BAD,
        f"SQLite {sqlite3.sqlite_version}",
        f"SQLite {sqlite3.sqlite_version}",
        "需要 3.35 或更新",
        "3.35 or newer is needed",
    )


def _disk(site: Path) -> Iterator[Finding]:
    folder = site if site.is_dir() else Path(".")
    usage = shutil.disk_usage(folder)
    share = usage.free / usage.total
    free = f"{usage.free / 2**30:.1f} GB ({share:.0%})"
    yield Finding(
        "disk",
        OK if share > 0.1 else WARN,
        f"磁盘剩余 {free}",
        f"disk free {free}",
        "清理磁盘,低于 10% 时写入可能失败",
        "free some space: writes may fail below 10 %",
    )


def _zones(site: Path) -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("Asia/Shanghai")
        yield Finding("time zones", OK, "时区数据可用", "time zone data is there")
    except ZoneInfoNotFoundError:
        yield Finding(
            "time zones", BAD, "没有时区数据", "no time zone data", "pip install tzdata", "pip install tzdata"
        )


def _fonts(site: Path) -> Iterator[Finding]:
    folders = ("/usr/share/fonts", "/Library/Fonts", os.path.expanduser("~/.fonts"))
    words = ("cjk", "wqy", "pingfang", "yahei", "sourcehan")
    found = any(
        word in name.lower()
        for folder in folders
        for _, _, names in os.walk(folder)
        for name in names
        for word in words
    )
    yield Finding(
        "fonts",
        OK if found else WARN,
        "中文字体" if found else "没有找到中文字体",
        "Chinese fonts" if found else "no Chinese font found",
        "只影响本机浏览器截图和打印",
        "matters for screenshots and prints on this machine only",
    )


def _pages(site: Path) -> Iterator[Finding]:
    built = (Path(__file__).resolve().parents[2] / "studio/static/index.html").is_file()
    yield Finding(
        "pages",
        OK if built else BAD,
        "页面已构建" if built else "页面没有构建",
        "pages are built" if built else "pages are not built",
        "make web",
        "make web",
    )


def _site(site: Path) -> Iterator[Finding]:
    if not (site / "site.yaml").is_file():
        yield Finding(
            "site",
            WARN,
            f"{site} 不是站点",
            f"{site} is not a site",
            "用 -C 指定,或 flowloom init",
            "name it with -C, or flowloom init",
        )
        return
    from engine.api import Workbench

    errors = [p for p in Workbench(site).lint() if p.severity == "error"]
    yield Finding(
        "documents",
        BAD if errors else OK,
        f"配置有 {len(errors)} 个错误",
        f"{len(errors)} errors in the documents",
        "flowloom lint",
        "flowloom lint",
    )
    if not errors:
        yield from _database(site)


def _database(site: Path) -> Iterator[Finding]:
    from engine.api import Engine
    from engine.errors import FlowloomError

    try:
        with Engine.open(site) as engine:
            verdict = engine.health.audit()
            years, skew = engine.health.holiday_years(), engine.health.clock_skew()
            runs = list(_runs(engine)) if engine.revision else []
    except FlowloomError as error:
        yield Finding("database", BAD, error.text("zh"), error.text("en"))
        return
    yield Finding("database", OK, "数据库可读写", "the database answers")
    yield from runs
    whole = bool(verdict["ok"])
    yield Finding(
        "audit",
        OK if whole else BAD,
        "操作日志完整" if whole else "操作日志被动过",
        "the audit log is whole" if whole else "the audit log was tampered with",
        "flowloom audit",
        "flowloom audit",
    )
    yield Finding(
        "clock",
        OK if abs(skew) < 30 else WARN,
        f"时钟偏差 {skew:.0f} 秒",
        f"clock skew {skew:.0f} s",
        "校准系统时间",
        "set the system's time",
    )
    covered = str(max(years)) if years else "-"
    yield Finding(
        "holidays",
        OK if years else WARN,
        f"节假日数据到 {covered} 年",
        f"holidays known up to {covered}",
        "升级 Flowloom,或在日历里写 closed",
        "upgrade Flowloom, or list them under closed",
    )


def _runs(engine: Engine) -> Iterator[Finding]:
    from engine.facts import SYSTEM

    paused = ", ".join(each["trigger"] for each in engine.runs.paused(SYSTEM))
    yield Finding(
        "rules",
        WARN if paused else OK,
        f"兜圈子而暂停的规则:{paused}" if paused else "没有兜圈子的规则",
        f"rules paused for going in a circle: {paused}" if paused else "no rule goes in a circle",
        "改好条件、发布,再 flowloom resume 名字",
        "mend the condition, publish, then flowloom resume NAME",
    )
    counts = engine.runs.counts()
    due, dead = counts.get("due", 0), counts.get("dead", 0)
    yield Finding(
        "runs",
        WARN if due > BACKLOG or dead else OK,
        f"到期未做的运行 {due} 个,停下来等人的 {dead} 个",
        f"{due} runs are due, {dead} wait for a person",
        "积压就多开几个 flowloom work;等人的用 flowloom dead 查看",
        "start more flowloom work for a backlog; flowloom dead shows what waits for a person",
    )


LOOKS: tuple[Callable[[Path], Iterator[Finding]], ...] = (_python, _libraries, _disk, _zones, _fonts, _pages, _site)


@click.command("doctor")
@click.pass_obj
def doctor_command(speech: Speech) -> int:
    """检查这台机器和站点缺什么 · look for what this machine and the site lack."""
    findings = [finding for look in LOOKS for finding in look(speech.site)]
    if speech.as_json:
        speech.give(
            [
                {
                    "name": f.name,
                    "state": f.state,
                    "text": speech.word(f.zh, f.en),
                    "fix": speech.word(f.fix_zh, f.fix_en),
                }
                for f in findings
            ]
        )
    else:
        for f in findings:
            mark = {OK: "✓", WARN: "!", BAD: "✗"}[f.state]
            fix = speech.word(f.fix_zh, f.fix_en)
            tail = f"  -> {fix}" if fix and f.state != OK else ""
            speech.show(f"{mark} {speech.word(f.zh, f.en)}{tail}")
    return 3 if any(f.state == BAD for f in findings) else 0
