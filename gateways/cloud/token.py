"""The token of a number, which may be replaced while the gateway runs."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger("recado.gateway")

REFUSED = 190
"""The code with which Meta refuses a token."""


class Token:
    """The token of `account`.

    - `again`: reads it from its source; returns None if there is none any more. Raises ValueError with a sentence.
    """

    def __init__(self, account: str, value: str, again: Callable[[], str | None]) -> None:
        self.value = value
        self._account = account
        self._again = again

    def look_again(self) -> bool:
        """Read it again; whether it is another one now."""
        before = self.value
        try:
            self.value = self._again() or before
        except ValueError as wrong:
            log.warning("token_unreadable", account=self._account, reason=str(wrong), then="goes on with the last")
        if self.value != before:
            log.info("token_changed", account=self._account)
        return self.value != before

    def replaced(self, refused: str) -> bool:
        """True if there is another one by now than the `refused` one."""
        return self.value != refused or self.look_again()


def fixed(value: str) -> Token:
    """A token that stays."""
    return Token("", value, lambda: value)
