"""Where in HTML the values of a template stand: text, attribute, address, or where none may stand. Floor: 2."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

_RAW = re.compile(r"<(script|style)\b", re.IGNORECASE)
_END = {"script": re.compile(r"</script\s*>", re.IGNORECASE), "style": re.compile(r"</style\s*>", re.IGNORECASE)}
_ADDRESS = re.compile(r"\b(?:href|src|action|formaction|poster|data)\s*=\s*[\"']\s*$", re.IGNORECASE)
_HANDLER = re.compile(r"\b(?:on\w+|style|srcdoc)\s*=\s*(?:\"[^\"]*|'[^']*)$", re.IGNORECASE)

Place = tuple[nodes.Output, int, str]


class _Reader:
    """Reads the written text in order and knows, at its end, where it is."""

    def __init__(self) -> None:
        self.tag = ""
        self.raw = ""

    def read(self, text: str) -> None:
        while text:
            if self.raw:
                found = _END[self.raw].search(text)
                if found is None:
                    return
                self.raw, text = "", text[found.end() :]
            elif self.tag:
                text = self._inside(text)
            else:
                start = text.find("<")
                if start < 0:
                    return
                self.tag, text = "<", text[start + 1 :]

    def _inside(self, text: str) -> str:
        for index, char in enumerate(text):
            self.tag += char
            if char == ">" and not self._quote():
                opened = _RAW.match(self.tag)
                self.raw = opened[1].lower() if opened else ""
                self.tag = ""
                return text[index + 1 :]
        return ""

    def _quote(self) -> str:
        quote = ""
        for char in self.tag:
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
        return quote

    def place(self) -> str:
        """text, attribute, address, or the name of a place that takes no value."""
        if self.raw:
            return f"<{self.raw}>"
        if not self.tag:
            return "text"
        if not self._quote():
            return "<…>"
        if _HANDLER.search(self.tag):
            return "on…=, style="
        return "address" if _ADDRESS.search(self.tag) else "attribute"


def places(tree: nodes.Template) -> Iterator[Place]:
    """Every value that is written, with its place. Branches are read one after another, as they stand."""
    reader = _Reader()
    for output in tree.find_all(nodes.Output):
        for index, node in enumerate(output.nodes):
            if isinstance(node, nodes.TemplateData):
                reader.read(node.data)
            else:
                yield output, index, reader.place()
                if reader.tag:
                    reader.tag += "x"


SAFE = ("text", "attribute", "address")
