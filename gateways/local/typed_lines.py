"""Lines from the keyboard or a pipe, read without blocking the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import TextIO


async def typed_lines(stdin: TextIO) -> AsyncGenerator[str, None]:
    """Every line without its end, until the input ends. A read cannot be interrupted, so a daemon thread reads: the
    process can exit without it."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | Exception | None] = asyncio.Queue()

    def put(line: str | Exception | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        try:
            for line in stdin:
                put(line.rstrip("\r\n"))
        except (OSError, ValueError) as error:
            put(error)
        else:
            put(None)

    threading.Thread(target=read, name="recado-stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        if isinstance(line, Exception):
            raise line
        yield line
