"""The parser's own error, said in words people use, with a guess that lets reading go on. Floor: 2."""

from __future__ import annotations

import re

import yaml

from engine.source import signs
from engine.source.found import Found
from engine.source.quote import quoted
from engine.source.splice import Lines, Splice

_ANY_COLON = re.compile(r"[ \t]*[^\s-][^\s\"'#：:]{0,20}(：)")
_NO_SPACE = re.compile(r"([ \t]*(?:- +)*)([A-Za-z_][\w.]*):(?!//)[^\s:]")
_NO_SPACE_DASH = re.compile(r"([ \t]*)-[^\s-]")
_BRACKET = re.compile(r"[\[\]{}]")
_CLOSING = {"[": "]", "{": "}"}
_WRONG_PLACE = re.compile(r"did not find expected (?:key|'-' indicator|<document start>)|mapping values are not")


def diagnose(text: str, error: yaml.YAMLError) -> Found:
    """The one thing behind a syntax error. Its splices, if any, make the text go on past it."""
    shift = 1 if text[:1] == "\ufeff" else 0
    mark = getattr(error, "problem_mark", None)
    begun = getattr(error, "context_mark", None)
    at = mark.index + shift if mark else 0
    began = begun.index + shift if begun else at
    what, context = str(getattr(error, "problem", None) or error), str(getattr(error, "context", None) or "")
    lines = Lines(text)
    found = _by_words(text, lines, what, context, at, began)
    found = found or _near(lines, began if context else at, at) or _by_place(text, lines, what, context, at, began)
    return found or Found("Y035", min(at, len(text)), {"detail": what})


def _near(lines: Lines, began: int, at: int) -> Found | None:
    """A colon that is full-width or lacks its space, on one of the lines the error may come from."""
    last = lines.number(at)
    for number in dict.fromkeys((lines.number(began), last, max(last - 1, 0))):
        start, _ = lines.span(number)
        words = lines.words(number)
        wide = _ANY_COLON.match(words)
        if wide:
            return signs.colon(lines.text, start + wide.start(1))
        tight = _NO_SPACE.match(words)
        if tight:
            colon = start + tight.end(2)
            fixed = words[tight.start(2) : tight.end(2)] + ": " + words[tight.end(2) + 1 :]
            return Found("Y015", colon, {"fixed": fixed.strip()}, (Splice(colon + 1, colon + 1, " "),), fix=True)
        dash = _NO_SPACE_DASH.match(words)
        if dash and number and lines.words(number - 1).startswith(f"{dash.group(1)}- "):
            at_dash = start + dash.end(1)
            fixed = f"- {words[dash.end(1) + 1 :]}".rstrip()
            return Found("Y044", at_dash, {"fixed": fixed}, (Splice(at_dash + 1, at_dash + 1, " "),), fix=True)
    return None


def _by_words(text: str, lines: Lines, what: str, context: str, at: int, began: int) -> Found | None:
    if "quoted scalar" in context:
        return _in_quotes(text, lines, what, at, began)
    if "flow" in context and "did not find expected ','" in what:
        return _close(text, lines, began)
    if "tag" in context or "tag handle" in what:
        tag = re.match(r"\S*", text[began : began + 60])
        word = tag.group() if tag else "!"
        return Found("Y019", began, {"tag": word}, (Splice(began, began + len(word), ""),))
    if "tab character" in what:
        return _tab(text, lines, at)
    if "node content" in what and text[at : at + 1] == ",":
        return Found("Y045", at, {}, (Splice(at, at + 1, " "),), fix=True)
    if "node content" in what:
        return _unclosed(text, lines, at)
    if "cannot start any token" in what or "alphabetic or numeric" in what or "comment or line break" in what:
        return _bad_start(text, lines, at, began)
    return None


