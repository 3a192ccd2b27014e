"""Puts `recado gateway cloud` together: a process of its own that shares only the bus with the others."""

from __future__ import annotations

import asyncio
import contextlib
from socket import socket

import click
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.server import bind, serving
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.log import EventLog
from events.recorded import Recorded
from gateways.cloud.account_notes import AccountNotes
from gateways.cloud.download import Download
from gateways.cloud.fetching import Fetching
from gateways.cloud.graph import Graph
from gateways.cloud.known_messages import KnownMessages
from gateways.cloud.messages import messages_of
from gateways.cloud.parsing import Parser
from gateways.cloud.sender import CloudSender
from gateways.cloud.typing_indicator import TypingIndicator
from gateways.cloud.webhook import PATH, Webhook
from gateways.delivery.delivery import Delivery
from gateways.intake import People
from recado.private_data import close_to_others
from recado.settings.environment import SettingsInvalid
from recado.settings.settings import Settings
from recado.settings.whatsapp import cloud_account, problems
from recado.wiring.gateway import DRAIN, join, keep_gateway
from recado.wiring.lifecycle import Lifetime, together, until_stopped
from recado.wiring.names import keep_names

log = structlog.get_logger("recado")


async def run_cloud(settings: Settings, account: str | None) -> None:
    """Take webhooks and send replies until stopped. Raises SettingsInvalid, PortInUse, GatewayRunning, BusClosed."""
    wrong = list(problems(settings))
    if wrong:
        raise SettingsInvalid(wrong)
    close_to_others(settings.data)
    account = account or cloud_account(settings.account, settings.whatsapp_phone_number_id)

    async def start(life: Lifetime) -> None:
        listener = life.stack.enter_context(
            contextlib.closing(bind(settings.webhook_port, settings.webhook_host, "RECADO_WEBHOOK_PORT"))
        )
        bus, event_log = await join(life, settings)
        await start_cloud(life, settings, account, bus=bus, event_log=event_log, listener=listener)

    await until_stopped(start, patience=DRAIN)


async def start_cloud(
    life: Lifetime, settings: Settings, account: str, *, bus: Bus, event_log: JetStreamLog, listener: socket
) -> None:
    """Take webhooks on `listener`, and send the replies of `account` while its lease is held."""
    number, key = settings.whatsapp_phone_number_id, settings.whatsapp_access_token
    session = await life.stack.enter_async_context(Graph.session())
    names = await keep_names(life, bus, event_log, account)
    graph = Graph(session, settings.whatsapp_graph_url, number, key)
    replies = Replies(settings, account, event_log, graph, names)
    fetching = Fetching(
        event_log,
        account,
        await MediaStore.join(bus),
        Download(session, settings.whatsapp_graph_url, number, key),
        data_dir=settings.data,
        kept=settings.media_kept,
    )

    async def work() -> None:
        await together(replies.deliver(), fetching.run())

    keep_gateway(life, bus, "cloud", account, work=work, stop=replies.stop)

    sent = KnownMessages()
    life.keep(sent.follow(event_log, account))
    webhook = Webhook(
        event_log,
        account,
        Parser(account, number, settings.window_template, sent),
        app_secret=settings.whatsapp_app_secret,
        verify_token=settings.whatsapp_verify_token,
        people=names,
    )
    app = webhook.app([Route("/healthz", _healthz), Route("/metrics", _metrics)])
    address = await life.stack.enter_async_context(serving(app, listener))
    log.info("started", account=account, webhook=address + PATH, window_template=settings.window_template)
    click.echo(f"webhooks are taken at {address}{PATH}")


class Replies:
    """The sending of replies, which begins again each time the lease is taken."""

    def __init__(
        self, settings: Settings, account: str, event_log: EventLog, graph: Graph, people: People | None = None
    ) -> None:
        self.started = asyncio.Event()
        """Set once every later reply is delivered for certain."""
        self._settings = settings
        self._account = account
        self._log = event_log
        self._graph = graph
        self._people = people
        self._stopped = False
        self._delivery: Delivery | None = None

    async def deliver(self) -> None:
        notes = AccountNotes(self._log, self._account)
        template = self._settings.window_template
        sender = CloudSender(self._graph, self._account, template, notes.sending, self._people)
        if (code := await notes.paused_for()) is not None:
            sender.was_paused(code)
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
            indicator.close()
            await notes.close()
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
