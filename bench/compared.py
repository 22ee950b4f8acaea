"""Importing with every row compared for duplicates, beside the same import without: the ratio is what counts.

Run: python -m bench.compared [rows] [--full] [--lead]. 20,000 rows into a customer list of five fields (100,000 with --full), by
turns, so that all see the same load. One row in twenty is somebody who is there already, written differently. With --lead
into the leads of the pack crm, with its owners, promises and rules.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench import crm
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
REMOVED = "kind: entity\nextend: crm.lead\nremove: [duplicates.same_person]\n"
LEAD = {
    "without": REMOVED,
    "two factors": "",
    "weighed": f"{REMOVED}duplicates: {{same: {{compare: [company, contact, phone], above: 0.9}}}}\n",
}
#: Rows in one file: the three sites take theirs by turns.
LOT = 2_000


def found(site: Path, label: str, lead: bool) -> Engine:
    """A site with the rule of that name, published."""
    if lead:
        crm.found(site)
        (site / "custom").mkdir(exist_ok=True)
        if LEAD[label]:
            (site / "custom" / "lead_duplicates.yaml").write_text(LEAD[label], "utf-8")
    else:
        (site / "custom").mkdir(parents=True)
        (site / "site.yaml").write_text("kind: site\nname: compared\n", "utf-8")
        (site / "custom" / "customer_card.yaml").write_text(ENTITY + RULES[label], "utf-8")
    engine = Engine.open(site)
    engine.revisions.publish_if_new()
    if lead and LEAD[label]:
        engine.revisions.publish(label)
    return engine


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
        folder, lead = Path(name), "--lead" in sys.argv
        sites = {label: found(folder / label.replace(" ", "_"), label, lead) for label in RULES}
        spent = dict.fromkeys(sites, 0.0)
        for number in range(0, rows, LOT):
            write(folder / "lot.csv", LOT, number + 1)
            # Each is first as often as last: who comes first finds the machine cold.
            turns = list(sites.items())
            for label, engine in turns if number // LOT % 2 else reversed(turns):
                started = time.process_time()
                report = engine.import_file(SYSTEM, folder / "lot.csv", "lead" if lead else "customer_card", again=True)
                spent[label] += time.process_time() - started
                assert report.created == LOT, report.bad[:3]
                looked = len(engine.manifest.entities[report.entity].duplicates)
                assert looked == (label != "without"), (label, looked)
        for label, engine in sites.items():
            ratio = spent[label] / spent["without"]
            print(
                f"{label:12} {rows / spent[label]:7.0f} rows a second of CPU, {ratio:.2f} times the import without; bar 2"
            )
            engine.close()


if __name__ == "__main__":
    main()
