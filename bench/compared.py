"""Importing with every row compared for duplicates, beside the same import without: the ratio is what counts.

Run: python -m bench.compared [rows] [--full]. 20,000 rows into a customer list of five fields (100,000 with --full), by turns, so
that both see the same load. One row in twenty is somebody who is there already, written differently.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench.million import customers, mistyped
from engine.api import Engine
from engine.facts import SYSTEM

ENTITY = """\
kind: entity
name: customer_card
title: "{{ company }}"
fields:
  company: {type: text, search: true}
  contact: {type: text, search: true}
  phone: {type: phone, index: true}
  city: {type: text}
  heard_of_us: {type: choice, choices: [website, expo, wecom]}
"""
RULES = {
    "without": "",
    "two factors": "duplicates: {same: {match: {phone: exact, company: {similar: 0.85}}}}\n",
    "weighed": "duplicates: {same: {compare: [company, contact, phone], above: 0.9}}\n",
}
#: Rows in one file: the three sites take theirs by turns.
LOT = 2_000


def write(path: Path, rows: int, seed: int) -> None:
    """A CSV of that many customers."""
    chance, fresh = random.Random(seed), customers(seed)
    known = list(islice(customers(1), 500))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["company", "contact", "phone", "city", "heard_of_us"])
        writer.writeheader()
        for _ in range(rows):
            values = mistyped(chance.choice(known), chance) if chance.random() < 0.05 else next(fresh)
            writer.writerow({**values, "city": "上海", "heard_of_us": "expo"})


def main() -> None:
    """Print rows a second of CPU for each, and the ratio to the import without."""
    rows = next((int(each) for each in sys.argv[1:] if each.isdigit()), 100_000 if "--full" in sys.argv else 20_000)
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder, sites = Path(name), {}
        for label, rule in RULES.items():
            site = folder / label.replace(" ", "_")
            (site / "custom").mkdir(parents=True)
            (site / "site.yaml").write_text("kind: site\nname: compared\n", "utf-8")
            (site / "custom" / "customer_card.yaml").write_text(ENTITY + rule, "utf-8")
            sites[label] = Engine.open(site)
            sites[label].revisions.publish_if_new()
        spent = dict.fromkeys(sites, 0.0)
        for number in range(0, rows, LOT):
            write(folder / "lot.csv", LOT, number + 1)
            for label, engine in sites.items():
                started = time.process_time()
                report = engine.import_file(SYSTEM, folder / "lot.csv", "customer_card", again=True)
                spent[label] += time.process_time() - started
                assert report.created == LOT, report.bad[:3]
        for label, engine in sites.items():
            ratio = spent[label] / spent["without"]
            print(
                f"{label:12} {rows / spent[label]:7.0f} rows a second of CPU, {ratio:.2f} times the import without; bar 2"
            )
            engine.close()


if __name__ == "__main__":
    main()
