"""Takes rights from the process that opens a stranger's document.

`python -m backends.content.confinement` lists the rights that the system did not let it give up.

Linux gives a process an empty network of its own if the process may make namespaces: as root, or as any user where user
namespaces are allowed (unshare(2), user_namespaces(7)).
"""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Mapping

MEMORY = 512 * 1024**2
"""Bytes of address space."""

UNREADABLE, TOO_LARGE = 3, 4
"""Exit statuses of a process that does not read its file; its output then is the reason."""

KEPT = ("DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")
"""Environment variables that are kept, because Python may need them to start. Keys and tokens are not kept."""

_NEWUSER, _NEWNET = 0x10000000, 0x40000000


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of the process."""
    return {name: given[name] for name in KEPT if name in given}


def confine(seconds: int) -> tuple[str, ...]:
    """Bound this process, and all that it forks, for good: MEMORY, no writing to files, no network, and each `seconds`
    of CPU.

    Returns the bounds that the system refused: any of `memory`, `processor`, `files`, `network`.
    """
    limits = {
        "memory": (resource.RLIMIT_AS, MEMORY),
        "processor": (resource.RLIMIT_CPU, seconds),
        "files": (resource.RLIMIT_FSIZE, 0),
    }
    missing = [name for name, (which, most) in limits.items() if not _limited(which, most)]
    _limited(resource.RLIMIT_CORE, 0)
    return (*missing, *(() if _without_network() else ("network",)))


def _limited(which: int, most: int) -> bool:
    try:
        resource.setrlimit(which, (most, most))
    except (OSError, ValueError):
        return False
    return True


def _without_network() -> bool:
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        return False  # not Linux
    # Root first tries without a user namespace: as an unmapped user it might not open Python's files any more.
    return any(unshare(flags) == 0 for flags in (_NEWNET, _NEWUSER | _NEWNET))


if __name__ == "__main__":
    sys.stdout.write("\n".join(confine(1)))
