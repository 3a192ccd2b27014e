"""The KV bucket LEASES: small entries with revisions, written by compare-and-set. Some entries expire by themselves.

The bucket is in memory, so a restarted server has none, and the first writer makes it again. Layout and headers are
those of NATS KV: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md; time limits and their
markers: ADR-43; reading many entries with one request: ADR-31.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import nats.errors
import nats.js.errors
import structlog

from events.jetstream.api import (
    CONFLICT,
    NAME_IN_USE,
    NO_MESSAGE,
    STREAM_NOT_FOUND,
    ApiRefused,
    Done,
    StreamInfo,
    call,
    parse_headers,
)
from events.jetstream.connection import Bus
from events.jetstream.said import connection_failed, said
from events.log import LogUnavailable
from events.phrases import Phrase
from events.stores import LEASES

BUCKET = LEASES
STREAM = f"KV_{BUCKET}"

MARKER_TTL = 3.0
"""Seconds for which the server keeps the marker of an expired entry."""

ANSWER_WITHIN = 1.0
"""Seconds to wait for an answer: less than a lease lasts."""

MOST_BYTES = 4 * 1024**2
"""Bytes of the bucket. It is in the server's memory: without a limit its growth would stop the log too."""

LONGEST_VALUE = 4096
"""Bytes of an entry with its headers."""

_PREFIX = f"$KV.{BUCKET}."
_HEARD = "leases."
_ENDS = ("KV-Operation", "Nats-Marker-Reason")
_FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


log = structlog.get_logger("recado.leases")


