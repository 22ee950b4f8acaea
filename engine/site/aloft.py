"""What is in flight when a revision is published, in words: the runs and approvals of changed rules, and what going back puts
back. Floor: 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, nearest
from engine.runtime.flight import CHOICES, Flight
from engine.runtime.reasking import Asking
from engine.runtime.undoing import Back
from engine.site.choices import ALL, Choices

#: How many records are named in a sentence, and how many runs a plan lists one by one; all are counted.
NAMED, LISTED = 3, 200

HOW = {
    "changed": {"zh": "改了", "en": "is changed"},
    "removed": {"zh": "去掉了", "en": "goes away"},
    "off": {"zh": "停用了", "en": "is switched off"},
}
STANDING = {
    "waiting": {"zh": "{n} 次在等待", "en": "{n} waiting"},
    "queued": {"zh": "{n} 次在排队", "en": "{n} queued"},
    "retrying": {"zh": "{n} 次在重试", "en": "{n} trying again"},
    "asking": {"zh": "{n} 次在等审批", "en": "{n} waiting for approval"},
    "working": {"zh": "{n} 次正在做", "en": "{n} at work"},
}
THINGS = {
    "record": {"zh": "{n} 条记录", "en": "{n} records"},
    "timer": {"zh": "{n} 个计时", "en": "{n} clocks"},
    "run": {"zh": "{n} 次运行", "en": "{n} runs"},
    "approval": {"zh": "{n} 个审批", "en": "{n} approvals"},
}
LANGUAGES = ("zh", "en")
PLURAL = ("records", "clocks", "runs", "approvals")


@dataclass(frozen=True, slots=True)
class InFlight:
    """The runs and approvals a publish must be told about, and, of going back, what is put as it was. ``titles`` are those
    of the records, by entity and id."""

    flights: Sequence[Flight] = ()
    askings: Sequence[Asking] = ()
    backs: Sequence[Back] = ()
    gone: int = 0
    """How many things have moved on and stay as they are."""
    titles: Mapping[tuple[str | None, int | None], str] = ()  # type: ignore[assignment]

    def problems(self) -> list[Problem]:
        """Everything there is to say, as questions and hints."""
        said = [self.flight(one) for one in self.flights] + [self.asking(one) for one in self.askings]
        if self.backs:
            said.append(Problem("M046", parameters={"what": {each: self.put_back(each) for each in LANGUAGES}}))
        if self.gone:
            said.append(Problem("M047", parameters={"count": self.gone}))
        return said

    def put_back(self, language: str) -> str:
        """What going back puts as it was."""
        return _listed(Counter(back.kind for back in self.backs), THINGS, language)

    def flight(self, one: Flight) -> Problem:
        """The question about the runs of a rule."""
        parameters = {
            "name": {each: one.title(each) for each in LANGUAGES},
            "how": HOW[one.how],
            "count": len(one.runs),
            "standing": {each: _listed(one.standing, STANDING, each) for each in LANGUAGES},
            "examples": self._examples([(each.run.entity, each.run.record) for each in one.runs]),
            "ways": _ways(one),
        }
        return Problem("M040", parameters=parameters)

    def asking(self, one: Asking) -> Problem:
        """The question about the approvals of a rule; a hint where there is nothing to decide."""
        parameters: dict[str, Any] = {
            "name": {each: one.title(each) for each in LANGUAGES},
            "count": len(one.requests),
            "examples": _named([each.title for each in one.requests]),
        }
        if not one.choices:
            return Problem("M045", parameters=parameters)
        anew = {"zh": "按新规则重新请人", "en": "to ask whom the new rule means"}
        over = {"zh": "不用再审批", "en": "to ask nobody any more"}
        parameters |= {"how": HOW[one.how], "key": one.name, "change": anew if one.how == "changed" else over}
        return Problem("M042", parameters=parameters)

    def _examples(self, records: Sequence[tuple[str | None, int | None]]) -> dict[str, str]:
        return _named([self.titles.get(one, f"#{one[1]}") for one in dict.fromkeys(records) if one[1]])

    def asked(self, choices: Choices) -> list[Problem]:
        """Every question that has no answer yet, and every answer that is none."""
        problems = [*_wrong("--runs", choices.runs, {one.trigger for one in self.flights})]
        problems += _wrong("--approvals", choices.approvals, {one.name for one in self.askings})
        for one in self.flights:
            if choices.of_run(one.trigger) is None:
                problems.append(self.flight(one))
            elif choices.runs.get(one.trigger) == "change" and "change" not in one.choices:
                parameters = {"name": {each: one.title(each) for each in LANGUAGES}, "how": HOW[one.how]}
                problems.append(Problem("M041", parameters={**parameters, "trigger": one.trigger}))
        for asking in self.askings:
            if asking.choices and choices.of_approval(asking.name) is None:
                problems.append(self.asking(asking))
        return problems

    def json(self, language: str) -> dict[str, Any]:
        """For machines; of many runs the first ``LISTED``, all of them counted."""
        return {
            "runs": [
                {
                    "trigger": one.trigger,
                    "label": one.title(language),
                    "how": one.how,
                    "count": len(one.runs),
                    "movable": one.movable,
                    "standing": dict(one.standing),
                    "choices": list(one.choices),
                    "text": self.flight(one).what(language),
                    "items": [self._run(each) for each in one.runs[:LISTED]],
                }
                for one in self.flights
            ],
            "approvals": [
                {
                    "name": one.name,
                    "label": one.title(language),
                    "how": one.how,
                    "count": len(one.requests),
                    "choices": list(one.choices),
                    "text": self.asking(one).what(language),
                    "items": [
                        {"id": each.id, "title": each.title, "entity": each.entity, "record": each.record}
                        for each in one.requests[:LISTED]
                    ],
                }
                for one in self.askings
            ],
            "back": {**Counter(back.kind for back in self.backs), "gone": self.gone},
            "back_text": [one.what(language) for one in self.problems() if one.code in ("M046", "M047")],
        }

    def _run(self, one: Any) -> dict[str, Any]:
        about = (one.run.entity, one.run.record)
        return {
            "run": one.run.id,
            "entity": about[0],
            "record": about[1],
            "title": self.titles.get(about, ""),
            "standing": one.standing,
            "movable": one.place is not None,
        }


def _listed(counts: Mapping[str, int], words: Mapping[str, Mapping[str, str]], language: str) -> str:
    said = [words[name][language].format(n=counts[name]) for name in words if counts.get(name)]
    if language == "en":
        said = [one.removesuffix("s") if one.startswith("1 ") and one.split()[1] in PLURAL else one for one in said]
    return ("、" if language == "zh" else ", ").join(said)


def _named(titles: Sequence[str]) -> dict[str, str]:
    """The first of them in each language; a dash where there are none (a rule that runs by the clock is about no record)."""
    more = " …" if len(titles) > NAMED else ""
    return {each: ("、" if each == "zh" else ", ").join(titles[:NAMED]) + more or "-" for each in LANGUAGES}


def _ways(one: Flight) -> dict[str, str]:
    """What can be chosen, as it is written on the command line."""
    zh, en = f"用 --runs {one.trigger}=keep 按旧步骤做完", f"Use --runs {one.trigger}=keep to finish by the old steps"
    if "change" in one.choices:
        zh, en = f"{zh},change 按新步骤接着做", f"{en}, change to go on by the new ones"
        if one.movable < len(one.runs):
            zh += f"({one.movable} 次接得上,其余按旧步骤做完)"
            en += f" ({one.movable} can, the others finish by the old)"
    return {"zh": f"{zh},stop 停下", "en": f"{en}, stop to end them"}


def _wrong(option: str, given: Mapping[str, str], known: set[str]) -> list[Problem]:
    found = [
        Problem("M043", parameters={"option": option, "choice": f"{name}={choice}"})
        for name, choice in given.items()
        if choice not in CHOICES
    ]
    strange = [name for name in given if name != ALL and name not in known]
    found += [
        Problem("M044", parameters={"option": option, "name": name}, suggestion=nearest(name, sorted(known)))
        for name in strange
    ]
    return found
