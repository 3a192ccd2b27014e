"""The connection to NATS. It reconnects by itself, and tells its watchers when it is lost and when it is back."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats.errors
import nkeys  # type: ignore[import-untyped]
import structlog
from nats.aio.client import RawCredentials
from nats.aio.msg import Msg

from events.jetstream.lenient_client import LenientClient
from events.jetstream.said import said

FIRST_CONNECT = 3.0
"""Seconds for the first connection; a connection that is lost later is tried again for ever."""

FIRST_CLOSE = 0.5
"""Seconds to wait for the end of a connection that was never established."""

RECONNECT_WAIT = 0.2
PING_INTERVAL = 3
PENDING_SIZE = 8 * 1024 * 1024

INBOX_PREFIX = "_INBOX"
API_PREFIX = "$JS.API"
"""The default prefix of answer subjects in every NATS client."""

_SEED = re.compile(r"-----BEGIN USER NKEY SEED-----\s+(\S+)")

log = structlog.get_logger("recado.bus")

Watcher = Callable[[bool], None]
"""Called with False when the connection is lost and with True when it is back. Must not block or raise."""


class BusUnreachable(Exception):
    """No NATS server answers at `url` (shown without its credentials); `reason` is the fault of the attempt."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no NATS server answers at {url}: {reason}. Start one there, set NATS_URL to where it is, "
            "or leave NATS_URL unset to use the embedded one (recado up)"
        )
        self.url = url
        self.reason = reason


class BusRefused(Exception):
    """The NATS server at `url` (shown without its credentials) refuses our credentials."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"the NATS server at {url} refuses the connection: {reason}. Check NATS_CREDS, "
            "or the user and password in NATS_URL"
        )
        self.url = url
        self.reason = reason


class BusUntrusted(Exception):
    """The certificate of the NATS server at `url` (shown without its credentials) is not trusted, or the authorities'
    certificates cannot be read."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"the NATS server at {url} is not trusted: {reason}. Set NATS_CA to the file with the certificate of the "
            "authority that signed the server's, and NATS_URL to a name that stands in it"
        )
        self.url = url
        self.reason = reason


