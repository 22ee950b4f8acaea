"""Pages taken apart: which fenced blocks they have, in which order, and what each is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROOT = DOCS.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
#: The first line of a block that is a file: ``# custom/entity/lead.yaml``.
FILE = re.compile(r"^# ([\w./-]+\.(?:yaml|csv|py))$")


@dataclass(frozen=True)
class Block:
    """``kind`` is the word behind the fence: yaml, sh (run here), text (what the commands before it say), others are not run."""

    kind: str
    text: str

    @property
    def file(self) -> str | None:
        """The path of the file it is, relative to the site; None for a part of one."""
        found = FILE.match(self.text.splitlines()[0]) if self.text.strip() else None
        return found[1] if found else None


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [Block(kind, text) for kind, text in FENCE.findall(page.read_text("utf-8"))]


def written_pages() -> list[Path]:
    """Every page that is written by hand: the docs without the generated reference, and the READMEs of the project."""
    found = [page for page in DOCS.rglob("*.md") if page.parent.name != "reference"]
    return sorted([*found, ROOT / "README.md", ROOT / "README.en.md", ROOT / "CONTRIBUTING.md"])
