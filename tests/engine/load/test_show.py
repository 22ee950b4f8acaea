from __future__ import annotations

from engine.load.show import find, names, show
from engine.source.reader import read
from tests.engine.load.conftest import TICKET, Loader


def test_every_line_names_the_file_it_came_from(loaded: Loader) -> None:
    found = loaded(
        TICKET, custom__a="kind: entity\nextend: ticket\nfields:\n  subject: {max_length: 40}\n  room: {type: text}\n"
    )
    shown = show(found, "ticket")
    assert shown is not None
    lines = {line.split("  #")[0].strip(): line.rsplit("# ", 1)[1] for line in shown["text"].splitlines()}
    assert lines["max_length: 40"] == "custom/a.yaml:4"
    assert lines["required: true"] == "custom/x.yaml:6"
    assert lines["room: {type: text}"] == "custom/a.yaml:5"
    assert lines["label: {zh: 工单, en: Ticket}"] == "custom/x.yaml:4"
    assert shown["origins"]["/fields/subject/max_length"] == "custom/a.yaml:4"


def test_what_is_shown_reads_back_as_the_merged_document(loaded: Loader) -> None:
    text = (
        "kind: sla\nname: s\nlabel: 'yes'\nentity: ticket\nstart: {event: created}\nstop:\n  if:\n    - amount > 1\n"
        "    - \"subject != 'a: b'\"\ntarget: 2h\nescalate:\n  - after: 0m\n    do:\n      - set: {amount: 1}\n      - stop:\n"
    )
    found = loaded(TICKET, custom__s=text)
    for name in ("ticket", "s", "entity/user"):
        shown = show(found, name)
        assert shown is not None
        assert read(shown["text"], "shown.yaml").documents[0].plain() == shown["value"], shown["text"]


def test_a_name_is_found_by_its_kind_its_pack_or_alone(loaded: Loader) -> None:
    found = loaded(TICKET)
    assert find(found, "ticket") == find(found, "entity/ticket") == find(found, "custom.ticket") == ("entity", "ticket")
    assert find(found, "view/ticket") is None
    assert find(found, "nobody") is None
    assert show(found, "nobody") is None
    assert {"ticket", "entity/ticket", "test", "site/test"} <= set(names(found))
