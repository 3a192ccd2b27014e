"""Serving: the port, the supervisor's questions, and an end that nobody waits for."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from console.server import PortInUse, bind
from tests.console.conftest import ANA, Page


def test_a_port_in_use() -> None:
    """The error names it and what to do."""
    with bind(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} is in use: .* RECADO_PORT") as refusal:
            bind(port)
        assert refusal.value.port == port
    bind(port).close()


def test_a_port_of_another_program() -> None:
    """Also one that is only bound on all interfaces."""
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        with pytest.raises(PortInUse):
            bind(other.getsockname()[1])


def test_only_loopback_listens() -> None:
    """Nobody else on the network reaches it."""
    with bind(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


async def test_it_is_alive_and_ready(page: Page) -> None:
    """`/healthz` says that it lives, `/readyz` whether it takes work and why not."""
    assert await page.get("/healthz") == (200, "ok\n")
    assert await page.get("/readyz") == (200, {"ready": True, "reasons": []})
    page.troubles.append("catching up with the log")
    assert await page.get("/healthz") == (200, "ok\n")
    assert await page.get("/readyz") == (503, {"ready": False, "reasons": ["catching up with the log"]})


async def test_metrics(page: Page) -> None:
    """Prometheus's exposition of this process."""
    status, text = await page.get("/metrics")
    assert status == 200
    assert "# TYPE python_info gauge" in text


async def test_an_open_stream_does_not_hold_up_the_end(served: Callable[..., Any]) -> None:
    """A page that is left open is told to come back, and the server ends."""
    async with served() as page, page.stream(f"/api/chats/{ANA.chat}/stream") as stream:
        await stream.next("status")
        page.app.state.closing.set()
        with pytest.raises((EOFError, asyncio.IncompleteReadError)):
            await stream.next("nothing of this name")


async def test_signals_are_left_alone(served: Callable[..., Any]) -> None:
    """What Ctrl-C and SIGTERM mean is the process's to say."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with served():
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
