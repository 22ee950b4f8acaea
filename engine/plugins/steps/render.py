"""The step ``render``. Floor: 4."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import OutsideStep

#: What stands for a document in a scenario, where none is made.
SAMPLE = b"%PDF-1.7\n"


class Render(OutsideStep):
    """Make a PDF of a document template and put it into a file field (``into``). It is laid out in a process of its own, so a
    template can neither read other files nor reach the network; the file names the template and the revision."""

    name = "render"
    title: ClassVar[Mapping[str, str]] = {"zh": "生成文件", "en": "Make a document"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "template": {"title": "模板", "x-en": {"title": "Template"}, "type": "string", "x-refers": "template"},
            "into": {"title": "放进哪个字段", "x-en": {"title": "Into"}, "type": "string", "x-refers": "field"},
        },
        "required": ["template"],
        "additionalProperties": False,
        "x-short": "template",
    }
    example = "render: {template: quote, into: quote_file}"

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """One document, filled in as the record is now."""
        return [{"document": context.document(step.params["template"], event), "seed": secrets.token_hex(16)}]

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """The kept file: its id, name, pages and size."""
        return outside.shelf.printed(delivery["document"], delivery["seed"])

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """As if it had been made."""
        document = delivery["document"]
        kept = {name: document[name] for name in ("name", "template", "revision")}
        return {"file": delivery["seed"], **kept, "rehearsed": True}

    def settle(self, context: Any, step: Step, event: Event, results: Sequence[Any]) -> None:
        """Put the file into its field."""
        if step.params.get("into"):
            result, record = results[0], context.own(event)
            file = result["file"]
            if result.get("rehearsed"):
                file = context.keep_sample(file, result["name"], SAMPLE)
            context.update(record.entity, record.id, {step.params["into"]: file})
