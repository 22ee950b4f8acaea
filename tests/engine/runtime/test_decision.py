"""Decision tables, alone and against two public collections of them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidDocument, Refused
from engine.expression.evaluate import Environment, compile_expression
from engine.expression.parse import parse
from engine.expression.types import ANY, Scope
from engine.model.decision import Decision, Row
from engine.runtime.decision import Table, build

DATA = Path(__file__).parents[4] / "shared" / "data"


def table(inputs: list[str], rows: list[tuple[Mapping[str, Any], Any]], hit: str = "first") -> Table:
    decision = Decision(
        name="t",
        inputs={name: parse(name) for name in inputs},
        hit=hit,
        rows=tuple(Row(tests=tests, then=then) for tests, then in rows),
    )
    scope = Scope(names={**dict.fromkeys(inputs, ANY), "param": ANY})
    return build(decision, lambda term: compile_expression(term, scope, {}))


def decide(made: Table, **values: Any) -> Any:
    return made.decide(Environment(names={**values, "param": {"big": 500}}))


def test_the_first_row_that_matches_gives_the_answer() -> None:
    made = table(["grade", "amount"], [({"grade": "三级*"}, "A"), ({"amount": ">= 5"}, "B"), ({}, "C")])
    assert [decide(made, grade="三级甲等", amount=9), decide(made, grade="二级", amount=9)] == ["A", "B"]
    assert decide(made, grade=None, amount=None) == "C"


def test_nothing_that_matches_is_an_empty_answer() -> None:
    assert decide(table(["a"], [({"a": 1}, "x")]), a=2) is None


def test_unique_rows_that_overlap_are_refused_with_their_numbers() -> None:
    made = table(["a"], [({"a": "> 1"}, "x"), ({"a": "> 2"}, "y")], hit="unique")
    assert decide(made, a=2) == "x"
    with pytest.raises(Refused) as refused:
        decide(made, a=3)
    assert refused.value.problems[0].what("zh") == "决策表 t 里有几行同时符合:第 1, 2 行"


def test_collect_gives_every_answer_in_order() -> None:
    made = table(["a"], [({"a": "> 1"}, "x"), ({"a": "> 2"}, "y"), ({"a": 0}, "z")], hit="collect")
    assert decide(made, a=3) == ("x", "y")


def test_a_cell_may_name_a_parameter() -> None:
    made = table(["a"], [({"a": ">= param.big"}, "big"), ({}, "small")])
    assert [decide(made, a=500), decide(made, a=499), decide(made, a=None)] == ["big", "small", "small"]


def test_a_cell_that_cannot_be_read_is_told_when_the_table_is_made() -> None:
    with pytest.raises(InvalidDocument) as refused:
        table(["a"], [({"a": ">="}, 1), ({"a": "< "}, 2)])
    assert [problem.code for problem in refused.value.problems] == ["R075", "R075"]


def test_explain_names_the_row_and_the_inputs() -> None:
    said = table(["a"], [({"a": 1}, "x"), ({"a": 2}, "y")]).explain(Environment(names={"a": 2}))
    assert (said.value, said.rows, said.inputs) == ("y", (1,), {"a": 2})


# --- the DMN Technology Compatibility Kit, where our subset covers it

NS = re.compile(r"\{[^}]*\}")


def tag(node: ElementTree.Element) -> str:
    return NS.sub("", node.tag)


def below(node: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in node.iter() if tag(each) == name]


def text_of(node: ElementTree.Element) -> str:
    return next((str(each.text or "") for each in node.iter() if tag(each) == "text"), "").strip()


def feel(text: str) -> Any:
    """A FEEL cell as one of ours; LookupError for what our language does not have."""
    text = text.strip()
    if text in ("", "-"):
        return "-"
    parts = [part.strip() for part in text.split(",")] if not text.startswith(("not", "[", "(", "]")) else [text]
    if len(parts) > 1:
        return [feel(part) for part in parts]
    if re.fullmatch(r'"[^"]*"', text):
        return text[1:-1]
    if re.fullmatch(
        r"-?\d+(\.\d+)?|true|false|(>=|<=|>|<)\s*-?\d+(\.\d+)?|[\[\]()]\s*\d+\s*\.\.\s*\d+\s*[\[\]()]", text
    ):
        return {"true": True, "false": False}.get(text, text)
    negated = re.fullmatch(r"not\((.*)\)", text)
    if negated:
        return "not(" + ",".join(part.strip().strip('"') for part in negated[1].split(",")) + ")"
    raise LookupError(text)


def literal(node: ElementTree.Element) -> Any:
    value = next(each for each in node.iter() if tag(each) == "value")
    kind = next((each for key, each in value.attrib.items() if NS.sub("", key) == "type"), "")
    if value.text is None:
        return None
    if kind.endswith("boolean"):
        return value.text == "true"
    return float(value.text) if kind.endswith(("decimal", "double", "integer")) else value.text


HITS = {"UNIQUE": "unique", "FIRST": "first", "COLLECT": "collect", "RULE ORDER": "collect", "ANY": "first"}


def dmn_cases() -> Iterator[tuple[str, Table, dict[str, str], dict[str, Any], Any]]:
    for model in sorted(DATA.glob("conf-dmn-tck/*/*/*.dmn")):
        root = ElementTree.parse(model).getroot()
        tests = [ElementTree.parse(each).getroot() for each in sorted(model.parent.glob("*-test-*.xml"))]
        for decision in below(root, "decision"):
            tables = [each for each in decision if tag(each) == "decisionTable"]
            if len(tables) != 1:
                continue
            try:
                made, names = dmn_table(tables[0])
            except LookupError:
                continue
            for test in tests:
                for case in below(test, "testCase"):
                    given = {
                        str(each.get("name")): literal(each)
                        for each in below(case, "inputNode")
                        if not below(each, "component")
                    }
                    for result in below(case, "resultNode"):
                        simple = not below(result, "component") and not below(result, "list")
                        if result.get("name") == decision.get("name") and simple and set(names) <= set(given):
                            yield f"{model.stem}-{case.get('id')}", made, names, given, literal(result)


def dmn_table(node: ElementTree.Element) -> tuple[Table, dict[str, str]]:
    hit = HITS.get(node.get("hitPolicy", "UNIQUE"))
    if hit is None or node.get("aggregation") or len([each for each in node if tag(each) == "output"]) != 1:
        raise LookupError(node.get("hitPolicy"))
    names = {text_of(each): f"i{index}" for index, each in enumerate(e for e in node if tag(e) == "input")}
    rows = []
    for rule in (each for each in node if tag(each) == "rule"):
        cells = [text_of(each) for each in rule if tag(each) == "inputEntry"]
        answer = feel(text_of(next(each for each in rule if tag(each) == "outputEntry")))
        rows.append(({f"i{index}": feel(cell) for index, cell in enumerate(cells)}, answer))
    return table(list(names.values()), rows, hit), names


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not beside the repository")
def test_the_tables_of_the_dmn_kit_that_our_subset_covers_answer_the_same() -> None:
    checked, wrong = 0, []
    for name, made, names, given, expected in dmn_cases():
        said = decide(made, **{alias: given[real] for real, alias in names.items()})
        said = (said[0] if len(said) == 1 else said) if isinstance(said, tuple) else said
        checked += 1
        if str(said) != str(expected) and not (isinstance(expected, float) and float(said) == expected):
            wrong.append((name, said, expected))
    assert wrong == []
    assert checked >= 8


# --- GoRules: graphs that are one decision table


def gorules() -> Iterator[
    tuple[str, Table, dict[str, str], Mapping[str, Any], list[dict[str, Any]], Any, dict[str, str]]
]:
    for path in sorted(DATA.glob("rules-gorules/graphs/*.json")):
        graph = json.loads(path.read_text("utf-8"))
        nodes = [node for node in graph["nodes"] if node["type"] not in ("inputNode", "outputNode")]
        if len(nodes) != 1 or nodes[0]["type"] != "decisionTableNode":
            continue
        content = nodes[0]["content"]
        try:
            rows = [
                ({f"i{n}": feel(rule.get(each["id"], "")) for n, each in enumerate(content["inputs"])}, index)
                for index, rule in enumerate(content["rules"])
            ]
        except LookupError:
            continue
        names = {each["field"]: f"i{n}" for n, each in enumerate(content["inputs"])}
        made = table(list(names.values()), rows, "first" if content["hitPolicy"] == "first" else "collect")
        outputs = {each["field"]: each["id"] for each in content["outputs"]}
        for test in graph.get("tests", []):
            yield path.stem, made, names, test["input"], content["rules"], test["output"], outputs


def dig(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not beside the repository")
def test_the_single_tables_of_gorules_that_our_subset_covers_answer_the_same() -> None:
    checked, wrong = 0, []
    for name, made, names, given, rules, expected, outputs in gorules():
        if made.hit != "first":
            continue
        row = decide(made, **{alias: dig(given, field) for field, alias in names.items()})
        said = {field: rules[row].get(number, "") for field, number in outputs.items()} if row is not None else {}
        checked += 1
        for field, text in said.items():
            wanted = dig(expected, field)
            if text and str(wanted).lower() not in text.lower() and str(text).strip('"') != str(wanted):
                wrong.append((name, field, text, wanted))
    assert wrong == []
    assert checked >= 3


def test_a_table_remembers_inputs_and_still_tells_one_from_yes_and_a_new_parameter_from_the_old() -> None:
    made = table(["flag", "amount"], [({"flag": "yes"}, "yes"), ({"amount": ">= param.big"}, "big"), ({}, "else")])
    for _ in range(2):
        assert decide(made, flag=True, amount=1) == "yes"
        assert decide(made, flag=False, amount=500) == "big"
        assert made.decide(Environment(names={"flag": False, "amount": 500, "param": {"big": 900}})) == "else"
        assert decide(made, flag=["a list has no hash"], amount=1) == "else"
