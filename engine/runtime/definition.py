"""What a metric means, in words and as YAML, with the place it is written. Floor: 5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import Where
from engine.expression.parse import Condition, Expression
from engine.model.manifest import Manifest
from engine.model.metric import Metric, Moment
from engine.runtime.access import shown
from engine.runtime.recipe import UNIT_WORDS


@dataclass(frozen=True, slots=True)
class Definition:
    """``text`` in the reader's language, ``yaml`` as it could be written, ``where`` it is."""

    text: str
    yaml: str
    where: Where


def define(manifest: Manifest, metric: Metric, language: str = "zh") -> Definition:
    """The definition of a metric."""
    summary = metric.summary.text(language)
    words = _words(manifest, metric, language)
    joined = f"{summary}。{words}" if summary and language == "zh" else f"{summary}. {words}" if summary else words
    return Definition(joined, yaml_of(metric), metric.where)


def _words(manifest: Manifest, metric: Metric, language: str) -> str:
    entity = manifest.entities[metric.entity].label.text(language) or metric.entity
    time = _field(manifest, metric.entity, metric.time, language)
    only = shown(metric.where_) if metric.where_ else ""
    if language == "en":
        text = f"{_measure_en(manifest, metric, entity)}."
        text += f" Only where {only}." if only else ""
        return f"{text} Dated by {time}."
    text = f"{_measure_zh(manifest, metric, entity)}。"
    text += f"只统计满足 {only} 的{entity}。" if only else ""
    return f"{text}按「{time}」归期。"


def _measure_zh(manifest: Manifest, metric: Metric, entity: str) -> str:
    measure, value = metric.measure, getattr(metric, metric.measure)
    if measure == "count":
        return f"{entity}的条数" if shown(value) == "True" else f"满足 {shown(value)} 的{entity}条数"
    if measure == "ratio":
        per = "全部" if shown(value.per) == "True" else f"满足 {shown(value.per)} 的"
        return f"{per}{entity}里,满足 {shown(value.of)} 的占多少"
    if measure == "share":
        return f"全部{entity}里,满足 {shown(value)} 的占多少"
    if measure == "fill_rate":
        names = "、".join(_field(manifest, metric.entity, name, "zh") for name in value)
        return f"{names} 这 {len(value)} 项平均填了多少"
    if measure == "duration":
        unit = UNIT_WORDS["zh"][value.unit]
        return f"从{_moment(value.from_, 'zh')}到{_moment(value.to, 'zh')}的{_SPREAD['zh'][value.show]},单位{unit};缺一头的不算"
    return f"{shown(value)} 的{_SPREAD['zh'][measure]};空的不算"


def _measure_en(manifest: Manifest, metric: Metric, entity: str) -> str:
    measure, value = metric.measure, getattr(metric, metric.measure)
    if measure == "count":
        return f"How many {entity} records there are" + ("" if shown(value) == "True" else f" where {shown(value)}")
    if measure == "ratio":
        per = "" if shown(value.per) == "True" else f" where {shown(value.per)}"
        return f"Of the {entity} records{per}, the share where {shown(value.of)}"
    if measure == "share":
        return f"Of all {entity} records, the share where {shown(value)}"
    if measure == "fill_rate":
        names = ", ".join(_field(manifest, metric.entity, name, "en") for name in value)
        return f"The average share of {names} that is filled in"
    if measure == "duration":
        span = f"from {_moment(value.from_, 'en')} to {_moment(value.to, 'en')}"
        return (
            f"The {_SPREAD['en'][value.show]} time {span}, in {value.unit}; records without both moments do not count"
        )
    return f"The {_SPREAD['en'][measure]} of {shown(value)}; empty values do not count"


_SPREAD = {
    "zh": {"sum": "合计", "avg": "平均", "median": "中位数", "p90": "90 分位", "min": "最小值", "max": "最大值"},
    "en": {
        "sum": "sum",
        "avg": "average",
        "median": "median",
        "p90": "90th percentile",
        "min": "least",
        "max": "greatest",
    },
}


def _moment(moment: Moment, language: str) -> str:
    if moment.entered:
        return f"首次进入 {moment.entered} " if language == "zh" else f"first entering {moment.entered}"
    if moment.left:
        return f"离开 {moment.left} " if language == "zh" else f"leaving {moment.left}"
    return f" {moment.at.text} " if moment.at and language == "zh" else moment.at.text if moment.at else ""


def _field(manifest: Manifest, entity: str, name: str, language: str) -> str:
    from engine.model.entity import SYSTEM_FIELDS

    field = manifest.entities[entity].fields.get(name) or SYSTEM_FIELDS.get(name)
    return field.label.text(language) or name if field is not None else name


def yaml_of(metric: Metric) -> str:
    """The metric as YAML: what it says, without what it leaves at its default."""
    import yaml

    tree: dict[str, Any] = {"kind": "metric", "name": metric.name, "entity": metric.entity}
    value = getattr(metric, metric.measure)
    tree[metric.measure] = _plain(value, metric.measure)
    if metric.where_:
        tree["where"] = shown(metric.where_)
    if metric.time != "created_at":
        tree["time"] = metric.time
    if metric.by:
        tree["by"] = [each.text for each in metric.by]
    if metric.good is not None:
        bounds = {"above": metric.good.above, "below": metric.good.below}
        tree["good"] = {key: bound for key, bound in bounds.items() if bound is not None}
    return str(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=120))


def _plain(value: Any, measure: str) -> Any:
    if measure == "ratio":
        return {"of": shown(value.of), "per": shown(value.per)}
    if measure == "duration":
        ends = {"from": _end(value.from_), "to": _end(value.to)}
        return {**ends, "show": value.show, "unit": value.unit}
    if isinstance(value, Expression):
        return f"={value.text}"
    return shown(value) if isinstance(value, Condition) else list(value)


def _end(moment: Moment) -> dict[str, str]:
    if moment.entered:
        return {"entered": moment.entered}
    if moment.left:
        return {"left": moment.left}
    return {"at": f"={moment.at.text}"} if moment.at else {}
