"""Fetches the files of messages into the object store.

A webhook is answered once its messages are in the log; each names the object that its file will have. This module reads
them from the log and fetches the files, so a fetch that a crash interrupted is done again. Only the turn that needs the
file waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog
import tenacity
from prometheus_client import Counter

from events.inbound import Media, Message
from events.jetstream.media_store import COMES_LATER, Object
from events.log import EventLog, Head, LogUnavailable, Tail
from events.recorded import Recorded
from events.subjects import account_filter
from gateways.cloud.download import Broken, Download, NotToBeHad
from gateways.delivery.checkpoint import CheckpointFile, Saved
from gateways.delivery.undeliverable import set_aside
from gateways.until_stopped import where_the_log_stands

AT_ONCE = 16
"""Files that are fetched at the same time."""

PATIENCE = 60.0
"""Seconds after which a file is given up; a turn waits longer for it."""

LONGEST_NAME = 1024
"""Bytes of an object's name. It is a subject too, and a server ends the connection of who sends a longer one."""

_SAVE_EVERY = 1.0

FETCHED = Counter("recado_media_fetched", "Files of messages, by what became of them", ["outcome"])

log = structlog.get_logger("recado.gateway")


class Store(Protocol):
    """The object store; every method raises LogUnavailable."""

    async def find(self, name: str) -> Object | None: ...

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> Object: ...

    async def give_up(self, name: str, reason: str, detail: str) -> None: ...


class Fetching:
    """Fetches the files of `account` in log order, with a checkpoint in `data_dir`. Files of messages older than `kept`
    are not fetched. `tail` reads the log; by default a reading of its own."""

    def __init__(
        self,
        event_log: EventLog,
        account: str,
        store: Store,
        download: Download,
        *,
        data_dir: Path,
        kept: timedelta,
        tail: Tail | None = None,
        patience: float = PATIENCE,
        wait: Callable[[tenacity.RetryCallState], float] | None = None,
    ) -> None:
        self._log = event_log
        self._account = account
        self._store = store
        self._download = download
        self._tail = tail or event_log.tail
        self._file = CheckpointFile(data_dir, account, "media")
        self._kept = kept
        self._patience = patience
        self._wait = wait or tenacity.wait_random_exponential(multiplier=0.5, max=10)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._in_flight: set[int] = set()
        self._seen = 0

    async def run(self) -> None:
        """Fetch until cancelled. Raises LogMismatch, LogUnavailable (the log is closed for good)."""
        head = await where_the_log_stands(self._log, self._account, asyncio.Event())
        assert head is not None  # noqa: S101 - the wait is never stopped
        saved = self._file.load()
        here = saved is not None and saved.created == head.created and saved.seq <= head.last
        self._seen = saved.seq if saved is not None and here else 0
        oldest, saved_at = head.now - self._kept, 0.0
        async with asyncio.TaskGroup() as tasks, aclosing(self._tail(self._seen, self._filter)) as batches:
            async for batch in batches:
                for recorded in batch:
                    wanted = self._sought(recorded)
                    if wanted is not None and recorded.at > oldest:
                        await self._slots.acquire()
                        self._in_flight.add(recorded.seq)
                        tasks.create_task(self._one(recorded, *wanted))
                    self._seen = recorded.seq
                if time.monotonic() - saved_at >= _SAVE_EVERY:
                    self._save(head)
                    saved_at = time.monotonic()

    @property
    def _filter(self) -> str:
        return account_filter(self._account).removesuffix(".*.*") + ".i.in"

    @property
    def _done(self) -> int:
        """The sequence up to which every message's file was fetched or given up."""
        return min(self._in_flight) - 1 if self._in_flight else self._seen

    def _save(self, head: Head) -> None:
        try:
            self._file.save(Saved(head.created, self._done, head.now))
        except OSError as error:
            # From an older checkpoint a restart looks again at files that are there already.
            log.warning("checkpoint_not_saved", account=self._account, reason=str(error), then="goes on without")

    def _sought(self, recorded: Recorded) -> tuple[str, Media] | None:
        """As _wanted; a message that cannot be looked at is passed over."""
        try:
            return _wanted(recorded)
        except Exception as defect:  # noqa: BLE001 - set_aside logs it
            set_aside(self._account, "fetching", recorded.seq, defect)
            return None

    async def _one(self, recorded: Recorded, kind: str, media: Media) -> None:
        try:
            outcome = await self._fetch(recorded, kind, media)
            FETCHED.labels(outcome).inc()
        except Exception as defect:  # noqa: BLE001 - set_aside logs it; one file must not end the gateway
            set_aside(self._account, "fetching", recorded.seq, defect)
        finally:
            self._in_flight.discard(recorded.seq)
            self._slots.release()

    async def _fetch(self, recorded: Recorded, kind: str, media: Media) -> str:
        """Fetch the file or give it up. Returns the outcome for the counter; raises no error of the network or bus."""
        name = media.object
        about = {"account": self._account, "chat": recorded.key.chat, "object": name, "kind": kind}
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((Broken, LogUnavailable)),
            wait=self._wait,
            stop=tenacity.stop_after_delay(self._patience),
            before_sleep=lambda state: log.info(
                "media_tried_again", **about, reason=str(state.outcome.exception() if state.outcome else "")
            ),
            reraise=True,
        )
        try:
            size: int = await retrying(self._once, name, kind)
        except NotToBeHad as failure:
            reason, detail = failure.reason, failure.detail
        except (Broken, LogUnavailable) as failure:
            reason, detail = "not_fetched", str(failure)
        except Exception as defect:  # one file must not end the gateway
            log.exception("media_fetching_broken", **about)
            reason, detail = "not_fetched", type(defect).__name__
        else:
            log.info("media_fetched", **about, size=size)
            return "fetched"
        log.warning("media_not_fetched", **about, reason=reason, detail=detail)
        try:
            await self._store.give_up(name, reason, detail)
        except LogUnavailable as failure:
            log.warning("media_not_given_up", **about, reason=str(failure), then="the turn stops waiting by itself")
        return reason

    async def _once(self, name: str, kind: str) -> int:
        there = await self._store.find(name)
        if there is not None:
            return there.size
        async with self._download.open(name.removeprefix(COMES_LATER), kind) as pieces:
            return (await self._store.put(name, pieces)).size


def _wanted(recorded: Recorded) -> tuple[str, Media] | None:
    """The kind and the file of a message whose file Meta still has. Raises ValueError."""
    event = recorded.event
    if not isinstance(event, Message) or event.media is None or not event.media.object.startswith(COMES_LATER):
        return None
    if len(event.media.object.encode()) > LONGEST_NAME:
        raise ValueError(f"the name of its file is longer than {LONGEST_NAME} bytes")
    return event.kind, event.media
