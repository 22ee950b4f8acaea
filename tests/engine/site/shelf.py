"""A connector for tests of polling: it fetches from a folder, a file a page, and writes down what it was told to let go."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Page, Undone

CONNECTION = """\
kind: connection
name: shelf
label: {{zh: 货架, en: Shelf}}
connector: shelf
settings: {{folder: "{folder}"}}
schedule: "*/10 * * * *"
into: lead
map: {{company: 单位, phone: 手机}}
set: {{source: referral}}
match_on: [phone]
{more}
"""


class Shelf(Connector):
    """Pages are files ``NN.json`` (lists of rows); a file ``NN.error`` says what goes wrong there; what was kept is written into
    ``taken``."""

    name = "shelf"
    title: ClassVar[Mapping[str, str]] = {"zh": "货架", "en": "Shelf"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {"type": "object"}

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """A page for each file behind the cursor."""
        folder = Path(settings["folder"])
        with (folder / "looks").open("a") as looks:
            looks.write(f"{cursor}\n")
        for path in sorted(each for each in folder.iterdir() if each.suffix in (".json", ".error")):
            if cursor is not None and path.stem <= str(cursor):
                continue
            if path.name == "endless.json":
                while True:
                    time.sleep(0.05)
                    yield Page((), cursor)
            if path.suffix == ".error":
                text, _, final = path.read_text().partition("!")
                if text == "bug":
                    raise ZeroDivisionError("a mistake of the connector")
                raise Undone(Problem("R112", parameters={"reason": text}), final=bool(final))
            rows = json.loads(path.read_text())
            yield Page(
                [Delivery(f"{path.stem}:{n}", row, json.dumps(row).encode()) for n, row in enumerate(rows)], path.stem
            )
            with (folder / "taken").open("a") as taken:
                taken.write(f"{path.stem}\n")


def rows(folder: Path, name: str, *phones: str) -> None:
    """Lay a page of leads on the shelf."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps([{"单位": f"公司{each}", "手机": each} for each in phones]))
