"""The link to a person's WhatsApp: pairing, the connection, and the loop that brings its events.

neonize (https://github.com/krypton-byte/neonize) runs whatsmeow in this process. Its event loop ends for good at an
event that it cannot decode (a name that is no UTF-8 is enough); the gateway then starts it again with a new client. A
fault that only a person can repair ends the gateway with a message.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from neonize.aioze.client import NewAClient
from neonize.exc import NeonizeError, SendMessageError
from neonize.proto import Neonize_pb2 as neonize
from neonize.proto.Neonize_pb2 import JID, UploadResponse
from neonize.proto.Neonize_pb2 import Message as MessageEvent
from neonize.utils.enum import ChatPresence, ChatPresenceMedia, MediaType, Presence, ReceiptType

from events.backoff import Backoff
from events.jid import number_of
from events.private_file import open_private
from gateways.device.errors import failure_of
from gateways.device.outgoing import message_of
from gateways.device.pairing import Pairing, PairingFailed
from gateways.device.parsing import names
from gateways.device.receiving import Receiving
from gateways.device.wire import Outgoing, Quote, Receive
from gateways.until_stopped import end

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 120.0
_LET_GO_WITHIN = 5.0
_MEDIA = {
    "image": MediaType.MediaImage,
    "sticker": MediaType.MediaImage,
    "video": MediaType.MediaVideo,
    "audio": MediaType.MediaAudio,
    "document": MediaType.MediaDocument,
}

log = structlog.get_logger("recado.gateway")


class DeviceLoggedOut(Exception):
    """The phone has removed this device, and its session is gone."""

    def __init__(self) -> None:
        super().__init__(
            "WhatsApp has logged this device out (somebody removed it on the phone, or WhatsApp did). "
            "Start `recado gateway device` again to pair it; replies wait in the log until then"
        )


class DeviceReplaced(Exception):
    """Another process is connected with the same session."""

    def __init__(self) -> None:
        super().__init__(
            "another process connected with this device's session, which one at a time can do: end it, "
            "or pair a device of its own for it (another RECADO_DATA)"
        )


class DeviceBanned(Exception):
    """WhatsApp has banned this number for `seconds`; `reason` is WhatsApp's reason."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(
            f"WhatsApp has banned this number for {seconds / 3600:.1f} hours ({reason}). Leave it alone until then, "
            "and think of a business number: docs/whatsapp.md"
        )
        self.reason = reason
        self.seconds = seconds


class DeviceOutdated(Exception):
    """WhatsApp no longer accepts this release of neonize."""

    def __init__(self) -> None:
        super().__init__("WhatsApp does not take this release of neonize any more: install a newer recado")


_STATES = (
    neonize.PairStatus,
    neonize.Connected,
    neonize.Disconnected,
    neonize.LoggedOut,
    neonize.StreamReplaced,
    neonize.TemporaryBan,
    neonize.ClientOutdated,
    neonize.ConnectFailure,
    neonize.UndecryptableMessage,
)


