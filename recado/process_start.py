"""Prepares the process before every command: keeps new files private, and allows many open files."""

from __future__ import annotations

import os
import resource

import structlog

MOST_FILES = 65536
"""Open files and connections that recado asks for if the hard limit allows more."""

_ALWAYS_GIVEN = 10240
"""Asked for next. macOS gives no more where the hard limit reads as infinite (OPEN_MAX)."""

log = structlog.get_logger("recado")


def begin() -> None:
    """Make new files private (children inherit it), and raise the soft limit of open files towards the hard one. A
    refusal of the system is logged, and the limit stays."""
    os.umask(0o077)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    reason = ""
    for files in (wanted, min(wanted, _ALWAYS_GIVEN)):
        if soft == resource.RLIM_INFINITY or soft >= files:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        except (ValueError, OSError) as error:
            reason = str(error)
        else:
            return
    log.warning("open_files_not_raised", limit=soft, wanted=wanted, reason=reason, help=f"ulimit -n {wanted}")
