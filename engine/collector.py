"""What a process that works for long tells Python's collector of cycles. Floor: 1."""

from __future__ import annotations

import gc


def settle() -> None:
    """What is loaded now lives as long as the process: the collector need not walk it again and again. A turn makes some
    thousand short-lived objects, which the default threshold would search seven times."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
