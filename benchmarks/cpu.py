"""CPU time of other processes, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pids: Iterable[int]) -> float:
    """Seconds of CPU, user and system, of all of these processes together (proc_pid_stat(5))."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    # The second field is the program's name in brackets, and may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
