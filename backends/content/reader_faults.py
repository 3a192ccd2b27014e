"""Says why a reader's process did not read its file."""

from __future__ import annotations

from events.details import Detail

LONGEST = 300
"""Characters of a fault."""

_LONGEST_WORDS = 150
"""Characters of a library's own words."""


def fault_of(error: Exception) -> str:
    """The exception in words. A ValueError of a reader's own has a Detail; of the libraries' exceptions only the class
    is known."""
    if type(error) is ValueError:
        return str(error)[:LONGEST]
    if isinstance(error, MemoryError | RecursionError):
        return Detail.MEMORY.said()
    return Detail.DAMAGED.said(error=f"{type(error).__name__}: {error}"[:_LONGEST_WORDS])
