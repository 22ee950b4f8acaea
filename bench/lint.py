"""(d) Checking a site of 500 documents from nothing, as ``flowloom lint`` does, and again after one file changed.

Run: python -m bench.lint [documents].
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import crm
from engine.load.pipeline import load_site
from engine.load.read import Memory
from engine.plugins.registry import Registry

DOCUMENTS = 500
ENTITY = """\
kind: entity
name: thing_{n}
label: {{zh: 东西{n}, en: Thing {n}}}
title: "{{{{ name }}}}"
fields:
  name: {{type: text, label: {{zh: 名称, en: Name}}, required: true, max_length: 80}}
  amount: {{type: money, label: {{zh: 金额, en: Amount}}, min: 0}}
  size: {{type: choice, label: {{zh: 大小, en: Size}}, choices: {{small: {{zh: 小, en: Small}}, big: {{zh: 大, en: Big}}}}, default: small}}
  grade: {{type: number, label: {{zh: 分数, en: Grade}}, value: "=amount / 100 if size == 'big' else 0"}}
  owner: {{type: user, label: {{zh: 负责人, en: Owner}}}}
  done: {{type: yes_no, label: {{zh: 完成, en: Done}}, default: false}}
"""
VIEW = """\
kind: view
name: big_things_{n}
label: {{zh: 大的{n}, en: Big {n}}}
entity: thing_{n}
show: list
where: "size == 'big' and not done"
columns: [name, amount, grade, owner]
"""
METRIC = """\
kind: metric
name: amount_{n}
label: {{zh: 金额{n}, en: Amount {n}}}
entity: thing_{n}
sum: amount
where: "done"
"""
TRIGGER = """\
kind: trigger
name: big_is_told_{n}
label: {{zh: 大的要说{n}, en: Tell of big ones {n}}}
when: {{event: created, entity: thing_{n}}}
if: "size == 'big' and amount > 1000"
do:
  - set: {{done: false}}
"""


def fill(folder: Path, documents: int) -> None:
    """A site with the CRM pack and as many documents of its own as make that many together."""
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text(crm.SITE, "utf-8")
    own = documents - len(load_site(folder, Registry.discover()).drafts)
    for number in range(own):
        name, text = (("entity", ENTITY), ("view", VIEW), ("metric", METRIC), ("trigger", TRIGGER))[number % 4]
        (folder / "custom" / f"{name}_{number // 4}.yaml").write_text(text.format(n=number // 4), "utf-8")


def main() -> None:
    """Print both figures."""
    documents = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else DOCUMENTS
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder = Path(name)
        fill(folder, documents)
        registry = Registry.discover()
        cold: list[tuple[float, float]] = []
        for _ in range(4):
            memory = Memory(registry)
            started, cpu = time.perf_counter(), time.process_time()
            loaded = load_site(folder, registry, memory=memory)
            cold.append((time.perf_counter() - started, time.process_time() - cpu))
        assert not loaded.errors, [problem.line() for problem in loaded.errors[:5]]
        changed = folder / "custom" / "entity_0.yaml"
        changed.write_text(changed.read_text("utf-8").replace("80", "90"), "utf-8")
        started, cpu = time.perf_counter(), time.process_time()
        load_site(folder, registry, memory=memory)
        again = time.perf_counter() - started, time.process_time() - cpu
        wall, used = statistics.median(one[0] for one in cold), min(one[1] for one in cold)
        print(
            f"{len(loaded.drafts)} documents linted from nothing {wall:5.2f} s wall, {used:5.2f} s CPU (best); bar 1, aim 0.3"
        )
        print(f"again, one file changed {again[0]:17.2f} s wall, {again[1]:5.2f} s CPU")


if __name__ == "__main__":
    main()