class Bus(LenientClient):
    """A NATS client that reconnects for ever and can be watched.

    Made by `open`. `is_closed` without a call of `close` means that the server closed the connection for good (expired
    credentials, say): the process has to start again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.api_prefix = API_PREFIX
        self._watchers: dict[int, Watcher] = {}
        self._next_watcher = 0
        self._standing = asyncio.Event()
        self._told: set[str] = set()
        self._opened = False
        self._leaving = False
        self._first_error: Exception | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        name: str = "recado",
        creds: str | Path | None = None,
        token: str | None = None,
        ca: Path | None = None,
        inbox_prefix: str = INBOX_PREFIX,
        api_prefix: str = API_PREFIX,
    ) -> Bus:
        """Connect to the servers of `url` (several: comma-separated) with a credentials file or a token.

        With `ca`, a file of certificates, the connection is encrypted, and one of these must have signed the server's
        certificate; without it, one that the system trusts. Answers come to subjects under `inbox_prefix`; JetStream is
        asked on those under `api_prefix`.

        Raises BusUnreachable if no server answers within about 3 s, BusUntrusted, and BusRefused if the credentials are
        refused.
        """
        servers = [server.strip() for server in url.split(",")]
        shown = ",".join(map(_without_credentials, servers))
        credentials = _read_credentials(shown, Path(creds)) if creds is not None else None
        trusted = _trusting(shown, ca) if ca is not None else None
        self = cls()
        self.api_prefix = api_prefix
        try:
            async with asyncio.timeout(FIRST_CONNECT):
                await self.connect(
                    servers=servers,
                    name=name,
                    user_credentials=credentials,
                    token=token,
                    tls=trusted,
                    inbox_prefix=inbox_prefix,
                    error_cb=self.on_error,
                    disconnected_cb=self.on_lost,
                    reconnected_cb=self.on_back,
                    closed_cb=self.on_closed,
                    allow_reconnect=False,
                    max_reconnect_attempts=2,
                    reconnect_time_wait=RECONNECT_WAIT,  # type: ignore[arg-type]
                    connect_timeout=2,
                    ping_interval=PING_INTERVAL,
                    pending_size=PENDING_SIZE,
                )
        except (nats.errors.Error, OSError, ValueError) as error:
            if self.is_connecting:
                # asyncio does not report the close of a connection whose TLS handshake failed.
                with suppress(TimeoutError):
                    async with asyncio.timeout(FIRST_CLOSE):
                        await self.close()
            raise self._first_failure(shown, error) from error
        # nats-py would also retry the first connection for ever, so reconnecting is allowed only now.
        self.options["allow_reconnect"] = True
        self.options["max_reconnect_attempts"] = -1
        self._opened = True
        self._standing.set()
        return self

    def _first_failure(self, shown: str, error: Exception) -> BusUnreachable | BusRefused | BusUntrusted:
        untrusted = next((one for one in (error, self._first_error) if isinstance(one, ssl.SSLError)), None)
        if untrusted is not None:
            return BusUntrusted(shown, getattr(untrusted, "verify_message", "") or said(untrusted))
        words = said(error).removeprefix("nats: ").strip("'")
        if "authoriz" in words.lower() or "authenti" in words.lower():
            return BusRefused(shown, words)
        if isinstance(error, TimeoutError) and self._first_error is None:
            return BusUnreachable(shown, f"no answer within {FIRST_CONNECT:g} s")
        return BusUnreachable(shown, said(self._first_error or error))

    @property
    def in_cluster(self) -> bool:
        """True if the connected server is one of a cluster."""
        return bool(self._server_info.get("cluster"))

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` at every loss and return of the connection, until the function that this returns is called."""
        self._next_watcher += 1
        key = self._next_watcher
        self._watchers[key] = watcher

        def unwatch() -> None:
            self._watchers.pop(key, None)

        return unwatch

    async def standing(self) -> None:
        """Return once connected. Raises ConnectionClosedError if the connection is closed for good."""
        while not self.is_connected:
            if self.is_closed:
                raise nats.errors.ConnectionClosedError
            # nats-py knows of a loss some time before `on_lost`: wait for the next return, not for an earlier one.
            self._standing.clear()
            await self._standing.wait()

    async def request(self, *args: Any, **kwargs: Any) -> Msg:
        """The request of nats-py, which can always be cancelled."""
        task = asyncio.current_task()
        before = task.cancelling() if task is not None else 0
        try:
            return await super().request(*args, **kwargs)
        finally:
            if task is not None and task.cancelling() > before:
                # nats-py waits with asyncio.wait_for, which before 3.12 swallows a cancellation that meets the answer.
                raise asyncio.CancelledError

    async def close(self) -> None:
        """Flush all publishes, then end the connection for good."""
        self._leaving = True
        try:
            await super().close()
        except (OSError, nats.errors.Error) as error:
            log.info("bus.closed_without_server", reason=said(error))

    def _tell(self, standing: bool) -> None:
        if standing:
            self._standing.set()
        else:
            self._standing.clear()
        for watcher in list(self._watchers.values()):
            try:
                watcher(standing)
            except Exception:  # one watcher's defect must not stop the other watchers or nats-py's reconnecting
                log.exception("bus.watcher_broke", standing=standing)

    async def on_lost(self) -> None:
        if self._opened and not self._leaving:
            log.warning("bus.lost", reason=str(self.last_error) if self.last_error else None)
        self._tell(False)

    async def on_back(self) -> None:
        self._told.clear()
        log.info("bus.back")
        self._tell(True)

    async def on_closed(self) -> None:
        if self._opened and not self._leaving:
            log.error("bus.closed", reason=str(self.last_error), help="start recado again")
        self._tell(False)
        self._standing.set()

    async def on_error(self, error: Exception) -> None:
        """Log each kind of error once per outage: while the server is away every attempt would repeat it."""
        if not self._opened:
            # `open` raises this error.
            self._first_error = self._first_error or error
            return
        words = f"{type(error).__name__}: {error}"
        if self._leaving or (words in self._told and not self._standing.is_set()):
            return
        self._told.add(words)
        unexpected = not isinstance(error, (nats.errors.Error, OSError, asyncio.TimeoutError))
        log.warning("bus.error", error=words, exc_info=error if unexpected else None)


def _trusting(url: str, ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise BusUntrusted(url, f"{ca} holds no certificates that can be read ({said(error)})") from error


def _read_credentials(url: str, file: Path) -> RawCredentials:
    """A credentials file as `nsc` writes it. Read and checked once: nats-py would look for a missing part for ever."""
    try:
        text = file.read_text()
        if "-----BEGIN NATS USER JWT-----" not in text:
            raise BusRefused(url, f"{file} is no credentials file (it has no user JWT)")
        seed = _SEED.search(text)
        nkeys.from_seed(bytearray(seed[1].encode() if seed else b""))
    except (OSError, UnicodeDecodeError) as error:
        raise BusRefused(url, f"the credentials file {file} cannot be read: {said(error)}") from error
    except (nkeys.NkeysError, ValueError) as error:
        raise BusRefused(url, f"{file} is no credentials file (it has no valid seed)") from error
    return RawCredentials(text)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url.strip() if "://" in url else f"nats://{url.strip()}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
