"""Checks documents against their schemas, every problem at its own place. Floor: 5.

The schemas are ordinary JSON Schema, but they are walked here over nodes and not by a library over plain values: a text
keeps its zero (``013800138000``), an unknown key is shown at the key, plugins add their own parameters, and 500 documents
take a tenth of the time. A test holds that the two agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import nearest
from engine.load.notes import Notes, Rule, kind_of, listed, place_of_key, shown, text_of
from engine.load.rules import TYPES, anything, missing, missing_in, number, one_of, referring, scalar, yes_no
from engine.load.schema import schema, whole
from engine.model.terms import Duration
from engine.plugins.registry import Registry
from engine.source.node import Node

#: A format whose place says nothing else takes the shape of this shared word.
FORMATS = ("label", "duration", "expression", "condition", "template", "steps")
#: What may stand beside the action of a step.
STEP_WORDS = ("if", "id")


class Checker:
    """The rules of every schema for one registry; build one and keep it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        # The part is kept beside its rule: while it lives, nothing else can have its id.
        self._rules: dict[tuple[str, int], tuple[Mapping[str, Any], Rule]] = {}

    def check(self, node: Node, kind: str, partial: bool = False) -> Notes:
        """Everything wrong with a document of a known kind (or ``site``), and every name it refers to."""
        notes = Notes(partial=partial)
        self._rule(kind, schema(kind))(node, notes)
        return notes

    def _rule(self, file: str, part: Mapping[str, Any]) -> Rule:
        # A schema may contain itself (conditions in conditions): the rule is looked up when first needed.
        found = self._rules.get((file, id(part)))
        if found is None:
            found = self._rules[file, id(part)] = (part, self._make(file, part))
        return found[1]

    def _later(self, file: str, part: Mapping[str, Any]) -> Rule:
        rule: Rule | None = None

        def run(node: Node, notes: Notes) -> None:
            nonlocal rule
            if rule is None:
                rule = self._rule(file, part)
            rule(node, notes)

        return run

    def _make(self, file: str, given: Mapping[str, Any]) -> Rule:
        file, part = whole(file, given)
        rule = self._bare(file, part)
        return referring(rule, part) if "x-refers" in part or "x-refers-keys" in part else rule

    def _bare(self, file: str, part: Mapping[str, Any]) -> Rule:
        shape = part.get("format")
        if shape == "steps":
            return self._steps(part.get("minItems", 0))
        if shape in FORMATS and not ({"type", "anyOf", "oneOf"} & part.keys()):
            return self._later(*whole("common", {"$ref": f"#/$defs/{WORDS.get(shape, shape)}"}))
        if "const" in part or "enum" in part:
            return one_of(part.get("enum", [part.get("const")]))
        branches = part.get("anyOf") or part.get("oneOf")
        if branches:
            return self._any_of(file, branches)
        kinds = part.get("type")
        if isinstance(kinds, list):
            return self._any_of(file, [{**part, "type": kind} for kind in kinds])
        if kinds == "object":
            return self._map(file, part)
        if kinds == "array":
            return self._list(file, part)
        if kinds == "string":
            return self._text(part)
        if kinds in ("integer", "number"):
            return number(part)
        if kinds == "boolean":
            return yes_no
        return anything

    def _text(self, part: Mapping[str, Any]) -> Rule:
        pattern = re.compile(part["pattern"]) if "pattern" in part else None
        slot = part.get("x-plugin")
        span = part.get("format") == "duration"
        literal = bool(part.get("x-literal"))
        example = next((str(example) for example in part.get("examples", ())), "")

        def run(node: Node, notes: Notes) -> None:
            if not scalar(node, "string", notes):
                return
            text = text_of(node)
            if span and (literal or not text.startswith("=")):
                if Duration.parse(text) is None:
                    notes.add("D007", node.where, value=shown(node))
            elif pattern is not None and not pattern.search(text):
                name = part["pattern"].startswith("^[a-z]")
                notes.add("D009" if name else "D010", node.where, value=shown(node), example=example)
            elif slot is not None:
                self._known(slot, node, notes)

        return run

    def _known(self, slot: str, node: Node, notes: Notes) -> None:
        names = self._registry.names(slot)
        text = text_of(node)
        if names and text not in names:
            near = nearest(text, names)
            known = {"zh": f"可用的有:{listed(names, 40)}", "en": f"Known: {listed(names, 40)}"}
            parameters = {"what": SLOT_WORDS.get(slot, slot), "name": text, "known": "" if near else known}
            notes.add("D011", node.where, near, **parameters)

    def _any_of(self, file: str, branches: Iterable[Mapping[str, Any]]) -> Rule:
        options = [(kinds_of(file, branch), self._later(file, branch)) for branch in branches]
        allowed = {
            language: (" 或 " if language == "zh" else " or ").join(
                dict.fromkeys(TYPES[kind][language] for kinds, _ in options for kind in sorted(kinds) if kind in TYPES)
            )
            for language in ("zh", "en")
        }

        def run(node: Node, notes: Notes) -> None:
            kind = kind_of(node)
            fitting = [rule for kinds, rule in options if kind in kinds or not kinds]
            if not fitting and kind not in ("object", "array", "null"):
                # A text place takes a number as it was written, a number place takes a whole number.
                fitting = [
                    rule for kinds, rule in options if "string" in kinds or (kind == "integer" and "number" in kinds)
                ]
            if not fitting:
                code = "D014" if kind == "null" else "D005"
                notes.add(code, node.where, allowed=allowed, found=shown(node))
                return
            best: Notes | None = None
            for rule in fitting:
                tried = Notes(partial=notes.partial, of=notes.of)
                rule(node, tried)
                if best is None or len(tried.problems) < len(best.problems):
                    best = tried
                if not best.problems:
                    break
            if best is not None:
                notes.problems += best.problems
                notes.references += best.references

        return run

    def _list(self, file: str, part: Mapping[str, Any]) -> Rule:
        inner = self._later(file, part["items"]) if "items" in part else anything
        least = part.get("minItems", 0)

        def run(node: Node, notes: Notes) -> None:
            if not isinstance(node.value, list):
                notes.add(
                    "D014" if node.value is None else "D005", node.where, allowed=TYPES["array"], found=shown(node)
                )
                return
            if len(node.value) < least:
                notes.add("D015", node.where, least=least)
            for entry in node.value:
                inner(entry, notes)

        return run

    def _map(self, file: str, part: Mapping[str, Any]) -> Rule:
        own = {key: self._later(file, value) for key, value in part.get("properties", {}).items()}
        others = part.get("additionalProperties", True)
        other = self._later(file, others) if isinstance(others, Mapping) else None
        needed = tuple(part.get("required", ())) + tuple(part.get("else", {}).get("required", ()))
        names = part.get("propertyNames", {}).get("pattern")
        pattern = re.compile(names) if names else None
        plugin_by, slot = part.get("x-plugin-by"), part.get("x-plugin", "")
        alternatives = tuple(part.get("x-one-of", ()))
        several = tuple(part.get("x-at-most-one", ()))
        least = part.get("minProperties", 0)
        # ``x-scope`` moves expressions as well as names to another entity (``each``), ``x-of`` only names.
        of, of_key = part.get("x-of") or part.get("x-scope"), bool(part.get("x-of-key"))

        def run(node: Node, notes: Notes) -> None:
            if node.value is None and not needed and not least and not alternatives:
                return  # ``called:`` with nothing behind it is an empty map
            if not isinstance(node.value, dict):
                notes.add(
                    "D014" if node.value is None else "D005", node.where, allowed=TYPES["object"], found=shown(node)
                )
                return
            rules, asked, open_, rest = own, needed, others is True, other
            if plugin_by is not None:
                rules, asked, open_, rest = self._with_plugin(node, plugin_by, slot, own, needed)
            before = notes.of
            if of is not None and of in node.value:
                notes.of = text_of(node.value[of])
            for key, value in node.value.items():
                rule = rules.get(key)
                if rule is not None:
                    rule(value, notes)
                elif rest is not None:
                    if of_key:
                        notes.of = key
                    if pattern is not None and not pattern.match(key):
                        notes.add("D009", node.keys[key].where, value=key)
                    rest(value, notes)
                elif not open_:
                    notes.add("D003", place_of_key(node, key), nearest(key, rules), key=key, known=listed(rules))
            notes.of = before
            if not notes.partial:
                missing(node, asked, notes)
            if least and len(node.value) < least:
                notes.add("D015", node.where, least=least)
            self._alternatives(node, alternatives, several, notes)

        return run

    def _alternatives(self, node: Node, exactly: tuple[str, ...], at_most: tuple[str, ...], notes: Notes) -> None:
        given = [key for key in exactly or at_most if key in node.value]
        if len(given) > 1:
            notes.add("D013", place_of_key(node, given[1]), keys=listed(given))
        elif exactly and not given and not notes.partial:
            notes.add("D012", node.where, keys=listed(exactly))

    def _with_plugin(
        self, node: Node, by: str, slot: str, own: dict[str, Rule], needed: tuple[str, ...]
    ) -> tuple[dict[str, Rule], tuple[str, ...], bool, Rule | None]:
        chosen = node.value.get(by)
        plugin = self._registry.plugins.get(slot, {}).get(text_of(chosen)) if chosen is not None else None
        if plugin is None:
            # Without its plugin nobody knows the other keys; the unknown name itself is the problem.
            return own, needed, chosen is not None, None
        file = f"{slot}:{plugin.name}"
        merged = {**{k: self._later(file, v) for k, v in plugin.params.get("properties", {}).items()}, **own}
        open_ = plugin.params.get("additionalProperties", False)
        rest = self._later(file, open_) if isinstance(open_, Mapping) else None
        return merged, needed + tuple(plugin.params.get("required", ())), open_ is True, rest

    def _steps(self, least: int) -> Rule:
        condition = self._later(*whole("common", {"$ref": "#/$defs/condition"}))

        def run(node: Node, notes: Notes) -> None:
            if not isinstance(node.value, list):
                notes.add(
                    "D014" if node.value is None else "D005", node.where, allowed=TYPES["array"], found=shown(node)
                )
                return
            if len(node.value) < least:
                notes.add("D015", node.where, least=least)
            for entry in node.value:
                self._step(entry, notes, condition)

        return run

    def _step(self, node: Node, notes: Notes, condition: Rule) -> None:
        known = self._registry.plugins.get("step", {})
        if not isinstance(node.value, dict):
            notes.add("D016", node.where, found=shown(node))
            return
        actions = [key for key in node.value if key not in STEP_WORDS]
        if len(actions) != 1:
            strange = next((key for key in actions if key not in known), None)
            if len(actions) > 1 and strange is not None:
                notes.add("D017", place_of_key(node, strange), nearest(strange, [*known, *STEP_WORDS]), name=strange)
            else:
                notes.add("D018", node.where, count=len(actions))
            return
        action = actions[0]
        if action not in known:
            notes.add("D017", place_of_key(node, action), nearest(action, known), name=action)
        else:
            params, value = known[action].params, node.value[action]
            short = params.get("x-short")
            if value.value is None:
                missing_in(value, node, action, params.get("required", ()), notes)
            elif short and not isinstance(value.value, dict):
                self._later(f"step:{action}", params["properties"][short])(value, notes)
            else:
                self._rule(f"step:{action}", params)(value, notes)
        if "if" in node.value:
            condition(node.value["if"], notes)


WORDS = {"duration": "duration_or_expression"}
SLOT_WORDS: Mapping[str, Mapping[str, str]] = {
    "field_type": {"zh": "字段类型", "en": "field type"},
    "event": {"zh": "事件", "en": "event"},
    "strategy": {"zh": "分配策略", "en": "strategy"},
    "chart": {"zh": "图形", "en": "chart"},
    "connector": {"zh": "连接器", "en": "connector"},
    "executor": {"zh": "执行器", "en": "executor"},
}


def kinds_of(file: str, branch: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types a branch takes; empty for any."""
    file, part = whole(file, branch)
    if "anyOf" in part:
        return frozenset().union(*(kinds_of(file, inner) for inner in part["anyOf"]))
    if "enum" in part:
        return frozenset(
            "boolean" if isinstance(word, bool) else "string" if isinstance(word, str) else "number"
            for word in part["enum"]
        )
    kinds = part.get("type", ())
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    if "number" in found:
        found.add("integer")
    return frozenset(found)
