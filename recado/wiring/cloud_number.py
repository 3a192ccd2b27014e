"""Puts the gateway of one business number together: its replies, its files, its line of the webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any, NamedTuple

import aiohttp
import structlog

from actors.leases.lease import Lease
from events.backoff import Backoff
from events.files import Files
from events.jetstream.connection import Bus
from events.jetstream.media_store import MediaStore
from events.log import EventLog, LogError, Tail
from events.parts import Part as Content
from events.recorded import Recorded
from events.subjects import ChatKey, token
from gateways.cloud.account_notes import AccountNotes
from gateways.cloud.circuit_breaker import PAUSED
from gateways.cloud.download import Download
from gateways.cloud.fetching import Fetching
from gateways.cloud.graph import Graph
from gateways.cloud.lines import Line
from gateways.cloud.messages import messages_of
from gateways.cloud.sender import CloudSender
from gateways.cloud.template_forms import TemplateForms
from gateways.cloud.template_list import TemplateList
from gateways.cloud.throughput import Followed, NumberAsked, Throughput
from gateways.cloud.token import Token
from gateways.cloud.typing_indicator import TypingIndicator
from gateways.cloud.uploading import Uploading
from gateways.cloud.uploads import Uploads
from gateways.cloud.window_template import window_part
from gateways.delivery.checkpoint import CheckpointFile, GatewayRunning
from gateways.delivery.delivery import Delivery
from gateways.delivery.our_messages import sent_as
from gateways.delivery.running_turns import RunningTurns
from gateways.delivery.sender import Part
from gateways.intake import People
from gateways.templates.known import TemplatesUnread
from gateways.templates.window import read
from gateways.until_stopped import end, where_the_log_stands
from recado.settings.numbers import throughput_of, token_of
from recado.settings.secrets import SecretUnusable
from recado.settings.settings import Settings
from recado.settings.whatsapp import Number
from recado.wiring.lifecycle import together, while_held
from recado.wiring.templates import answer

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

log = structlog.get_logger("recado")


class Replies:
    """The sending of replies, which begins again each time the lease is taken.

    - `templates`: those of the number; without them no template with a file can be sent.
    - `tail`: reads the log; by default a reading of its own.
    - `ask`, `per_second`: as of gateways.cloud.throughput.Followed.
    """

    def __init__(
        self,
        settings: Settings,
        account: str,
        event_log: EventLog,
        graph: Graph,
        people: People | None = None,
        *,
        uploads: Uploads,
        templates: TemplateList | None = None,
        tail: Tail | None = None,
        ask: Callable[[], Awaitable[Throughput]] | None = None,
        per_second: int | None = None,
    ) -> None:
        self.started = asyncio.Event()
        """Set once every later reply is delivered for certain."""
        self._settings = settings
        self._account = account
        self._log = event_log
        self._graph = graph
        self._uploads = uploads
        self._people = people
        self._templates = templates
        self._tail = tail
        self._ask, self._per_second = ask, per_second
        self._stopped = False
        self._throughput: Followed | None = None
        self._delivery: Delivery | None = None
        self._sender: CloudSender | None = None

    async def deliver(self) -> None:
        """Deliver until `stop`. Raises GatewayRunning, LogMismatch, LogUnavailable."""
        notes = AccountNotes(self._log, self._account)
        chosen = self._settings.window_template
        window = read(chosen) if chosen is not None else None

        async def instead(part: Part) -> Content:
            assert window is not None  # noqa: S101 - the sender sends no other template
            return await window_part(self._log, ChatKey(part.account, part.chat), part.reply, window)

        sender = self._sender = CloudSender(
            self._graph,
            self._account,
            window.ref if window is not None else None,
            notes.sending,
            self._people,
            uploads=self._uploads,
            sent=partial(sent_as, self._log),
            window=instead,
            forms=TemplateForms(self._templates),
        )
        if (code := await notes.paused_for()) is not None:
            sender.was_paused(code)
        turns = RunningTurns(TypingIndicator(self._graph).show)

        def allowed(found: Throughput) -> None:
            sender.allow(found.per_second)
            if found.source != "default":
                notes.throughput(found)

        throughput = self._throughput = Followed(self._account, self._ask, self._per_second, allowed)
        asking = asyncio.create_task(throughput.run())

        def observe(recorded: Recorded) -> None:
            live = recorded.seq > delivery.began_at
            sender.observe(recorded, live=live)
            if live:
                turns.observe(recorded)

        delivery = self._delivery = Delivery(
            self._log,
            self._account,
            sender,
            data_dir=self._settings.data,
            tail=self._tail,
            observe=observe,
            split=messages_of,
            ready=sender.ready,
            in_doubt_timeout=self._settings.doubt_seconds,
            on_timeout=self._settings.in_doubt,
            give_up_after=self._settings.give_up_after,
        )
        self.started = delivery.started
        if self._stopped:
            delivery.stop()
        try:
            await delivery.run()
        finally:
            PAUSED.labels(self._account).set(0)  # who sends for it now tells of it
            turns.close()
            await self._uploads.close()
            await end(asking)
            await notes.close()
            self._delivery = self._sender = self._throughput = None

    def heard(self) -> None:
        """Ask for the throughput at once: there is news of the account."""
        if self._throughput is not None:
            self._throughput.hurry()

    def hurry(self) -> None:
        """Try a message at once, if sending is paused."""
        if self._sender is not None:
            self._sender.token_changed()

    def stop(self) -> bool:
        """Begin nothing new; messages that are being sent get their outcomes. Returns whether a delivery runs here."""
        self._stopped = True
        if self._delivery is not None:
            self._delivery.stop()
        return self._delivery is not None


class Parts(NamedTuple):
    """The things that the numbers of a process share.

    - `store`: keeps the files that come in; `files`: reads those that go out.
    - `tail`: reads the log; None: each reads it by itself.
    - `bus`: where templates are asked for; None: nowhere.
    """

    settings: Settings
    log: EventLog
    session: aiohttp.ClientSession
    store: MediaStore
    files: Files
    people: People
    tail: Tail | None
    bus: Bus | None = None


def _first(settings: Settings, number: Number) -> str:
    """The token at the start; empty if there is none yet, which Meta refuses until there is one."""
    try:
        return token_of(settings, number.id) or ""
    except SecretUnusable as wrong:
        log.error("token_unreadable", account=number.account, reason=str(wrong), then="sends nothing yet")  # noqa: TRY400
        return ""


class CloudNumber:
    """The gateway of one number, which sends while it holds the number's lease."""

    def __init__(self, number: Number, parts: Parts, lease: Callable[[], Lease]) -> None:
        settings, account, url = parts.settings, number.account, parts.settings.whatsapp_graph_url
        self.line = Line(account)
        """The number, for the webhook."""
        self._account = account
        self._parts = parts
        self._lease = lease
        self._token = Token(account, _first(settings, number), lambda: token_of(settings, number.id, again=True))
        graph = Graph(parts.session, url, number.id, self._token)
        uploading = Uploading(parts.session, url, number.id, self._token)
        uploads = Uploads(uploading, parts.files, settings.data / f"uploads-{token(account)}.json")
        self._templates = TemplateList(parts.session, url, number.id, self._token)
        self._replies = Replies(
            settings,
            account,
            parts.log,
            graph,
            parts.people,
            uploads=uploads,
            templates=self._templates,
            tail=parts.tail,
            ask=NumberAsked(parts.session, url, number.id, self._token),
            per_second=throughput_of(settings, number),
        )
        self._fetching = Fetching(
            parts.log,
            account,
            parts.store,
            Download(parts.session, url, number.id, self._token),
            data_dir=settings.data,
            kept=settings.media_kept,
            tail=parts.tail,
        )

    async def run(self) -> None:
        """Serve the number until `stop`. Raises LogMismatch, LogUnavailable (the log is closed for good)."""
        if (head := await where_the_log_stands(self._parts.log, self._account, asyncio.Event())) is not None:
            CheckpointFile(self._parts.settings.data, self._account).begin(head)
        pause = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while True:
            try:
                return await together(
                    while_held(self._lease(), self._work),
                    self.line.known.follow(self._parts.log, self._account, self._parts.tail),
                    *self._answers(),
                )
            except GatewayRunning as other:
                log.warning("gateway_waits", account=self._account, reason=str(other), retry_in=pause.seconds)
            except LogError:
                raise
            except Exception:  # a defect of one number must not end the others
                log.exception("gateway_broken", account=self._account, retry_in=pause.seconds)
            await pause.wait()

    def _answers(self) -> Iterator[Coroutine[Any, Any, None]]:
        if self._parts.bus is not None:
            yield answer(self._parts.bus, self._account, self._templates)

    async def _work(self) -> None:
        checking = asyncio.create_task(self._check_window())
        try:
            await together(self._replies.deliver(), self._fetching.run())
        finally:
            await end(checking)

    async def _check_window(self) -> None:
        """Log what makes RECADO_WINDOW_TEMPLATE unusable, by Meta's own form of it."""
        chosen = self._parts.settings.window_template
        if chosen is None:
            return
        try:
            wrong = list(read(chosen).faults(await self._templates.known()))
        except TemplatesUnread as refusal:
            log.warning("window_template_unchecked", account=self._account, reason=str(refusal))
            return
        for fault in wrong:
            log.error("window_template_unusable", account=self._account, template=chosen, reason=fault)

    async def look_again(self) -> None:
        """Read the token again."""
        if await asyncio.to_thread(self._token.look_again):
            self._replies.hurry()

    def heard(self) -> None:
        """Take note that there is news of the account."""
        self._replies.heard()

    def stop(self) -> bool:
        """Begin nothing new. Returns whether messages may be on the wire."""
        return self._replies.stop()
