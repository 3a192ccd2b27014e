"""Shares the tokens that vectors have cost outside of turns: those of documents, of searches that no chat asked for,
and of answers that came too late for their turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from events.log import LogError
from events.vectors import SharedVectors

AGAIN_AFTER = 5.0
"""Seconds until the bus is asked again, after it took no tokens."""

AT_THE_END = 5.0
"""Seconds for the last tokens of a process."""

log = structlog.get_logger("recado.knowledge")


class Counting:
    """The tokens of a process. Each is shared at once; those that the bus does not take wait in memory.

    Used as a context, which shares them until it ends. Without shared vectors nothing is counted.
    """

    def __init__(self, shared: SharedVectors | None = None) -> None:
        self._shared = shared
        self._tokens: dict[str, int] = {}  # by model, not shared yet
        self._some = asyncio.Event()
        self._ending = asyncio.Event()
        self._is_said = False
        self._sharing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sharing = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._some.set()
        if self._sharing is not None:
            await asyncio.wait([self._sharing], timeout=AT_THE_END)
            self._sharing.cancel()
            await asyncio.gather(self._sharing, return_exceptions=True)
        for model, tokens in self._tokens.items():
            log.warning("tokens_lost", model=model, tokens=tokens, reason="the process ends before they were counted")

    def add(self, model: str, tokens: int) -> None:
        """Count the tokens of a request to `model`."""
        if self._shared is not None and tokens > 0:
            self._tokens[model] = self._tokens.get(model, 0) + tokens
            self._some.set()

    async def _run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            is_ending = self._ending.is_set()  # before it is shared: what comes later is shared once more
            is_whole = self._shared is None or await self._share(self._shared)
            if is_ending:
                return
            if not is_whole:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_AFTER):
                        await self._ending.wait()
                self._some.set()

    async def _share(self, shared: SharedVectors) -> bool:
        """True if the bus took all of them."""
        for model, tokens in list(self._tokens.items()):
            try:
                await shared.count(model, tokens)
            except LogError as failure:
                if not self._is_said:
                    log.warning(
                        "tokens_not_counted", reason=str(failure), then="they are added once the bus takes them"
                    )
                self._is_said = True
                return False
            self._tokens[model] -= tokens  # more may have come
        self._tokens = {model: tokens for model, tokens in self._tokens.items() if tokens}
        self._is_said = False
        return True
