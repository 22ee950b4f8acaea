"""A site: one company. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.model.terms import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Document):
    """What ``site.yaml`` says."""

    locale: str = "zh-CN"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    database: str = "sqlite:///flowloom.db"
    packs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    calendar: str | None = None
    executor: str = "local"
