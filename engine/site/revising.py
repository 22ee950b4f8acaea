"""Publish, roll back, list: one revision replaces another at once, or not at all. Floor: 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from engine.errors import InvalidDocument, Problem, Refused
from engine.facts import SYSTEM, Actor
from engine.load.pipeline import Loaded
from engine.model.approval import Approval
from engine.runtime import approval, deciding, turn
from engine.runtime.acts import Acting
from engine.runtime.deciding import Publish
from engine.site import planning, publishing, spreading
from engine.site.choices import Choices, Published
from engine.site.planning import Plan
from engine.site.running import Running
from engine.site.switching import switch
from engine.store import approvals, revisions
from engine.store.approvals import Request
from engine.store.connection import Connection

T = TypeVar("T")


def publish(running: Running, actor: Actor, message: str, choices: Choices) -> Published:
    """The folder as the next revision: checked, tried by its scenarios, tables changed, switched. No revision is made of a
    folder that runs already.

    Raises InvalidDocument, or Refused with every open question (M030, M031), lossy change (M006) or failed scenario (M033);
    nothing has changed then.
    """
    with running.publishing:
        loaded = publishing.folder(running)
        publishing.refuse(loaded)
        return _carry_out(running, actor, message, choices, loaded, ask=running.published)


def granted(running: Running, request: Request, decide: Callable[[Publish], T]) -> T:
    """What ``decide`` gives: the deciding turn of an approved publish, which switches in the same transaction.

    Raises Refused (R155) when the folder is not what was submitted, and whatever a publish may raise: nothing changed then.
    """
    with running.publishing:
        loaded = publishing.folder(running)
        publishing.refuse(loaded)
        if publishing.mark(loaded) != request.content.get("digest"):
            raise Refused(Problem("R155"))
        choices = Choices.read(request.content.get("choices") or {})
        actor = _asker(running, request)
        plan = _planned(running, loaded, choices)
        parts = publishing.parts_of(running, plan.manifest, plan.current + 1, actor)
        done: list[Published] = []

        def carry_out(context: Acting, request: Request) -> None:
            message = str(request.content.get("message") or "")
            done.append(switch(running, context.connection, parts, plan, actor, message, choices))

        found = decide(carry_out)
        if done:
            running.take_up(publishing.parts_of(running, plan.manifest, done[-1].number, actor))
        return found


def _asker(running: Running, request: Request) -> Actor:
    with running.reading() as context:
        return deciding.as_asker(context, request).actor


def rollback(running: Running, number: int, actor: Actor, message: str, choices: Choices) -> Published:
    """An earlier (or later) revision current again: its files as a new revision, by the same rules as a publish."""
    with running.publishing:
        loaded = publishing.revision(running, number)
        publishing.refuse(loaded)
        note = message or f"← {number}"
        return _carry_out(running, actor, note, choices, loaded, back_to=number)


def _planned(running: Running, loaded: Loaded, choices: Choices, back_to: int = 0) -> Plan:
    """What it would change, every question answered and every scenario held."""
    assert loaded.manifest is not None
    publishing.second_person(loaded.manifest)
    if choices.scenarios:
        _try_scenarios(running, loaded)
    with running.database.read() as connection:
        known = running.published and publishing.exists(connection)
        plan = planning.compare(running, connection, loaded, back_to if choices.undo else 0) if known else Plan(loaded)
    _ask(plan, choices)
    spreading.refuse(plan, choices.tell)
    return plan


def _submit(running: Running, actor: Actor, message: str, choices: Choices, plan: Plan, rule: Approval) -> Published:
    """Ask the second person; an earlier submission that nobody has decided on is overtaken by this one."""
    sentences = {language: plan.sentences(language) for language in ("zh", "en")}

    def work(context: Acting) -> int:
        for earlier in approvals.open_kind(context.connection, "publish"):
            approval.overtaken(context, earlier)
        content = {
            "digest": publishing.mark(plan.loaded),
            "message": message,
            "choices": choices.json(),
            "sentences": sentences["zh" if context.language == "zh" else "en"],
        }
        what = "发布配置" if context.language == "zh" else "Publish"
        title = message or context.manifest.site.label.text(context.language) or context.manifest.site.name
        asked = approval.ask(
            context,
            rule,
            "publish",
            None,
            None,
            "publish",
            what=what,
            title=title,
            content=content,
            values={},
            where=rule.where,
        )
        return asked.id

    number = turn.run(running.parts, running.database, actor, work, via="publish").value
    return Published(0, sentences, asked=number)


def _carry_out(
    running: Running,
    actor: Actor,
    message: str,
    choices: Choices,
    loaded: Loaded,
    ask: bool = False,
    back_to: int = 0,
) -> Published:
    if running.published and _runs_already(running, loaded):
        return Published(running.revision, {"zh": [], "en": []}, unchanged=True)
    plan = _planned(running, loaded, choices, back_to)
    # The rule that runs decides, not the one in the folder: nobody takes it away by publishing.
    rule = running.manifest.site.approve if ask else None
    if rule is None and ask and plan.unbound:
        # A rule with all rights can do what its publisher may not: one person alone does not bring it in.
        roles = [name for name, role in running.manifest.roles.items() if "publish" in role.may]
        rule = Approval(by=tuple(roles), where=plan.unbound[0].where)
    if rule is not None:
        return _submit(running, actor, message, choices, plan, rule)
    parts = publishing.parts_of(running, plan.manifest, plan.current + 1, actor)
    done: list[Published] = []

    def work(connection: Connection) -> None:
        done.append(switch(running, connection, parts, plan, actor, message, choices))

    running.database.write(work)
    number = done[-1].number
    running.take_up(publishing.parts_of(running, plan.manifest, number, actor))
    return done[-1]


def _runs_already(running: Running, loaded: Loaded) -> bool:
    """True when what was loaded is, text for text, the revision that runs, and its tables are as they should be."""
    with running.database.read() as connection:
        if publishing.texts(loaded) != dict(revisions.load(connection, running.revision)):
            return False
        return not planning.compare(running, connection, loaded).operations


def _ask(plan: Plan, choices: Choices) -> None:
    """Raise Refused with every question the publisher has not answered."""
    problems: list[Problem] = []
    moves = choices.moves or {}
    for each in plan.leaving:
        target = moves.get(f"{each.machine}.{each.state}")
        if target is None:
            problems.append(each.problem())
        elif target not in plan.manifest.state_machines[each.machine].states:
            problems.append(Problem("M032", parameters={"machine": each.machine, "state": target}))
    if plan.clocks and choices.timers is None:
        examples = "、".join(dict.fromkeys(clock.title for clock in plan.clocks[:3]))
        more = " …" if len(plan.clocks) > 3 else ""
        problems.append(Problem("M030", parameters={"count": len(plan.clocks), "examples": examples + more}))
    problems += plan.aloft.asked(choices)
    problems += [plan.told(o) for o in plan.operations if o.clashes or (o.is_lossy and not choices.allow_lossy)]
    if problems:
        raise Refused(problems)


def _try_scenarios(running: Running, loaded: Loaded) -> None:
    from engine.runtime.scenario import run

    assert loaded.manifest is not None
    failed: list[str] = []
    found: list[Problem] = []
    for name, scenario in loaded.manifest.scenarios.items():
        if scenario.pack != "custom":
            continue
        result = run(loaded.manifest, running.registry, scenario)
        if result.problems:
            failed.append(name)
            found += result.problems
    if failed:
        head = Problem("M033", parameters={"count": len(failed), "names": ", ".join(failed)})
        raise InvalidDocument([head, *found])


def _by(revision: revisions.Revision) -> str:
    """Who published it: a login, or the name somebody has on the machine the command was run on."""
    came = str((revision.changes or {}).get("from") or "")
    return came if came and revision.login == SYSTEM.login else revision.login


class Revisions:
    """The revisions of one running site."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def plan(self, to: int | None = None) -> Plan:
        """What publishing the folder would change, or going back to a revision. Raises InvalidDocument, NotFound (C012)."""
        return planning.plan(self._running, to)

    def concerned(self, plan: Plan, language: str) -> list[dict[str, Any]]:
        """The templates a plan changes, and who sends by them: whom the publisher may tell (see ``spreading``)."""
        if not plan.current:
            return []
        with self._running.reading() as context:
            return spreading.offered(context, plan, language)

    def publish(self, message: str = "", choices: Choices = Choices(), actor: Actor = SYSTEM) -> Published:
        """The folder as the next revision (see ``publish``)."""
        return publish(self._running, actor, message, choices)

    def rollback(
        self, number: int, message: str = "", choices: Choices = Choices(), actor: Actor = SYSTEM
    ) -> Published:
        """An earlier revision current again (see ``rollback``)."""
        return rollback(self._running, number, actor, message, choices)

    def publish_if_new(self, actor: Actor = SYSTEM) -> Published | None:
        """Publish the folder when nothing was ever published (a first start); None otherwise."""
        if self._running.published:
            return None
        return publish(self._running, actor, "", Choices(scenarios=False))

    def listed(self) -> list[dict[str, Any]]:
        """Every revision, newest first: number, at, by, message, what changed, whether it runs."""
        with self._running.database.read() as connection:
            if not publishing.exists(connection):
                return []
            return [
                {
                    "number": revision.number,
                    "at": revision.at.isoformat(),
                    "by": _by(revision),
                    "message": revision.note,
                    "changes": (revision.changes or {}).get("sentences", {}),
                    "current": revision.current,
                }
                for revision in revisions.listed(connection)
            ]

    def folder_problems(self) -> list[Problem]:
        """The errors the folder has now; what runs is not harmed by them."""
        if self._running.published and publishing.is_current(self._running):
            return []  # what was published had none
        return list(publishing.folder(self._running).errors)


__all__ = ["Choices", "Published", "Revisions", "granted", "publish", "rollback"]
