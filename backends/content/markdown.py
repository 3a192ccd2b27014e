"""Reads the business's own documents as Markdown."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from backends.content.confinement import environment
from backends.content.left_out import LeftOut
from backends.content.markdown_process import HEAD
from backends.content.markdown_readers import LONGEST, READERS, plain, whole
from backends.content.reader_process import PATIENCE, Output, feed, read_all, refusal
from backends.protocol import CannotBeRead
from events.details import Detail

SECONDS = 30
"""Seconds of CPU for one document."""

WIDEST = 4
"""Bytes of a character in UTF-8, at most."""

IDLE = 5.0
"""Seconds without a document after which the process ends."""


class Read(NamedTuple):
    """A document as it was read.

    - `text`: as Markdown.
    - `unseen`: how many words of the document nobody sees, so that they are not in the text.
    """

    text: str
    unseen: int = 0


class _Server(NamedTuple):
    """The process that forks a reader for each document, and the socket by which it is asked."""

    process: Process
    control: socket.socket

    def end(self) -> None:
        # Kills it, and lets go of it; asyncio's Process has no public method for that. Once it has ended, the same call
        # would take its status away from asyncio, which warns then: so the forks, and the socket, come after it.
        self.process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.control.close()

    @property
    def has_ended(self) -> bool:
        try:
            return not self.control.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True


class MarkdownReader:
    """Opens each document in a process of its own, with at most `seconds` of CPU. All are forked from one, which starts
    with the first document, and ends when there is none for some time."""

    def __init__(self, *, seconds: int = SECONDS) -> None:
        self._seconds = seconds
        self._server: _Server | None = None
        self._is_closed = False
        self._starting = asyncio.Lock()
        self._reading = 0
        self._ending: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._server.process.pid if self._server is not None else None

    async def close(self) -> None:
        """End the process and all readers, for good."""
        self._is_closed = True
        self._keep()
        if (server := self._server) is not None:
            self._end()
            await server.process.wait()

    async def read(self, body: bytes, mime: str) -> Read:
        """A document of the type `mime` (without parameters). Raises CannotBeRead."""
        if mime not in READERS:
            raise CannotBeRead("unsupported", Detail.TYPE_NOT_READ.said(type=mime or Detail.WITHOUT_TYPE))
        if READERS[mime] is plain:  # nothing is parsed: a process of its own would guard from nothing
            return Read(await asyncio.to_thread(_plain, body))
        self._keep()
        self._reading += 1
        try:
            output, unseen = await self._read(body, mime)
        finally:
            self._reading -= 1
            if not self._reading:
                self._ending = asyncio.get_running_loop().call_later(IDLE, self._end)
        if output.status:
            raise refusal(output, self._seconds)
        return Read(output.body.decode(errors="replace"), unseen)

    async def _read(self, body: bytes, mime: str) -> tuple[Output, int]:
        """The output, and the number of words that nobody sees."""
        for _ in range(2):
            server = await self._started()
            ours, theirs = socket.socketpair()
            with ours:
                with theirs, suppress(OSError):  # it has ended: the connection is closed, and nothing comes
                    socket.send_fds(server.control, [bytes([list(READERS).index(mime)])], [theirs.fileno()])
                if (answered := await self._answered(ours, body)) is not None:
                    return answered
            if not server.has_ended:
                raise CannotBeRead("file_unreadable", Detail.TOO_SLOW_OR_LARGE.said(seconds=self._seconds))
            if self._server is server:
                self._end()
        raise CannotBeRead("file_unreadable", Detail.READER_ENDED_FROM_OUTSIDE.said())

    async def _answered(self, connection: socket.socket, body: bytes) -> tuple[Output, int] | None:
        """The reader's output and the number of words that nobody sees; None if it ended before."""
        connection.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        feeding = asyncio.create_task(feed(writer, body))
        patience = self._seconds * PATIENCE
        try:
            async with asyncio.timeout(patience):
                answer = await read_all(reader, HEAD.size + LONGEST * WIDEST)
        except TimeoutError:
            raise CannotBeRead("file_unreadable", Detail.TOO_SLOW.said(seconds=patience)) from None
        except ConnectionError:  # it ended before it had read all of the document
            return None
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            writer.transport.abort()
        if len(answer) < HEAD.size:
            return None
        status, unseen, size = HEAD.unpack_from(answer)
        text = answer[HEAD.size :]
        return (Output(status, text), unseen) if len(text) == size else None

    async def _started(self) -> _Server:
        async with self._starting:
            if self._is_closed:
                raise CannotBeRead("file_unreadable", Detail.READER_CLOSED.said())
            if self._server is None:
                control, theirs = socket.socketpair()
                control.setblocking(False)
                try:
                    with theirs:
                        process = await asyncio.create_subprocess_exec(
                            *(sys.executable, "-P", "-m", "backends.content.markdown_process", str(self._seconds)),
                            stdin=theirs.fileno(),
                            stdout=DEVNULL,
                            stderr=DEVNULL,
                            env=environment(os.environ),
                            process_group=0,
                        )
                except BaseException:
                    control.close()
                    raise
                self._server = _Server(process, control)
            return self._server

    def _keep(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _end(self) -> None:
        if self._server is not None:
            self._server.end()
            self._server = None


def _plain(body: bytes) -> str:
    try:
        return whole(plain(body[: LONGEST * WIDEST + WIDEST], left_out := LeftOut()), left_out)
    except ValueError as fault:
        raise CannotBeRead("file_unreadable", str(fault)) from fault
