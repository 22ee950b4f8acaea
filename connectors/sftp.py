"""Tables that others put onto an SFTP server. Floor: 5."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import stat
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, ClassVar

from connectors import folder
from connectors.folder import RAW, Entry, Tables, raw, shown
from connectors.network import connect
from engine.errors import Problem
from engine.plugins.slots import Connector, Page, Undone

#: Seconds for an answer.
TIMEOUT = 30.0


class Sftp(Tables, Connector):
    """The same as `ftp_csv` over SSH: fetches CSV and XLSX files and takes every row. `host_key` is the fingerprint of the server's key
    (`SHA256:…`); without it nothing is sent, and the problem names the one that was met. Signs in with `password` or with
    `private_key` (PEM). Needs `pip install flowloom[sftp]`."""

    name = "sftp"
    title: ClassVar[Mapping[str, str]] = {"zh": "SFTP 上的表格", "en": "Tables on SFTP"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "host": {"title": "服务器", "x-en": {"title": "Server"}, "type": "string", "format": "value"},
            "port": {"title": "端口", "x-en": {"title": "Port"}, "type": "integer", "minimum": 1, "maximum": 65535, "default": 22},
            "host_key": {
                "title": "主机指纹", "x-en": {"title": "Fingerprint of the server's key"}, "type": "string",
                "examples": ["SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"],
            },
            "user": {"title": "账号", "x-en": {"title": "User"}, "format": "value"},
            "password": {"title": "密码", "x-en": {"title": "Password"}, "format": "value"},
            "private_key": {"title": "私钥", "x-en": {"title": "Private key (PEM)"}, "format": "value"},
            **folder.THERE,
            **folder.PARAMS,
        },
        "required": ["host", "user"],
        "additionalProperties": False,
    }  # fmt: skip
    example = """\
kind: connection
name: partner_files
connector: sftp
settings: {host: sftp.example.com, user: crm, private_key: "=secret.SFTP_KEY", host_key: "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"}
schedule: "*/15 * * * *"
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """The new rows."""
        with contextlib.closing(_Session(settings)) as session:
            yield from folder.pages(session, settings, cursor)

    def probe(self, settings: Mapping[str, Any]) -> str:
        """How many files stand there."""
        with contextlib.closing(_Session(settings)) as session:
            return folder.probe(session, settings)


class _Session:
    """An SFTP session in the connection's folder."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        import paramiko

        self._paramiko: Any = paramiko
        self._host, self._code = str(settings["host"]), str(settings.get("encoding") or "utf-8")
        self._folder = raw(settings.get("folder") or ".", self._code).rstrip("/")
        timeout = float(settings.get("timeout") or TIMEOUT)
        link = connect(self._host, int(settings.get("port") or 22), settings.get("networks") or (), timeout)
        with self._spoken():
            self._transport = paramiko.Transport(link)
            self._transport.banner_timeout = self._transport.auth_timeout = timeout
            try:
                self._transport.start_client(timeout=timeout)
                self._check_key(str(settings.get("host_key") or ""))
                self._sign_in(settings)
                sftp = paramiko.SFTPClient.from_transport(self._transport)
                assert sftp is not None
                sftp.get_channel().settimeout(timeout)
                self._sftp = sftp
            except BaseException:
                self._transport.close()
                raise

    def _check_key(self, wanted: str) -> None:
        key = self._transport.get_remote_server_key()
        found = "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
        if found != wanted.rstrip("="):
            raise Undone(Problem("I043", parameters={"found": found}), final=True)

    def _sign_in(self, settings: Mapping[str, Any]) -> None:
        user = str(settings["user"])
        if settings.get("private_key"):
            self._transport.auth_publickey(user, self._key(str(settings["private_key"])))
        else:
            self._transport.auth_password(user, str(settings.get("password") or ""))

    def _key(self, text: str) -> Any:
        # A secret of one line has its line breaks written as \n.
        text = text.replace("\\n", "\n").strip() + "\n"
        for kind in (self._paramiko.Ed25519Key, self._paramiko.ECDSAKey, self._paramiko.RSAKey):
            with contextlib.suppress(self._paramiko.SSHException, ValueError):
                return kind.from_private_key(io.StringIO(text))
        raise self._paramiko.AuthenticationException("the private key cannot be read")

    @contextlib.contextmanager
    def _spoken(self) -> Iterator[None]:
        """What the protocol says, in our words."""
        try:
            yield
        except (self._paramiko.AuthenticationException, PermissionError, FileNotFoundError) as error:
            answer = {"status": type(error).__name__, "answer": str(error)[:200]}
            raise Undone(Problem("R113", parameters=answer), final=True) from error
        except (self._paramiko.SSHException, OSError, EOFError, UnicodeDecodeError) as error:
            reason = f"{self._host}: {str(error) or type(error).__name__}"
            raise Undone(Problem("R112", parameters={"reason": reason})) from error

    def entries(self) -> Sequence[Entry]:
        """The plain files."""
        with self._spoken():
            found = list(self._listed())
        return [
            Entry(shown(name), f"{self._folder}/{name}", int(one.st_size or 0), str(one.st_mtime))
            for name, one in found
            if stat.S_ISREG(one.st_mode or 0)
        ]

    def _listed(self) -> Iterator[tuple[str, Any]]:
        """Raw names with what is told of them. The library's own listing takes every name for UTF-8. Source: draft-ietf-secsh-filexfer-02."""
        from paramiko import sftp

        kind, answer = self._sftp._request(sftp.CMD_OPENDIR, _bytes(self._folder or "/"))
        if kind != sftp.CMD_HANDLE:
            raise self._paramiko.SFTPError("no handle")
        handle = answer.get_binary()
        while True:
            try:
                kind, answer = self._sftp._request(sftp.CMD_READDIR, handle)
            except EOFError:
                break
            for _ in range(answer.get_int() if kind == sftp.CMD_NAME else 0):
                name = answer.get_binary().decode(RAW)
                answer.get_binary()  # the same in a line for people
                yield name, self._paramiko.SFTPAttributes._from_msg(answer)
        self._sftp._request(sftp.CMD_CLOSE, handle)

    def fetch(self, entry: Entry, into: IO[bytes], most: int) -> None:
        """The file's bytes."""
        left = most
        with self._spoken(), self._sftp.open(_bytes(entry.path), "rb") as file:
            file.prefetch(entry.size)
            while part := file.read(32768):
                left -= len(part)
                if left < 0:
                    raise Undone(Problem("R112", parameters={"reason": f"{entry.name}: > {most // 1_000_000} MB"}))
                into.write(part)

    def remove(self, entry: Entry) -> None:
        """Delete the file."""
        with self._spoken():
            self._sftp.remove(_bytes(entry.path))

    def move(self, entry: Entry, into: str, name: str) -> None:
        """Put the file into that folder of the folder; what is called so there is replaced."""
        where = f"{self._folder}/{raw(into, self._code)}"
        there = _bytes(f"{where}/{raw(name, self._code)}")
        with contextlib.suppress(OSError):  # it is there
            self._sftp.mkdir(_bytes(where))
        with self._spoken():
            try:
                self._sftp.rename(_bytes(entry.path), there)
            except OSError:
                # A plain rename replaces nothing: what lies there has the same content, for its name has the digest.
                self._sftp.stat(_bytes(entry.path))
                self._sftp.remove(there)
                self._sftp.rename(_bytes(entry.path), there)

    def close(self) -> None:
        """End the session."""
        self._transport.close()


def _bytes(path: str) -> bytes:
    return path.encode(RAW)
