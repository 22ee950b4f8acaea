"""A disk is full in more ways than one; every one of them is told as full, and nothing is half written."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import disk

#: A process whose files may not grow beyond some size: what a quota, FAT32 or ``ulimit -f`` do.
SCRIPT = """
import resource, sys
from pathlib import Path
from engine.clock import SystemClock
from engine.errors import Unavailable
from engine.store.database import Database
from engine.store.files import Files

folder = Path(sys.argv[1])
database = Database.open(f"sqlite:///{folder / 'x.db'}", SystemClock())
database.write(lambda c: c.execute("CREATE TABLE t (a TEXT)"))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
told = []
for _ in range(40):
    try:
        database.write(lambda c: c.execute("INSERT INTO t VALUES (?)", ("x" * 50_000,)))
    except Unavailable as error:
        told.append(error.problems[0].code)
        break
with database.read() as connection:
    kept = connection.scalar("SELECT COUNT(*) FROM t")
try:
    files = Files(folder / "files")
    database.write(lambda c: files.save(c, "a", "text/plain", b"y" * 900_000, SystemClock().now(), None))
except Unavailable as error:
    told.append(error.problems[0].code)
left = [path.name for path in (folder / "files").rglob("*") if path.is_file()]
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
database.write(lambda c: c.execute("INSERT INTO t VALUES ('after')"))
with database.read() as connection:
    assert connection.scalar("SELECT COUNT(*) FROM t") == kept + 1
print(told, left)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are set as POSIX has them")
def test_fault_086_a_file_that_may_not_grow_is_a_full_disk_and_room_ends_it(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "['B002', 'B002'] []", done.stdout + done.stderr


def test_fault_086_what_is_no_lack_of_room_is_told_as_what_it_is(tmp_path: Path) -> None:
    assert disk.problem(OSError(errno.EIO, "Input/output error"), str(tmp_path / "x")).code == "B003"
    for number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        assert disk.problem(OSError(number, "full"), str(tmp_path / "x")).code == "B002"
    assert not disk.is_full(str(tmp_path / "x.db"))
