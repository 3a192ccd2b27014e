"""The part of JetStream's JSON API that the log uses.

Wire format: https://docs.nats.io/reference/reference-protocols/nats_api_reference; error codes: `server/errors.json`
of nats-server 2.15.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import nats.errors
import structlog

from events.jetstream.connection import Bus
from events.jetstream.said import said
from events.log import LogError, LogUnavailable, RawMessage
from events.phrases import Phrase

CONSUMER_NOT_FOUND = 10014
NO_PEERS = 10005
NO_MESSAGE = 10037
DELETE_FAILED = 10057
STORAGE_EXCEEDED = 10047
NAME_IN_USE = 10058
STREAM_NOT_FOUND = 10059
REPLICAS_NOT_SUPPORTED = 10074
STORE_FAILED = 10077
AWAY = frozenset({10008, 10009, 10118})
"""A cluster has no leader at the moment, or the stream's servers are away: temporary."""
FULL = frozenset({10002, 10023, STORAGE_EXCEEDED})
"""The account's, the server's or the disk's limit is reached."""
IN_PROCESS = 10158
"""The leader has a message with this id that it has not stored yet, and may never store."""
CONFLICT = frozenset({10071, 10164})
"""The expected sequence is not the last one (the second code: detected during replication)."""

TIMEOUT = 5.0
"""Seconds to wait for an answer of the API."""

CLUSTER_PATIENCE = 10.0
"""Seconds for which a cluster may have no leader, or too few servers, when a process starts."""


INSTANCE_PATIENCE = 10.0
"""Seconds for which a gateway waits for a stream that an instance makes."""


class ApiFault(msgspec.Struct, frozen=True):
    """JetStream's refusal.

    - `code`: a status as in HTTP.
    - `err_code`: the number in errors.json.
    - `description`: the text in errors.json.
    """

    code: int = 0
    err_code: int = 0
    description: str = ""


class ApiRefused(LogError):
    """JetStream refused a request of its API, for the reason `fault`."""

    def __init__(self, request: str, fault: ApiFault) -> None:
        super().__init__(
            Phrase(
                "the server refused %(request)s: %(words)s (%(code)s)",
                request=request,
                words=fault.description,
                code=str(fault.err_code),
            )
        )
        self.fault = fault


class StreamState(msgspec.Struct, frozen=True):
    """A stream's content. `subjects`: the number of messages of each subject that a request with `subjects_filter`
    matches, 100,000 subjects at most."""

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    subjects: dict[str, int] = {}


RESTORED = "recado.restored"
"""In the metadata of a restored stream, whose time of creation is the old one: fresh with each restore."""


class StreamInfo(msgspec.Struct, frozen=True):
    """A stream.

    - `config`: its configuration as stored.
    - `created`: the time of its creation.
    - `state`: its content.
    - `ts`: the server's clock.
    - `total`: the number of subjects that were asked for, of which `state` has one page.
    """

    config: dict[str, Any]
    created: datetime
    state: StreamState
    ts: datetime
    total: int = 0

    @property
    def identity(self) -> str:
        """Of the stream's content: a new stream of this name, and one that was restored, have others."""
        restored = (self.config.get("metadata") or {}).get(RESTORED, "")
        return f"{self.created.isoformat()} {restored}".rstrip()


class AccountLimits(msgspec.Struct, frozen=True):
    max_storage: int = -1


class AccountInfo(msgspec.Struct, frozen=True):
    limits: AccountLimits = AccountLimits()


class Done(msgspec.Struct, frozen=True):
    """An answer whose content is not needed."""


class StoredMessage(msgspec.Struct, frozen=True):
    subject: str
    seq: int
    time: datetime
    hdrs: str = ""
    data: str = ""

    def raw(self) -> RawMessage:
        return RawMessage(
            self.seq, self.subject, parse_headers(base64.b64decode(self.hdrs)), base64.b64decode(self.data)
        )


class MessageAnswer(msgspec.Struct, frozen=True):
    message: StoredMessage


class _Refusal(msgspec.Struct, frozen=True):
    error: ApiFault | None = None


_Answer = TypeVar("_Answer")
log = structlog.get_logger("recado.log")
_refusals = msgspec.json.Decoder(_Refusal)


