"""A real nats-server for tests: a process of its own that can be killed, stopped, frozen and started again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sysconfig
import time
from pathlib import Path

BINARY = Path(sysconfig.get_path("scripts")) / "nats-server"
READY_WITHIN = 30.0


class NatsServer:
    """One nats-server with JetStream on a loopback port; its port and store outlive the process."""

    def __init__(self, folder: Path, *, config: str = "", max_file_store: str = "1GB") -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.store = folder / "store"
        self.log_file = folder / "nats-server.log"
        self._config = folder / "nats-server.conf"
        self._config.write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            f"jetstream {{ store_dir: {json.dumps(str(self.store))}, max_file_store: {max_file_store} }}\n"
            f"{config}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with self.log_file.open("ab") as output:
            self._process = subprocess.Popen([BINARY, "-c", self._config], stdout=output, stderr=output)
        deadline = time.monotonic() + READY_WITHIN
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"nats-server did not start:\n{self.log_file.read_text()[-2000:]}")
            time.sleep(0.005)

    def kill(self) -> None:
        """SIGKILL, as when the machine's memory runs out."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait until it is gone."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)
            process.wait(READY_WITHIN)


def free_port() -> int:
    """A port of the loopback interface that nobody has now, below those that systems give to outgoing connections: one
    of these may be gone before it is used."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", 10_000 + secrets.randbelow(20_000)))
            return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False
