"""Every contract of a plugin, on one page. Floor: 4.

A plugin is a class in a file of its own that gives itself a ``name`` (the word YAML uses), a ``title`` (the words the
studio shows), ``params`` (JSON Schema of its parameters: checked at load, drawn as a form), an ``example`` (YAML, run by
a test) and a docstring (its reference page). It inherits from exactly one slot below; nothing else registers it.
The registry makes one instance of each.

In ``params`` a leaf's ``format`` tells the loader what the text becomes: ``expression`` (Expression), ``condition``
(Condition), ``template`` (Template), ``duration`` (Duration), ``label`` (Label), ``steps`` (tuple of Step),
``value`` (a literal, or an Expression where it begins with ``=``). Anything else stays plain.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from engine.errors import FlowloomError, Problem
from engine.expression.types import Type
from engine.facts import Event, Record
from engine.model.entity import Field
from engine.model.manifest import Manifest
from engine.model.terms import Step
from engine.plugins.incoming import Delivery as Delivery
from engine.plugins.incoming import Enclosed as Enclosed
from engine.plugins.incoming import Inbound as Inbound
from engine.plugins.incoming import Page as Page
from engine.plugins.incoming import Received as Received
from engine.plugins.incoming import Reply as Reply
from engine.plugins.incoming import Unauthentic as Unauthentic
from engine.plugins.incoming import Unreadable as Unreadable
from engine.plugins.incoming import Wait as Wait
from engine.plugins.incoming import at_path as at_path
from engine.plugins.incoming import content_of as content_of
from engine.plugins.incoming import moment_of as moment_of
from engine.plugins.shapes import json_schema_of as json_schema_of

if TYPE_CHECKING:
    import sqlalchemy as sa

EFFECTS = ("none", "internal", "external", "waits")


class Plugin:
    """What every plugin has."""

    slot: ClassVar[str] = ""
    name: ClassVar[str] = ""
    title: ClassVar[Mapping[str, str]] = {}
    params: ClassVar[Mapping[str, Any]] = {"type": "object", "additionalProperties": False}
    example: ClassVar[str] = ""


class FieldType(Plugin, ABC):
    """How a field's value is entered, kept, compared and shown. ``params`` are options beyond the common ones."""

    slot = "field_type"

    @abstractmethod
    def type_of(self, field: Field) -> Type:
        """The field's type in expressions."""

    @abstractmethod
    def column(self, field: Field) -> sa.types.TypeEngine[Any] | None:
        """The SQL type of its column; None when it has none (``links``, ``backlink``)."""

    @abstractmethod
    def clean(self, field: Field, value: Any) -> Any:
        """What was entered (text from a form or a CSV, JSON from the API) as the Python value; None for empty.

        Raises ``ValueError`` with a Problem code and parameters: ``raise Unclean("R012", least=3)``.
        """

    def to_store(self, value: Any) -> Any:
        """The Python value as the driver takes it."""
        return value

    def from_store(self, value: Any) -> Any:
        """What the driver gave, as the Python value."""
        return value

    def to_json(self, value: Any) -> Any:
        """The Python value as JSON (API, audit, export)."""
        return value

    def show(self, field: Field, value: Any, language: str) -> str:
        """The value as text for people."""
        return "" if value is None else str(value)

    def json_schema(self, field: Field) -> Mapping[str, Any]:
        """How ``to_json`` looks, as JSON Schema: the API's description is made of it."""
        return json_schema_of(self.type_of(field))

    def keys(self, value: Any) -> Iterable[str]:
        """Blocking keys for duplicates beside equality; equal keys make two values candidates."""
        return ()


class Unclean(ValueError):
    """What was entered is not such a value: the code of a Problem and its parameters."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


class StepPlugin(Plugin, ABC):
    """One action. ``effect``: none, internal (records only, runs inside the turn), external (reaches outside: the run
    becomes durable; see ``OutsideStep``) or waits (``WaitingStep``)."""

    slot = "step"
    effect: ClassVar[str] = "internal"

    @abstractmethod
    def run(self, context: Any, step: Step, event: Event) -> Any:
        """Do it. ``context`` is engine.runtime.context.Context, ``event`` what started the run; its record is
        ``context.record(event)``. What is returned is kept in the trace (JSON)."""

    def effect_of(self, step: Step, manifest: Manifest) -> str:
        """The effect of this very step, where it depends on what it is asked to do."""
        return self.effect

    def blocks(self, step: Step) -> Sequence[str]:
        """The parameters that hold steps of their own."""
        return tuple(name for name, value in step.params.items() if _holds_steps(value))

    def unfold(self, context: Any, step: Step, event: Event) -> Unfolded:
        """Which of its own steps are run, where some of them reach outside or wait. Only asked of steps with ``blocks``."""
        return Unfolded("")


def _holds_steps(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Step)


@dataclass(frozen=True, slots=True)
class Unfolded:
    """What a step that holds steps decided: run those of its parameter ``block`` ("" for none), once, or for each of the
    records ``of`` (ids) of ``entity``. ``result`` is kept in the trace."""

    block: str
    result: Any = None
    entity: str = ""
    of: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a waiting step stands: ``over`` with its ``result``, or to be looked at again when ``due``; where that is None or
    with ``wakes``, also at every change of the record."""

    over: bool
    due: dt.datetime | None = None
    result: Any = None
    wakes: bool = False


