from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

FORM = "---\nkind: form\nname: quick\nentity: ticket\nfields: [subject]\n"
METRIC = "---\nkind: metric\nname: total\nentity: ticket\nsum: =amount\n"


def test_a_metric_over_a_field_nothing_fills_is_told(loaded: Loader) -> None:
    found = loaded(TICKET + FORM + METRIC)
    assert codes(found) == ["L009"]
    assert found.problems[0].parameters["field"] == "amount"


def test_a_form_a_rule_or_a_default_fills_it(loaded: Loader) -> None:
    rule = "---\nkind: trigger\nname: t\nwhen: {event: created, entity: ticket}\ndo: [{set: {amount: 1}}]\n"
    assert codes(loaded(TICKET + FORM.replace("[subject]", "[subject, amount]") + METRIC)) == []
    assert codes(loaded(TICKET + FORM + METRIC + rule)) == []
    assert codes(loaded(TICKET.replace("{type: number}", "{type: number, default: 1}") + FORM + METRIC)) == []


def test_an_entity_without_a_form_is_filled_by_hand(loaded: Loader) -> None:
    assert codes(loaded(TICKET + METRIC)) == []
