"""The key for a provider, which may be replaced while recado runs."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger("recado.backends")


class Key:
    """A key that is read again when the provider refuses it.

    - `value`: the key that is sent
    - `again`: reads it from its source, returns None if there is none any more, and raises ValueError, with a sentence
      for a log, if that is not possible
    """

    def __init__(self, value: str, again: Callable[[], str | None]) -> None:
        self.value = value
        self._again = again

    def replaced(self, refused: str) -> bool:
        """True if there is another value by now than the `refused` one."""
        if self.value == refused:
            try:
                self.value = self._again() or self.value
            except ValueError as error:
                log.warning("key_unreadable", reason=str(error))
            if self.value != refused:
                log.info("key_replaced")
        return self.value != refused


ApiKey = str | Key
"""A key that stays, or one that may be replaced. Never empty."""


def key_of(given: ApiKey) -> Key:
    return given if isinstance(given, Key) else Key(given, lambda: given)
