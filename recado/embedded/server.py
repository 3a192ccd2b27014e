"""The NATS server that `recado up` starts, so that users need not run one.

It listens on the loopback interface only, asks for the token in its configuration file (which only this user can read,
and which is never on a command line), syncs every event to disk before it acknowledges it, and keeps its store in
RECADO_DATA. It holds an inherited lock until it ends: the lock reveals a server that outlived a killed recado, and two
servers never share a store.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import msgspec
import structlog

from events.backoff import Backoff
from events.jetstream.api import AccountInfo, call
from events.jetstream.connection import Bus, BusRefused, BusUnreachable
from events.log import LogError
from recado.embedded import process
from recado.embedded.config import (
    CONFIG,
    ServerConfig,
    configuration,
    free_port,
    port_is_free,
    read_config,
    write_config,
)
from recado.embedded.data_folder import DataFolder, DataUnusable
from recado.embedded.process import ServerFailed

READY_POLL = 0.01
WATCH_POLL = 0.25
STOP_WITHIN = 10.0
SLOW_START = 5.0
LONGEST_PAUSE = 5.0

MIB = 1024**2
ROOM = 64 * MIB
"""Free bytes that a server needs before it is restarted after a failed write."""

log = structlog.get_logger("recado.embedded")


class BusAddress(msgspec.Struct, frozen=True):
    """The address of an embedded server: `url`, without a secret, and the `token`."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"BusAddress({self.url!r})"


def find_bus(data: Path) -> BusAddress | None:
    """The address of the embedded server that runs on this data folder; None if there is none. Raises DataUnusable if
    the folder belongs to another user."""
    try:
        config = read_config(data) if process.lives(data) else None
    except PermissionError as error:
        raise DataUnusable(data, f"{error.strerror} ({error.filename}), it belongs to another user") from error
    except OSError as error:
        raise DataUnusable(data, f"{error.strerror} ({error.filename})") from error
    if config is None or process.banner(config.port).get("server_name") != config.server_name:
        return None
    return _address(config)


