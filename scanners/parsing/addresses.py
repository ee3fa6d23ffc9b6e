"""Which IP addresses are public. Our own table: `ipaddress.is_global` calls multicast and 3fff::/20 global."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# IANA special-purpose registries, with multicast, the reserved block and the deprecated 6to4 relay.
NOT_PUBLIC_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        # The platform address of Azure: public by number, answering inside every machine there.
        "168.63.129.16/32",
    )
)
PUBLIC_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address that the text spells, without a zone id; None if it spells none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else address


def is_public(text: str) -> bool:
    """Whether the address lies on the public internet; what spells no address does not."""
    match parse(text):
        case IPv4Address() as v4:
            return not any(v4 in network for network in NOT_PUBLIC_V4)
        case IPv6Address() as v6:
            return v6 in PUBLIC_V6 and not any(v6 in network for network in NOT_PUBLIC_V6)
        case _:
            return False


def is_within(text: str, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks, each in CIDR form."""
    address = parse(text)
    return address is not None and any(
        address.version == network.version and address in network for network in map(_network, networks)
    )


def network(text: str) -> IPv4Network | IPv6Network | None:
    """The network that the text spells in CIDR form; None if it spells none."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)
