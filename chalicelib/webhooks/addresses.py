"""Which addresses a message may be sent to: those that anybody may reach, and no others.

A webhook's owner chooses the name, and the name's owner chooses its addresses, anew for each who
asks. So a name is asked for once, all addresses it has are checked, and the connection goes to
one of these very addresses.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

Resolve: TypeAlias = Callable[..., list[Any]]
"""What :func:`socket.getaddrinfo` does."""

_LOOPBACK: Final = ("127.0.0.0/8", "::1/128")

_REFUSED: Final[tuple[tuple[str, IPv4Network | IPv6Network], ...]] = tuple(
    (kind, ip_network(network))
    for kind, networks in (
        ("the cloud's metadata service", ("169.254.169.254/32", "fd00:ec2::254/128")),
        ("unspecified", ("0.0.0.0/8", "::/128")),
        ("this machine's own (loopback)", _LOOPBACK),
        ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
        ("shared behind a carrier's NAT", ("100.64.0.0/10",)),
        ("link-local", ("169.254.0.0/16", "fe80::/10")),
        ("multicast", ("224.0.0.0/4", "ff00::/8")),
        (
            "reserved",
            (
                # For protocols, documents, old relays, benchmarks, and the future.
                *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15"),
                *("198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"),
                # For protocols and Teredo, documents, and 6to4. Nobody has a receiver there.
                *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
            ),
        ),
    )
    for network in networks
)
"""The networks in IANA's registries of special addresses, each with what it is; the first that
fits is told. The standard library has them too, but which ones depends on the version of Python.
"""

_ALLOWED_HERE: Final = tuple(ip_network(network) for network in _LOOPBACK)

_GLOBAL: Final = IPv6Network("2000::/3")
"""All addresses of IPv6 that are given to anybody."""

_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""NAT64: a gateway sends what goes to such an address to the IPv4 address in its last 32 bits."""

_6TO4: Final = IPv6Network("2002::/16")
_TEREDO: Final = IPv6Network("2001::/32")

_LAST_32_BITS: Final = 0xFFFFFFFF


class AddressRefusedError(Exception):
    """Nothing may be sent to an address. Its text says in plain words what the address is."""


def reachable(
    host: str,
    port: int,
    *,
    allows_loopback: bool,
    seconds: float,
    resolve: Resolve = socket.getaddrinfo,
) -> tuple[Address, ...]:
    """Return the addresses of a host, each once, in the order in which they are to be tried.

    Raises:
        AddressRefusedError: One of them may not be reached. The others are not tried then: whoever
            mixes them has no good reason.
        OSError: The host has none, or (TimeoutError) that took too long.

    """
    addresses = tuple(dict.fromkeys(_resolved(resolve, host, port, seconds)))
    for address in addresses:
        if allows_loopback and any(address in network for network in _ALLOWED_HERE):
            continue
        kind = _refused_kind(address)
        if kind is not None:
            raise AddressRefusedError(f"the address is {kind}")
    return addresses


def _resolved(resolve: Resolve, host: str, port: int, seconds: float) -> list[Address]:
    """Ask for the addresses in a thread: the resolver has no deadline, and we do."""
    found: list[Address] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            answers = resolve(host, port, type=socket.SOCK_STREAM)
            found.extend(ip_address(each[4][0]) for each in answers)
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that waits
            failed.append(error)

    # It may outlast us. It holds nothing, and ends when the resolver gives up.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if thread.is_alive():
        raise TimeoutError
    if failed:
        raise socket.gaierror(socket.EAI_NONAME, "no address") from failed[0]
    return found


def _refused_kind(address: Address) -> str | None:
    """Return what an address is, if nothing may be sent there."""
    inner = tuple(_inner(address))
    for each in (*inner, address):
        for kind, network in _REFUSED:
            if each in network:
                return kind
    is_given = isinstance(address, IPv4Address) or bool(inner) or address in _GLOBAL
    return None if is_given else "reserved"


def _inner(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses to which an IPv6 address leads on."""
    bits = int(address)
    if address in _MAPPED or address in _TRANSLATED:
        yield IPv4Address(bits & _LAST_32_BITS)
    elif address in _6TO4:
        yield IPv4Address(bits >> 80 & _LAST_32_BITS)
    elif address in _TEREDO:
        yield IPv4Address(bits >> 64 & _LAST_32_BITS)
        yield IPv4Address(~bits & _LAST_32_BITS)
