"""In the child: a document's JSON through the theme to a PDF. Floor: 2.

The theme is ours and fixed; what people write reaches it as JSON and is never read as code. Nothing is asked of the network, and
nothing outside the child's own folder is read but the fonts.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.paper.confined import RESULT
from engine.paper.glyphs import Glyphs

THEME = Path(__file__).with_name("theme.typ")
#: The packages that bring the fonts: simplified Chinese first, then characters it does not have.
FONTS = ("pylopdf_fonts_zh_cn", "pylopdf_fonts_jp")
DOCUMENT, PAPER = "document.json", "paper.pdf"
MAX_PAGES = 300
#: Pages drawn to be looked at: of a document of so many at most, and of those the first; dots an inch.
DRAWN, SHOWN, PPI = 40, 8, 84
PICTURED = "page-{p}.png"


def work(folder: Path, apart: bool) -> None:
    """Lay ``document.json`` out as ``paper.pdf``; the answer tells its pages and the characters no font has."""
    import typst

    document = json.loads((folder / DOCUMENT).read_bytes())
    fonts = list(font_files(document["style"]["font"]))
    missed: set[str] = set()
    (folder / DOCUMENT).write_text(json.dumps(Glyphs(fonts).fitted(document, missed)), "utf-8")
    (folder / "main.typ").write_bytes(THEME.read_bytes())
    found = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(p) for p in {each.parent for each in fonts}],
    )
    compiler = typst.Compiler(
        str(folder / "main.typ"), root=str(folder), font_paths=found, ignore_system_fonts=True,
        package_path=str(folder / "none"), package_cache_path=str(folder / "none"),
    )  # fmt: skip
    answer: dict[str, Any]
    try:
        compiler.compile(output=str(folder / PAPER), format="pdf", timestamp=int(document["at"]))
        pages = json.loads(compiler.query("<pages>", field="value", one=True))
        if document.get("draw") and pages <= DRAWN:
            compiler.compile(output=str(folder / PICTURED), format="png", ppi=PPI, timestamp=int(document["at"]))
        answer = {"pages": pages, "missed": sorted(missed), "apart": apart}
    except typst.TypstError as error:
        said = str(error)
        code, about = ("R203", {"most": MAX_PAGES}) if "too many pages" in said else ("R202", {"reason": said[:200]})
        answer = {"problem": {"code": code, "parameters": about}}
    (folder / RESULT).write_text(json.dumps(answer), "utf-8")


def font_files(style: str) -> Iterator[Path]:
    """The font files of a style (sans or serif), in the order they are asked."""
    for package in FONTS:
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            continue
        kind = "Serif" if style == "serif" else "Sans"
        yield from sorted(Path(found.origin).parent.glob(f"Noto{kind}*.otf"))