def _by_place(text: str, lines: Lines, what: str, context: str, at: int, began: int) -> Found | None:
    if "simple key" in context:
        _, end = lines.span(lines.number(began))
        return Found("Y042", began, {}, (Splice(end, end, ":"),))
    if "block sequence entries" in what:
        _, end = lines.span(lines.number(at))
        return Found("Y041", at, {}, (Splice(at, end, quoted(text[at:end])),))
    if _WRONG_PLACE.search(what):
        return _indentation(text, lines, at)
    return None


def _unclosed(text: str, lines: Lines, at: int) -> Found | None:
    """The nearest bracket before ``at`` that its own line leaves open."""
    for number in range(lines.number(at), max(lines.number(at) - 50, -1), -1):
        start, end = lines.span(number)
        bracket = re.search(r"(?::|-|^)[ \t]+([\[{])[^\]}]*\Z", text[start : min(end, at)])
        if bracket:
            return _close(text, lines, start + bracket.start(1))
    return None


def _close(text: str, lines: Lines, opened: int) -> Found:
    """A bracket that stays open; for reading on, everything open is closed at the end of its line."""
    _, end = lines.span(lines.number(opened))
    waiting = ""
    for sign in _BRACKET.findall(text, opened, end):
        if sign in _CLOSING:
            waiting = _CLOSING[sign] + waiting
        elif waiting.startswith(sign):
            waiting = waiting[1:]
    closing = _CLOSING.get(text[opened], "]")
    return Found("Y034", opened, {"sign": text[opened], "closing": closing}, (Splice(end, end, waiting or closing),))


def _in_quotes(text: str, lines: Lines, what: str, at: int, began: int) -> Found | None:
    if "escape" in what:
        slash = text.rfind("\\", began, at + 1)
        sign = text[slash : slash + 2]
        return Found("Y037", slash, {"sign": sign}, (Splice(slash, slash, "\\"),), fix=True)
    _, end = lines.span(lines.number(began))
    return Found("Y033", began, {"sign": text[began]}, (Splice(end, end, text[began]),))


def _bad_start(text: str, lines: Lines, at: int, began: int) -> Found:
    at = min(at, began)
    start, end = lines.span(lines.number(at))
    if text[at : at + 1] == "\t":
        return _tab(text, lines, at)
    words = text[at:end].rstrip()
    fixed = quoted(words)
    return Found("Y016", at, {"sign": words[:1], "fixed": fixed}, (Splice(at, at + len(words), fixed),), fix=True)


def _tab(text: str, lines: Lines, at: int) -> Found:
    start, end = lines.span(lines.number(at))
    length = len(text[at:end]) - len(text[at:end].lstrip("\t"))
    spaces = " " if text[start:at].strip() else "  " * length
    return Found("Y007", at, {}, (Splice(at, at + length, spaces),), fix=True)


def _indentation(text: str, lines: Lines, at: int) -> Found:
    """A line that stands too far left or right; for reading on, it moves with what belongs to it under the line above."""
    number = min(lines.number(at), len(lines.starts) - 1)
    words = lines.words(number)
    width = len(words) - len(words.lstrip(" "))
    above = number - 1
    while above >= 0 and (not lines.words(above).strip() or lines.words(above).lstrip().startswith("#")):
        above -= 1
    before = lines.words(above) if above >= 0 else ""
    wanted = len(before) - len(before.lstrip(" "))
    if wanted == width and before and not re.search(r":(?:\s|\Z)|^ *[-#]", before):
        end = lines.span(above)[1]
        return Found("Y042", lines.starts[above] + wanted, {}, (Splice(end, end, ":"),))
    splices: list[Splice] = []
    for later in range(number, len(lines.starts)):
        line = lines.words(later)
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and (indent < width or (later > number and wanted > width)):
            break
        if line.strip():
            start = lines.starts[later]
            splices.append(Splice(start, start + min(width, indent), " " * wanted))
    return Found("Y032", lines.starts[number] + width, {}, tuple(splices) if wanted != width else ())