class Session:
    """A linked device as the gateway's Link. Its session is in `database`, a SQLite file of whatsmeow."""

    def __init__(
        self,
        database: Path,
        pairing: Pairing,
        *,
        client: Callable[..., NewAClient] = NewAClient,
    ) -> None:
        self._database = database
        self._pairing = pairing
        self._make_client = client
        self._client: NewAClient | None = None
        self._connected = asyncio.Event()
        self._names = count()
        self._own_names: tuple[str, ...] = ()

    async def run(self, receive: Receive) -> None:
        """Stay connected until cancelled. Raises DeviceLoggedOut, DeviceReplaced, DeviceBanned, DeviceOutdated,
        PairingFailed, PairingTimedOut; exceptions of `receive` pass through."""
        self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(open_private(self._database))  # a reader of the file can act as this device
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            reason = await self._live(receive)
            if self._connected.is_set():
                pause.reset()
            else:
                pause.grow()
            self._connected.clear()
            log.error("device_loop_ended", reason=reason, begun_again_in=pause.seconds)
            await asyncio.sleep(pause.seconds)

    async def _live(self, receive: Receive) -> str:
        """Run one client until it ends; returns the reason."""
        # A name of its own: when neonize drops an earlier client, it ends each client with that name.
        client = self._make_client(str(self._database), uuid=f"recado-{next(self._names)}")
        receiving = Receiving(
            client, (*_STATES, MessageEvent, neonize.Receipt), lambda event: self._on_event(event, receive)
        )
        self._pairing.watch(client)
        dealing = asyncio.create_task(receiving.run())
        pairing = asyncio.create_task(self._pairing.timed_out())
        living: asyncio.Task[Any] | None = None
        try:
            living = await client.connect()
            self._client = client
            await asyncio.wait({living, dealing, pairing}, return_when=asyncio.FIRST_COMPLETED)
            for task in (dealing, pairing):
                if task.done():
                    task.result()
            await living
        except NeonizeError as failure:
            return str(failure) or type(failure).__name__
        else:
            return "neonize gave no reason"
        finally:
            self._client = None
            receiving.close()
            await end(dealing, pairing)
            await self._let_go(client, living)

    async def _let_go(self, client: NewAClient, living: asyncio.Task[Any] | None) -> None:
        try:
            async with asyncio.timeout(_LET_GO_WITHIN):
                await client.stop()
                if living is not None:
                    await asyncio.gather(living, return_exceptions=True)
        except TimeoutError:
            log.warning("device_not_let_go", then="its thread ends with the process")

    async def _on_event(self, event: Any, receive: Receive) -> None:
        match event:
            case neonize.Connected():
                self._pairing.paired()
                self._connected.set()
                log.info("device_connected")
                await self._say_name()
            case neonize.Disconnected():
                self._connected.clear()
                log.warning("device_disconnected", then="it connects again by itself")
            case neonize.PairStatus() if event.Status == neonize.PairStatus.ERROR:
                raise PairingFailed(event.Error)
            case neonize.PairStatus():
                self._pairing.paired()
                log.info("device_paired")
            case neonize.LoggedOut():
                raise DeviceLoggedOut
            case neonize.StreamReplaced():
                raise DeviceReplaced
            case neonize.TemporaryBan():
                reason = neonize.TemporaryBan.TempBanReason.Name(event.Code).lower().replace("_", " ")
                raise DeviceBanned(reason, event.Expire)
            case neonize.ClientOutdated():
                raise DeviceOutdated
            case neonize.ConnectFailure():
                log.warning("device_not_connected", reason=event.Message, code=event.Reason)
            case neonize.UndecryptableMessage():
                log.warning("message_not_decrypted", id=event.Info.ID, then="its sender is asked to send it again")
            case _:
                await receive(event)

    async def _say_name(self) -> None:
        """Send a presence, so that WhatsApp shows the owner's name with messages. It is "away": the phone stays silent
        while another device of its owner is present."""
        try:
            await self._linked.send_presence(Presence.UNAVAILABLE)
        except NeonizeError as failure:
            log.info("presence_not_sent", reason=str(failure))

    # The Phone.

    async def ready(self) -> None:
        await self._connected.wait()

    async def upload(self, kind: str, content: bytes) -> UploadResponse:
        return await self._linked.upload(content, _MEDIA[kind])

    async def send(self, chat: str, said: str | Outgoing, quote: Quote | None) -> str:
        message = message_of(chat, said, quote)
        try:
            answer = await self._linked.send_message(_jid(chat), message)
        except SendMessageError as error:
            raise failure_of(str(error)) from error
        return str(answer.ID)

    async def typing(self, chat: str, *, on: bool) -> None:
        state = ChatPresence.CHAT_PRESENCE_COMPOSING if on else ChatPresence.CHAT_PRESENCE_PAUSED
        await self._linked.send_chat_presence(_jid(chat), state, ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT)

    async def read(self, chat: str, message: str) -> None:
        await self._linked.mark_read(message, chat=_jid(chat), sender=_jid(chat), receipt=ReceiptType.READ)

    async def number_of(self, lid: str) -> str | None:
        try:
            number = await self._linked.get_pn_from_lid(_jid(lid))
        except NeonizeError as failure:
            log.debug("number_not_known", reason=str(failure))
            return None
        return f"{number.User}@{number.Server}" if number.User else None

    async def own_names(self) -> tuple[str, ...]:
        if not self._own_names:
            try:
                me = await self._linked.get_me()
            except NeonizeError as failure:
                log.debug("own_name_not_known", reason=str(failure))
                return ()
            self._own_names = names(me.JID, me.LID) if me.JID.User else ()
        return self._own_names

    async def load(self, event: MessageEvent) -> bytes:
        return bytes(await self._linked.download_any(event.Message))

    @property
    def _linked(self) -> NewAClient:
        """The connected client. Raises NotSent without a connection: whatsmeow would end the process."""
        if self._client is None or not self._connected.is_set():
            raise failure_of("websocket not connected")
        return self._client


def _jid(name: str) -> JID:
    server = name.partition("@")[2]
    return JID(User=number_of(name), Server=server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
