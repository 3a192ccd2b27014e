"""recado as a real process: started, watched through its own output, killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import aiohttp

from events.jetstream.api import StreamInfo, call
from events.jetstream.streams import EVENTS
from projections.reads.queries import Queries
from projections.reads.reader import ProjectionMissing, Reader
from recado.embedded import process as nats_process
from recado.embedded.server import BusAddress, find_bus
from recado.settings.settings import load
from recado.wiring.connect import connect
from tests import forked
from tests.doubles.openai_server import API_KEY, OpenAIDouble
from tests.forked import RECADO, Forked
from tests.waiting import until

READY_WITHIN = 60.0
STOPS_WITHIN = 60.0
"""Seconds; only for tests that fail."""

SHOWING = frozenset({"attention", "chats", "history", "search", "threads", "usage", "why"})
"""Commands that show the projection, which is written some time after the log."""

KEPT = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE"})
"""Of the environment of whoever runs the tests: no setting of recado among them."""


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Recado:
    """recado on a data folder of its own, one process after the other. `environment` are its settings."""

    def __init__(self, folder: Path, *, command: str = "serve", **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.starts = 0
        self.environment = {
            "RECADO_DATA": str(self.data),
            "RECADO_PORT": "0",
            "OPENAI_API_MODE": "scripted",
            "RECADO_DEBOUNCE": "0",
            "RECADO_BOT_LOOP": "0",  # who converses in a test or a benchmark is a bot, and answers at once
            "RECADO_MESSAGES_PER_HOUR": "0",
            "RECADO_TAKEOVER": "0s",  # an operator's words are one thing that happens to a chat among others
            **environment,
        }
        self._folder = folder
        self._command = command
        self._log = folder / "recado.log"
        self._log_from = 0
        self._process: Forked | subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "recado does not run"
        return self._process.pid

    @property
    def settings(self) -> dict[str, str]:
        """Its settings, for another instance with data of its own."""
        return {name: value for name, value in self.environment.items() if name != "RECADO_DATA"}

    @property
    def server_lives(self) -> bool:
        """Whether an embedded nats-server runs on its data."""
        return nats_process.lives(self.data)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, through: tuple[str, ...] = (), **environment: str) -> None:
        """Spawn the process, `through` another program that executes it; it may not be ready yet. `environment` changes
        settings from here on."""
        assert not self.runs
        self.environment |= environment
        self._log_from = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as output:
            # A folder of its own to run in: no .env of whoever runs the tests.
            self._process = self._begin(tuple(self._command.split()), through, output, output)
        self.starts += 1

    async def ready(self) -> None:
        """Return once it takes work, and says so."""
        await self.said("taking_work")

    async def asked(self, path: str) -> tuple[int, str]:
        """GET a path of its page: the status, and what it says; of pages that show chats, what the log has by now."""
        page = (await self.said("started"))["page"]
        if path.startswith(("/desk", "/api")):
            await self.has_read_all()
        async with aiohttp.ClientSession() as session, session.get(page + path) as answer:
            return answer.status, await answer.text()

    async def started(self, **environment: str) -> None:
        self.start(**environment)
        await self.ready()

    async def supervised(self) -> None:
        """Return once it has started; until then it is started again whenever it ends, as a supervisor does: there may
        be no bus."""
        while True:
            if not self.runs:
                self.start()
            await until(lambda: not self.runs or any(line.get("event") == "started" for line in self.lines()))
            if self.runs:
                return

    async def said(self, event: str, **fields: Any) -> dict[str, Any]:
        """The first log line of this process with this `event` and these fields, once it is there."""

        def found() -> dict[str, Any] | None:
            lines = [line for line in self.lines() if line.get("event") == event]
            line = next((line for line in lines if fields.items() <= line.items()), None)
            assert line or self.runs, f"recado ended with {self._code()} before it said {event}:\n{self.tail()}"
            return line

        try:
            line = await until(found, READY_WITHIN)
        except AssertionError as error:
            raise AssertionError(f"recado did not say {event} {fields}: {error}\n{self.tail()}") from None
        assert line is not None
        return line

    def lines(self) -> list[dict[str, Any]]:
        """The log lines of the present process; what is no JSON has it under `text`."""
        with self._log.open("rb") as file:
            file.seek(self._log_from)
            return [_parsed(line) for line in file.read().decode(errors="replace").splitlines()]

    def tail(self, size: int = 6000) -> str:
        """The end of all that its processes said."""
        return self._log.read_text(errors="replace")[-size:]

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._signal(signal.SIGKILL)

    def kill_server(self) -> None:
        """SIGKILL for the embedded nats-server, if there is one."""
        if self.server_lives:
            os.kill(int((self.data / "nats.pid").read_text()), signal.SIGKILL)

    def kill_both(self) -> None:
        """The machine's power is gone, as far as processes can tell."""
        self.kill()
        self.kill_server()

    def embedded_bus(self) -> BusAddress:
        """Where the embedded server is."""
        address = find_bus(self.data)
        assert address is not None, self.tail()
        return address

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.kill(self.pid, signal.SIGINT)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, as a supervisor or a Ctrl-C does; its exit status."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        await until(lambda: not self.runs, STOPS_WITHIN)
        code = self._code()
        assert code is not None
        return code

    async def restarted(self) -> None:
        """Killed where it stands, started again, and ready."""
        self.kill()
        await self.started()

    async def run(self, *arguments: str, within: float = 60.0, through: tuple[str, ...] = ()) -> Ended:
        """Run another command of recado with the same settings, in a second terminal as it were; `through` another
        program that executes it. One that shows the projection shows what the log has by now."""
        if self.runs and SHOWING.intersection(arguments[:1]):
            await self.has_read_all()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self._begin(arguments, through, out, err)
            try:
                await until(lambda: process.poll() is not None, within)
            except AssertionError:
                process.kill()
                process.wait()
                raise AssertionError(f"recado {arguments} did not end:\n{_read(out)}\n{_read(err)}") from None
            return Ended(process.wait(), _read(out), _read(err))

    def _begin(
        self, arguments: tuple[str, ...], through: tuple[str, ...], out: IO[bytes], err: IO[bytes]
    ) -> Forked | subprocess.Popen[bytes]:
        if not through:
            return forked.start(arguments, env=self._env(), cwd=self._folder, stdout=out, stderr=err)
        command = [*through, RECADO, *arguments]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self._env(), cwd=self._folder
        )

    async def run_killed(self, *arguments: str, after: float) -> None:
        """Run another command and kill it `after` some seconds, wherever it is by then."""
        process = await asyncio.create_subprocess_exec(
            RECADO, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._env(), cwd=self._folder
        )
        await asyncio.sleep(after)
        if process.returncode is None:
            process.kill()
        await process.wait()

    async def has_read_all(self) -> None:
        """Return once its projection has all that the log has now."""
        bus = await connect(load(self.environment, self._folder / ".env"))
        try:
            last = (await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)).state.last_seq
        finally:
            await bus.close()
        await self.has_read(last)

    async def has_read(self, seq: int) -> None:
        """Return once its projection has the log up to `seq`: what commands and pages show is written some time after
        the log."""

        def there() -> bool:
            with closing(Reader(self.data)) as reader:
                try:
                    return Queries(reader).checkpoint() >= seq
                except ProjectionMissing:
                    return False

        await until(there)

    async def is_verified(self) -> None:
        """`recado verify` finds the projection identical to a rebuilt one."""
        verified = await self.run("verify")
        assert verified.code == 0, f"{verified}\n{self.tail()}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(STOPS_WITHIN)

    def _code(self) -> int | None:
        return self._process.poll() if self._process is not None else None

    def _env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        return kept | self.environment


@contextmanager
def recado(folder: Path, *, command: str = "serve", **environment: str) -> Iterator[Recado]:
    """A recado that is not started yet, and is killed in the end; its log is shown if the test fails."""
    process = Recado(folder, command=command, **environment)
    try:
        yield process
    except BaseException:
        if process.starts:
            sys.stderr.write(f"--- recado {command} in {folder.name}, the end of its log\n{process.tail()}\n")
        raise
    finally:
        process.kill()
        # What a killed `recado up` leaves for the next one to adopt; here there is no next one.
        process.kill_server()


def asks(double: OpenAIDouble) -> dict[str, str]:
    """The settings of a recado whose model is the double."""
    return {"OPENAI_API_MODE": "chat", "OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": API_KEY}


def embeds(double: OpenAIDouble) -> dict[str, str]:
    """The settings of a recado that finds documents by vectors of the double."""
    return {
        "RECADO_KNOWLEDGE": "shop",
        "OPENAI_EMBEDDING_MODEL": "small",
        "OPENAI_EMBEDDING_BASE_URL": double.base_url,
        "OPENAI_EMBEDDING_API_KEY": double.api_key,
    }


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"text": line}
    return parsed if isinstance(parsed, dict) else {"text": line}
