from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.load.pipeline import load, load_site
from engine.load.read import Memory
from engine.plugins.registry import Registry
from tests.engine.load.conftest import BASE, TICKET, Loader, codes, places
from tests.engine.load.test_schema import damaged

MACHINE = """---
kind: state_machine
name: ticket_stage
entity: ticket
field: stage
initial: new
states:
  new: {within: 4h, warn_at: 75%}
  done: {final: true}
transitions:
  finish: {from: new, to: done, do: [{set: {amount: 1}}]}
"""


def test_a_small_site_becomes_a_manifest(loaded: Loader) -> None:
    found = loaded(TICKET + MACHINE)
    assert found.problems == ()
    assert found.manifest is not None
    assert set(found.manifest.entities) == {"ticket", "user", "team"}
    assert found.manifest.entities["ticket"].fields["stage"].type == "state"
    assert found.manifest.site.name == "test"


def test_ten_problems_in_one_file_are_all_reported(loaded: Loader) -> None:
    found = loaded(
        """
kind: entity
name: ticket
ownner: li
fields:
  subject: {type: txt}
  amount: {type: number, required: maybe}
  due: {type: datetime, requird: true}
  size: {type: choice, max_length: 0}
---
kind: view
name: Everything
entity: tiket
show: bord
where: "amout >"
sort: subject
---
kind: trigger
name: greet
do: [{asign: {rule: x}}]
"""
    )
    assert found.manifest is None
    assert len(found.problems) >= 10
    assert {"D003", "D004", "D006", "D009", "D011", "D017", "D019", "D021"} <= set(codes(found))


def test_problems_are_sorted_by_file_and_line(loaded: Loader) -> None:
    found = loaded("kind: viw\nname: a\n", custom__b="kind: entity\nname: b\nfields: {x: {type: txt}}\nzzz: 1\n")
    assert places(found) == ["custom/b.yaml:3:20", "custom/b.yaml:4:1", "custom/x.yaml:1:7"]


def test_two_problems_of_one_expression_name_their_columns(loaded: Loader) -> None:
    found = loaded(TICKET + '---\nkind: view\nname: v\nentity: ticket\nwhere: "amont > 3 and subjct == 1"\n')
    assert codes(found) == ["X013", "X013"]
    assert [problem.where.column for problem in found.problems] == [9, 23]
    assert [problem.suggestion for problem in found.problems] == ["amount", "subject"]


def test_a_broken_document_does_not_make_its_users_look_broken(loaded: Loader) -> None:
    broken = TICKET.replace("fields:", "feilds:")
    found = loaded(broken + '---\nkind: view\nname: v\nentity: ticket\nwhere: "amount > 3"\ncolumns: [amount]\n')
    assert codes(found) == ["D004", "D003"]


def test_the_same_content_has_the_same_digest(loaded: Loader) -> None:
    one, two, other = loaded(TICKET), loaded(TICKET), loaded(TICKET + "# a comment\n")
    assert one.manifest and two.manifest and other.manifest
    assert one.manifest.digest == two.manifest.digest != other.manifest.digest


def test_a_second_look_reads_only_what_changed(registry: Registry) -> None:
    memory = Memory(registry)
    files: dict[str, str | bytes] = {"site.yaml": "name: test\n", "custom/a.yaml": TICKET, "custom/b.yaml": "kind: x\n"}
    first = load(files, registry, BASE, memory)
    again = load({**files, "custom/b.yaml": "kind: role\nname: clerk\n"}, registry, BASE, memory)
    assert first.sources["custom/a.yaml"] is again.sources["custom/a.yaml"]
    assert codes(first) == ["D002"] and codes(again) == []


def test_a_second_look_finds_the_same_problems(registry: Registry) -> None:
    memory = Memory(registry)
    files: dict[str, str | bytes] = {"site.yaml": "name: test\n", "custom/a.yaml": TICKET + "zzz: 1\n"}
    assert load(files, registry, BASE, memory).problems == load(files, registry, BASE, memory).problems


def test_load_site_reads_a_folder_and_takes_replaced_texts(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "custom").mkdir()
    (tmp_path / "site.yaml").write_text("name: test\n", "utf-8")
    (tmp_path / "custom" / "ticket.yaml").write_text(TICKET, "utf-8")
    (tmp_path / "custom" / ".ticket.yaml.swp").write_text("half", "utf-8")
    (tmp_path / "custom" / "layout.yaml").write_text("x: 1\n", "utf-8")
    assert load_site(tmp_path, registry, BASE).problems == ()
    replaced = {"custom/ticket.yaml": TICKET + "zzz: 1\n"}
    assert codes(load_site(tmp_path, registry, BASE, replaced=replaced)) == ["D003"]


def test_fault_010_a_gbk_file_is_told_and_the_rest_is_checked(registry: Registry) -> None:
    files: dict[str, str | bytes] = {
        "site.yaml": "name: test\n",
        "custom/a.yaml": "kind: entity\nname: 线索\n".encode("gb18030"),
        "custom/b.yaml": "kind: viw\nname: v\n",
    }
    assert codes(load(files, registry, BASE)) == ["Y004", "D002"]


def test_fault_016_an_unknown_key_is_never_ignored(loaded: Loader) -> None:
    found = loaded("kind: role\nname: r\nihnerits: [staff]\n")
    assert codes(found) == ["D003"]
    assert found.problems[0].suggestion == "inherits"
    assert places(found) == ["custom/x.yaml:3:1"]


def test_fault_018_durations_need_a_unit_and_working_hours_are_understood(loaded: Loader) -> None:
    sla = '---\nkind: sla\nname: s\nentity: ticket\nstart: {event: created}\nstop: {if: "amount > 1"}\ntarget: '
    for good in ("4h", "4 工作小时", "30m", "6mo", "1h30m"):
        assert codes(loaded(TICKET + sla + good)) == [], good
    for bad in ("4", "-4h", "4 个工作小时", "1e3"):
        assert codes(loaded(TICKET + sla + bad)) == ["D007"], bad


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="abkindtye: {}[]-\n'\"#=x1线", max_size=120))
def test_no_text_makes_the_loader_raise(text: str, registry: Registry) -> None:
    load({"site.yaml": "name: test\n", "custom/x.yaml": "kind: entity\nname: a\n" + text}, registry, BASE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(
        st.sampled_from(["fields", "label", "title", "unique", "duplicates", "index", "extend", "remove", "icon"]),
        unique=True,
    ),
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "=b", "4h", "{{ x }}", "*"]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "x", "zh"]), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
def test_no_shape_makes_the_loader_raise(keys: list[str], value: object, registry: Registry) -> None:
    import json

    body = json.dumps({"kind": "entity", "name": "a", **dict.fromkeys(keys, value)}, ensure_ascii=False)
    load({"site.yaml": "name: test\n", "custom/x.yaml": body}, registry, BASE)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=damaged())
def test_a_damaged_document_of_any_kind_is_told_and_never_raises(
    document: dict[str, object], registry: Registry
) -> None:
    import json

    files: dict[str, str | bytes] = {
        "site.yaml": "name: test\n",
        "custom/a.yaml": TICKET.lstrip() + MACHINE,
        "custom/x.yaml": json.dumps(document, ensure_ascii=False),
    }
    found = load(files, registry, BASE)
    assert found.problems or found.manifest is not None
    for problem in found.problems:
        assert problem.text("zh") and problem.text("en")
