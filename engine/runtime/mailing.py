"""What a customer is sent: plain text, the same in HTML with the logo, links that lead through the site. Floor: 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Problem
from engine.facts import Event
from engine.model.template import MessageTemplate
from engine.paper import mail
from engine.paper.tags import LOGO
from engine.plugins.slots import Undone
from engine.runtime import people, tracking

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

VIEW = {"zh": "查看文件", "en": "View the document"}


def written(
    context: Acting, name: str | None, to: str, title: str, text: str | None, documents: bool, event: Event
) -> dict[str, Any]:
    """``text``, with ``html`` and its ``logo`` (a file) where the template has them; ``sending`` where it is tracked, which is then
    written down in this turn. ``text`` None: the template's own words. Raises Undone (R201) for a mail that is too long."""
    template = context.manifest.templates.get(name or "")
    trail = tracking.Trail(context) if tracking.wanted(context, name) else None
    found: dict[str, Any] = {}
    if template is not None and text is None:
        text = people.words(context, template.name, event)[1]
        if template.html is not None:
            found = in_html(context, template, title, event, trail, documents)
    found["text"] = trail.told(text or "", documents) if trail is not None else text or ""
    if trail is not None:
        found["sending"] = trail.begin(event, str(name), to, title)
    return found


def in_html(
    context: Acting,
    template: MessageTemplate,
    title: str,
    event: Event,
    trail: tracking.Trail | None = None,
    documents: bool = False,
) -> dict[str, Any]:
    """``html`` and, where the template's field has one, ``logo`` (a file). Raises Undone (R201)."""
    assert template.html is not None
    language = tracking.spoken(context)
    body = people.render(context, template.html, event)
    if trail is not None and documents:
        body += f'<p><a class="button" href="{trail.page}">{VIEW[language]}</a></p>'
    logo = context.value(template.logo, event) if template.logo is not None else None
    look = mail.Look(template.style.color, template.style.font, language, title)
    try:
        page = mail.laid_out(body, look, trail.through if trail is not None else str, bool(logo))
    except OverflowError as error:
        raise Undone(Problem("R201", template.where, parameters={"limit": str(error)}), final=True) from error
    return {"html": page, **({"logo": str(logo)} if logo and LOGO in page else {})}
