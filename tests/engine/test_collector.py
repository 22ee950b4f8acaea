"""What a process that works for long tells the collector, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import gc
from engine import collector
before = gc.get_freeze_count()
collector.settle()
print(gc.get_freeze_count() > before, gc.get_threshold()[0])
"""


def test_what_is_loaded_is_not_walked_again() -> None:
    said = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "10000"]
