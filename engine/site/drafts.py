"""A document template as it stands in the folder, laid out for a record: to look at before it is published. Floor: 6."""

from __future__ import annotations

from engine.errors import InvalidDocument, NotFound, Problem, nearest
from engine.facts import Actor, Event
from engine.paper.press import Paper, press
from engine.runtime import paper
from engine.site import reading
from engine.site.running import Running


def draft(running: Running, actor: Actor, template: str, entity: str, record: int) -> tuple[str, Paper]:
    """(name of the file, the document) with the actor's rights; nothing is kept and nothing is sent.

    Raises NotFound for an unknown template (R084) and for a record the actor may not see, InvalidDocument for a folder with mistakes,
    and what ``engine.paper.press`` and the template itself raise.
    """
    from engine.load.pipeline import load_site

    loaded = load_site(running.folder, running.registry)
    if loaded.manifest is None or loaded.errors:
        raise InvalidDocument(loaded.errors)
    found = loaded.manifest.templates.get(template)
    if found is None:
        near = nearest(template, loaded.manifest.templates)
        raise NotFound(Problem("R084", parameters={"template": template}, suggestion=near))
    with running.reading(actor) as context:
        reading.visible(context, entity, record)
        made = paper.filled(context, found, Event("changed", entity, record, context.now, actor=actor))
        pictures = {name: running.files.read(context.connection, id) for name, id in paper.pictures_of(made).items()}
    return str(made["name"]), press(made, pictures)
