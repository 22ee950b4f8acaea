"""The fence around a child: hostile code inside it opens nothing of ours, starts nothing and reaches nobody."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: What a library with a hole might be brought to do, in Python and past Python.
HOSTILE = """
import ctypes, json, os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from engine.paper import fence
import socket, subprocess, shutil
if {alone!r}: fence._landlock = lambda *given: False
held = fence.fence(Path({folder!r}))
native = ctypes.CDLL(None, use_errno=True)
tries = {{
    "read": lambda: open({secret!r}).read(),
    "read by bytes": lambda: open(os.fsencode({secret!r}), "rb").read(),
    "read by a way around": lambda: open({folder!r} + "/../site/site.db").read(),
    "read by a link": lambda: open({folder!r} + "/link").read(),
    "read by os": lambda: os.read(os.open({secret!r}, os.O_RDONLY), 9),
    "passwords": lambda: open("/etc/passwd").read(),
    "environment of the parent": lambda: open(f"/proc/{{os.getppid()}}/environ").read(),
    "write": lambda: open({site!r} + "/new.yaml", "w").write("x"),
    "change": lambda: os.rename({secret!r}, {folder!r} + "/mine"),
    "remove": lambda: os.remove({secret!r}),
    "a folder": lambda: os.mkdir({site!r} + "/folder"),
    "a program": lambda: subprocess.run(["/bin/true"], check=True),
    "a shell": lambda: os.system("true"),
    "a connection": lambda: socket.create_connection(("127.0.0.1", {port}), 1),
    "a name": lambda: socket.getaddrinfo("localhost", 80),
}}
def past(call):
    def tried():
        if call() < 0: raise OSError(ctypes.get_errno())
    return tried
natively = {{
    "read past Python": past(lambda: native.open({secret!r}.encode(), os.O_RDONLY)),
    "write past Python": past(lambda: native.open(({site!r} + "/new").encode(), os.O_WRONLY | os.O_CREAT, 0o600)),
    "remove past Python": past(lambda: native.unlink({secret!r}.encode())),
    "a program past Python": past(lambda: native.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"true", None))),
}}
done = []
for name, attempt in {{**tries, **(natively if held else {{}})}}.items():
    try:
        attempt()
        done.append(name)
    except OSError:
        pass
Path({folder!r}, "own.txt").write_text("mine")
print(json.dumps({{"held": held, "done": done, "own": Path({folder!r}, "own.txt").read_text()}}))
"""


def attempt(tmp_path: Path, alone: bool) -> dict[str, Any]:
    folder, site = tmp_path / "child", tmp_path / "site"
    folder.mkdir()
    site.mkdir()
    secret = site / "site.db"
    secret.write_text("the customers")
    (folder / "link").symlink_to(secret)
    with socket.create_server(("127.0.0.1", 0)) as server:
        about = {"root": str(ROOT), "folder": str(folder), "site": str(site), "secret": str(secret), "alone": alone}
        code = HOSTILE.format(**about, port=server.getsockname()[1])
        ran = subprocess.run(
            [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
    assert ran.returncode == 0, ran.stderr
    assert sorted(each.name for each in site.iterdir()) == ["site.db"] and secret.read_text() == "the customers"
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_the_kernel_holds_the_fence_for_native_code_too(tmp_path: Path) -> None:
    found = attempt(tmp_path, alone=False)
    if not found["held"]:
        pytest.skip("this kernel has no Landlock")
    assert (found["done"], found["own"]) == ([], "mine")


def test_where_the_kernel_cannot_python_itself_refuses(tmp_path: Path) -> None:
    assert attempt(tmp_path, alone=True) == {"held": False, "done": [], "own": "mine"}
