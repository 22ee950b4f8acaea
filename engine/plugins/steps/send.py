"""The step ``send``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.errors import Problem
from engine.facts import Event
from engine.model.terms import Step
from engine.paper.tags import LOGO
from engine.plugins.slots import OutsideStep, Undone

#: Addresses one step writes to at most: more is a mailing, which people should agree to first.
MOST = 50
#: Bytes of attachments most mail servers take.
HEAVY = 20 * 1024 * 1024
#: Files a tracked link shows; more are attached.
SHOWN = 3


class Send(OutsideStep):
    """Send content to a customer through a connection (e-mail): a template, or a subject and a text of its own. ``attach`` names
    file fields of the record and document templates, which are made on the way, beside those the template attaches itself.
    Every attempt carries the same Message-ID, so that a repeat can be told. A template with ``track: true`` has its links and documents
    lead through the site, where openings, time and clicks become events; what was sent is a record of ``sending``. A template with ``html``
    goes out as HTML with the same words as plain text beside it, where the connection can; else the plain text alone."""

    name = "send"
    title: ClassVar[Mapping[str, str]] = {"zh": "发给客户", "en": "Send to a customer"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "to": {"title": "发给谁", "x-en": {"title": "To"}, "format": "value"},
            "via": {"title": "连接", "x-en": {"title": "Via"}, "type": "string", "x-refers": "connection"},
            "template": {"title": "模板", "x-en": {"title": "Template"}, "type": "string", "x-refers": "template"},
            "subject": {"title": "主题", "x-en": {"title": "Subject"}, "format": "template"},
            "text": {"title": "内容", "x-en": {"title": "Text"}, "format": "template"},
            "attach": {
                "title": "附件",
                "x-en": {"title": "Attach"},
                "type": "array",
                "items": {"type": "string"},
            },
        },
        "required": ["to", "via"],
        "additionalProperties": False,
    }
    example = 'send: {to: "=email", via: mail, template: after_proposal}'

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """One message for each address; none where the record has none."""
        subject = context.words(step.params["template"], event)[0] if step.params.get("template") else ""
        if step.params.get("subject") is not None:
            subject = context.text(step.params["subject"], event)
        text = context.text(step.params["text"], event) if step.params.get("text") is not None else None
        found = context.value(step.params["to"], event)
        addresses = found if isinstance(found, list | tuple) else [found]
        if len(addresses) > MOST:
            about = {"count": len(addresses), "most": MOST}
            raise Undone(Problem("R208", step.where, parameters=about), final=True)
        title = subject or context.named(event)
        attached = context.attached(step.params.get("template"), step.params.get("attach", ()), event)
        more = {"attachments": attached} if attached else {}
        made = []
        for to in [str(each) for each in addresses if each]:
            told = context.letter(step.params.get("template"), to, title, text, bool(attached), event)
            made.append({"connection": step.params["via"], "to": to, "subject": title, **told, **more})
        return made

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """What the other side said, and the files that went along or are looked at by a tracked link."""
        connector, settings = outside.connection(delivery["connection"])
        given = dict(delivery)
        sending = given.pop("sending", None)
        linked = 0 if sending is None else SHOWN
        asked = given.pop("attachments", None) or ()
        files = attachments(outside.shelf, asked, linked)
        along = files[linked:]
        if along and "attach" not in connector.offers:
            raise Undone(Problem("R218", parameters={"connection": delivery["connection"]}), final=True)
        if along:
            given["attachments"] = along
        logo = given.pop("logo", None)
        if "html" not in connector.offers:
            given.pop("html", None)
        elif logo is not None and "html" in given:
            given["pictures"] = [{"cid": LOGO.removeprefix("cid:"), **outside.shelf.picture(logo)}]
        answer = connector.send(settings, given, key)
        about = dict(answer) if isinstance(answer, Mapping) else {"answer": answer}
        if files:
            about["files"] = [each["file"] for each in files]
        return about if sending is None else {**about, "sending": sending}

    def rehearse(self, delivery: Mapping[str, Any]) -> Any:
        """As if it had gone out."""
        return {"sent": True, **({"sending": delivery["sending"]} if "sending" in delivery else {})}

    def settle(self, context: Any, step: Step, event: Event, results: Sequence[Any]) -> None:
        """A tracked sending is written down as sent."""
        for result in results:
            if isinstance(result, Mapping) and "sending" in result:
                context.sent(result["sending"], list(result.get("files", ()))[:SHOWN])


def attachments(shelf: Any, files: Sequence[Mapping[str, Any]], linked: int = 0) -> list[dict[str, Any]]:
    """Name, type and content of each attachment, documents laid out; the first ``linked`` are looked at by a link, however big they
    are, and come without content. Raises Undone (R207) when the others are too big together."""
    found, size = [], 0
    for number, each in enumerate(files):
        id = shelf.printed(each["document"], each["seed"])["file"] if "document" in each else each["file"]
        about = shelf.about(id)
        if about is None:
            raise Undone(Problem("B011", parameters={"entity": "file", "id": id}), final=True)
        if number < linked:
            found.append({"file": id, "name": about.name, "type": about.type})
            continue
        size += about.size
        if size > HEAVY:
            raise Undone(Problem("R207", parameters={"name": about.name, "most": HEAVY // 1024 // 1024}), final=True)
        found.append({"file": id, "name": about.name, "type": about.type, "content": shelf.read(about.id)})
    return found