class LeasesUnavailable(Exception):
    """The bucket does not answer, for `reason`; it is not known whether something was written."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


class Entry(msgspec.Struct, frozen=True):
    """An entry of the bucket.

    - `revision`: the revision that the next write has to name.
    - `value`: None if the key has no value, or no value any more.
    """

    revision: int = 0
    value: bytes | None = None


ABSENT = Entry()


class LeaseBucket:
    """The bucket on `bus`. Every method raises LeasesUnavailable.

    - `replicas`: servers that keep the bucket, if it has to be made.
    - `makes`: make the bucket if it is missing, and bound one that an older recado made without bounds. Instances do.
    """

    def __init__(self, bus: Bus, *, replicas: int = 1, makes: bool = True) -> None:
        self._bus = bus
        self._js = bus.jetstream(prefix=bus.api_prefix, timeout=ANSWER_WITHIN)
        self._replicas = replicas
        self._makes = makes

    async def ensure(self) -> None:
        """Make the bucket if it is missing."""
        await self._make()

    async def write(self, key: str, value: bytes, revision: int, *, ttl: float | None = None) -> int | None:
        """Write `value` over `revision` (0: no entry yet), for `ttl` seconds if given. Returns the new revision, or
        None if the entry has another one."""
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        return await self._publish(key, value, headers, ttl)

    async def delete(self, key: str, revision: int) -> bool:
        """Delete the entry at `revision`; False if it has another revision."""
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision), "KV-Operation": "DEL"}
        return await self._publish(key, b"", headers, None) is not None

    async def read(self, key: str) -> Entry:
        """The entry of `key`, from the bucket's leader."""
        try:
            message = await self._js.get_last_msg(STREAM, _PREFIX + key)
        except nats.js.errors.NotFoundError as error:
            if error.err_code in (STREAM_NOT_FOUND, NO_MESSAGE):
                return ABSENT
            raise LeasesUnavailable(connection_failed(error)) from error
        except _FAULTS as error:
            raise LeasesUnavailable(connection_failed(error)) from error
        return _entry(message.seq or 0, message.headers or {}, message.data or b"")

    async def read_all(self) -> dict[str, Entry]:
        """Every key with its entry, from any server of the bucket: in a cluster perhaps not the latest, but never a
        later write without an earlier one."""
        entries: dict[str, Entry] = {}
        whole: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def take(_subject: bytes, _reply: bytes, raw: bytes | None, body: bytes) -> None:
            headers = parse_headers(raw or b"")
            subject = headers.get("Nats-Subject", "")
            if subject.startswith(_PREFIX):
                entries[subject.removeprefix(_PREFIX)] = _entry(int(headers["Nats-Sequence"]), headers, body)
            elif not whole.done():
                status = (raw or b"").partition(b"\r\n")[0].removeprefix(b"NATS/1.0").strip().decode()
                whole.set_result(None if status.startswith(("204", "404")) else status)

        inbox = self._bus.new_inbox()
        request = msgspec.json.encode({"multi_last": [_PREFIX + ">"]})
        try:
            subscription = await self._bus.listen(inbox, take)
            try:
                await self._bus.publish(f"{self._bus.api_prefix}.DIRECT.GET.{STREAM}", request, reply=inbox)
                async with asyncio.timeout(ANSWER_WITHIN):
                    refused = await whole
            finally:
                await subscription.unsubscribe()
        except _FAULTS as error:
            raise LeasesUnavailable(connection_failed(error)) from error
        if refused is not None and not refused.startswith("503"):  # 503: the bucket is not made yet
            raise LeasesUnavailable(Phrase("the server refused it: %(words)s", words=refused))
        return entries

    async def watch(self, heard: Callable[[str, bytes], None]) -> None:
        """Call `heard` with key and value (empty: the entry ended) of every change from now on.

        The server publishes each change once, when it is stored, so listening costs next to nothing. Changes are missed
        while the connection is down; when it is up again, `heard` is called with an empty key.
        """

        def on_message(subject: bytes, _reply: bytes, _headers: bytes | None, body: bytes) -> None:
            heard(subject.decode(errors="replace").removeprefix(_HEARD), body)

        try:
            await self._bus.listen(_HEARD + ">", on_message)
            self._bus.watch(lambda standing: heard("", b"") if standing else None)
        except _FAULTS as error:
            raise LeasesUnavailable(connection_failed(error)) from error

    async def _publish(self, key: str, value: bytes, headers: dict[str, str], ttl: float | None) -> int | None:
        for _ in range(2):
            try:
                ack = await self._js.publish(_PREFIX + key, value, headers=headers, timeout=ANSWER_WITHIN, msg_ttl=ttl)
            except (nats.js.errors.NoStreamResponseError, nats.errors.NoRespondersError):
                # A restarted server has lost the bucket. The new one is empty: the expected revision decides the write.
                await self._make()
            except nats.js.errors.APIError as error:
                if error.err_code in CONFLICT:
                    return None
                raise LeasesUnavailable(connection_failed(error)) from error
            except _FAULTS as error:
                raise LeasesUnavailable(connection_failed(error)) from error
            else:
                return ack.seq
        raise LeasesUnavailable(Phrase("no stream %(stream)s takes the write", stream=STREAM))

    async def _make(self) -> None:
        if not self._makes:
            raise LeasesUnavailable(
                Phrase("there is no bucket %(bucket)s on the bus: start an instance, which makes it", bucket=BUCKET)
            )
        wanted = {"max_bytes": MOST_BYTES, "max_msg_size": LONGEST_VALUE}
        try:
            info = await self._find()
            if info is None:
                await call(self._bus, f"STREAM.CREATE.{STREAM}", Done, self._config() | wanted, within=ANSWER_WITHIN)
            elif any(info.config.get(field) != value for field, value in self._shape().items()):
                raise LeasesUnavailable(
                    Phrase(
                        "the bus has a bucket %(bucket)s with other settings (an older recado's?): stop all its "
                        "users and delete it, since it holds no lasting data, with the NATS CLI: nats stream rm "
                        "%(stream)s",
                        bucket=BUCKET,
                        stream=STREAM,
                    )
                )
            elif any(info.config.get(field) != value for field, value in wanted.items()):
                await call(self._bus, f"STREAM.UPDATE.{STREAM}", Done, info.config | wanted, within=ANSWER_WITHIN)
                log.info("leases.bounded", **wanted)
        except (ApiRefused, LogUnavailable) as error:
            if isinstance(error, ApiRefused) and error.fault.err_code == NAME_IN_USE:
                return  # another instance starts at the same moment and was faster
            raise LeasesUnavailable(
                Phrase("the bucket %(bucket)s cannot be made: %(detail)s", bucket=BUCKET, detail=said(error))
            ) from error

    async def _find(self) -> StreamInfo | None:
        try:
            return await call(self._bus, f"STREAM.INFO.{STREAM}", StreamInfo, within=ANSWER_WITHIN)
        except ApiRefused as refused:
            if refused.fault.err_code == STREAM_NOT_FOUND:
                return None
            raise

    def _shape(self) -> dict[str, Any]:
        return {
            "subjects": [_PREFIX + ">"],
            "storage": "memory",
            "max_msgs_per_subject": 1,
            "allow_msg_ttl": True,
            "allow_direct": True,
            "republish": {"src": _PREFIX + ">", "dest": _HEARD + ">"},
        }

    def _config(self) -> dict[str, Any]:
        return self._shape() | {
            "name": STREAM,
            "discard": "new",
            "deny_delete": True,
            "allow_rollup_hdrs": True,
            "duplicate_window": 120 * 10**9,
            "num_replicas": self._replicas,
            "subject_delete_marker_ttl": int(MARKER_TTL * 10**9),
        }


def _entry(revision: int, headers: dict[str, str], body: bytes) -> Entry:
    ended = not body or any(header in headers for header in _ENDS)
    return Entry(revision, None if ended else body)
