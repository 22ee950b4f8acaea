"""A dovecot on this machine with one mailbox that the tests put mail into."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "s3cret"
CONFIGURATION = """\
base_dir = {room}/run
state_dir = {room}/state
log_path = {room}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{room}/pem
ssl_key = <{room}/pem
disable_plaintext_auth = no
default_internal_user = {inner}
default_internal_group = {group}
default_login_user = {inner}
mail_location = maildir:{room}/home/Maildir
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={room}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Peer:
    """``port`` speaks plainly and STARTTLS, ``secure`` TLS from the start."""

    def __init__(self, room: Path, port: int, secure: int, user: int) -> None:
        self.room, self.port, self.secure, self._user = room, port, secure, user
        self.mails = 0

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "security": "none", "user": "sales@example.com", "password": PASSWORD,
            "networks": ["127.0.0.1/32"], "timeout": 10, **more,
        }  # fmt: skip

    def put(self, mail: bytes, folder: str = "") -> Path:
        """Let a mail arrive."""
        self.mails += 1
        path = self.room / "home" / "Maildir" / folder / "new" / f"{1767571200 + self.mails}.M{self.mails}.test"
        if not path.parent.is_dir():
            for name in ("new", "cur", "tmp"):
                self._own(path.parent.parent / name)
        path.write_bytes(mail)
        os.chown(path, self._user, self._user) if os.getuid() == 0 else None
        return path

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            for each in (folder, folder.parent):
                os.chown(each, self._user, self._user)

    def flags(self) -> set[str]:
        """The marks of all mail in the mailbox (S: read)."""
        return {
            letter
            for path in (self.room / "home" / "Maildir" / "cur").glob("*:2,*")
            for letter in path.name.partition(":2,")[2]
        }

    def rebuild(self) -> None:
        """Number all mail anew, as after a mailbox was moved to another server."""
        for path in (self.room / "home" / "Maildir").glob("dovecot*"):
            path.unlink()
        time.sleep(1.1)  # the new number is made of the seconds


@contextmanager
def dovecot(certificate: Path) -> Iterator[Peer]:
    """A running server; skips with the reason where there is none."""
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("the IMAP server of these tests is dovecot (Debian: dovecot-imapd)")
    room = Path(tempfile.mkdtemp(prefix="fldc-", dir="/tmp"))
    room.chmod(0o755)
    root = os.getuid() == 0
    own = pwd.getpwuid(os.getuid())
    inner, group, user = (
        ("dovecot", "dovecot", pwd.getpwnam("mail").pw_uid) if root else (own.pw_name, own.pw_name, own.pw_uid)
    )
    shutil.copy(certificate, room / "pem")
    (room / "home").mkdir()
    (room / "run").mkdir()
    if root:
        os.chown(room / "home", user, user)
    port, secure = _free(), _free()
    text = CONFIGURATION.format(
        room=room, inner=inner, group=group, user=user, password=PASSWORD, port=port, secure=secure
    )
    (room / "conf").write_text(text)
    server = subprocess.Popen(
        [program, "-F", "-c", str(room / "conf")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait(server, port, room)
        yield Peer(room, port, secure, user)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(room, ignore_errors=True)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int, room: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            log = room / "log"
            said = server.stderr.read().decode() if server.stderr else ""
            pytest.skip(f"dovecot does not start here: {said} {log.read_text() if log.exists() else ''}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    pytest.skip("dovecot does not answer here")