class EmbeddedNats:
    """The running server. If it dies, it is restarted on the same port, with a log line; clients reconnect."""

    def __init__(self, folder: Path, program: Path, config: ServerConfig) -> None:
        self._folder = folder
        self._program = program
        self._config = config
        self._child: subprocess.Popen[bytes] | None = None
        self._log_file = Path(config.log_file)
        self._log_from = self._log_seen = process.size(self._log_file)

    @property
    def address(self) -> BusAddress:
        """The server's address. It stays the same in a data folder unless another program takes the port."""
        return _address(self._config)

    @property
    def log_bytes(self) -> int:
        """The largest size of the log: half the size of the server's store."""
        return self._config.jetstream.max_file_store // 2

    @property
    def pid(self) -> int | None:
        """The server's process id; None while there is no process."""
        if process.lives(self._folder):
            with contextlib.suppress(FileNotFoundError, ValueError):
                return int(Path(self._config.pid_file).read_text())
        return None

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, folder: DataFolder) -> AsyncIterator[EmbeddedNats]:
        """Run the server until the block is left. Raises ServerFailed, DataUnusable.

        A server that a killed recado left is taken over if its configuration and version are the wanted ones, and ended
        otherwise.
        """
        try:
            stored = read_config(folder.path)
        except OSError as error:
            raise DataUnusable(folder.path, f"{error.strerror} ({error.filename})") from error
        self = cls(folder.path, process.binary(), configuration(folder.path, stored))
        adopted = self._config == stored and await self._adopt()
        if not adopted:
            await self._end()
        try:
            if not adopted:
                await self._begin()
            watch = asyncio.create_task(self._watch(), name="embedded-nats")
            try:
                yield self
            finally:
                watch.cancel()
                await asyncio.wait([watch])
        finally:
            await self._end()

    async def _adopt(self) -> bool:
        if not process.lives(self._folder):
            return False
        said = process.banner(self._config.port)
        if said.get("server_name") != self._config.server_name or said.get("version") != version(process.PACKAGE):
            return False
        try:
            bus = await Bus.open(self.address.url, name="recado-adopt", token=self.address.token)
        except (BusUnreachable, BusRefused) as error:
            log.warning("embedded.not_adopted", reason=error.reason)
            return False
        try:
            await call(bus, "INFO", AccountInfo)
        except LogError as error:
            log.warning("embedded.not_adopted", reason=str(error))
            return False
        finally:
            await bus.close()
        log.info("embedded.adopted", pid=self.pid, port=self._config.port)
        return True

    async def _begin(self) -> None:
        """Start the server and wait until it takes connections; on another port if its own is taken."""
        for _ in range(3):
            if not port_is_free(self._config.port):
                self._config = msgspec.structs.replace(self._config, port=free_port())
            write_config(self._folder, self._config)
            try:
                return await self._launch()
            except ServerFailed as failed:
                if "address already in use" not in str(failed):
                    raise
        raise ServerFailed("the embedded NATS server found no free port on 127.0.0.1 in three attempts")

    async def _launch(self) -> None:
        self._log_from = process.size(self._log_file)
        self._child = process.spawn(self._program, self._folder / CONFIG, Path(self._config.pid_file))
        clock = asyncio.get_running_loop().time
        started, slow = clock(), False
        while process.banner(self._config.port).get("server_name") != self._config.server_name:
            code = self._child.poll()
            if code is not None:
                raise ServerFailed(
                    f"the embedded NATS server ended at its start, with code {code}. It says: {self._last_words()}"
                )
            if not slow and clock() - started > SLOW_START:
                slow = True
                log.info("embedded.recovering", help="after a crash a large log takes some seconds")
            await asyncio.sleep(READY_POLL)
        log.info("embedded.started", pid=self._child.pid, port=self._config.port)

    async def _watch(self) -> None:
        pause = Backoff(WATCH_POLL, LONGEST_PAUSE)
        while True:
            await pause.wait()
            lives, failed_write = self._lives(), self._failed_write()
            if lives and failed_write is None:
                pause.reset()
                continue
            try:
                if lives:
                    await self._await_room(failed_write)
                    await self._end()
                else:
                    code = self._child.returncode if self._child is not None else None
                    log.error("embedded.died", code=code, says=self._last_words(), help="it is started again")
                await self._launch()
            except (ServerFailed, OSError) as failed:
                log.warning("embedded.failed", error=str(failed))

    def _failed_write(self) -> str | None:
        size = process.size(self._log_file)
        if size == self._log_seen:
            return None
        self._log_seen = size
        return process.failed_write(self._log_file, self._log_from)

    async def _await_room(self, failed_write: str | None) -> None:
        """Return when the disk has space again. After a failed write the server takes nothing until it is restarted."""
        free = process.free_bytes(self._folder)
        log.error(
            "embedded.cannot_write",
            says=failed_write,
            free_mb=free // MIB,
            help="nothing is lost; free some space on the disk and recado goes on by itself",
        )
        while free < ROOM:
            await asyncio.sleep(WATCH_POLL)
            free = process.free_bytes(self._folder)

    def _lives(self) -> bool:
        return self._child.poll() is None if self._child is not None else process.lives(self._folder)

    def _last_words(self) -> str:
        return process.last_words(self._log_file, self._log_from)

    async def _end(self) -> None:
        """End the folder's server, also one of another recado, and wait for its end. Raises ServerFailed."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + STOP_WITHIN
        asked = False
        while process.lives(self._folder):
            pid, late = self.pid, clock() > deadline
            if pid is None and late:
                raise ServerFailed(
                    f"a NATS server holds {self._folder / process.LOCK} and {self._config.pid_file} does not say "
                    "which process it is: find it and end it"
                )
            if pid is not None and (late or not asked):
                log.info("embedded.stopping", pid=pid, killed=late)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                asked = True
            await asyncio.sleep(READY_POLL)
        if self._child is not None:
            self._child.wait()
            self._child = None


def _address(config: ServerConfig) -> BusAddress:
    return BusAddress(f"nats://127.0.0.1:{config.port}", config.authorization.token)
