"""Puts `recado gateway cloud` together: a process of its own that shares only the bus with the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex
from typing import Any

import click
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.leases.bucket import LeaseBucket
from actors.leases.lease import Lease
from actors.leases.members import Holder
from console.server import bind, serving
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.log import EventLog
from events.recorded import Recorded
from events.subjects import token
from gateways.cloud.download import Download
from gateways.cloud.fetching import Fetching
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.sender import CloudSender
from gateways.cloud.typing_indicator import TypingIndicator
from gateways.cloud.webhook import PATH, Webhook
from gateways.delivery.delivery import Delivery
from gateways.delivery.texts import texts_of
from recado.private_data import close_to_others
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import Settings
from recado.settings.whatsapp import cloud_account, problems
from recado.wiring.connect import connect
from recado.wiring.lifecycle import bus_closed, stop_signal, together, while_held

log = structlog.get_logger("recado")

DRAIN = 35.0
"""Seconds for the outcomes of messages that are being sent when the gateway is stopped; later ones are in doubt."""


async def run_cloud(settings: Settings, account: str | None) -> None:
    """Take webhooks and send replies until stopped. Raises SettingsInvalid, PortInUse, GatewayRunning, BusClosed."""
    wrong = list(problems(settings))
    if wrong:
        raise SettingsInvalid(wrong)
    close_to_others(settings.data)
    stop = stop_signal()
    account = account or cloud_account(settings.account, settings.whatsapp_phone_number_id)
    async with _running(settings, account) as (replies, tasks):
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        log.info("stopping", patience=DRAIN)
        if replies.stop():
            await asyncio.wait(tasks[:1], timeout=DRAIN)
    for task in done - {waiting}:
        task.result()


@asynccontextmanager
async def _running(settings: Settings, account: str) -> AsyncIterator[tuple[Replies, list[asyncio.Task[Any]]]]:
    """Start everything in order. Yields the tasks that run until the stop, the sending of replies first."""
    async with AsyncExitStack() as stack:
        tasks: list[asyncio.Task[Any]] = []

        def keep(work: Coroutine[Any, Any, None]) -> None:
            task = asyncio.create_task(work)
            tasks.append(task)
            stack.push_async_callback(_end, task)

        listener = stack.enter_context(
            contextlib.closing(bind(settings.webhook_port, settings.webhook_host, "RECADO_WEBHOOK_PORT"))
        )
        bus = await connect(settings)
        stack.push_async_callback(bus.close)
        event_log = await JetStreamLog.join(bus)
        stack.push_async_callback(event_log.close)

        session = await stack.enter_async_context(Graph.session())
        graph = Graph(
            session, settings.whatsapp_graph_url, settings.whatsapp_phone_number_id, settings.whatsapp_access_token
        )
        replies = Replies(settings, account, event_log, graph)
        # A new name for each start: a second gateway waits instead of taking the first one's lease.
        leases = LeaseBucket(bus, makes=False)
        lease = Lease(leases, f"g.{token(account)}", Holder(f"cloud-{token_hex(4)}", token_hex(4)))
        fetching = Fetching(
            event_log,
            account,
            await MediaStore.join(bus),
            Download(
                session, settings.whatsapp_graph_url, settings.whatsapp_phone_number_id, settings.whatsapp_access_token
            ),
            data_dir=settings.data,
            kept=settings.media_kept,
        )
        keep(while_held(lease, lambda: together(replies.deliver(), fetching.run())))
        keep(bus_closed(bus))

        webhook = Webhook(
            event_log,
            account,
            Parser(account, settings.whatsapp_phone_number_id, settings.window_template),
            app_secret=settings.whatsapp_app_secret,
            verify_token=settings.whatsapp_verify_token,
        )
        app = webhook.app([Route("/healthz", _healthz), Route("/metrics", _metrics)])
        address = await stack.enter_async_context(serving(app, listener))
        log.info("started", account=account, webhook=address + PATH, window_template=settings.window_template)
        click.echo(f"webhooks are taken at {address}{PATH}")
        yield replies, tasks


class Replies:
    """The sending of replies, which begins again each time the lease is taken."""

    def __init__(self, settings: Settings, account: str, event_log: EventLog, graph: Graph) -> None:
        self.started = asyncio.Event()
        """Set once every later reply is delivered for certain."""
        self._settings = settings
        self._account = account
        self._log = event_log
        self._graph = graph
        self._stopped = False
        self._delivery: Delivery | None = None

    async def deliver(self) -> None:
        sender = CloudSender(self._graph, self._account, self._settings.window_template)
        indicator = TypingIndicator(self._graph)

        def observe(recorded: Recorded) -> None:
            live = recorded.seq > delivery.began_at
            sender.observe(recorded, live=live)
            if live:
                indicator.observe(recorded)

        delivery = self._delivery = Delivery(
            self._log,
            self._account,
            sender,
            data_dir=self._settings.data,
            observe=observe,
            split=texts_of,
            ready=sender.ready,
            in_doubt_timeout=self._settings.doubt_seconds,
            on_timeout=self._settings.in_doubt,
        )
        self.started = delivery.started
        if self._stopped:
            delivery.stop()
        try:
            await delivery.run()
        finally:
            indicator.close()
            self._delivery = None

    def stop(self) -> bool:
        """Begin nothing new; messages that are being sent get their outcomes. Returns whether a delivery runs here."""
        self._stopped = True
        if self._delivery is not None:
            self._delivery.stop()
        return self._delivery is not None


async def _healthz(_request: Request) -> Response:
    """200: the process runs."""
    return PlainTextResponse("ok\n")


async def _metrics(_request: Request) -> Response:
    """Prometheus's text format; numbers only, since strangers can reach the webhook's address."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
