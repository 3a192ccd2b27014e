"""Tells the internet's public addresses from those of this machine, of private networks and of clouds' own services.

The tables are those of https://www.iana.org/assignments/iana-ipv4-special-registry and of
https://www.iana.org/assignments/iana-ipv6-special-registry: Python's own differ from release to release.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's services for a machine
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_WITH_IPV4 = tuple(map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))
"""IPv6 addresses that lead to the IPv4 address of their last 32 bits: mapped ones, and those of NAT64."""


def is_public(address: str) -> bool:
    """True if an IP address, as `192.0.2.1` or `fe80::1%eth0`, belongs to the public internet."""
    given = _inner(ip_address(address.partition("%")[0]))
    if isinstance(given, IPv4Address):
        return not any(given in network for network in _NOT_PUBLIC)
    return given in _PUBLIC_6 and not any(given in network for network in _NOT_PUBLIC_6)


def is_loopback(address: str) -> bool:
    return _inner(ip_address(address.partition("%")[0])).is_loopback


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address) and any(address in network for network in _WITH_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
