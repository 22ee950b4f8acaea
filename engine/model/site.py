"""A site: one company. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.model.approval import Approval
from engine.model.terms import Document, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """How much people are told: ``quiet`` (``21:00-08:00``), at most ``per_day`` for one person, several of one kind within
    ``group`` in one. What is held back comes as a digest at the end of the quiet time, or at ``digest_at``."""

    quiet: str | None = None
    per_day: int | None = None
    group: Duration | None = None
    digest_at: str = "09:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Document):
    """What ``site.yaml`` says. ``approve``: who must agree to a publish. ``address``: where customers reach the site, for links
    in what is sent; with ``tracking`` off nothing they open or click is recorded."""

    locale: str = "zh-CN"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    database: str = "sqlite:///flowloom.db"
    packs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    calendar: str | None = None
    executor: str = "local"
    broker: str | None = None
    approve: Approval | None = None
    notifications: Notices = Notices()
    address: str | None = None
    tracking: bool = True
