"""Callbacks in an AES envelope with an SHA-1 signature, as WeCom and DingTalk send them. Floor: 5.

Source: WeCom, 加解密方案说明; DingTalk, 回调事件消息体加解密. AES-256-CBC with the key's first 16 bytes as vector; inside: 16 random
bytes, the length of the content (4 bytes, big endian), the content, the receiver's id, PKCS#7 padding to 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from engine.errors import Problem
from engine.plugins.slots import Unauthentic, Undone

BLOCK = 32


def signature(token: str, *parts: str) -> str:
    """The SHA-1 of token and parts, sorted and joined, in lower-case hex."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode("utf-8", "surrogateescape")).hexdigest()


def check(given: str, token: str, *parts: str, status: int = 401) -> None:
    """Raises Unauthentic unless the signature is right; compared in constant time."""
    wanted = signature(token, *parts).encode()
    if not token or not hmac.compare_digest(given.lower().encode("utf-8", "replace"), wanted):
        raise Unauthentic("the signature is wrong", status)


def unseal(key: str, text: str, status: int = 401) -> tuple[bytes, str]:
    """(content, receiver's id) of a sealed text. Raises Unauthentic for whatever cannot be opened."""
    try:
        sealed = base64.b64decode(text, validate=True)
        if not sealed or len(sealed) % 16:
            raise ValueError("not whole blocks")
        plain = _cipher(key, status).decryptor()
        found = plain.update(sealed) + plain.finalize()
        pad = found[-1]
        if not 1 <= pad <= BLOCK or found[-pad:] != bytes([pad]) * pad:
            raise ValueError("padding")
        found = found[:-pad]
        length = int.from_bytes(found[16:20], "big")
        if length > len(found) - 20:
            raise ValueError("length")
        return found[20 : 20 + length], found[20 + length :].decode("utf-8")
    except (ValueError, binascii.Error, IndexError) as error:
        raise Unauthentic(f"the envelope cannot be opened: {error}", status) from None


def seal(key: str, content: bytes, receiver: str, noise: bytes = b"") -> str:
    """The sealed text of a content; ``noise`` (16 bytes) is random unless a test gives it."""
    plain = (noise or secrets.token_bytes(16)) + len(content).to_bytes(4, "big") + content + receiver.encode()
    pad = BLOCK - len(plain) % BLOCK
    cipher = _cipher(key).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()


def _cipher(key: str, status: int = 401):  # type: ignore[no-untyped-def]
    try:
        raw = base64.b64decode(key + "=")
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 32:
        raise Unauthentic("the connection's aes_key is not 43 characters of base64", status)
    return aes_cbc(raw, raw[:16])


def aes_cbc(key: bytes, vector: bytes):  # type: ignore[no-untyped-def]
    """The cipher AES-CBC. Raises Undone (R174) where ``cryptography`` is not installed."""
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        about = {"connector": "AES", "package": "cryptography"}
        raise Undone(Problem("R174", parameters=about), final=True) from None
    return Cipher(algorithms.AES(key), modes.CBC(vector))
