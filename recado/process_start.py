"""Prepares the process before every command: keeps new files private, and allows many open files."""

from __future__ import annotations

import os
import resource

MOST_FILES = 65536
"""Open files and connections that recado asks for if the hard limit allows more."""


def begin() -> None:
    """Make new files private (children inherit it), and raise the soft limit of open files towards the hard one."""
    os.umask(0o077)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
