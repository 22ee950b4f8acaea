"""What the publisher decided, and what came of it. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem, WrongUsage

#: In ``runs`` and ``approvals``: what holds for every rule that is not named.
ALL = "*"


@dataclass(frozen=True, slots=True)
class Choices:
    """Running clocks ``keep`` or ``change`` (None: not asked yet); where records of removed states go (``machine.state`` -> state);
    whether lossy changes of type are allowed; whether scenarios are run. ``runs``: rule -> keep, change or stop its runs in
    flight; ``approvals`` the same of open approvals (``machine.transition`` or ``create.entity``); ``*`` speaks for all others.
    ``undo``: going back puts what was in flight as it was. ``tell``: changed template -> ``to`` (senders, everybody), ``note``."""

    timers: str | None = None
    moves: Mapping[str, str] | None = None
    allow_lossy: bool = False
    scenarios: bool = True
    runs: Mapping[str, str] = field(default_factory=dict)
    approvals: Mapping[str, str] = field(default_factory=dict)
    undo: bool = True
    tell: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_run(self, trigger: str) -> str | None:
        """What becomes of the runs of a rule; None: not said."""
        return self.runs.get(trigger) or self.runs.get(ALL)

    def of_approval(self, key: str) -> str | None:
        """What becomes of the approvals of a rule; None: not said."""
        return self.approvals.get(key) or self.approvals.get(ALL)

    def json(self) -> dict[str, Any]:
        """To be kept until somebody has agreed; see ``Choices.read``."""
        return {
            "timers": self.timers,
            "moves": dict(self.moves or {}),
            "allow_lossy": self.allow_lossy,
            "runs": dict(self.runs),
            "approvals": dict(self.approvals),
            "undo": self.undo,
            "tell": {name: dict(about) for name, about in self.tell.items()},
        }

    @classmethod
    def read(cls, given: Mapping[str, Any], scenarios: bool = True) -> Choices:
        """The choices as JSON gives them; what is left out is not said. One word for ``runs`` or ``approvals`` speaks for all."""

        def spread(name: str) -> dict[str, str]:
            found = given.get(name) or {}
            return {ALL: str(found)} if not isinstance(found, Mapping) else {str(k): str(v) for k, v in found.items()}

        tell = given.get("tell") or {}
        if not isinstance(tell, Mapping) or not all(isinstance(about, Mapping) for about in tell.values()):
            raise WrongUsage(
                Problem("H012", parameters={"name": "tell", "why": '{"proposal_mail": {"to": "senders"}}'})
            )
        return cls(
            given.get("timers"), given.get("moves") or {}, bool(given.get("allow_lossy")), scenarios,
            spread("runs"), spread("approvals"), bool(given.get("undo", True)),
            {str(name): {key: str(about.get(key) or "") for key in ("to", "note")} for name, about in tell.items()},
        )  # fmt: skip


#: What a publish did to things in flight, in the order it is told.
TOLD: Mapping[str, tuple[str, str]] = {
    "retimed": ("改了 {n} 个计时", "{n} clocks changed"),
    "moved": ("移动了 {n} 条记录", "{n} records moved"),
    "runs.kept": ("{n} 次运行按旧步骤做完", "{n} runs finish by the old steps"),
    "runs.changed": ("{n} 次运行按新步骤接着做", "{n} runs go on by the new steps"),
    "runs.stopped": ("停下了 {n} 次运行", "{n} runs stopped"),
    "approvals.kept": ("{n} 个审批仍由原来的人决定", "{n} approvals stay with those who were asked"),
    "approvals.asked": ("{n} 个审批重新请了人", "{n} approvals asked anew"),
    "approvals.void": ("作废了 {n} 个审批", "{n} approvals called off"),
    "told": ("告诉了 {n} 人", "{n} people told"),
    "undone.record": ("放回了 {n} 条记录", "{n} records put back"),
    "undone.timer": ("放回了 {n} 个计时", "{n} clocks put back"),
    "undone.run": ("放回了 {n} 次运行", "{n} runs put back"),
    "undone.approval": ("放回了 {n} 个审批", "{n} approvals put back"),
    "undone.gone": ("{n} 处之后又动过,维持现状", "{n} things have moved on since and stay"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """A revision that runs now, and what came with it."""

    number: int
    sentences: Mapping[str, list[str]]
    carried: Mapping[str, int] = field(default_factory=dict)
    """What was done to things in flight, by the names of ``TOLD``."""
    asked: int | None = None
    """The number of the approval it waits for; then nothing runs yet, and ``number`` is 0."""
    unchanged: bool = False
    """True when there was nothing to publish: ``number`` runs on."""

    @property
    def moved(self) -> int:
        """How many records of removed states were moved."""
        return self.carried.get("moved", 0)

    @property
    def retimed(self) -> int:
        """How many running clocks have another due time."""
        return self.carried.get("retimed", 0)

    def text(self, language: str = "zh") -> str:
        """In words."""
        if self.unchanged:
            zh, en = f"没有变化,第 {self.number} 版继续运行", f"Nothing has changed: revision {self.number} runs on"
            return zh if language == "zh" else en
        if self.asked is not None:
            zh, en = (
                f"已提交审批(第 {self.asked} 号),批准后自动发布",
                f"Submitted as approval {self.asked}; published when approved",
            )
            return zh if language == "zh" else en
        head = f"已发布第 {self.number} 版" if language == "zh" else f"Revision {self.number} runs now"
        return "\n".join([head, *(f"  {text}" for text in [*self.sentences[language], *self.told(language)])])

    def told(self, language: str) -> list[str]:
        """What was done to things in flight, as sentences."""
        return [
            words[0 if language == "zh" else 1].format(n=self.carried[name])
            for name, words in TOLD.items()
            if self.carried.get(name)
        ]

    def json(self, language: str = "zh") -> dict[str, Any]:
        """For machines."""
        return {
            "number": self.number,
            "sentences": self.sentences[language],
            "moved": self.moved,
            "retimed": self.retimed,
            "carried": {name: count for name, count in self.carried.items() if count},
            "told": self.told(language),
            "unchanged": self.unchanged,
            **({"asked": self.asked} if self.asked is not None else {}),
        }
