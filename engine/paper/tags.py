"""What of HTML a mail may hold, and a reader that tells only of that. Floor: 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

#: The picture a mail may show: the template's logo, sent along.
LOGO = "cid:logo@flowloom"
#: Tags within tags.
DEEPEST = 60

VOID = frozenset({"br", "hr", "img"})
BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "ul", "ol", "li", "table", "thead", "tbody", "tfoot", "tr", "blockquote", "hr", "pre", "center",
})  # fmt: skip
TAGS = (
    BLOCKS
    | VOID
    | {"a", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "span", "code", "th", "td", "caption", "font"}
)
#: Tags people do not close: one ends the one before it, inside the tag that holds them.
ENDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "p": (frozenset({"p"}), frozenset({"div", "td", "th", "li", "blockquote"})),
    "tr": (frozenset({"tr", "td", "th"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
}
#: Left out with all that stands in them; of other tags only the tags are left out.
WHOLE = frozenset({
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "template", "object", "svg", "math", "select",
})  # fmt: skip
SIZES = ("align", "valign", "width", "height", "bgcolor")
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "a": ("href",),
    "img": ("src", "alt"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "font": ("color", "size", "face"),
    "ol": ("start",),
    "table": ("border", "cellpadding", "cellspacing"),
}
STYLES = re.compile(
    r"color|background(-color)?|font(-(size|weight|style|family))?|text-(align|decoration|indent)|line-height|letter-spacing|"
    r"(padding|margin)(-(top|right|bottom|left))?|border(-(top|right|bottom|left))?(-(color|width|style))?|border-(radius|collapse|spacing)|"
    r"(max-)?width|(max-)?height|vertical-align|white-space|display|list-style-type|word-break"
)
#: Numbers, words and colours: nothing that could fetch, run or hide behind a sign.
STYLED = re.compile(r"(?:[\w\s.,#%!'\"-]|rgba?\([\d\s.,%]+\))+")
_UNSHOWN = re.compile(r"<!--|<[!?]")
#: What begins like a tag and is followed by another one, or by nothing.
_UNENDED = re.compile(r"<[^<>]*(?=<|\Z)")
REACHES = re.compile(r"(https?://|mailto:|tel:)[^\s<>\"\\]+", re.IGNORECASE)


def styles(text: str) -> str:
    """What may stay of a style."""
    kept = []
    for part in text.split(";"):
        name, _, value = part.partition(":")
        if STYLES.fullmatch(name.strip().lower()) and STYLED.fullmatch(value.strip()):
            kept.append(f"{name.strip().lower()}:{value.strip()}")
    return ";".join(kept)


def _plain(written: str) -> str:
    """The text with nothing in the place of comments and declarations, its lines kept."""
    kept, at = [], 0
    while (begun := _UNSHOWN.search(written, at)) is not None:
        kept.append(written[at : begun.start()])
        sign = "-->" if begun.group() == "<!--" else ">"
        end = written.find(sign, begun.end())
        at = end + len(sign) if end >= 0 else len(written)
        kept.append(re.sub(r"[^\n]", " ", written[begun.start() : at]))
    return "".join(kept) + written[at:]


class Reader(HTMLParser):
    """Tags and words; what stands in a tag that is left out as a whole is not told."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.hidden = ""

    def read(self, written: str) -> None:
        """Read the whole. The parser would try each sign that begins a comment, a declaration or a tag anew to the end of the text:
        those that never end are words."""
        self.feed(_UNENDED.sub(lambda found: found.group().replace("<", "&lt;"), _plain(written)))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.hidden:
            return
        if tag in WHOLE:
            self.hidden = tag
        elif tag in VOID:
            self.single(tag, attrs)
        elif tag in TAGS and len(self.open) < DEEPEST:
            self._finish_before(tag)
            self.open.append(tag)
            self.begin(tag, attrs)

    def _finish_before(self, tag: str) -> None:
        ended, around = ENDS.get(tag, (frozenset(), frozenset()))
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at] in around:
                break
            if self.open[at] in ended:
                while len(self.open) > at:
                    self.end(self.open.pop())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in WHOLE and self.hidden == tag:
            self.hidden = ""

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            self.hidden = "" if tag == self.hidden else self.hidden
        elif tag in self.open:
            while self.open:
                last = self.open.pop()
                self.end(last)
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.say(data)

    def begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that will end."""

    def single(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag without an end."""

    def end(self, tag: str) -> None:
        """The end of a tag."""

    def say(self, text: str) -> None:
        """Words."""
