"""The check ``template_attachments``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem, nearest
from engine.model.manifest import Manifest
from engine.plugins.slots import Check

FILES = ("file", "image")


class TemplateAttachments(Check):
    """A template that attaches what is neither a file field of its entity nor a document template about it."""

    name = "template_attachments"
    title: ClassVar[Mapping[str, str]] = {"zh": "模板的附件", "en": "Attachments of templates"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L030 for each such name."""
        for template in manifest.templates.values():
            entity = manifest.entities.get(template.for_)
            if entity is None:
                continue
            known = {name for name, field in entity.fields.items() if field.type in FILES}
            known |= {
                each.name
                for each in manifest.templates.values()
                if each.channel == "document" and each.for_ == template.for_
            }
            for name in template.attach:
                if name not in known:
                    near = nearest(name, known)
                    yield Problem("L030", template.where, parameters={"name": name}, suggestion=near)
