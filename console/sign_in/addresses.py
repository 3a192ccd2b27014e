"""The addresses to which the secrets of a sign-in may go."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_private(url: str) -> bool:
    """True if nobody between can read what goes to the address: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0 and parts.username is None and parts.password is None
    except ValueError:
        return False
    if not usable or not url.isascii() or not url.isprintable() or any(sign in url for sign in " \\#"):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
