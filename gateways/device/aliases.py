"""The canonical names of people: the KV bucket ALIASES, which keeps the first canonical name of each person.

WhatsApp names a person by number or by a LID that hides the number, and later by both. A chat must not change its name
then, so the first canonical name is written once and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import nats.errors
import nats.js.errors
import structlog
from nats.js.api import KeyValueConfig, StorageType
from nats.js.client import JetStreamContext
from nats.js.kv import KeyValue

from events.jetstream.api import STORAGE_EXCEEDED, ApiRefused, StreamInfo, call, once_led, once_made
from events.jetstream.connection import Bus, said
from events.log import LogUnavailable
from events.stores import ALIASES
from events.subjects import token

BUCKET = ALIASES
STREAM = f"KV_{BUCKET}"

MOST_BYTES = 32 * 1024**2
"""Bytes of the bucket, about 150,000 names; fewer where the server has less room. When it is full, new people wait."""

_FEWEST_BYTES = 1024**2

_FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)
_MOST_KNOWN = 50_000

log = structlog.get_logger("recado.gateway")


class Aliases:
    """The names of the people who write to `account`. Every method raises LogUnavailable."""

    def __init__(self, bucket: KeyValue, account: str) -> None:
        self._bucket = bucket
        self._account = account
        self._known: dict[str, str] = {}

    @classmethod
    async def open(cls, bus: Bus, account: str, *, replicas: int = 1, makes: bool = True) -> Aliases:
        """The bucket on `bus`. With `makes`, which only an instance passes, a missing bucket is made with `replicas`
        replicas."""
        return cls(await once_led(bus, lambda: _ensure(bus, replicas, makes)), account)

    async def canonical(self, names: Sequence[str]) -> str:
        """The canonical name of the person with these names; for a new person, the first of them."""
        first = ""
        for name in names:
            first = first or await self._find(name) or ""
        first = first or names[0]
        # The canonical name goes first, so that two gateways that do this at the same moment agree.
        for name in dict.fromkeys((first, *names)):
            kept = await self._keep(name, first)
            first = kept if name == first else first
        return first

    async def _find(self, name: str) -> str | None:
        if name in self._known:
            return self._known[name]
        try:
            entry = await self._bucket.get(self._key(name))
        except nats.js.errors.NotFoundError:
            return None
        except _FAULTS as error:
            raise LogUnavailable(f"the bucket {BUCKET} does not answer: {said(error)}") from error
        return self._learn(name, (entry.value or b"").decode())

    async def _keep(self, name: str, canonical: str) -> str:
        """Write `canonical` for `name`. Returns the written name, which is another one if it was there before."""
        if name in self._known:
            return self._known[name]
        try:
            await self._bucket.create(self._key(name), canonical.encode())
        except nats.js.errors.KeyWrongLastSequenceError:
            return await self._find(name) or canonical
        except _FAULTS as error:
            raise LogUnavailable(f"the bucket {BUCKET} does not take it: {said(error)}") from error
        return self._learn(name, canonical)

    def _learn(self, name: str, canonical: str) -> str:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[name] = canonical
        return canonical

    def _key(self, name: str) -> str:
        return f"{token(self._account)}.{token(name)}"


async def _ensure(bus: Bus, replicas: int, makes: bool) -> KeyValue:
    js = bus.jetstream(timeout=5.0)
    try:
        try:
            bucket = await js.key_value(BUCKET)
            if makes:
                await _bound(bus)
        except nats.js.errors.NotFoundError:
            if not makes and await once_made(bus, STREAM) is not None:
                return await js.key_value(BUCKET)
            if not makes:
                raise LogUnavailable(
                    f"there is no bucket {BUCKET} on the bus: start an instance first, which makes it"
                ) from None
            return await _make(js, replicas)
        else:
            return bucket
    except (ApiRefused, *_FAULTS) as error:
        raise LogUnavailable(f"the bucket {BUCKET} cannot be had: {said(error)}") from error


async def _make(js: JetStreamContext, replicas: int) -> KeyValue:
    room = MOST_BYTES
    while True:
        config = KeyValueConfig(bucket=BUCKET, storage=StorageType.FILE, replicas=replicas, max_bytes=room)
        try:
            return await js.create_key_value(config)
        except nats.js.errors.APIError as refused:
            if refused.err_code != STORAGE_EXCEEDED or room <= _FEWEST_BYTES:
                raise
            room //= 2


async def _bound(bus: Bus) -> None:
    """Limit a bucket that an older recado made without a limit. It serves without one too."""
    try:
        info = await call(bus, f"STREAM.INFO.{STREAM}", StreamInfo)
        if info.config.get("max_bytes", -1) <= 0:
            room = max(MOST_BYTES, 2 * info.state.bytes)
            await call(bus, f"STREAM.UPDATE.{STREAM}", StreamInfo, info.config | {"max_bytes": room})
            log.info("aliases.bounded", max_bytes=room)
    except (ApiRefused, LogUnavailable) as error:
        help_ = f"let instances update {STREAM}: see deploy/nats/roles.conf"
        log.warning("aliases.not_bounded", reason=str(error), help=help_)
