"""Checks whether the extra `recado[device]`, which a linked device needs, is installed."""

from __future__ import annotations

import warnings
from importlib import import_module

RELEASE = "neonize==0.5.2"


class ExtraMissing(Exception):
    """neonize is not installed, or cannot be loaded; `reason` is Python's message."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"recado gateway device needs {RELEASE}, which cannot be loaded: {reason}. Install it with "
            f"pip install '{RELEASE}' (the extra recado[device]), and on Linux the library libmagic1 "
            "(apt-get install libmagic1)"
        )
        self.reason = reason


def require() -> None:
    """Load neonize. Raises ExtraMissing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # neonize leaves a pipe open
            import_module("neonize.aioze.client")
    except (ImportError, OSError) as error:
        raise ExtraMissing(str(error)) from error