async def call(
    bus: Bus, request: str, answer: type[_Answer], body: Mapping[str, Any] | None = None, *, within: float = TIMEOUT
) -> _Answer:
    """The answer to `$JS.API.<request>`, within `within` seconds. Raises ApiRefused, LogUnavailable."""
    payload = msgspec.json.encode(body) if body is not None else b""
    now = asyncio.get_running_loop().time
    limit = asyncio.timeout(within)
    # The connection takes its pending answers with it: waiting for one would be in vain.
    unwatch = bus.watch(lambda standing: None if standing or limit.expired() else limit.reschedule(now()))
    try:
        async with limit:
            message = await bus.request(f"{bus.api_prefix}.{request}", payload, timeout=2 * within)
    except nats.errors.NoRespondersError:
        raise LogUnavailable(Phrase("JetStream does not answer: the server starts, or has no JetStream")) from None
    except TimeoutError:
        raise LogUnavailable(
            Phrase(
                "no answer to %(request)s within %(within)s s, or before the connection was lost",
                request=request,
                within=f"{within:g}",
            )
        ) from None
    except (nats.errors.Error, OSError) as error:
        raise LogUnavailable(Phrase("%(request)s: %(detail)s", request=request, detail=said(error))) from error
    finally:
        unwatch()
    try:
        fault = _refusals.decode(message.data).error
        if fault is not None and fault.err_code in AWAY:
            raise LogUnavailable(
                Phrase(
                    "%(request)s: %(description)s (%(err_code)s)",
                    request=request,
                    description=fault.description,
                    err_code=fault.err_code,
                )
            )
        if fault is not None:
            raise ApiRefused(request, fault)
        return msgspec.json.decode(message.data, type=answer)
    except msgspec.DecodeError as error:
        raise LogUnavailable(
            Phrase("%(request)s: the answer cannot be read: %(error)s", request=request, error=error)
        ) from error


async def once_led(bus: Bus, attempt: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """The result of `attempt`. In a cluster, repeats it for CLUSTER_PATIENCE while it raises LogUnavailable: the
    servers elect a stream's leader each time a stream is made or a server goes. Raises the last LogUnavailable."""
    deadline = asyncio.get_running_loop().time() + CLUSTER_PATIENCE
    while True:
        is_late = asyncio.get_running_loop().time() >= deadline
        try:
            return await attempt()
        except LogUnavailable as fault:
            if is_late or not bus.in_cluster:
                raise
            log.info("log.awaits_cluster", reason=str(fault))
        await asyncio.sleep(0.25)


async def once_made(bus: Bus, stream: str, *, patience: float = INSTANCE_PATIENCE) -> StreamInfo | None:
    """The stream. Waits `patience` seconds while an instance that starts at the same moment makes it; None if it is not
    there then. Raises ApiRefused, LogUnavailable."""
    deadline = asyncio.get_running_loop().time() + patience
    is_told = False
    while True:
        is_late = asyncio.get_running_loop().time() >= deadline
        try:
            return await once_led(bus, lambda: call(bus, f"STREAM.INFO.{stream}", StreamInfo))
        except ApiRefused as refused:
            if refused.fault.err_code != STREAM_NOT_FOUND:
                raise
        if is_late:
            return None
        if not is_told:
            log.info("log.awaits_instance", stream=stream, seconds=patience)
            is_told = True
        await asyncio.sleep(0.1)


async def stored_message(bus: Bus, stream: str, which: Mapping[str, Any]) -> StoredMessage | None:
    """The leader's message of `stream` under `{"seq": …}` or `{"last_by_subj": …}`; None if there is none (any more).
    Raises LogUnavailable."""
    try:
        return (await call(bus, f"STREAM.MSG.GET.{stream}", MessageAnswer, which)).message
    except ApiRefused as refused:
        if refused.fault.err_code == NO_MESSAGE:
            return None
        raise LogUnavailable(refused.reason) from refused


async def erase_message(bus: Bus, stream: str, seq: int) -> None:
    """Delete the message at `seq` of `stream`; the server overwrites its bytes on disk (JetStream's secure delete,
    which is the default of a delete). No error if it is gone already. Raises LogUnavailable."""
    try:
        await call(bus, f"STREAM.MSG.DELETE.{stream}", Done, {"seq": seq})
    except ApiRefused as refused:
        if refused.fault.err_code not in (NO_MESSAGE, DELETE_FAILED):
            raise LogUnavailable(refused.reason) from refused
        if await stored_message(bus, stream, {"seq": seq}) is not None:
            raise LogUnavailable(refused.reason) from refused


def parse_headers(raw: bytes) -> dict[str, str]:
    """The headers of a stored message (`NATS/1.0`, then `Name: value` lines)."""
    headers = {}
    for line in raw.decode("utf-8", "replace").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    return headers
