"""The merged document as YAML, each line with the file and line it came from. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Where
from engine.load.pipeline import Loaded
from engine.source.node import Node
from engine.source.quote import needs_quotes, quoted

#: What a flow map or list may be long before it is written over several lines.
WIDTH = 100
#: A document's ``extend`` and ``remove`` are done when it is merged.
LEFT_OUT = ("extend", "remove")


def names(loaded: Loaded) -> tuple[str, ...]:
    """Every name ``show`` answers to: ``lead`` and ``entity/lead``, sorted."""
    return tuple(sorted({each for kind, name in loaded.origins for each in (name, f"{kind}/{name}")}))


def find(loaded: Loaded, name: str) -> tuple[str, str] | None:
    """The kind and name meant by ``lead``, ``entity/lead`` or ``crm.lead``; the first kind that has it, or None."""
    kind, _, bare = name.rpartition("/")
    bare = bare.rpartition(".")[2] if "." in bare else bare
    order = [key for key in loaded.origins if key[1] == bare and kind in ("", key[0])]
    return order[0] if order else None


def show(loaded: Loaded, name: str) -> Mapping[str, Any] | None:
    """``kind``, ``name``, ``value`` (plain), ``text`` (YAML with origins) and ``origins`` (path -> ``file:line``) of a
    document; None when there is none of that name."""
    key = find(loaded, name)
    if key is None:
        return None
    node = loaded.origins[key]
    lines = [(text, where) for text, where in _map(node, 0) if text]
    width = min(max((_width(text) for text, _ in lines), default=0), WIDTH)
    text = "".join(f"{text}{' ' * max(width - _width(text), 0)}  # {_at(where)}\n" for text, where in lines)
    origins = {path: _at(inner.where) for path, inner in node.walk()}
    return {"kind": key[0], "name": key[1], "value": node.plain(), "text": text, "origins": origins}


def _at(where: Where) -> str:
    return f"{where.file}:{where.line}"


def _map(node: Node, indent: int) -> Iterator[tuple[str, Where]]:
    for key, inner in node.value.items():
        if indent or key not in LEFT_OUT:
            yield from _entry(f"{' ' * indent}{_key(key)}:", inner, indent + 2)


def _entry(head: str, node: Node, indent: int) -> Iterator[tuple[str, Where]]:
    short = _flow(node)
    if short is not None and _width(head) + _width(short) < WIDTH:
        yield f"{head} {short}".rstrip(), node.where
    elif isinstance(node.value, dict):
        yield head, node.where
        yield from _map(node, indent)
    elif isinstance(node.value, list):
        yield head, node.where
        for entry in node.value:
            yield from _listed(entry, indent)
    else:
        yield f"{head} {_scalar(node)}".rstrip(), node.where


def _listed(node: Node, indent: int) -> Iterator[tuple[str, Where]]:
    head = f"{' ' * indent}-"
    short = _flow(node)
    if short is not None and _width(head) + _width(short) < WIDTH or not isinstance(node.value, dict):
        yield from _entry(head, node, indent + 2)
        return
    first = True
    for text, where in _map(node, indent + 2):
        yield (f"{head} {text.lstrip()}" if first else text), where
        first = False


def _flow(node: Node) -> str | None:
    """A value on one line: a scalar, or a map or list all of which came from one line."""
    if isinstance(node.value, (dict, list)):
        if any((inner.where.file, inner.where.line) != (node.where.file, node.where.line) for _, inner in node.walk()):
            return None
        return _inline(node)
    return None if "\n" in str(node.value) else _scalar(node)


def _inline(node: Node) -> str:
    if isinstance(node.value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_inline(inner)}" for key, inner in node.value.items()) + "}"
    if isinstance(node.value, list):
        return "[" + ", ".join(_inline(inner) for inner in node.value) + "]"
    return _scalar(node, flow=True)


def _scalar(node: Node, flow: bool = False) -> str:
    if not isinstance(node.value, str):
        return "" if node.value is None else node.raw
    return quoted(node.value) if node.quoted or needs_quotes(node.value, flow) else node.value


def _key(key: str) -> str:
    return quoted(key) if needs_quotes(key) else key


def _width(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
