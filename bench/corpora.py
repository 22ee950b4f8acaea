"""What was tried at which door, by corpus: runs tests/corpora and counts. Usage: python -m bench.corpora.

Nothing may come through: the exit code is 1 when something did, or a test failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Doors whose tests lie beside what they open.
BESIDE = (
    "tests/connectors/test_ssrf.py",
    "tests/studio/test_forms.py::test_fault_039_the_attack_corpora_by_form_come_back_as_text",
    "tests/studio/test_hooks.py::test_the_attack_corpora_by_webhook_are_text_or_refused_and_change_nothing_else",
    "tests/engine/paper/test_press.py::test_the_attack_corpora_come_out_as_text",
    "tests/engine/paper/test_reader.py::test_xml_that_brings_entities_is_refused_and_asks_nobody",
)


def main() -> int:
    """Run and print one line for each corpus and door; 1 when anything came through."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tally"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/corpora", *BESIDE]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "FLOWLOOM_CORPORA": str(path)}, check=False)
        told = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    doors: dict[tuple[str, str], list[int]] = {}
    for one in told:
        counted = doors.setdefault((one["corpus"], one["door"]), [0, 0])
        counted[0] += one["tries"]
        counted[1] += one["through"]
    for (corpus, door), (tries, through) in sorted(doors.items()):
        print(f"{corpus:28} {door:36} {tries:6} tries, {through} through")
    tries, through = (sum(each[place] for each in doors.values()) for place in (0, 1))
    print(f"{len({corpus for corpus, _ in doors})} corpora, {len(doors)} doors, {tries} tries, {through} came through")
    return int(bool(done.returncode) or bool(through) or not doors)


if __name__ == "__main__":
    sys.exit(main())
