"""Documents as PDF: time and memory for a page, beside bare typst in one process and the process start itself; then reading files.

Run: python -m bench.documents [rounds]. ``press`` is what the product does: a child with limits, its own network and folder, a page and its
fonts. The child's processor time and its largest memory are the kernel's figures (getrusage of children).
"""

from __future__ import annotations

import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.paper.press import press
from engine.paper.typesetting import THEME, font_files

ROUNDS = 20
SENTENCE = "现有裂隙灯成像模糊,医生抱怨效率低,担心售后响应慢;预算五十万以内,三月底前完成采购。"


def logo() -> bytes:
    """A picture of 480 by 160 pixels."""
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (480, 160), "#0a7d5a").save(made, "PNG")
    return made.getvalue()


def document(pages: int) -> dict[str, Any]:
    """A quote of so many pages: text, a table of 20 rows, a logo."""
    rows = [[f"产品 {n}", f"型号-{n}", str(n), "¥1,200.00"] for n in range(20)]
    table = {
        "kind": "table",
        "head": ["产品", "型号", "数量", "金额"],
        "rows": rows,
        "foot": [],
        "widths": [20, 10, 6, 12],
    }
    table["numeric"] = [False, False, True, True]
    words = [{"bullet": False, "runs": [[SENTENCE * 3, False]]} for _ in range(3)]
    page = [{"kind": "heading", "level": 1, "text": "一、情况"}, {"kind": "text", "paragraphs": words}, table]
    return {
        "title": "方案", "name": "方案.pdf", "author": "x", "keywords": [], "mark": "方案 · 修订 1", "template": "t", "revision": 1,
        "language": "zh", "at": 1_767_000_000, "header": [], "footer": "", "logo": "picture-0",
        "style": {"color": "#1f4e79", "paper": "a4", "font": "sans"},
        "blocks": [part for number in range(pages) for part in ([{"kind": "break"}] if number else []) + page],
    }  # fmt: skip


def measured(work: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """(median seconds, seconds of processor a round of this process and its children)."""
    times, before = [], cpu()
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times), (cpu() - before) / rounds


def cpu() -> float:
    """Seconds of processor used so far."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in both)


def bare(folder: Path, made: dict[str, Any]) -> Callable[[], Any]:
    """The same page by typst in this process, its fonts loaded once: the floor."""
    import typst

    (folder / "main.typ").write_bytes(THEME.read_bytes())
    (folder / "document.json").write_text(json.dumps(made), "utf-8")
    (folder / "picture-0").write_bytes(logo())
    places = sorted({str(each.parent) for each in font_files("sans")})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=places)
    compiler = typst.Compiler(str(folder / "main.typ"), root=str(folder), font_paths=fonts, ignore_system_fonts=True)
    return lambda: compiler.compile(format="pdf")


def main(rounds: int = ROUNDS) -> None:
    """Print the figures."""
    pictures = {"picture-0": logo()}
    started, used = measured(lambda: subprocess.run([sys.executable, "-I", "-c", "import typst"], check=True), rounds)
    print(f"a process that imports typst      {started * 1000:7.1f} ms   {used * 1000:7.1f} ms CPU")
    for pages in (1, 10, 100):
        made = document(pages)
        paper = press(made, pictures)
        seconds, used = measured(lambda made=made: press(made, pictures), max(3, rounds // pages))  # type: ignore[misc]
        with tempfile.TemporaryDirectory() as name:
            floor, _ = measured(bare(Path(name), made), 3)
        size = len(paper.content) / 1024
        print(
            f"press, {paper.pages:3d} pages                  {seconds * 1000:7.1f} ms   {used * 1000:7.1f} ms CPU   "
            f"{used * 1000 / paper.pages:6.1f} ms CPU a page   {size:5.0f} KB   bare typst {floor * 1000:.1f} ms"
        )
    print(f"largest child: {peak():.0f} MB")
    reading(press(document(10), pictures).content)


def peak() -> float:
    """Megabytes of the largest child so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def reading(paper: bytes) -> None:
    """Print what it takes to read a PDF of ten pages and a scanned page of five lines."""
    from PIL import Image, ImageDraw, ImageFont

    from engine.paper.reader import read, sees

    if not sees():
        print("reading: not measured, the extra ocr is not installed")
        return
    page = Image.new("RGB", (1240, 900), "white")
    font = ImageFont.truetype(str(next(font_files("sans"))), 34)
    for number in range(5):
        ImageDraw.Draw(page).text((60, 60 + 150 * number), SENTENCE[:32], fill="black", font=font)
    scan = io.BytesIO()
    page.save(scan, "PNG")
    for name, content in (("PDF, 10 pages of text", paper), ("a scanned page, OCR", scan.getvalue())):
        seconds, used = measured(lambda content=content: read(content), 3)  # type: ignore[misc]
        print(f"read {name:28s} {seconds * 1000:7.0f} ms   {used * 1000:7.0f} ms CPU   largest child {peak():.0f} MB")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