class Undone(FlowloomError):
    """What should be done outside was not done, or nobody knows. ``final``: trying again cannot help; ``after``: seconds the
    other side asked to wait."""

    def __init__(self, problem: Problem, *, final: bool = False, after: float | None = None) -> None:
        super().__init__(problem)
        self.final = final
        self.after = after


class OutsideStep(StepPlugin, ABC):
    """A step that reaches outside, in two halves: what is to be sent is made ready in a turn and kept, so that every attempt
    sends the same under the same key; sending it happens with no transaction open."""

    effect = "external"

    @abstractmethod
    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """The deliveries this step makes, as JSON, each with the name of its ``connection``. Runs once, inside a turn: it
        may touch records."""

    @abstractmethod
    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """Make one delivery; what comes back is JSON and the step's result. ``outside.connection(name)`` gives (connector,
        settings). ``key`` is the same at every attempt. Raises Undone."""

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """The result in a scenario, where nothing is sent."""
        return {"sent": True}

    def settle(self, context: Any, step: Step, event: Event, results: Sequence[Any]) -> None:
        """Keep what came of all deliveries, in the turn in which the last result arrives. Nothing unless a step says more; it
        may run again with the same results."""

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """What would be sent."""
        return self.prepare(context, step, event)


class WaitingStep(StepPlugin, ABC):
    """A step that is over when time has passed or something has happened."""

    effect = "waits"

    @abstractmethod
    def look(self, context: Any, step: Step, event: Event, since: dt.datetime) -> Waiting:
        """How it stands now, having waited since that instant. Asked in a turn, so it may set things up the first time."""

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """How it would stand at its first moment."""
        return self.look(context, step, event, context.now).over


class EventPlugin(Plugin, ABC):
    """One kind of event. ``fires`` is asked for every event of that name in the turn."""

    slot = "event"
    source: ClassVar[str] = "record"
    """record (comes from a turn), time (from a timer or schedule) or outside (from a connection)."""

    @abstractmethod
    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""


