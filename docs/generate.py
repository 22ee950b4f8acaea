"""Writes docs/reference from the schemas, the plugins and the catalogue of problems: ``python docs/generate.py [folder]``.

Nothing in that folder is written by hand; a test compares it with what this makes.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.errors import catalogue  # noqa: E402
from engine.load.schema import schema, whole  # noqa: E402
from engine.model.manifest import KINDS  # noqa: E402
from engine.plugins.registry import Registry  # noqa: E402
from engine.plugins.slots import Function, Plugin  # noqa: E402

#: slot -> (file, title).
SLOTS: Mapping[str, tuple[str, str]] = {
    "field_type": ("field_types", "字段类型 · Field types"),
    "step": ("steps", "步骤 · Steps"),
    "event": ("events", "事件 · Events"),
    "strategy": ("strategies", "分配策略 · Strategies"),
    "connector": ("connectors", "连接器 · Connectors"),
    "chart": ("charts", "图形 · Charts"),
    "function": ("functions", "函数 · Functions"),
    "check": ("checks", "检查 · Checks"),
    "executor": ("executors", "执行器 · Executors"),
}
GROUPS: Mapping[str, str] = {
    "Y": "YAML 文本 · YAML text",
    "X": "表达式 · Expressions",
    "T": "模板 · Templates",
    "D": "文档 · Documents",
    "L": "检查 · Checks",
    "P": "流程包 · Packs",
    "M": "发布计划 · Plans",
    "B": "数据库 · Database",
    "R": "记录 · Records",
    "A": "权限 · Access",
    "Q": "查询 · Queries",
    "H": "接口 · HTTP",
    "I": "导入 · Import",
    "C": "命令行 · Command line",
    "S": "场景 · Scenarios",
}
NOTICE = "<!-- 由 docs/generate.py 生成,请勿手改 · made by docs/generate.py, not by hand -->\n\n"
TYPES: Mapping[str, str] = {
    "string": "文字 text",
    "integer": "整数 integer",
    "number": "数字 number",
    "boolean": "true / false",
    "array": "列表 list",
    "object": "键: 值 map",
}
#: Shared words that are told by name instead of being spelled out.
WORDS = (
    "label", "duration", "duration_or_expression", "expression", "condition", "template", "value", "steps", "share",
    "choices", "bounds", "right", "name", "names", "values", "name_or_names", "name_groups", "number_or_expression",
)  # fmt: skip


def pages(registry: Registry) -> dict[str, str]:
    """Every page of the reference by its file name."""
    found = {f"{kind}.md": NOTICE + kind_page(kind) for kind in (*KINDS, "site")}
    found["words.md"] = NOTICE + words_page()
    for slot, (name, title) in SLOTS.items():
        plugins = list(registry.plugins.get(slot, {}).values())
        found[f"{name}.md"] = NOTICE + plugins_page(title, plugins)
    found["problems.md"] = NOTICE + problems_page()
    found["README.md"] = NOTICE + contents(found)
    return found


def kind_page(kind: str) -> str:
    """One kind: what it is, an example, its keys and the keys of its parts."""
    body = schema(kind)
    lines = [f"# {both(body)}", "", body.get("description", ""), "", body["x-en"].get("description", ""), ""]
    for example in body.get("examples", ()):
        lines += ["```yaml", yaml(example).rstrip(), "```", ""]
    lines += table(kind, body)
    for name, part in body.get("$defs", {}).items():
        lines += [f"## {both(part)} `{name}`", "", *table(kind, part)]
    return "\n".join(lines) + "\n"


def both(part: Mapping[str, Any]) -> str:
    """A title in both languages."""
    return f"{part.get('title', '')} · {part.get('x-en', {}).get('title', '')}"


def table(file: str, part: Mapping[str, Any]) -> list[str]:
    """The keys of a map as a table; those that must be there are marked with a star."""
    needed = set(part.get("required", ())) | set(part.get("else", {}).get("required", ()))
    rows = ["| 键 key | 写法 form | 说明 meaning |", "|---|---|---|"]
    for name, inner in part.get("properties", {}).items():
        star = " \\*" if name in needed else ""
        said = f"{inner.get('title', '')} · {inner.get('x-en', {}).get('title', '')}"
        more = "<br>".join(filter(None, [inner.get("description", ""), inner.get("x-en", {}).get("description", "")]))
        rows.append(f"| `{name}`{star} | {form(file, inner)} | {cell(said)}<br>{cell(more)} |")
    extra = part.get("x-plugin-by")
    if extra:
        page = SLOTS[part["x-plugin"]][0]
        rows.append(f"| … | [{page}]({page}.md) | 由 `{extra}` 决定 · what `{extra}` takes |")
    return [*rows, ""]


def cell(text: str) -> str:
    """Text that fits into a cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def form(file: str, part: Mapping[str, Any]) -> str:
    """How a value is written, in a few words with links."""
    target = str(part.get("$ref", "")).rsplit("/", 1)[-1]
    if target in WORDS:
        return f"[{target}](words.md#{target})"
    if target:
        return f"`{target}`"
    slot = part.get("x-plugin")
    if isinstance(slot, str) and "properties" not in part:
        return f"[{SLOTS[slot][0]}]({SLOTS[slot][0]}.md)"
    if "enum" in part:
        return " / ".join(f"`{word}`" for word in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if part.get("format") in WORDS:
        return f"[{part['format']}](words.md#{part['format']})"
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        return " / ".join(dict.fromkeys(form(file, each) for each in choices))
    kind = part.get("type")
    if kind == "array" and "items" in part:
        return f"列表 list: {form(file, part['items'])}"
    if kind == "object" and isinstance(part.get("additionalProperties"), Mapping):
        return f"键: 值 map: {form(file, part['additionalProperties'])}"
    return TYPES.get(kind, "") if isinstance(kind, str) else "任何值 any"


def words_page() -> str:
    """The shared words with their examples."""
    lines = ["# 共用词 · Shared words", ""]
    for name in WORDS:
        _, part = whole("common", schema("common")["$defs"][name])
        lines += [f"## {name}", "", both(part), ""]
        lines += list(filter(None, [part.get("description", ""), part.get("x-en", {}).get("description", "")]))
        lines += ["", *(f"- `{json.dumps(each, ensure_ascii=False)}`" for each in part.get("examples", ())), ""]
    return "\n".join(lines) + "\n"


def plugins_page(title: str, plugins: list[Plugin]) -> str:
    """One slot: every plugin with its words, help, parameters and example."""
    lines = [f"# {title}", ""]
    if not plugins:
        lines += ["没有安装 · None is installed.", ""]
    for plugin in plugins:
        titles = plugin.title
        lines += [f"## {plugin.name}", "", f"{titles.get('zh', '')} · {titles.get('en', '')}", ""]
        if isinstance(plugin, Function):
            lines += [f"`{plugin.name}({', '.join(plugin.signature)})`", ""]
        lines += [inspect.getdoc(type(plugin)) or "", ""]
        if plugin.params.get("properties"):
            lines += table("common", plugin.params)
        if plugin.example:
            lines += ["```yaml", plugin.example.rstrip(), "```", ""]
    return "\n".join(lines) + "\n"


def problems_page() -> str:
    """Every code: what it says, what to do, why."""
    lines = ["# 问题代码 · Problem codes", "", "`flowloom explain CODE`", ""]
    for group, title in GROUPS.items():
        found = [sentence for code, sentence in sorted(catalogue().items()) if code[0] == group]
        if found:
            lines += [f"## {title}", ""]
        for each in found:
            lines += [f"### {each.code}", ""]
            for language in ("zh", "en"):
                said = [each.what[language], each.fix.get(language, ""), each.explanation.get(language, "")]
                lines += [f"- {cell(text)}" for text in said if text]
            lines.append("")
    return "\n".join(lines) + "\n"


def contents(found: Mapping[str, str]) -> str:
    """The first page: a link to each other."""
    lines = ["# 参考 · Reference", ""]
    for name, text in found.items():
        heading = next(line[2:] for line in text.splitlines() if line.startswith("# "))
        lines.append(f"- [{heading}]({name})")
    return "\n".join(lines) + "\n"


def yaml(value: Any, indent: int = 0) -> str:
    """A plain value as YAML, as a person would write it."""
    return "".join(f"{line}\n" for line in _lines(value, indent))


def _lines(value: Any, indent: int) -> Iterator[str]:
    from engine.source.write import lines

    yield from lines(value, indent)


def main(folder: Path) -> int:
    """Write every page, take away what no longer is; the number of pages."""
    found = pages(Registry.discover())
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in found:
            path.unlink()
    for name, text in found.items():
        (folder / name).write_text(text, "utf-8")
    return len(found)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "reference"), "pages")
