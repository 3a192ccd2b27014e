"""A process that runs the embedded server on a data folder: `python -m tests.recado.embedded.embedded_process DATA`.

It prints the server's pid once that takes connections, and runs until it is told to end.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from recado.embedded.data_folder import DataFolder
from recado.embedded.server import EmbeddedNats


async def main(data: Path) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    with DataFolder.hold(data) as folder:
        async with EmbeddedNats.start(folder) as server:
            sys.stdout.write(f"{server.pid}\n")
            sys.stdout.flush()
            await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
