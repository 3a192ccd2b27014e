"""Retries of requests to a provider: by class of failure, never before it permits, never beyond the turn's patience."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar, cast

import structlog
import tenacity

from backends.protocol import ErrorClass, ReplyFailed, no_answer
from backends.provider.problem import Problem

T = TypeVar("T")

RETRYABLE: frozenset[ErrorClass] = frozenset({"rate_limited", "provider_error", "timeout", "unreachable"})

# 0.25-0.5 s, 0.5-1 s, 1-2 s … 10-20 s: the certain half spares the provider, the random half keeps chats that failed
# together from coming back together.
_CERTAIN = tenacity.wait_exponential(multiplier=0.25, max=10)
_RANDOM = tenacity.wait_random_exponential(multiplier=0.25, max=10)

log = structlog.get_logger("recado.backends")


class AttemptFailed(ReplyFailed):
    """One attempt at a reply failed.

    - `error_class`, `detail`: as in ReplyFailed.
    - `retry_after`: seconds for which the provider asks to be left alone.
    - `in_doubt`: the provider may have acted. The next try looks at its state first, so every class is retried.
    - `problem`: the error in the server's own words, if it answered with one.
    """

    def __init__(
        self,
        error_class: ErrorClass,
        detail: str,
        retry_after: float | None = None,
        *,
        in_doubt: bool = False,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(error_class, detail)
        self.retry_after = retry_after
        self.in_doubt = in_doubt
        self.problem = problem


async def persist(
    attempt: Callable[[], Awaitable[T]],
    *,
    turn: str,
    deadline: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """The result of `attempt`, asked again after a retryable AttemptFailed until `deadline` (the loop's time).

    Each attempt may take all the time that is left. A wait that would outlast that time is not begun. Every failed
    attempt is logged. Raises the last AttemptFailed; its class is `timeout` if the last attempt was cut short.
    """
    now = asyncio.get_running_loop().time
    patience = deadline - now()
    failed_before: AttemptFailed | None = None

    async def once() -> T:
        nonlocal failed_before
        if (failure := failed_before) is not None:
            failed_before = None
            raise failure
        try:
            async with asyncio.timeout_at(deadline):
                return await attempt()
        except TimeoutError as late:
            raise AttemptFailed("timeout", no_answer(patience)) from late

    # tenacity costs 50 µs even without a retry, so the first attempt runs without it, and it gets the failure.
    try:
        return await once()
    except AttemptFailed as failure:
        failed_before = failure
    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_is_retryable),
        wait=_wait,
        stop=tenacity.stop_before_delay(deadline - now()),
        before_sleep=lambda state: _log_failure(turn, state.attempt_number, _failure(state), state.upcoming_sleep),
        sleep=sleep,
        reraise=True,
    )
    try:
        return await retrying(once)
    except AttemptFailed as failure:
        _log_failure(turn, int(retrying.statistics["attempt_number"]), failure, wait=None)
        raise


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds for which a response asks to wait: `retry-after-ms`, else Retry-After as seconds or as a date.

    A date is read against the response's own Date, so that this host's clock does not matter (RFC 9110, 10.2.3).
    None when the header is absent or makes no sense.
    """
    for name, seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            told = float(headers[name]) * seconds
        except (KeyError, ValueError):
            continue
        if math.isfinite(told):
            return max(0.0, told)
    until = _instant(headers.get("retry-after"))
    if until is None:
        return None
    return max(0.0, until - (_instant(headers.get("date")) or time.time()))


def _instant(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):  # such as a year of 20 digits
        return None


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, AttemptFailed) and (error.in_doubt or error.error_class in RETRYABLE)


def _wait(state: tenacity.RetryCallState) -> float:
    return _CERTAIN(state) + _RANDOM(state) + (_failure(state).retry_after or 0.0)


def _failure(state: tenacity.RetryCallState) -> AttemptFailed:
    # Only an AttemptFailed is retried, and tenacity waits only before a retry.
    return cast(AttemptFailed, cast(tenacity.Future, state.outcome).exception())


def _log_failure(turn: str, attempt: int, failure: AttemptFailed, wait: float | None) -> None:
    log.warning(
        "reply attempt failed",
        turn=turn,
        attempt=attempt,
        error_class=failure.error_class,
        detail=failure.detail,
        wait=wait if wait is None else round(wait, 3),
    )
