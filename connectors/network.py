"""Connecting to where an address really leads: public networks only, unless a connection names others. Floor: 5.

What is checked is every address a name resolves to, and the one that passed is the one connected to: a name that resolves
differently a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from engine.errors import Problem
from engine.plugins.slots import Undone

#: Never reached, whatever a connection names: addresses of the machine's own link, where clouds keep their credentials.
NEVER = tuple(
    ipaddress.ip_network(each) for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def refused(address: Address, networks: Sequence[str]) -> str:
    """The rule that forbids an address; empty when it may be reached."""
    plain = unwrapped(address)
    if any(plain in network for network in NEVER if network.version == plain.version):
        return "169.254.0.0/16 (link-local)"
    for text in networks:
        network = ipaddress.ip_network(text, strict=False)
        if network.version == plain.version and plain in network:
            return ""
    if plain.is_loopback:
        return "loopback"
    if plain.is_global and not plain.is_multicast:
        return ""
    return "private"


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return inner
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def connect(host: str, port: int, networks: Sequence[str], timeout: float) -> socket.socket:
    """A connected socket. Raises Undone: R111 for a forbidden address (final; the message names the rule, not what a name resolved
    to), R112 when nobody answers."""
    reason: Exception | None = None
    try:
        found: list[tuple[Any, ...]] = socket.getaddrinfo(host.rstrip("."), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Undone(Problem("R112", parameters={"reason": f"{host}: {error}"})) from error
    for _, _, _, _, where in found:
        rule = refused(ipaddress.ip_address(str(where[0]).partition("%")[0]), networks)
        if rule:
            raise Undone(Problem("R111", parameters={"rule": rule}), final=True)
    for family, kind, protocol, _, where in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(timeout)
        try:
            made.connect(where)
            return made
        except OSError as error:
            made.close()
            reason = error
    raise Undone(Problem("R112", parameters={"reason": str(reason or host)})) from reason
