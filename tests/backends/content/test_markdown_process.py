"""Each document is read in a process of its own, which is forked from one that reads none."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
import threading
from contextlib import suppress

import pytest

from backends.content import markdown
from backends.content.confinement import MEMORY
from backends.content.markdown import MarkdownReader
from backends.content.markdown_readers import READERS
from backends.content.reader_process import feed
from backends.protocol import CannotBeRead
from tests.waiting import until

CSV = "text/csv"
ENDLESS = b"<p>x</p>" * 400_000
"""A page that takes many seconds to read."""


async def test_many_documents_start_one_process() -> None:
    async with MarkdownReader() as reader:
        read = await asyncio.gather(*(reader.read(f"a;b\n{n};{n}".encode(), CSV) for n in range(20)))
        assert [one.text for one in read] == [f"| a | b |\n|---|---|\n| {n} | {n} |" for n in range(20)]
        first = reader.pid
        await reader.read(b"a;b\nc;d", CSV)
        assert reader.pid == first
    assert first is not None
    assert reader.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


async def test_a_reader_that_is_ended_ends_no_other() -> None:
    """Given a document that takes too much CPU, one of them is refused, and those beside it and after it are read by
    forks of the same process."""
    async with MarkdownReader(seconds=1) as reader:
        endless = asyncio.create_task(reader.read(ENDLESS, "text/html"))
        assert "| c | d |" in (await reader.read(b"a;b\nc;d", CSV)).text
        server = reader.pid
        with pytest.raises(CannotBeRead, match=r"split it|within 3 s"):
            await endless
        assert "| c | d |" in (await reader.read(b"a;b\nc;d", CSV)).text
        assert reader.pid == server


async def test_a_process_that_was_killed_is_started_again() -> None:
    async with MarkdownReader() as reader:
        await reader.read(b"a;b\nc;d", CSV)
        server = reader.pid
        assert server is not None
        os.kill(server, signal.SIGKILL)
        assert "| c | d |" in (await reader.read(b"a;b\nc;d", CSV)).text
        assert reader.pid != server


async def test_a_process_that_never_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is refused: nobody waits, and nobody tries for ever."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with MarkdownReader() as reader:
        with pytest.raises(CannotBeRead, match="ended from outside"):
            await reader.read(b"a;b\nc;d", CSV)


async def test_a_process_without_documents_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "IDLE", 0.05)
    async with MarkdownReader() as reader:
        await reader.read(b"a;b\nc;d", CSV)

        async def has_ended() -> bool:
            return reader.pid is None

        await until(has_ended, 30)
        assert "| c | d |" in (await reader.read(b"a;b\nc;d", CSV)).text


async def test_closing_ends_what_is_read() -> None:
    reader = MarkdownReader()
    reading = asyncio.create_task(reader.read(ENDLESS, "text/html"))
    try:

        async def has_begun() -> bool:
            return reader.pid is not None

        await until(has_begun, 30)
    finally:
        await reader.close()
    with pytest.raises(CannotBeRead):
        await reading
    assert reader.pid is None


async def test_what_could_not_start_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    gc.collect()  # of other tests
    recwarn.clear()
    async with MarkdownReader() as reader:
        with suppress(FileNotFoundError):
            await reader.read(b"a;b\nc;d", CSV)
    gc.collect()
    assert [str(one.message) for one in recwarn if "unclosed <socket" in str(one.message)] == []


async def test_its_end_is_told_to_asyncio(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Also where asyncio looks for its status late."""
    closed = threading.Event()
    wait, kill = os.waitpid, os.killpg

    def late(pid: int, options: int) -> tuple[int, int]:
        closed.wait()
        return wait(pid, options)

    def killed(group: int, number: int) -> None:
        kill(group, number)
        os.waitid(os.P_PID, group, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(os, "waitpid", late)
    monkeypatch.setattr(os, "killpg", killed)
    async with MarkdownReader() as reader:
        try:
            await reader.read(b"a;b\nc;d", CSV)
            closing = asyncio.create_task(reader.close())
            await asyncio.sleep(0)
        finally:
            closed.set()
        await closing
    assert "Unknown child process" not in caplog.text


async def test_no_fork_outlives_the_instance() -> None:
    """Given a document that is being read, and an instance that is killed, so that it ends nothing, the fork gives no
    answer any more."""
    control, theirs = socket.socketpair()
    with theirs:
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "backends.content.markdown_process", "600"),
            stdin=theirs.fileno(),
            process_group=0,
        )
    ours, forks = socket.socketpair()
    with control, forks:
        socket.send_fds(control, [bytes([list(READERS).index("text/html")])], [forks.fileno()])
    answer, given = await asyncio.open_unix_connection(sock=ours)
    answered = b""
    try:
        await feed(given, ENDLESS)
        with suppress(ConnectionResetError):  # it was killed before it had read all of the document
            answered = await answer.read()
        assert answered == b""
        await server.wait()
    finally:
        given.close()
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


async def test_the_process_is_confined() -> None:
    """What is forked from it has the same bounds (setrlimit(2)), and its empty network."""
    async with MarkdownReader() as reader:
        await reader.read(b"a;b\nc;d", CSV)
        server = reader.pid
        assert server is not None
        assert resource.prlimit(server, resource.RLIMIT_AS) == (MEMORY, MEMORY)
        assert resource.prlimit(server, resource.RLIMIT_FSIZE) == (0, 0)
