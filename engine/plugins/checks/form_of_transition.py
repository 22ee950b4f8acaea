"""The check ``form_of_transition``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.plugins.slots import Check


class FormOfTransition(Check):
    """A transition that requires a field its own form does not ask for."""

    name = "form_of_transition"
    title: ClassVar[Mapping[str, str]] = {"zh": "流转的表单缺字段", "en": "Form of a transition lacks a field"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L018 for each transition and field."""
        for machine in manifest.state_machines.values():
            for way in machine.transitions.values():
                form = manifest.forms.get(way.form or "")
                if form is None:
                    continue
                asked = {*form.fields, *form.fill, *form.ask_one_of}
                asked |= {name for section in form.sections.values() for name in section.fields}
                evidence = way.approve.evidence if way.approve is not None else ()
                for field in [*(each.field for each in way.require), *evidence]:
                    if field is not None and field not in asked:
                        parameters = {"transition": way.name, "field": field, "form": form.name}
                        yield Problem("L018", way.where, parameters=parameters, also=form.where)
