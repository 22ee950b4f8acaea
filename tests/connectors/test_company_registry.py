"""A register over HTTP: asked by credit code, remembered, and replaced by the table when it does not answer (M13)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from connectors.company_registry import CompanyRegistry
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from engine.plugins.slots import Undone
from tests.company import SITE, found
from tests.connectors.peer import OWN, Asked, Peer, Said, listening

CODE = "91110000802100433B"
SHOWN = {"data": {"regCapital": "5000万元人民币", "socialStaffNum": 86, "name": "明湖眼科医院"}}
MAP = {"capital": "data.regCapital", "insured": "data.socialStaffNum"}


def settings(peer: Peer, **more: Any) -> dict[str, Any]:
    return {
        "url": f"{peer.url}/v1",
        "path": "/companies/{uscc}",
        "map": MAP,
        "source": "工商",
        **OWN,
        "timeout": 2,
        **more,
    }


def ask(given: dict[str, Any], code: str = CODE, connector: CompanyRegistry | None = None) -> Any:
    return (connector or CompanyRegistry()).call(given, {"operation": "find", "json": {"uscc": code}}, "k")["body"]


def test_m13_every_value_comes_with_its_source_and_time() -> None:
    with listening(lambda asked: SHOWN) as peer:
        found = ask(settings(peer, headers={"Authorization": "s3cret"}))
        assert {name: (each["value"], each["source"]) for name, each in found.items()} == {
            "capital": (50_000_000, "工商"),
            "insured": (86, "工商"),
        }
        assert dt.datetime.fromisoformat(found["capital"]["at"]).tzinfo is not None
        (asked,) = peer.asked
        assert (asked.method, asked.path, asked.headers["authorization"]) == ("GET", f"/v1/companies/{CODE}", "s3cret")
        ask(settings(peer, path="", query={"keyword": "{uscc}"}))
        assert peer.asked[-1].query == {"keyword": CODE}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("1000万人民币", 10_000_000), ("1.2亿元", 120_000_000), ("86.5 万", 865_000), ("1,200.50元", 1200.5), ("3000", "3000"),
        ("500万美元", "500万美元"), ("", None), (None, None), ({"a": 1}, None), (12.5, 12.5),
    ],
)  # fmt: skip
def test_sums_as_registers_write_them(said: Any, value: Any) -> None:
    with listening(lambda asked: {"data": {"regCapital": said}}) as peer:
        assert ask(settings(peer))["capital"]["value"] == value


def test_the_same_code_is_asked_once_a_day_and_a_company_nobody_knows_is_empty() -> None:
    with listening(lambda asked: SHOWN if asked.path.endswith("B") else Said({"error": "no such"}, 404)) as peer:
        connector, given = CompanyRegistry(), settings(peer)
        assert ask(given, connector=connector) == ask(given, connector=connector) and len(peer.asked) == 1
        assert ask(given, "91110000000000000A", connector)["capital"]["value"] is None
        ask({**given, "keep": 0}, connector=CompanyRegistry())
        assert len(peer.asked) == 3


def test_what_a_code_is_can_never_lead_elsewhere_and_trouble_is_told_as_what_it_is() -> None:
    with listening(lambda asked: SHOWN) as peer:
        ask(settings(peer), "../../admin?x=1#y")
        assert peer.asked[-1].path.startswith("/v1/companies/..%2F") and not peer.asked[-1].query
        for said, final in ((Said({}, 503), False), (Said({}, 401), True)):
            peer.faults.append(said)
            with pytest.raises(Undone, match="R113") as refused:
                ask(settings(peer))
            assert refused.value.final is final
        with pytest.raises(Undone, match="R111"):
            ask({**settings(peer), "networks": []})


CONNECTION = """\
kind: connection
extend: master_data_hub.company_registry
settings: {{url: "{url}/v1", path: "/companies/{{uscc}}", map: {{capital: data.regCapital, insured: data.socialStaffNum}}, source: 工商登记接口, networks: [127.0.0.1/32], timeout: 2s}}
"""


def test_m13_the_table_stands_in_while_the_register_is_down_and_what_people_typed_stays(
    tmp_path: Any, clock: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_KEY", "s3cret")
    site = SITE.replace('{crm: "*"}', '{master_data_hub: "*"}') + "parameters: {registry_online: true}\n"

    def answer(asked: Asked) -> Any:
        return SHOWN if up else Said({"error": "down"}, 503)

    up: list[bool] = []
    with listening(answer) as peer:
        company = found(tmp_path / "site", clock, registry, site=site)
        with company.engine as engine:
            path = company.folder / "custom/company_registry.yaml"
            path.write_text(CONNECTION.format(url=peer.url), "utf-8")
            problems = [problem.text() for problem in engine.revisions.folder_problems()]
            assert not problems, problems
            engine.revisions.publish("registry")
            row = {"uscc": CODE, "company": "明湖眼科医院", "capital": 4_000_000, "insured": 80}
            engine.create(SYSTEM, "registry_entry", row)
            made = engine.create(SYSTEM, "customer", {"company": "明湖眼科医院", "uscc": CODE}).record
            engine.runs.work()
            assert len(peer.asked) == 1
            values = engine.get(SYSTEM, "customer", made.id).values
            assert (values["capital"], values["insured"]) == ("4000000.00", 80)
            assert values["registry"]["capital"]["source"] == "工商信息表" and values["registry"]["capital"]["at"]
            engine.update(SYSTEM, "customer", made.id, {"insured": 99})
            up.append(True)
            clock.advance(dt.timedelta(minutes=30))
            engine.tick()
            engine.runs.work()
            values = engine.get(SYSTEM, "customer", made.id).values
            assert (values["capital"], values["insured"]) == ("50000000.00", 99), "a person knew better"
            assert values["registry"]["insured"] | {"at": ""} == {"value": 86, "source": "工商登记接口", "at": ""}
            assert engine.runs.counts().get("dead", 0) == 0
