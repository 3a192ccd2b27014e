"""examples/existing_bot.py with a `send` that writes into a file, and hangs where the text says so.

    python existing_bot_recorded.py FILE PORT

A text with `hang before` is never sent, one with `hang after` is sent, and its receipt is never written. One with
`refuse` is refused by WhatsApp, with `break` the connection is lost.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
import existing_bot  # type: ignore[import-not-found]


def append(line: str) -> None:
    written = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(written, f"{line}\n".encode())
    os.close(written)


async def send(phone: str, text: str) -> str:
    if "hang before" in text:
        await asyncio.Event().wait()
    if "refuse" in text:
        raise existing_bot.RefusedError("no such number")
    if "break" in text:
        raise ConnectionResetError
    await asyncio.sleep(0.005)  # so that a kill falls into it
    append(f"{phone} {text}")
    await asyncio.sleep(0.005)
    if "hang after" in text:
        await asyncio.Event().wait()
    return f"wamid.{phone}"


existing_bot.send = send
asyncio.run(existing_bot.main(sys.argv[2]))
