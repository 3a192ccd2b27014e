"""Puts `recado gateway device` together: a process of its own that shares only the bus with the others."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import structlog

from events.files import Files as FilesOfReplies
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.jetstream.stored_files import StoredFiles
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import token
from gateways.delivery.delivery import Delivery
from gateways.delivery.running_turns import RunningTurns
from gateways.device.files import Files, Store
from gateways.device.inbox import Inbox
from gateways.device.messages import messages_of
from gateways.device.pairing import Pairing
from gateways.device.quotable import Quotable
from gateways.device.sender import DeviceSender
from gateways.device.sent_files import SentFiles
from gateways.device.session import Session
from gateways.device.typing_indicator import TypingIndicator
from gateways.device.wire import Link
from gateways.intake import People
from recado.private_data import close_to_others
from recado.settings.settings import Settings
from recado.settings.whatsapp import UNSET_ACCOUNT
from recado.wiring.gateway import DRAIN, join, keep_gateway
from recado.wiring.lifecycle import Lifetime, together, until_stopped
from recado.wiring.names import keep_names

ACCOUNT = "device"
"""The account of `recado gateway device` if RECADO_ACCOUNT is unset."""

log = structlog.get_logger("recado")


async def run_device(settings: Settings, account: str | None, phone: str | None) -> None:
    """Run the linked device until stopped. A new device is linked first, by a code for `phone` or by a QR code.

    Raises DeviceLoggedOut, DeviceReplaced, DeviceBanned, DeviceOutdated, PairingFailed, PairingTimedOut,
    GatewayRunning, BusClosed.
    """
    close_to_others(settings.data)
    asyncio.get_running_loop().set_default_executor(_DaemonThreads())
    account = account or (settings.account if settings.account != UNSET_ACCOUNT else ACCOUNT)

    async def start(life: Lifetime) -> None:
        bus, event_log = await join(life, settings)
        await start_device(life, settings, account, phone, bus=bus, event_log=event_log)

    await until_stopped(start, patience=DRAIN)


async def start_device(
    life: Lifetime, settings: Settings, account: str, phone: str | None, *, bus: Bus, event_log: JetStreamLog
) -> None:
    """Be the linked device of `account` while its lease is held."""
    device = Device(
        settings,
        account,
        event_log,
        await keep_names(life, bus, event_log, account, data=settings.data),
        await MediaStore.join(bus),
        sent=StoredFiles(bus),
        link=lambda: Session(database_of(settings.data, account), Pairing(click.echo, phone)),
    )
    keep_gateway(life, bus, "device", account, work=device.run, stop=device.stop)
    log.info("started", account=account, best_effort="see docs/device.md for the risks")


class Device:
    """The gateway of `account`. Each time the lease is taken it begins again, with a new link of `link`."""

    def __init__(
        self,
        settings: Settings,
        account: str,
        event_log: EventLog,
        people: People,
        store: Store,
        *,
        sent: FilesOfReplies,
        link: Callable[[], Link],
    ) -> None:
        self.started = asyncio.Event()
        """Set once every later reply is delivered for certain."""
        self._settings = settings
        self._account = account
        self._log = event_log
        self._people = people
        self._store = store
        self._sent = sent
        self._link = link
        self._stopped = False
        self._delivery: Delivery | None = None

    async def run(self) -> None:
        link = self._link()
        files = Files(self._store, link)
        inbox = Inbox(self._log, self._account, link, self._people, files)
        quotable = Quotable()
        sender = DeviceSender(link, quotable, SentFiles(self._sent, link), self._settings.in_doubt)
        turns = RunningTurns(TypingIndicator(link, quotable).show)

        def observe(recorded: Recorded) -> None:
            sender.observe(recorded)
            if recorded.seq > delivery.began_at:
                turns.observe(recorded)

        delivery = self._delivery = Delivery(
            self._log,
            self._account,
            sender,
            data_dir=self._settings.data,
            observe=observe,
            split=messages_of,
            ready=sender.ready,
            on_timeout=self._settings.in_doubt,
        )
        self.started = delivery.started
        if self._stopped:
            delivery.stop()

        async def connected() -> None:
            await delivery.started.wait()  # from then on no other process uses the session in this data folder
            await link.run(inbox.receive)

        try:
            await together(delivery.run(), connected(), inbox.sent.follow(self._log, self._account))
        finally:
            turns.close()
            files.close()
            self._delivery = None

    def stop(self) -> bool:
        """Begin nothing new; messages that are being sent get their outcomes. Returns whether a delivery runs here."""
        self._stopped = True
        if self._delivery is not None:
            self._delivery.stop()
        return self._delivery is not None


def database_of(data: Path, account: str) -> Path:
    """The file of the account's session. A reader of the file can act as that device."""
    return data / f"device-{token(account)}.db"


class _DaemonThreads(concurrent.futures.ThreadPoolExecutor):
    """Runs each call in a daemon thread, which keeps no process alive: neonize's calls do not end while the device is
    not linked."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - the waiting caller gets it
                future.set_exception(error)

        threading.Thread(target=work, name="neonize", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Return at once: daemon threads need no shutdown."""
