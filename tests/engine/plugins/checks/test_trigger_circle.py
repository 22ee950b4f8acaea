from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

TRIGGER = "---\nkind: trigger\nname: {name}\nwhen: {{event: changed, entity: ticket, fields: [{field}]}}\n{if_}do: [{{set: {{{sets}: {to}}}}}]\n"


def trigger(name: str, field: str, sets: str, to: str = "1", if_: str = "") -> str:
    return TRIGGER.format(name=name, field=field, sets=sets, to=to, if_=f"if: {if_}\n" if if_ else "")


def test_two_triggers_that_start_each_other_are_told_with_the_chain(loaded: Loader) -> None:
    found = loaded(TICKET + trigger("ping", "subject", "amount") + trigger("pong", "amount", "subject", "a"))
    assert codes(found) == ["L008"]
    assert found.problems[0].parameters["chain"] == "ping → pong → ping"


def test_a_trigger_that_starts_itself_is_told(loaded: Loader) -> None:
    assert codes(loaded(TICKET + trigger("grow", "amount", "amount", "=amount + 1"))) == ["L008"]


def test_a_condition_over_what_is_written_ends_the_chain(loaded: Loader) -> None:
    text = trigger("ping", "subject", "amount", if_="amount is None") + trigger("pong", "amount", "subject", "a")
    assert codes(loaded(TICKET + text)) == []


def test_triggers_in_a_row_are_no_circle(loaded: Loader) -> None:
    assert (
        codes(loaded(TICKET + trigger("ping", "subject", "amount") + trigger("pong", "amount", "owner", "=me"))) == []
    )


def test_a_trigger_that_makes_what_starts_it_is_told(loaded: Loader) -> None:
    text = "---\nkind: trigger\nname: more\nwhen: {event: created, entity: ticket}\ndo: [{create: {entity: ticket}}]\n"
    assert codes(loaded(TICKET + text)) == ["L008"]
