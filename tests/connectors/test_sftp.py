"""Tables on a real SFTP server on this machine: the server proves who it is, and only plain files are taken."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sftp import Sftp
from engine.plugins.slots import Delivery, Undone

paramiko = pytest.importorskip("paramiko", reason="SFTP needs paramiko (pip install flowloom[sftp])")

TEXT = "单位,手机\r\n锐视光学,13800138000\r\n青禾口腔,13800138001\r\n"


class Files(paramiko.SFTPServerInterface):  # type: ignore[misc]
    """Serves ``folder``; ``lie`` is taken from every size it tells."""

    folder: Path
    lie = 0

    def _path(self, path: str) -> Path:
        return self.folder / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            found = []
            for each in os.scandir(self._path(path)):
                attributes = paramiko.SFTPAttributes.from_stat(each.stat(follow_symlinks=False), each.name)
                attributes.st_size = (attributes.st_size or 0) - self.lie
                found.append(attributes)
            return found
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path: str) -> Any:
        return paramiko.SFTPAttributes.from_stat(self._path(path).stat())

    def open(self, path: str, flags: int, attributes: Any) -> Any:
        handle = paramiko.SFTPHandle(flags)
        try:
            handle.readfile = self._path(path).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return handle

    def remove(self, path: str) -> int:
        return self._done(lambda: self._path(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._path(newpath).exists():
            return int(paramiko.SFTP_FAILURE)
        return self._done(lambda: self._path(oldpath).rename(self._path(newpath)))

    def mkdir(self, path: str, attr: Any) -> int:
        return self._done(lambda: self._path(path).mkdir())

    def _done(self, work: Any) -> int:
        try:
            work()
        except OSError as error:
            return int(paramiko.SFTPServer.convert_errno(error.errno))
        return int(paramiko.SFTP_OK)


class Door(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets in by password, or by one key."""

    key: Any = None

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == ("crm", "口令")
        return int(paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: Any) -> int:
        return int(paramiko.AUTH_SUCCESSFUL if self.key is not None and key == self.key else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"


class Peer:
    """A server for as many sessions as come."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.host_key = paramiko.ECDSAKey.generate()
        self.files = type("Served", (Files,), {"folder": folder})
        self.door = type("Guarded", (Door,), {})
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.transports: list[Any] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            self.transports.append(transport)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, self.files)
            try:
                transport.start_server(server=self.door())
            except (paramiko.SSHException, EOFError, OSError):
                continue

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256(self.host_key.asbytes()).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.listener.getsockname()[1], "user": "crm", "password": "口令", "settle": 0.05,
            "host_key": self.fingerprint, "networks": ["127.0.0.1/32"], "timeout": 10, "folder": "/", **more,
        }  # fmt: skip

    def close(self) -> None:
        self.listener.close()
        for transport in self.transports:
            transport.close()


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "sftp")
    yield made
    made.close()


def poll(settings: dict[str, Any], cursor: Any = None) -> tuple[list[Delivery], Any]:
    found: list[Delivery] = []
    for page in Sftp().poll(settings, cursor):
        found += page.deliveries
        cursor = page.cursor
    return found, cursor


def test_rows_of_files_come_once_with_their_places(peer: Peer) -> None:
    (peer.folder / "展会.csv").write_text(TEXT)
    found, cursor = poll(peer.settings())
    assert [(one.content["单位"], one.facts["row"]) for one in found] == [("锐视光学", 2), ("青禾口腔", 3)]
    assert poll(peer.settings(), cursor)[0] == []
    assert Sftp().probe(peer.settings()) == "1 × *.csv *.xlsx"


def test_a_server_that_is_not_the_one_we_know_hears_no_password(peer: Peer) -> None:
    (peer.folder / "a.csv").write_text(TEXT)
    for wrong in ("", "SHA256:AAAA", peer.fingerprint[:-3]):
        with pytest.raises(Undone) as refused:
            poll(peer.settings(host_key=wrong))
        problem = refused.value.problems[0]
        assert refused.value.final and problem.line("zh") == (
            f"I043 对方的主机指纹没有确认: {peer.fingerprint} -> 和对方核对以后,在连接里写 host_key: {peer.fingerprint}"
        )
    assert all(not transport.is_authenticated() for transport in peer.transports)


def test_fault_073_links_and_folders_are_not_files(peer: Peer) -> None:
    (peer.folder / "a.csv").write_text(TEXT)
    (peer.folder / "b.csv").symlink_to("/etc/passwd")
    (peer.folder / "c.csv").mkdir()
    found, _ = poll(peer.settings())
    assert {one.facts["file"]["name"] for one in found} == {"a.csv"}


def test_signing_in_with_a_key(peer: Peer) -> None:
    import io

    (peer.folder / "a.csv").write_text(TEXT)
    key = paramiko.ECDSAKey.generate()
    text = io.StringIO()
    key.write_private_key(text)
    peer.door.key = key
    settings = peer.settings(private_key=text.getvalue().replace("\n", "\\n"))
    settings.pop("password")
    assert len(poll(settings)[0]) == 2
    peer.door.key = paramiko.ECDSAKey.generate()
    for wrong in (settings, {**settings, "private_key": "nonsense"}, peer.settings(password="x")):
        with pytest.raises(Undone) as refused:
            poll(wrong)
        assert (refused.value.problems[0].code, refused.value.final) == ("R113", True)


def test_fault_073_names_in_gbk(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    # A server on Chinese Windows speaks of its files in bytes that are no UTF-8; so does this one.
    def bare(self: Any) -> str:
        return os.fsdecode(self.get_string())

    monkeypatch.setattr(paramiko.Message, "get_text", bare)
    listed = peer.files.list_folder

    def in_bytes(self: Any, path: str) -> Any:
        found = listed(self, path)
        for each in found if isinstance(found, list) else ():
            each.filename = os.fsencode(each.filename)
        return found

    peer.files.list_folder = in_bytes
    inner = os.fsencode(peer.folder) + b"/" + "展会".encode("gb18030")
    os.mkdir(inner)
    with open(inner + b"/" + "扫码线索.csv".encode("gb18030"), "wb") as file:
        file.write(TEXT.encode("gb18030"))
    settings = peer.settings(folder="/展会", encoding="gb18030", after="move", done="已取")
    found, cursor = poll(settings)
    assert [one.facts["file"]["name"] for one in found] == ["扫码线索.csv"] * 2
    done = inner + b"/" + "已取".encode("gb18030")
    (moved,) = os.listdir(done)
    assert moved.decode("gb18030").startswith("扫码线索.") and os.listdir(inner) == ["已取".encode("gb18030")]
    assert poll(settings, cursor)[0] == []


def test_what_was_taken_is_moved_or_deleted_only_when_its_rows_are_kept(peer: Peer) -> None:
    (peer.folder / "a.csv").write_text(TEXT)
    pages = Sftp().poll(peer.settings(after="move"), None)
    page = next(pages)
    assert (peer.folder / "a.csv").exists() and len(page.deliveries) == 2
    pages.close()  # type: ignore[attr-defined]
    assert poll(peer.settings(after="move"), page.cursor)[0] == []
    (moved,) = (peer.folder / "done").iterdir()
    # The same once more: what lies there already is replaced by what is the same.
    (peer.folder / "a.csv").write_text(TEXT)
    assert poll(peer.settings(after="move"), page.cursor)[0] == []
    assert [each.name for each in (peer.folder / "done").iterdir()] == [moved.name]
    (peer.folder / "b.csv").write_text(TEXT)
    assert len(poll(peer.settings(after="delete"))[0]) == 2
    assert [each.name for each in peer.folder.iterdir()] == ["done"]


def test_fault_073_a_lie_about_the_length_is_not_taken(peer: Peer) -> None:
    (peer.folder / "a.csv").write_text(TEXT)
    peer.files.lie = 9
    with pytest.raises(Undone) as refused:
        poll(peer.settings())
    assert (refused.value.problems[0].code, refused.value.final) == ("R112", False)


def test_nobody_there_somebody_else_there_and_addresses_that_may_not_be_reached(peer: Peer) -> None:
    mute = socket.create_server(("127.0.0.1", 0))
    for settings, code in (
        (peer.settings(port=1), "R112"),
        (peer.settings(port=mute.getsockname()[1], timeout=0.5), "R112"),
        (peer.settings(networks=[]), "R111"),
        (peer.settings(folder="/nowhere"), "R113"),
    ):
        with pytest.raises(Undone) as refused:
            poll(settings)
        assert refused.value.problems[0].code == code
    mute.close()
