"""Event logs as sites and as figures: the same log lived by the product and counted by pandas."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

SITE = """# 由事件日志生成的站点:活动就是状态。
name: log
label: {zh: 事件日志, en: Event log}
timezone: Etc/UTC
"""
CASE = """# 一个案例。
kind: entity
name: case
label: {zh: 案例, en: Case}
title: "{{ number }}"
fields:
  number: {type: text, label: {zh: 编号, en: Number}, required: true, unique: true, max_length: 60}
"""
HEAD = """# 状态就是日志里的活动。
kind: state_machine
name: case_stage
label: {zh: 进度, en: Stage}
entity: case
field: stage
initial: opened
states:
  opened: {label: {zh: 刚开始, en: Opened}}
"""
DWELL = """# 在这一步总共停留多少小时。
kind: metric
name: dwell_NAME
label: {zh: 停留, en: Dwell}
entity: case
sum: "=dwell('NAME')"
"""


def read(path: Path) -> pd.DataFrame:
    """The events with columns case, activity, at (UTC), in the order they happened; ties keep the file's order."""
    log = pd.read_csv(path)
    log = log.rename(columns={"case:concept:name": "case", "concept:name": "activity", "time:timestamp": "at"})
    log["case"] = log["case"].astype(str)
    log["at"] = pd.to_datetime(log["at"], utc=True, format="ISO8601")
    return log.sort_values("at", kind="stable").reset_index(drop=True)


def state(activity: str) -> str:
    """An activity's name as the name of a state."""
    return "s_" + re.sub(r"[^a-z0-9]+", "_", activity.lower())[:45].strip("_")


def write_site(folder: Path, activities: list[str]) -> None:
    """A site whose one machine has these activities as states, each reachable from anywhere."""
    states = "".join(f"  {state(name)}: {{label: {{zh: 活动, en: Activity}}}}\n" for name in activities)
    moves = "".join(
        f'  to_{state(name)}: {{label: {{zh: 活动, en: Activity}}, from: "*", to: {state(name)}}}\n'
        for name in activities
    )
    files = {
        "site.yaml": SITE,
        "custom/entity/case.yaml": CASE,
        "custom/state_machine/case_stage.yaml": f"{HEAD}{states}transitions:\n{moves}",
        **{f"custom/metric/dwell_{state(name)}.yaml": DWELL.replace("NAME", state(name)) for name in activities},
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def count(log: pd.DataFrame) -> pd.Series:
    """Hours in each activity, all cases together: until the case's next event, for its last one until the log's end."""
    ordered = log.sort_values(["case", "at"], kind="stable")
    until = ordered.groupby("case")["at"].shift(-1).fillna(log["at"].max())
    hours = (until - ordered["at"]).dt.total_seconds() / 3600
    return hours.groupby(ordered["activity"]).sum()


def stays(log: pd.DataFrame) -> pd.DataFrame:
    """Every stay in an activity that ended: case, activity, days. The same activity again is one longer stay."""
    ordered = log.sort_values(["case", "at"], kind="stable")
    again = (ordered["activity"] == ordered["activity"].shift()) & (ordered["case"] == ordered["case"].shift())
    begun = ordered[~again]
    days = (begun.groupby("case")["at"].shift(-1) - begun["at"]).dt.total_seconds() / 86400
    return begun.assign(days=days)[days.notna()]


def reopened(log: pd.DataFrame, done: set[str]) -> tuple[set[str], set[str]]:
    """The cases that reached one of ``done``, and of these the ones in which another activity followed it."""
    reached: set[str] = set()
    again: set[str] = set()
    for case, activities in log.groupby("case", sort=False)["activity"]:
        names = list(activities)
        if not done & set(names):
            continue
        reached.add(str(case))
        first = min(number for number, name in enumerate(names) if name in done)
        if any(name not in done for name in names[first:]):
            again.add(str(case))
    return reached, again
