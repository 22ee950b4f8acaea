"""Text with ``{{ }}``, for messages: compiled once, rendered from plain copies under hard limits. Floor: 2."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from engine.clock import SystemClock
from engine.errors import FlowloomError, InvalidDocument, Problem, Where, nearest
from engine.expression.filters import Setting, show
from engine.expression.scope import ADDRESS_PARTS, Scope

if TYPE_CHECKING:
    from engine.expression.sandbox import Sandbox

MAX_LENGTH = 64 * 1024
#: How a template's values are written: as they are, escaped for a page, or on one line of a mail header.
ESCAPES = ("text", "html", "header")


class Source(Protocol):
    """A template as it is written (``engine.model.terms.Template``)."""

    @property
    def text(self) -> str:
        """The text with ``{{ }}``."""
        ...

    @property
    def where(self) -> Where:
        """Where the text starts."""
        ...

    @property
    def margin(self) -> int:
        """What stands before each further line of it."""
        ...


class TemplateError(FlowloomError):
    """A template could not be rendered with these values; nothing of it may be sent."""


class CompiledTemplate:
    """A template ready to be rendered. ``paths`` are the dotted names it reads (``("hospital", "name")``): what has to be
    given to ``render``, linked records as mappings."""

    def __init__(self, source: Source, sandbox: Sandbox, escape: str, paths: frozenset[tuple[str, ...]]) -> None:
        self.source, self.escape, self.paths = source, escape, paths
        self._needs = _nested(paths)
        self._sandbox = sandbox
        self._template = sandbox.from_string(source.text)
        self._pieces = _simple(sandbox, source.text) if escape == "text" else None

    def render(
        self,
        values: Mapping[str, Any],
        now: dt.datetime | None = None,
        timezone: dt.tzinfo = dt.UTC,
        language: str = "zh",
        currency: str = "CNY",
    ) -> str:
        """The text, at most 1 MB, made in at most 2 seconds and 100,000 rounds of its loops.

        Only what the template names is copied, as plain mappings, lists, texts, numbers and dates. ``now`` is what ``ago``
        counts from. Raises TemplateError with file and line when a name is missing, a limit is passed, or a value does not
        fit; then there is no text at all.
        """

        def setting() -> Setting:
            return Setting(now or SystemClock().now(), timezone, language, currency)

        if self._pieces is not None:
            text = _joined(self._pieces, values, setting)
            if text is not None:
                return text
        from engine.expression.sandbox import METER, SETTING, Meter

        given: dict[str, Any] = {
            name: _copied(values[name], needs) for name, needs in self._needs.items() if name in values
        }
        given[SETTING], given[METER] = setting(), Meter()
        try:
            text = _gathered(self._template.generate(given))
        except FlowloomError:
            raise
        except Exception as error:
            raise TemplateError(self._explained(error)) from error
        if self.escape == "header" and ("\n" in text or "\r" in text):
            raise TemplateError(Problem("T022", self.source.where))
        return text

    def _explained(self, error: Exception) -> Problem:
        from jinja2 import UndefinedError

        where = _at(self.source, _line_of(error))
        if isinstance(error, UndefinedError):
            name = re.search(r"'([^']+)' is undefined|no attribute '([^']+)'", error.message or "")
            missing = str((name[1] or name[2]) if name else error.message)
            return Problem("T020", _at(self.source, _line_of(error), missing), parameters={"name": missing})
        if isinstance(error, OverflowError | RecursionError | MemoryError):
            return Problem("T023", where, parameters={"limit": str(error) or type(error).__name__})
        return Problem("T021", where, parameters={"reason": str(error)[:200]})


def _joined(
    pieces: Iterable[tuple[str, str | None]], values: Mapping[str, Any], setting: Callable[[], Setting]
) -> str | None:
    """Text and bare names put together; None where a name is missing or it gets too long: then the template says so itself."""
    words, length = [], 0
    for text, name in pieces:
        if name is not None:
            try:
                value = values[name]
            except KeyError:
                return None
            text = value if value.__class__ is str else "" if value is None else show(setting(), plain(value))
        words.append(text)
        length += len(text)
    return "".join(words) if length <= MAX_LENGTH else None


def compile_template(
    source: Source, escape: str = "text", includes: Mapping[str, str] | None = None
) -> CompiledTemplate:
    """The template, checked and compiled. ``escape`` is text, html or header; ``includes`` are the texts of the same
    pack's templates by name, the only ones ``{% include %}`` finds.

    Raises InvalidDocument with every construct that is not allowed, each with its line.
    """
    sandbox = _sandbox(escape == "html", tuple(sorted((includes or {}).items())))
    problems = list(_problems(source, sandbox, includes or {}, ()))
    if problems:
        raise InvalidDocument(problems)
    return CompiledTemplate(source, sandbox, escape, frozenset(_paths(sandbox, source.text, includes or {})))


@functools.lru_cache(maxsize=64)
def _sandbox(html: bool, sources: tuple[tuple[str, str], ...]) -> Sandbox:
    from engine.expression.sandbox import Sandbox

    return Sandbox(html, dict(sources))


def check_template(template: CompiledTemplate, scope: Scope) -> list[Problem]:
    """Every name the template reads that the scope does not have, at its place, with the nearest right one."""
    problems = []
    for path in sorted(template.paths):
        kind = scope.names.get(path[0])
        where = _place_of(template.source, path)
        if kind is None:
            problems.append(
                Problem("T010", where, parameters={"name": path[0]}, suggestion=nearest(path[0], scope.names))
            )
            continue
        for part in path[1:]:
            if kind.name == "list" and kind.of is not None:
                kind = kind.of
            if kind.name not in ("record", "address"):
                break
            fields = scope.fields(kind.entity) if kind.name == "record" else dict.fromkeys(ADDRESS_PARTS, kind)
            if part not in fields:
                parameters = {"entity": str(kind), "name": part}
                problems.append(Problem("T011", where, parameters=parameters, suggestion=nearest(part, fields)))
                break
            kind = fields[part]
    return sorted(problems, key=lambda p: (p.where.line, p.where.column))


class _Needs(dict[str, "_Needs"]):
    """The keys a template reads of a value, and of what lies behind each; ``whole`` when it reads the value itself."""

    whole = False


def _nested(paths: Iterable[tuple[str, ...]]) -> _Needs:
    needs = _Needs()
    for path in paths:
        here = needs
        for part in path:
            here = here.setdefault(part, _Needs())
        here.whole = True
    return needs


def _copied(value: Any, needs: _Needs) -> Any:
    """A plain copy of only what is read: a record that fetches its links when asked is asked for nothing else."""
    if isinstance(value, list | tuple):
        return [_copied(each, needs) for each in value]
    if not isinstance(value, Mapping) or isinstance(value, dict):
        return plain(value)
    found: dict[str, Any] = {"id": value.get("id"), "title": str(value)} if needs.whole else {}
    for name, inner in needs.items():
        try:
            found[name] = _copied(value[name], inner)
        except KeyError:
            continue  # the template says so, with its line, when it comes to the name
    return found


def plain(value: Any, depth: int = 0) -> Any:
    """A copy that holds nothing but mappings with text keys, lists, texts, numbers and dates."""
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return {"id": value.get("id"), "title": str(value)}
    if value is None or isinstance(value, str | int | float | Decimal | dt.date | dt.time | dt.timedelta):
        return value
    if depth > 12:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, depth + 1) for each in value]
    return str(value)[:200] if isinstance(value, bytes) else None


def _gathered(pieces: Iterable[str]) -> str:
    from engine.expression.sandbox import MAX_OUTPUT

    size, kept = 0, []
    for piece in pieces:
        size += len(piece) if piece.isascii() else len(piece.encode(errors="replace"))
        if size > MAX_OUTPUT:
            raise OverflowError("1 MB")
        kept.append(piece)
    return "".join(kept)


def _problems(
    source: Source, sandbox: Sandbox, includes: Mapping[str, str], path: tuple[str, ...]
) -> Iterator[Problem]:
    from jinja2 import TemplateSyntaxError, nodes

    from engine.expression.markup import SAFE, places
    from engine.expression.sandbox import refusals

    if len(source.text) > MAX_LENGTH:
        yield Problem("T009", source.where, parameters={"length": len(source.text), "most": MAX_LENGTH})
        return
    try:
        tree = _tree(sandbox, source.text)
    except TemplateSyntaxError as error:
        yield Problem("T001", _at(source, error.lineno), parameters={"detail": _said(error.message or "")})
        return
    except RecursionError:
        yield Problem("T009", source.where, parameters={"length": len(source.text), "most": MAX_LENGTH})
        return
    refused = False
    for code, line, parameters in refusals(tree):
        refused = True
        where = _at(source, line, str(parameters.get("name", "")))
        yield Problem(code, where, parameters=parameters, suggestion=parameters.pop("nearest", None))
    if not refused and sandbox.html:
        for output, index, place in places(tree):
            if place not in SAFE:
                yield Problem("T012", _at(source, output.nodes[index].lineno), parameters={"place": place})
    for node in tree.find_all(nodes.Include):
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if name in path:
            yield Problem("T008", _at(source, node.lineno), parameters={"path": " → ".join((*path, str(name)))})
        elif isinstance(name, str) and name in includes:
            yield from _problems(_Included(includes[name], source.where), sandbox, includes, (*path, name))
        elif name is not None:
            found = nearest(str(name), includes)
            yield Problem("T007", _at(source, node.lineno, str(name)), parameters={"name": name}, suggestion=found)


_SAID = {
    "end of print statement": "{{ 没有用 }} 结束",
    "end of statement block": "{% 没有用 %} 结束",
    "unknown tag": "有不认识的标签",
    "unexpected end of template": "缺少 {% endif %} 或 {% endfor %}",
    "unexpected": "这里的写法不对",
}


def _said(message: str) -> Mapping[str, str]:
    """What Jinja2 says of a mistake, in both languages."""
    known = (zh for en, zh in _SAID.items() if en in message.lower())
    return {"zh": next(known, "这里的写法不对"), "en": message.rstrip(".")}


class _Included:
    """The text of an included template; what is wrong with it is told where it is included."""

    margin = 0

    def __init__(self, text: str, where: Where) -> None:
        self.text, self.where = text, where


def _tree(sandbox: Sandbox, text: str) -> Any:
    from jinja2.parser import Parser

    return Parser(sandbox, text).parse()


def _paths(sandbox: Sandbox, text: str, includes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The dotted names a template reads from outside, loop variables followed to their lists."""
    from jinja2 import nodes

    tree = _tree(sandbox, text)
    aliases: dict[str, tuple[str, ...]] = {}
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Name):
            aliases[loop.target.name] = _dotted(loop.iter) or ()
    for assign in tree.find_all(nodes.Assign):
        if isinstance(assign.target, nodes.Name):
            aliases[assign.target.name] = ()
    inner = {id(node.node) for node in tree.find_all((nodes.Getattr, nodes.Getitem))}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name, nodes.Filter)):
        path = _dotted(node)
        if isinstance(node, nodes.Filter):  # orders | map('total') reads a field of each
            named = node.name in ("map", "sort") and bool(node.args) and isinstance(node.args[0], nodes.Const)
            path = (*path, str(node.args[0].as_const())) if named and path else None
        if id(node) in inner or not path or path[0] in ("loop", "range"):
            continue
        seen: set[str] = set()
        while path and path[0] in aliases and path[0] not in seen:
            seen.add(path[0])
            path = (*aliases[path[0]], *path[1:]) if aliases[path[0]] else ()
        if path:
            yield path
    for node in tree.find_all(nodes.Include):
        if isinstance(node.template, nodes.Const) and node.template.value in includes:
            yield from _paths(sandbox, includes[node.template.value], includes)


