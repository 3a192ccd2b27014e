"""Runs before every command: closes new files to other users, and allows many open ones."""

from __future__ import annotations

import os
import resource

MOST_FILES = 65536
"""Open files and connections that recado asks for where the hard limit is higher still."""


def begin() -> None:
    """Close new files to others (children inherit it), and raise the soft limit of open files to the hard one."""
    os.umask(0o077)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
