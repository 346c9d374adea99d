"""Which addresses may be reached."""

import socket
import threading
from ipaddress import ip_address

import pytest

from chalicelib.webhooks.addresses import AddressRefusedError, reachable

LOOPBACK = "this machine's own (loopback)"
METADATA = "the cloud's metadata service"
CARRIER = "shared behind a carrier's NAT"

REFUSED = [
    ("127.0.0.1", LOOPBACK),
    ("127.255.255.254", LOOPBACK),
    ("::1", LOOPBACK),
    ("::ffff:127.0.0.1", LOOPBACK),
    ("2002:7f00:1::", LOOPBACK),
    ("64:ff9b::127.0.0.1", LOOPBACK),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("fc00::1", "private"),
    ("fd12:3456::1", "private"),
    ("fec0::1", "private"),
    ("::ffff:10.0.0.1", "private"),
    ("2002:a00:1::1", "private"),
    ("64:ff9b::192.168.0.1", "private"),
    # Teredo: the server, and then the client, whose bits are turned over.
    ("2001:0:a00:1:0:0:f7f7:f7f7", "private"),
    ("2001:0:808:808:0:0:f5ff:fffe", "private"),
    ("169.254.169.254", METADATA),
    ("::ffff:169.254.169.254", METADATA),
    ("64:ff9b::a9fe:a9fe", METADATA),
    ("2002:a9fe:a9fe::", METADATA),
    ("fd00:ec2::254", METADATA),
    ("169.254.170.2", "link-local"),
    ("fe80::1", "link-local"),
    ("fe80::1%1", "link-local"),
    ("100.64.0.1", CARRIER),
    ("100.127.255.255", CARRIER),
    ("::ffff:100.64.0.1", CARRIER),
    ("0.0.0.0", "unspecified"),  # noqa: S104 - refused here
    ("0.1.2.3", "unspecified"),
    ("::", "unspecified"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("ff02::1", "multicast"),
    ("192.0.0.1", "reserved"),
    ("192.0.2.1", "reserved"),
    ("192.88.99.1", "reserved"),
    ("198.18.0.1", "reserved"),
    ("198.51.100.1", "reserved"),
    ("203.0.113.1", "reserved"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::8.8.8.8", "reserved"),
    ("::ffff:0:8.8.8.8", "reserved"),
    ("64:ff9b:1::1", "reserved"),
    ("100::1", "reserved"),
    ("2001:0:808:808:0:0:f7f7:f7f7", "reserved"),
    ("2001:db8::1", "reserved"),
    ("2002:808:808::", "reserved"),
    ("3fff::1", "reserved"),
    ("4000::1", "reserved"),
    ("5f00::1", "reserved"),
]

PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]


def answers(*addresses):
    """A resolver that always gives these."""

    def resolve(_host, port, **_):
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return resolve


def reached(*addresses, allows_loopback=False):
    return reachable(
        "host.example", 443, allows_loopback=allows_loopback, seconds=5, resolve=answers(*addresses)
    )


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_address_is_refused_and_the_reason_is_told(address, kind):
    with pytest.raises(AddressRefusedError) as raised:
        reached(address)

    assert str(raised.value) == f"the address is {kind}"


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_one_refused_address_is_enough(address, kind):
    with pytest.raises(AddressRefusedError, match=kind.partition(" (")[0]):
        reached("8.8.8.8", address)


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_only_loopback_addresses_can_be_allowed(address, kind):
    if address.startswith("127.") or address == "::1":
        assert reached(address, allows_loopback=True) == (ip_address(address),)
    else:
        with pytest.raises(AddressRefusedError):
            reached(address, allows_loopback=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_reached(address):
    assert reached(address) == (ip_address(address),)


def test_each_address_is_tried_once_in_the_order_of_the_resolver():
    found = reached("2606:4700::1111", "8.8.8.8", "2606:4700::1111", "8.8.4.4")

    assert [str(each) for each in found] == ["2606:4700::1111", "8.8.8.8", "8.8.4.4"]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "127.1", "017700000001", "0"]
)
def test_address_in_an_odd_notation_is_refused_as_what_this_machine_takes_it_for(host):
    with pytest.raises((AddressRefusedError, OSError)):
        reachable(host, 443, allows_loopback=False, seconds=5)


@pytest.mark.parametrize("failure", [socket.gaierror(8, "no"), UnicodeError("no"), RuntimeError()])
def test_resolver_that_fails_is_a_host_without_address(failure):
    def resolve(*_, **__):
        raise failure

    with pytest.raises(socket.gaierror):
        reachable("host.example", 443, allows_loopback=False, seconds=5, resolve=resolve)


def test_resolver_that_hangs_is_not_waited_for():
    is_over = threading.Event()

    def resolve(*_, **__):
        is_over.wait()
        return []

    try:
        with pytest.raises(TimeoutError):
            reachable("host.example", 443, allows_loopback=False, seconds=0.1, resolve=resolve)
    finally:
        is_over.set()
