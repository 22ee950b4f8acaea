"""A mail in HTML: only tags that show something, every style in its place, and the same words as plain text. Floor: 2.

What is written is read as tags and words and written anew, so nothing passes that is not on the list: no script, no form, nothing
fetched from elsewhere. Mail programs leave style sheets out, so each tag carries its own.
"""

from __future__ import annotations

import html as marks
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import nearest
from engine.paper.tags import ATTRIBUTES, BLOCKS, LOGO, REACHES, SIZES, TAGS, Reader, styles

#: What stands for a value while a template is looked at before it is filled in.
VALUE = "\ue000"
#: Bytes of a mail's HTML: programs cut off what is longer than about a hundred thousand.
MOST = 256 * 1024
_FILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
#: How tags look where nothing is said; ``{color}`` is the template's.
LOOK: Mapping[str, str] = {
    "h1": "margin:24px 0 12px;font-size:22px;line-height:1.35;color:{color}",
    "h2": "margin:22px 0 10px;font-size:18px;line-height:1.4;color:{color}",
    "h3": "margin:18px 0 8px;font-size:16px;line-height:1.4",
    "p": "margin:0 0 14px",
    "a": "color:{color}",
    "ul": "margin:0 0 14px;padding-left:22px",
    "ol": "margin:0 0 14px;padding-left:22px",
    "blockquote": "margin:0 0 14px;padding:2px 14px;border-left:3px solid #d0d5dd;color:#475467",
    "hr": "border:0;border-top:1px solid #e4e7ec;margin:20px 0",
    "table": "border-collapse:collapse;margin:0 0 14px",
    "th": "padding:8px 12px;border:1px solid #e4e7ec;background:#f2f4f7;text-align:left;font-weight:bold",
    "td": "padding:8px 12px;border:1px solid #e4e7ec",
    "img": "max-width:100%;border:0",
    "code": "font-family:monospace",
}
BUTTON = (
    "display:inline-block;padding:10px 20px;border-radius:6px;background:{color};color:#ffffff;text-decoration:none;"
    "font-weight:bold"
)
FRAME = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title></head><body style="margin:0;padding:0;background:#f2f4f7">'
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f7"><tr>'
    '<td align="center" style="padding:20px 10px"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
    'style="max-width:640px;background:#ffffff;border-top:4px solid {color};border-radius:6px"><tr><td style="padding:28px 26px;'
    "font-family:{font};font-size:15px;line-height:1.7;color:#1b1f24;text-align:left;word-break:break-word"
    '">{body}</td></tr></table></td></tr></table></body></html>'
)
FONTS = {
    "sans": "'PingFang SC','Microsoft YaHei','Noto Sans SC',Helvetica,Arial,sans-serif",
    "serif": "'Songti SC',SimSun,'Noto Serif SC',Georgia,serif",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a mail looks: ``color`` (``#1f4e79``), ``font`` (sans, serif), the language of its words and its title."""

    color: str = "#1f4e79"
    font: str = "sans"
    language: str = "zh"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be in a mail: a code with its parameters, and where it stands (line and column from 1)."""

    code: str
    line: int
    column: int
    parameters: Mapping[str, str]
    suggestion: str | None = None


def laid_out(written: str, look: Look, through: Callable[[str], str] = str, logo: bool = False) -> str:
    """The mail as a whole page, at most 256 KB; web addresses of its links go ``through``. Its picture is shown where
    there is a ``logo``. Raises OverflowError for a longer one."""
    writer = Writer(look, through, logo)
    writer.read(written)
    about = {
        "language": look.language,
        "title": marks.escape(look.title),
        "color": look.color,
        "font": FONTS[look.font],
    }
    page = FRAME.format(body=writer.finished(), **about)
    if len(page.encode()) > MOST:
        raise OverflowError(f"{MOST // 1024} KB")
    return page


def words(written: str) -> str:
    """The same as plain text: lines as they are seen, links with their address behind them."""
    reader = Words()
    reader.read(written)
    return reader.finished()


def faults(template: str) -> list[Fault]:
    """What a template's HTML has that a mail cannot show; ``{{ }}`` stands for anything, and is looked at when it is filled in."""
    reader = Critic()
    reader.read(_FILLED.sub(_stood_for, template))
    return reader.found


def _stood_for(found: re.Match[str]) -> str:
    """As many signs, on as many lines, so that every place stays where it is."""
    sign = VALUE if found.group().startswith("{{") else " "
    return re.sub(r"[^\n]", sign, found.group())


class Writer(Reader):
    """Writes what it reads anew."""

    def __init__(self, look: Look, through: Callable[[str], str], logo: bool) -> None:
        super().__init__()
        self._look, self._through, self._logo = look, through, logo
        self._parts: list[str] = []

    def finished(self) -> str:
        """The HTML, every tag closed."""
        return "".join(self._parts) + "".join(f"</{tag}>" for tag in reversed(self.open))

    def begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._parts.append(f"<{tag}{self._attributes(tag, attrs)}>")

    def single(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "img" or (self._logo and dict(attrs).get("src") in ("cid:logo", LOGO)):
            self.begin(tag, attrs)

    def end(self, tag: str) -> None:
        self._parts.append(f"</{tag}>")

    def say(self, text: str) -> None:
        self._parts.append(marks.escape(text, quote=False))

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        given = {name: value or "" for name, value in reversed(attrs)}
        kept = {
            name: given[name]
            for name in (*ATTRIBUTES.get(tag, ()), *SIZES)
            if name in given and name not in ("href", "src")
        }
        to = given.get("href", "").strip()
        if tag == "a" and REACHES.fullmatch(to):
            kept["href"] = self._through(to) if to.lower().startswith("http") else to
            kept |= {"target": "_blank", "rel": "noopener noreferrer"}
        if tag == "img":
            kept["src"] = LOGO
        own = BUTTON if tag == "a" and given.get("class") == "button" else LOOK.get(tag, "")
        style = ";".join(each for each in (own.format(color=self._look.color), styles(given.get("style", ""))) if each)
        if style:
            kept["style"] = style
        return "".join(f' {name}="{marks.escape(value)}"' for name, value in kept.items())


class Words(Reader):
    """The words of HTML in lines."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = [""]
        self._links: list[tuple[str, int, int]] = []
        self._numbers: list[int] = []

    def finished(self) -> str:
        """The text: no space at the ends of lines, no two empty lines."""
        text = "\n".join(re.sub(r"[ \t\xa0]+", " ", line).strip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ul", "ol"):
            self._numbers.append(1 if tag == "ol" else 0)
        if tag in BLOCKS:
            self._line(empty=tag in ("p", "h1", "h2", "h3", "h4", "table", "blockquote") and "li" not in self.open[:-1])
        if tag == "li":
            number = self._numbers[-1] if self._numbers else 0
            self._lines[-1] = f"{number}. " if number else "- "
            if number:
                self._numbers[-1] += 1
        elif tag in ("td", "th") and self._lines[-1]:
            self._lines[-1] += " | "
        elif tag == "a":
            self._links.append((str(dict(attrs).get("href") or "").strip(), len(self._lines) - 1, len(self._lines[-1])))

    def single(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.say(str(dict(attrs).get("alt") or ""))
        else:
            self._line(empty=False)
            if tag == "hr":
                self._lines += ["----", ""]

    def end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._numbers:
            self._numbers.pop()
        if tag == "a" and self._links:
            to, line, begun = self._links.pop()
            said = "\n".join(self._lines[line:])[begun:].strip()
            if REACHES.fullmatch(to) and to not in (said, f"mailto:{said}", f"tel:{said}"):
                self._lines[-1] += f" {to} " if said else to
        if tag in BLOCKS:
            self._line(
                empty=tag in ("p", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote") and "li" not in self.open
            )

    def say(self, text: str) -> None:
        if "pre" in self.open:
            first, *more = text.split("\n")
            self._lines[-1] += first
            self._lines += more
        else:
            self._lines[-1] += re.sub(r"\s+", " ", text)

    def _line(self, empty: bool) -> None:
        if self._lines[-1].strip():
            self._lines.append("")
        if empty and len(self._lines) > 1 and self._lines[-2].strip():
            self._lines.append("")


class Critic(Reader):
    """Finds what a mail cannot show."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Fault] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.hidden:
            self._look(tag, attrs)
        super().handle_starttag(tag, attrs)

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self._note("T030", tag, suggestion=nearest(tag, TAGS - {"font", "center"}), tag=tag)
            return
        for name, given in attrs:
            value = (given or "").strip()
            known = (*ATTRIBUTES.get(tag, ()), *SIZES, "style", *(("class",) if tag == "a" else ()))
            if name not in known:
                self._note("T031", name, suggestion=nearest(name, known), tag=tag, name=name)
            elif name == "src" and value not in ("cid:logo", LOGO):
                self._note("T032", name, address=value.replace(VALUE, "")[:60] or "{{ … }}")
            elif name == "href" and not REACHES.fullmatch(value) and not value.startswith(VALUE):
                self._note("T033", name, address=value.replace(VALUE, "…")[:60])
            elif name == "style":
                for part in value.split(";"):
                    if part.strip() and not styles(part):
                        self._note("T034", part.strip(), style=part.strip()[:60])

    def _note(self, code: str, word: str, suggestion: str | None = None, **parameters: str) -> None:
        line, column = self.getpos()
        written = self.get_starttag_text() or ""
        before = written[: max(0, _place(written, word))]
        line += before.count("\n")
        column = len(before) - before.rfind("\n") - 1 + (column if "\n" not in before else 0)
        self.found.append(Fault(code, line, column + 1, parameters, suggestion))


def _place(written: str, word: str) -> int:
    found = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", written, re.IGNORECASE)
    return found.start() if found else 0
