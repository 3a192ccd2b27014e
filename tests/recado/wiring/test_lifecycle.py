"""The life of a process: started in order, stopped as a whole, ended in reverse order."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from recado.wiring.lifecycle import Lifetime, until_stopped


async def _for_ever(name: str, seen: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        seen.append(f"{name} ended")


async def test_requests_on_the_wire_end_first() -> None:
    """After a signal, each part drains while all of them still run; then the last started ends first."""
    seen: list[str] = []

    async def start(life: Lifetime) -> None:
        for name in ("instance", "gateway"):
            life.stack.callback(seen.append, f"{name} closed")
            task = life.keep(_for_ever(name, seen))

            async def drain(name: str = name, task: asyncio.Task[None] = task) -> None:
                await asyncio.sleep(0)
                seen.append(f"{name} drained, {'over' if task.done() else 'running'}")

            life.on_stop(drain)
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)

    await until_stopped(start, patience=1.0)
    assert seen == [
        "instance drained, running",
        "gateway drained, running",
        "gateway ended",
        "gateway closed",
        "instance ended",
        "instance closed",
    ]


async def test_a_part_that_fails_stops_the_others_and_is_raised() -> None:
    """A process without one of its parts would look alive."""
    seen: list[str] = []

    async def fail() -> None:
        raise LookupError("the stream is gone")

    async def start(life: Lifetime) -> None:
        life.keep(_for_ever("instance", seen))
        life.keep(fail())

    with pytest.raises(LookupError, match="the stream is gone"):
        await until_stopped(start, patience=1.0)
    assert seen == ["instance ended"]


async def test_a_start_that_fails_ends_what_was_started() -> None:
    """Nothing is left to hold a lease or a port."""
    seen: list[str] = []

    async def start(life: Lifetime) -> None:
        life.keep(_for_ever("instance", seen))
        await asyncio.sleep(0)
        raise LookupError("no port")

    with pytest.raises(LookupError, match="no port"):
        await until_stopped(start, patience=1.0)
    assert seen == ["instance ended"]
