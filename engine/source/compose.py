"""Parser events to nodes, in one pass: places, duplicate keys, tags, aliases, depth. Floor: 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from engine.errors import Where
from engine.source.aliases import Aliases, AliasRefused
from engine.source.found import Found
from engine.source.multiline import check_block, check_quoted, width
from engine.source.node import Node
from engine.source.scalar import LIST_TAG, MAP_TAG, BadScalar, resolve, short_tag, tagged
from engine.source.suspect import look

MAX_DEPTH = 64
#: Values and keys a file may have: more than anybody writes, few enough to be read in a second.
MAX_NODES = 200_000
#: A file with more problems than this has one problem; looking further would only cost time.
MAX_FOUND = 200

#: offset in the parsed text -> line and column (from 1) in the file as it is on disk.
Place = Callable[[int], tuple[int, int]]


class Stopped(Exception):
    """A bound was passed; what was found says which one."""


class Frame:
    """A map or list still open."""

    __slots__ = ("anchor", "dropped", "entries", "flow", "key", "keys", "start", "values", "where")

    def __init__(self, where: Where, start: int, flow: bool, anchor: str | None, is_map: bool) -> None:
        self.where = where
        self.start = start
        self.flow = flow
        self.anchor = anchor
        self.entries: list[Node] | None = None if is_map else []
        self.values: dict[str, Node] = {}
        self.keys: dict[str, Node] = {}
        self.key: Node | None = None
        #: Values under a key that is no text or stood there before: read, checked, and dropped.
        self.dropped: list[Node] = []

    def is_below(self, node: Node) -> bool:
        """True for a value on a later line than its key."""
        return self.key is not None and node.where.line > self.key.where.line

    def last(self) -> list[Node]:
        """The nodes of which one ends the block."""
        if self.entries is not None:
            return self.entries[-1:]
        tails = [nodes[name] for nodes in (self.keys, self.values) for name in list(nodes)[-1:]]
        return tails + self.dropped[-1:]


class Composer:
    """Reads ``text`` into ``documents`` and notes what is wrong in ``found``; offsets are those of ``text``.

    A syntax error passes through as ``yaml.YAMLError`` and leaves the documents finished before it. ``place``
    tells lines and columns when ``text`` is not the file itself but a mended copy.
    """

    def __init__(self, text: str, path: str, place: Place | None = None) -> None:
        self.text = text
        self.path = path
        self.documents: list[Node] = []
        self.found: list[Found] = []
        self._place = place
        #: The parser does not count a byte order mark.
        self._shift = 1 if text[:1] == "\ufeff" else 0
        self._stack: list[Frame] = []
        self._aliases = Aliases()
        self._root: Node | None = None
        self._count = 0

    def run(self) -> None:
        """Read the whole text."""
        parser = CParser(self.text[self._shift :])
        act: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._begin,
            yaml.DocumentEndEvent: self._finish,
        }
        try:
            event = parser.get_event()
            while event is not None:
                step = act.get(type(event))
                if step is not None:
                    step(event)
                event = parser.get_event()
        except Stopped:
            pass
        finally:
            parser.dispose()

    def _where(self, mark: Any) -> Where:
        if self._place is None:
            return Where(self.path, mark.line + 1, mark.column + 1)
        return Where(self.path, *self._place(mark.index + self._shift))

    def _note(self, found: Found) -> None:
        if len(self.found) < MAX_FOUND:
            self.found.append(found)

    def _begin(self, _event: Any) -> None:
        self._aliases = Aliases(self._aliases.expansions)
        self._root = None

    def _finish(self, _event: Any) -> None:
        if self._root is not None:
            self.documents.append(self._root)

    def _scalar(self, event: Any) -> None:
        raw: str = event.value
        style, mark = event.style, event.start_mark
        start, end = mark.index + self._shift, event.end_mark.index + self._shift
        plain = not style
        value: Any = raw
        if event.tag is not None:
            value = self._tag(event.tag, raw, start)
        elif plain:
            try:
                value = resolve(raw)
            except BadScalar as bad:
                self._note(Found(bad.code, start, {"value": raw[:40]}))
        else:
            end = self._check_lines(style, start, end)
        margin = width(self.text, start) if style in ("|", ">") else 0
        node = Node(value, self._where(mark), raw, not plain, start, end, margin=margin)
        frame = self._stack[-1] if self._stack else None
        if plain and frame is not None and (not raw or frame.flow or not raw.isascii() or frame.is_below(node)):
            self._suspect(node, frame)
        if event.anchor:
            self._check_name(f"&{event.anchor}", start)
        self._add(node, event.anchor)

    def _check_name(self, name: str, start: int) -> None:
        """The parser ends a name at the first sign it does not know and would read the rest as the value."""
        end = self.text.find(name, start) + len(name)
        if self.text[end : end + 1] not in ("", *" \t\r\n,[]{}"):
            self._note(Found("Y035", start, {"detail": f"{name}: a name may hold only letters, digits, - and _"}))

    def _check_lines(self, style: str, start: int, end: int) -> int:
        """Where a quoted or block scalar ends; notes what the parser lets pass in its lines."""
        column = self._stack[-1].where.column - 1 if self._stack and not self._stack[-1].flow else -1
        if style in "|>":
            self.found += check_block(self.text, start, end, column)
            return start + len(self.text[start:end].rstrip())
        if column >= 0 and self.text.find("\t", start, end) >= 0:
            self.found += check_quoted(self.text, start, end, column)
        return end

    def _suspect(self, node: Node, frame: Frame) -> None:
        in_map = frame.entries is None
        key = frame.key if in_map else None
        if len(self.found) < MAX_FOUND:
            self.found += look(self.text, node, key, is_key=in_map and key is None, flow=frame.flow)

    def _tag(self, tag: str, raw: str, start: int) -> Any:
        try:
            return tagged(tag, raw)
        except BadScalar as bad:
            self._note(Found(bad.code, start, {"value": raw[:40], "tag": short_tag(tag)}))
            return raw

    def _open(self, event: Any) -> None:
        start = event.start_mark.index + self._shift
        if len(self._stack) >= MAX_DEPTH:
            self._note(Found("Y002", start, {"limit": MAX_DEPTH}))
            raise Stopped
        is_map = type(event) is yaml.MappingStartEvent
        if event.tag not in (None, "!", MAP_TAG if is_map else LIST_TAG):
            self._note(Found("Y019", start, {"tag": short_tag(event.tag)}))
        where = self._where(event.start_mark)
        self._stack.append(Frame(where, start, bool(event.flow_style), event.anchor, is_map))
        if event.anchor:
            self._check_name(f"&{event.anchor}", start)
            self._aliases.open(event.anchor)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        value: Any = frame.values if frame.entries is None else frame.entries
        if frame.flow:
            end = event.end_mark.index + self._shift
        else:
            # The parser ends a block where the next token stands; it ends where its last value does.
            end = max((node.end for node in frame.last()), default=frame.start)
        self._add(Node(value, frame.where, "", False, frame.start, end, frame.keys), frame.anchor)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index + self._shift, event.end_mark.index + self._shift
        self._check_name(f"*{event.anchor}", start)
        node = Node(None, self._where(event.start_mark), "", False, start, end)
        try:
            node = self._aliases.repeat(event.anchor, node, MAX_DEPTH - len(self._stack))
        except AliasRefused as refused:
            self._note(Found(refused.code, start, {"name": event.anchor, "limit": refused.limit}))
            if refused.limit:
                raise Stopped from None
        self._add(node, None)

    def _add(self, node: Node, anchor: str | None) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            self.found.append(Found("Y047", node.start, {"limit": MAX_NODES}))
            raise Stopped
        if anchor:
            self._aliases.close(anchor, node)
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        if frame.entries is not None:
            frame.entries.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            self._pair(frame, frame.key, node)
            frame.key = None

    def _pair(self, frame: Frame, key: Node, node: Node) -> None:
        name = key.raw
        if key.is_map or key.is_list or not (name or key.quoted):
            self._note(Found("Y029", key.start))
        elif name == "<<" and not key.quoted:
            self._note(Found("Y031", key.start))
        elif name in frame.values:
            first = frame.keys[name]
            line = first.where.line
            self._note(Found("Y018", key.start, {"key": name, "line": line}, also=first.start))
        else:
            frame.keys[name] = key
            frame.values[name] = node
            return
        frame.dropped.append(node)
