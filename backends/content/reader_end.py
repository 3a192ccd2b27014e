"""The end of a reader's process: its output, or the reason why it did not read its file."""

from __future__ import annotations

import sys
from collections.abc import Callable

from backends.content.confinement import TOO_LARGE, UNREADABLE
from events.details import Detail

LONGEST = 300
"""Characters of a fault."""

_LONGEST_WORDS = 150
"""Characters of a library's own words."""


class TooLong(Exception):
    """The file is longer than it may be."""


def answer(read: Callable[[bytes], bytes]) -> int:
    """Read stdin to stdout; returns the exit status. A fault's words are written instead."""
    try:
        out, status = read(sys.stdin.buffer.read()), 0
    except TooLong as error:
        out, status = str(error).encode(), TOO_LARGE
    except Exception as error:  # noqa: BLE001 - the libraries raise any exception for a broken file
        out, status = fault_of(error).encode(errors="replace"), UNREADABLE
    sys.stdout.buffer.write(out)
    return status


def fault_of(error: Exception) -> str:
    """The exception in words. A ValueError of a reader's own has a Detail; of the libraries' exceptions only the class
    is known."""
    if type(error) is ValueError:
        return str(error)[:LONGEST]
    if isinstance(error, MemoryError | RecursionError):
        return Detail.MEMORY.said()
    return Detail.DAMAGED.said(error=f"{type(error).__name__}: {error}"[:_LONGEST_WORDS])
