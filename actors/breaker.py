"""Decides whether a turn begins with the first model, or with the second, because the first fails.

After some failures in a row the first model is left for a time, which grows; then one turn tries it, while the others
go on with the second. Each process decides for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from actors import metrics
from chat.second_model import LASTING, falls_over

MOST_FAILURES = 3
"""Failures in a row after which the first model is left."""

SHORTEST, LONGEST = 15.0, 600.0
"""Seconds for which it is left the first time, and at most; the time doubles after each trial that fails."""

log = structlog.get_logger("recado.actors")


class Breaker:
    """The failures of the first model.

    - `trial`: seconds that a turn which tries it may take; after that another one tries.
    """

    def __init__(self, trial: float, now: Callable[[], float] = time.monotonic) -> None:
        self._trial = trial
        self._now = now
        self._failures = 0
        self._strikes = 0
        self._left_until = 0.0
        self._trial_until = 0.0
        self.reason = ""
        """The class of the failure for which the first model is left; empty: it is asked."""

    def turns_away(self) -> str:
        """The reason for which a turn begins with the second model; empty: the first is asked, or tried."""
        now = self._now()
        if not self.reason:
            return ""
        if now < max(self._left_until, self._trial_until):
            return self.reason
        self._trial_until = now + self._trial
        log.info("first_model_tried", left_for=self.reason)
        return ""

    def failed(self, error_class: str) -> None:
        """The first model failed."""
        if not falls_over(error_class):
            self.answered()
            return
        now = self._now()
        if self.reason and now < self._left_until:
            return  # one of several turns that were under way
        self._failures += 1
        if not self.reason and self._failures < MOST_FAILURES and error_class not in LASTING:
            return
        seconds = min(SHORTEST * 2**self._strikes, LONGEST)
        self._strikes = min(self._strikes + 1, 16)
        if not self.reason:
            metrics.first_model_left.inc()
        self._left_until, self._trial_until, self.reason = now + seconds, 0.0, error_class
        log.warning("first_model_left", reason=error_class, tried_again_in=seconds)

    def answered(self) -> None:
        """The first model answered."""
        if self.reason:
            log.info("first_model_back", left_for=self.reason)
            metrics.first_model_left.dec()
        self._failures = self._strikes = 0
        self._left_until, self._trial_until, self.reason = 0.0, 0.0, ""
