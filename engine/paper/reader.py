"""What is written in a file somebody uploaded. Floor: 2."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass

from engine.errors import Problem, Refused
from engine.paper import confined
from engine.paper.scanning import ASKED, GIVEN

#: A file may take so long: 30 pages of OCR on a slow machine.
LIMITS = confined.Limits(seconds=600, computing=600, memory=6 * 1024 * confined.MB, output=20 * confined.MB)
#: The biggest file read.
MOST = 60 * confined.MB


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text, how many pages (slides, sheets) it has, whether OCR was needed, and whether the end was left away."""

    text: str
    pages: int
    ocr: bool
    cut: bool


def sees() -> bool:
    """Whether pictures can be read here: the extra ``ocr`` is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "PIL"))


def read(content: bytes) -> Reading:
    """The text of a PDF, DOCX, PPTX, XLSX, text file or picture, read in a process of its own without network.

    Raises Refused: R212 for any other file, R213 when the extra ``ocr`` would be needed and is not there, R203 and R214 above the limits,
    R215 for one with a password, R216 for XML that brings entities, R201 and R202 when the child had to be given up.
    """
    if len(content) > MOST:
        raise Refused(Problem("R214", parameters={"limit": f"{MOST // confined.MB} MB"}))
    asked = json.dumps({"ocr": sees()}).encode()
    came = confined.run("scanning", {GIVEN: content, ASKED: asked}, LIMITS)
    answer = came.answer
    return Reading(str(answer["text"]), int(answer["pages"]), answer["how"] == "ocr", bool(answer["cut"]))
