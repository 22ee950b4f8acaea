from __future__ import annotations

import pytest

from tests.engine.load.conftest import TICKET, Loader, codes
from tests.engine.load.test_pipeline import MACHINE


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("kind: view\nname: v\nentity: tickt\n", "ticket"),
        ("kind: view\nname: v\nentity: ticket\ncolumns: [subjct]\n", "subject"),
        ("kind: view\nname: v\nentity: ticket\ncolumns: [owner.tem]\n", "team"),
        ("kind: view\nname: v\nentity: ticket\nsort: [-amout]\n", "amount"),
        ("kind: form\nname: f\nentity: ticket\nfields: [subject, amuont]\n", "amount"),
        ("kind: metric\nname: m\nentity: ticket\nfill_rate: [subjct]\n", "subject"),
        ("kind: metric\nname: m\nentity: ticket\nduration: {from: {entered: nww}, to: {entered: done}}\n", "new"),
        ("kind: dashboard\nname: d\ntiles: {a: {funnel: ticket_stge}}\n", "ticket_stage"),
        ("kind: dashboard\nname: d\nfilters: [time, subjct]\ntiles: {a: {funnel: ticket_stage}}\n", "subject"),
        ("kind: dashboard\nname: d\ntiles: {a: {funnel: ticket_stage}}\nlayers: {l: {tiles: [b]}}\n", None),
        ("kind: role\nname: r\ninherits: [staf]\n", "staff"),
        ("kind: role\nname: r\ncan: {tickett: {read: true}}\n", "ticket"),
        ("kind: role\nname: r\nfields: {ticket: {hide: [amuont]}}\n", "amount"),
        ("kind: workspace\nname: w\nfor: [staf]\nhome: [{action: finsh}]\n", "staff"),
        ("kind: workspace\nname: w\nfor: [staff]\nhome: [{action: finsh}]\n", "finish"),
        ("kind: template\nname: t\nfor: tcket\nbody: x\n", "ticket"),
        ("kind: assignment\nname: a\nentity: ticket\nfield: ownr\n", "owner"),
        ("kind: assignment\nname: a\nentity: ticket\nnobody: {notify: staf}\n", "staff"),
        ("kind: trigger\nname: t\nwhen: {event: entered, entity: ticket, state: dne}\ndo: [{stop: }]\n", "done"),
        ("kind: trigger\nname: t\nwhen: {event: changed, entity: ticket, fields: [amout]}\ndo: [{stop: }]\n", "amount"),
        ("kind: trigger\nname: t\nwhen: {event: transition, transition: finsh}\ndo: [{stop: }]\n", "finish"),
        (
            "kind: trigger\nname: t\nwhen: {event: sla_breached, sla: ticket_stage.nw}\ndo: [{stop: }]\n",
            "ticket_stage.new",
        ),
        ("kind: trigger\nname: t\nwhen: {event: created, entity: ticket}\ndo: [{set: {amout: 1}}]\n", "amount"),
        ("kind: trigger\nname: t\nwhen: {event: created, entity: ticket}\ndo: [{assign: nobody_knows}]\n", None),
        (
            "kind: trigger\nname: t\nwhen: {event: created, entity: user}\n"
            "do: [{create: {entity: ticket, set: {subjct: a}}}]\n",
            "subject",
        ),
        (
            "kind: trigger\nname: t\nwhen: {event: created, entity: ticket}\n"
            "do: [{update: {record: =owner, set: {logn: a}}}]\n",
            "login",
        ),
        (
            "kind: trigger\nname: t\nwhen: {event: created, entity: user}\n"
            "do: [{each: {of: ticket, do: [{set: {subjct: a}}]}}]\n",
            "subject",
        ),
        (
            "kind: sla\nname: s\nentity: ticket\ncalendar: nights\nstart: {event: created}\nstop: {if: amount}\ntarget: 1h\n",
            None,
        ),
    ],
)
def test_a_name_that_stands_for_nothing_is_told_with_the_nearest(
    loaded: Loader, text: str, suggestion: str | None
) -> None:
    found = loaded(TICKET + MACHINE, custom__y=text)
    assert "D021" in codes(found), [problem.text() for problem in found.problems]
    first = next(problem for problem in found.problems if problem.code == "D021")
    assert first.suggestion == suggestion
    assert first.where.file == "custom/y.yaml"


def test_what_is_always_there_needs_no_document(loaded: Loader) -> None:
    found = loaded(
        TICKET
        + MACHINE.replace("within: 4h", "within: 4h, calendar: always")
        + "---\nkind: role\nname: r\ncan: {'*': {read: true}}\n"
        + "---\nkind: view\nname: v\nentity: ticket\ncolumns: [id, created_at, owner.team.name, stage]\nsort: [-updated_at]\n"
    )
    assert codes(found) == []


def test_fault_017_an_unknown_state_is_an_error_at_the_word(loaded: Loader) -> None:
    found = loaded(TICKET + MACHINE.replace("to: done", "to: doen"))
    error = found.errors[0]
    assert (error.code, error.suggestion) == ("D021", "done")
    assert error.excerpt[error.where.column - 1 :].startswith("doen")


def test_fault_019_two_documents_of_one_name_name_both_places(loaded: Loader) -> None:
    found = loaded(TICKET, custom__y=TICKET.lstrip())
    assert codes(found) == ["D020"]
    assert (str(found.problems[0].where), str(found.problems[0].also)) == ("custom/y.yaml:2:7", "custom/x.yaml:3:7")
