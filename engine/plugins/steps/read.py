"""The step ``read``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import OutsideStep


class Read(OutsideStep):
    """Read what is written in a file of the record: PDF, Word, PowerPoint, Excel, text, and pictures and scans by OCR. The text goes
    ``into`` a field (where it can be searched), and key facts (amount, date, party_a, party_b) into fields that are still empty;
    what people typed in stays. Everything happens on this machine, in a process of its own without network."""

    name = "read"
    title: ClassVar[Mapping[str, str]] = {"zh": "读文件", "en": "Read a file"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "file": {"title": "哪个文件字段", "x-en": {"title": "File"}, "type": "string", "x-refers": "field"},
            "into": {"title": "文字放进", "x-en": {"title": "Text into"}, "type": "string", "x-refers": "field"},
            "amount": {"title": "金额放进", "x-en": {"title": "Amount into"}, "type": "string", "x-refers": "field"},
            "date": {"title": "日期放进", "x-en": {"title": "Date into"}, "type": "string", "x-refers": "field"},
            "party_a": {"title": "甲方放进", "x-en": {"title": "Party A into"}, "type": "string", "x-refers": "field"},
            "party_b": {"title": "乙方放进", "x-en": {"title": "Party B into"}, "type": "string", "x-refers": "field"},
        },
        "required": ["file"],
        "additionalProperties": False,
    }
    example = "read: {file: contract, into: contract_text, amount: contract_amount, date: signed_on}"

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """The file as it is now; nothing where the field is empty."""
        record = context.own(event)
        file = record[step.params["file"]]
        return [{"file": file}] if file else []

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """The text and the facts."""
        return outside.shelf.reading(delivery["file"])

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """A file without words."""
        return {"file": delivery["file"], "text": "", "facts": []}

    def settle(self, context: Any, step: Step, event: Event, results: Sequence[Any]) -> None:
        """Put text and facts into their fields, if the file is still the one that was read."""
        record, found = context.own(event), results[0]
        if record[step.params["file"]] != found["file"]:
            return
        changes: dict[str, Any] = {}
        if step.params.get("into"):
            changes[step.params["into"]] = found["text"] or None
        first = {fact["kind"]: fact["value"] for fact in reversed(found["facts"])}
        for kind, value in first.items():
            field = step.params.get(kind)
            if field and record[field] is None:
                changes[field] = value
        if changes:
            context.update(record.entity, record.id, changes)
