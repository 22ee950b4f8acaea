"""Everything a site is made of, resolved and frozen. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.assignment import Assignment
from engine.model.calendar import Calendar
from engine.model.connection import Connection
from engine.model.dashboard import Dashboard
from engine.model.decision import Decision
from engine.model.diagnosis import Diagnosis
from engine.model.entity import Entity
from engine.model.form import Form
from engine.model.metric import Metric
from engine.model.pack import Pack, Parameter
from engine.model.role import Role
from engine.model.scenario import Scenario
from engine.model.site import Site
from engine.model.sla import Sla
from engine.model.state_machine import StateMachine
from engine.model.template import MessageTemplate
from engine.model.terms import Document
from engine.model.trigger import Trigger
from engine.model.view import View
from engine.model.workspace import Workspace

#: kind -> its class, in the order the documentation shows them.
KINDS: Mapping[str, type[Document]] = {
    "pack": Pack,
    "entity": Entity,
    "form": Form,
    "view": View,
    "state_machine": StateMachine,
    "sla": Sla,
    "trigger": Trigger,
    "assignment": Assignment,
    "decision": Decision,
    "metric": Metric,
    "dashboard": Dashboard,
    "diagnosis": Diagnosis,
    "workspace": Workspace,
    "template": MessageTemplate,
    "connection": Connection,
    "role": Role,
    "calendar": Calendar,
    "scenario": Scenario,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All definitions of a site by kind and name, and its parameters. Never changes; a publish makes another.

    ``triggers`` holds the written ones and those expanded from ``sla``, ``do:`` and the like, in file order.
    ``digest`` is the content's hash; two manifests with the same digest mean the same.
    """

    site: Site
    packs: Mapping[str, Pack] = field(default_factory=dict)
    entities: Mapping[str, Entity] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    state_machines: Mapping[str, StateMachine] = field(default_factory=dict)
    slas: Mapping[str, Sla] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    dashboards: Mapping[str, Dashboard] = field(default_factory=dict)
    diagnoses: Mapping[str, Diagnosis] = field(default_factory=dict)
    workspaces: Mapping[str, Workspace] = field(default_factory=dict)
    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    digest: str = ""

    def of(self, kind: str) -> Mapping[str, Document]:
        """The documents of one kind by name: ``of("state_machine")``."""
        found: Mapping[str, Document] = getattr(self, PLURAL[kind])
        return found

    def machines_of(self, entity: str) -> tuple[StateMachine, ...]:
        """The state machines over an entity, in the order of their names."""
        return tuple(m for _, m in sorted(self.state_machines.items()) if m.entity == entity)


PLURAL: Mapping[str, str] = {
    kind: {"entity": "entities", "diagnosis": "diagnoses"}.get(kind, f"{kind}s") for kind in KINDS
}