class Strategy(Plugin, ABC):
    """Picks an owner among candidates."""

    slot = "strategy"

    @abstractmethod
    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The candidates, best first, each ``{"user": id, "points": float | None, "factors": {name: points}}``."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a connector does when it is called by this name: ``title`` by language, ``params`` (JSON Schema of what stands
    in ``json``), what comes back in words, and whether it changes something there (``external``) or only looks (``none``)."""

    title: Mapping[str, str]
    params: Mapping[str, Any]
    result: str = ""
    effect: str = "external"


class Connector(Plugin, ABC):
    """Speaks with one outside system. Pull, push and operations are optional; what is not in ``offers`` is not offered:
    ``call`` (an operation), ``tell`` (a message to people of the company), ``send`` (content to a customer; ``attach``: with
    files, ``html``: as HTML too), ``receive`` (requests come in), ``poll`` (the engine goes and looks), ``upload`` (a person brings a file).
    ``operations`` are those with names. A ``discreet`` one is not given values of personal fields, unless its connection's
    setting ``personal`` allows it."""

    slot = "connector"
    offers: ClassVar[frozenset[str]] = frozenset()
    operations: ClassVar[Mapping[str, Operation]] = {}
    discreet: ClassVar[bool] = False
    private: ClassVar[bool] = True
    """What it tells a person is read by that person alone; only then a message has buttons that act."""

    def call(self, settings: Mapping[str, Any], request: Mapping[str, Any], key: str) -> Any:
        """Do an operation; its answer as JSON. Raises Undone."""
        raise Undone(Problem("R104", parameters={"connector": self.name, "what": "call"}), final=True)

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """Deliver ``{title, text, to: {login, name, email, phone}, record}`` to one person. Raises Undone."""
        raise Undone(Problem("R104", parameters={"connector": self.name, "what": "notify"}), final=True)

    def send(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """Deliver ``{to, subject, text, html, attachments}`` to a customer; an attachment is ``{name, type, content}``. Raises
        Undone."""
        raise Undone(Problem("R104", parameters={"connector": self.name, "what": "send"}), final=True)

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """What a request to ``/hooks/<connection>`` brings, its sender proven. Raises Unauthentic, Unreadable."""
        raise Unauthentic(f"{self.name} takes no requests")

    def read(self, body: bytes, kind: str) -> Any:
        """The content of a delivery that was kept, or of a sample a person pasted. Raises Unreadable."""
        return content_of(body, kind)

    def sample(self, settings: Mapping[str, Any], body: bytes, kind: str, name: str) -> Sequence[Delivery]:
        """What a pasted text or a file called ``name`` would bring, for a trial. Raises Unreadable, InvalidDocument."""
        content = self.read(body, kind)
        path = str(settings.get("items") or "")
        found = content if path == "$" else at_path(content, path) if path else [content]
        return [Delivery("", each, body, kind) for each in (found if isinstance(found, list) else [found])]

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page | Wait]:
        """What is new behind ``cursor`` (None at the first look), page by page. When the next page is asked for, the one before
        is durable: only then may the other side be told that it was taken. A page without deliveries only moves the cursor; a
        poll that listens yields ``Wait`` instead of blocking, and its other thread may be another one after that.
        Nobody else polls this connection meanwhile; what had come before is known by its key and has no effect. Raises
        Undone, Unreadable."""
        return iter(())

    def probe(self, settings: Mapping[str, Any]) -> str:
        """One line that says the other side answers; empty where there is nothing to ask. Raises Undone."""
        return ""


class Chart(Plugin, ABC):
    """One way to show a tile: which data it takes and how the front end draws it."""

    slot = "chart"
    takes: ClassVar[Sequence[str]] = ("number",)
    """number, series, groups, heatmap, funnel or records."""

    @abstractmethod
    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """The ECharts option, or an empty mapping where the front end draws it with its own widget."""


class Function(Plugin, ABC):
    """One function of the expression language. ``signature`` are parameter types ("text", "number", "any", "list",
    "date|datetime"; "…" repeats the last, a trailing "?" makes one optional), ``keywords`` those given by name;
    ``needs`` names what it wants from the environment (``now``, ``timezone``, ``history``, ``record``, ``calendar`` …):
    those come as keyword arguments, and so does ``types`` (the arguments' types) in SQL."""

    slot = "function"
    signature: ClassVar[Sequence[str]] = ()
    keywords: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[Sequence[str]] = ()
    refers: ClassVar[Mapping[str, str]] = {}
    """Arguments (by position from "0" or by keyword) that name something: state, state_machine, decision, calendar."""

    @abstractmethod
    def returns(self, arguments: Sequence[Type]) -> Type:
        """The type of the result."""

    @abstractmethod
    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The result in Python; None in gives None out unless it says otherwise."""

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The result as a SQLAlchemy column element, or NotImplemented where there is none."""
        return NotImplemented

    def measured(self, *arguments: Any, **environment: Any) -> Any:
        """For a function that measures time: (from, to, microseconds in one unit), the two as column elements, so that a
        comparison with a number compares instants and can use an index; None for every other function."""
        return None


class Check(Plugin, ABC):
    """One lint check over the whole manifest."""

    slot = "check"

    @abstractmethod
    def run(self, manifest: Manifest) -> Iterable[Problem]:
        """Every problem it finds."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """What an executor is told before it starts: how many jobs at once, where messages go, and the site's name."""

    threads: int = 8
    broker: str = ""
    site: str = ""


class Executor(Plugin, ABC):
    """Carries job ids to workers; the jobs table stays the truth. Every open site makes an instance of its own. ``apart``: only
    ``flowloom work`` carries, a process with pages sends."""

    slot = "executor"
    apart: ClassVar[bool] = False

    def settle(self, carrying: Carrying) -> None:
        """Take over what ``site.yaml`` and the command line say; nothing unless an executor asks for it."""
        return

    @abstractmethod
    def start(self, work: Callable[[int], None] | None, due: Callable[[int, bool], Sequence[int]]) -> None:
        """Begin to carry: call ``work(job_id)`` for each id that was sent (None: this process only sends). ``due(limit, claim)``
        gives ids of jobs whose time has come, claimed for this process or only looked at: whoever carries asks it again and
        again, so that a lost message loses nothing. Raises Unavailable."""

    @abstractmethod
    def send(self, job: int) -> None:
        """A job is ready; losing the message loses nothing."""

    @abstractmethod
    def stop(self) -> None:
        """Finish what is running, take nothing new."""


SLOTS: Mapping[str, type[Plugin]] = {
    kind.slot: kind
    for kind in (FieldType, StepPlugin, EventPlugin, Strategy, Connector, Chart, Function, Check, Executor)
}