def _simple(sandbox: Sandbox, text: str) -> list[tuple[str, str | None]] | None:
    """Text and bare names in turn, where a template is nothing else (titles are): those need no engine."""
    from jinja2 import nodes

    found: list[tuple[str, str | None]] = []
    for output in _tree(sandbox, text).body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                found.append((node.data, None))
            elif isinstance(node, nodes.Name):
                found.append(("", node.name))
            else:
                return None
    return found


def _dotted(node: Any) -> tuple[str, ...] | None:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _dotted(node.node)
        return (*before, node.attr) if before else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        before = _dotted(node.node)
        return (*before, node.arg.value) if before else None
    return _dotted(node.node) if isinstance(node, nodes.Filter | nodes.Getitem) and node.node is not None else None


def _at(source: Source, line: int | None, name: str = "") -> Where:
    where, line = source.where, line or 1
    written = source.text.split("\n")[line - 1 : line]
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", written[0]) if name and written else None
    if found is not None:
        start = (where.column or 1) if line == 1 else 1 + source.margin
        return Where(where.file, (where.line or 1) + line - 1, start + found.start())
    return Where(where.file, (where.line or 1) + line - 1, where.column if line == 1 else 1 + source.margin)


def _place_of(source: Source, path: tuple[str, ...]) -> Where:
    """Where a dotted name stands; the template's own place where it is not found as it is written."""
    whole, last = re.escape(".".join(path)), re.escape(path[-1])
    found = re.search(rf"(?<![\w.]){whole}(?!\w)", source.text) or re.search(rf"(?<=\.){last}(?!\w)", source.text)
    if found is None:
        return source.where
    before = source.text[: found.start()]
    line = before.count("\n")
    start = (source.where.column or 1) if not line else 1 + source.margin
    return Where(source.where.file, (source.where.line or 1) + line, start + found.start() - (before.rfind("\n") + 1))


def _line_of(error: BaseException) -> int:
    """The line of the template an exception came from: the last frame that runs compiled template code."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
