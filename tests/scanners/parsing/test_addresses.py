"""The address table against neighbours on both sides of every border."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import addresses

INSIDE = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"),
    *("127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255"),
    *("172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8", "192.0.0.255", "192.0.2.0", "192.0.2.255"),
    *("192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255"),
    *("198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.0", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
    *("100::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "1fff:ffff::1"),
    *("4000::1", "2001::1", "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff:ffff::1", "2002:7f00:1::1"),
    *("3fff::1", "3fff:fff:ffff::1"),
]
OUTSIDE = [
    *("1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0"),
    *("192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255"),
    *("198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255"),
    *("8.8.8.8", "168.63.129.15", "168.63.129.17"),
    *("2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1", "2a00:1450::1"),
    *("3ffe:ffff::1", "3fff:1000::1"),
]


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not addresses.is_public(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_its_neighbours_are_public(text: str) -> None:
    assert addresses.is_public(text)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.0.0.1", "010.0.0.1", "8.8.8.8 ", "8.8.8.8/32", "１.1.1.1"]
)
def test_what_spells_no_address_is_not_public(text: str) -> None:
    assert not addresses.is_public(text)


@given(st.ip_addresses())
def test_whatever_is_private_link_local_loopback_or_multicast_is_never_public(address: object) -> None:
    parsed = ip_address(str(address))

    if parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified:
        assert not addresses.is_public(str(parsed))


# The IANA special-purpose registries of IPv4 and IPv6 (not "globally reachable"), kept apart from the table under test.
REGISTRY = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("240.0.0.0/4", "255.255.255.255/32", "224.0.0.0/4"),
    *(
        "::1/128",
        "::/128",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",
    ),
    *("2001::/32", "2001:2::/48", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "2001:20::/28", "2001:30::/28"),
]
WITHIN = st.sampled_from(REGISTRY).flatmap(
    lambda text: st.integers(0, ip_network(text).num_addresses - 1).map(lambda number: ip_network(text)[number])
)


@given(WITHIN)
def test_nothing_of_the_registries_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not addresses.is_public(str(address))
    assert not addresses.is_public(address.exploded)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_gets_in_by_way_of_ipv6(address: IPv4Address) -> None:
    number = int(address)
    wrapped = [
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address(0x64FF9B << 96 | number),  # NAT64
        IPv6Address(0x2002 << 112 | number << 80 | 1),  # 6to4
        IPv6Address(0x20010000 << 96 | (number ^ 0xFFFFFFFF)),  # Teredo
    ]

    assert [one for one in wrapped if addresses.is_public(str(one))] == []


@given(st.ip_addresses(v=4))
def test_what_python_calls_global_and_no_registry_names_is_public(address: IPv4Address) -> None:
    named = any(address in ip_network(text) for text in REGISTRY if ":" not in text)

    if addresses.is_public(str(address)):
        assert address.is_global
        assert not named
    elif address.is_global and not named:
        kept = ("192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "168.63.129.16/32")
        assert any(address in ip_network(text) for text in kept)


@given(st.ip_addresses(v=4))
def test_numbers_spelt_otherwise_are_no_addresses(address: IPv4Address) -> None:
    octets = address.packed
    for text in (str(int(address)), hex(int(address)), ".".join(f"0{octet:o}" for octet in octets), f"{address}%lo"):
        assert not addresses.is_public(text)


def test_networks_hold_addresses_of_their_own_version_only() -> None:
    assert addresses.is_within("127.0.0.9", ("127.0.0.0/8",))
    assert addresses.is_within("fd00::1", ("10.0.0.0/8", "fd00::/8"))
    assert not addresses.is_within("::1", ("127.0.0.0/8",))
    assert not addresses.is_within("10.0.0.1", ())
    assert not addresses.is_within("no address", ("0.0.0.0/0",))
