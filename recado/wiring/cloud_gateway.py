"""Puts the gateway to WhatsApp's Cloud API together: a process of its own (`recado gateway cloud`), or a part of an
instance's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from secrets import token_hex

import click
import nats.errors
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.leases.bucket import LeaseBucket
from actors.leases.lease import Lease
from actors.leases.members import Holder
from console.server import PortInUse, bind, serving
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.jetstream.media_store import MediaStore
from events.jetstream.stored_files import StoredFiles
from events.log import Tail
from events.subjects import token
from gateways.cloud.graph import Graph
from gateways.cloud.parsing import Parser
from gateways.cloud.webhook import PATH, Webhook
from gateways.names.names import Names
from gateways.templates.window import read
from recado.private_data import close_to_others
from recado.settings.environment import SettingsInvalid
from recado.settings.numbers import accounts_of, has_numbers, may_change, numbers_of, problems
from recado.settings.settings import Settings
from recado.settings.whatsapp import Number
from recado.wiring.cloud_number import CloudNumber, Parts
from recado.wiring.cloud_numbers import CloudNumbers
from recado.wiring.gateway import DRAIN, join
from recado.wiring.lifecycle import Lifetime, bus_closed, until_stopped
from recado.wiring.names import keep_names

_PORT_AGAIN_AFTER = 5.0
_ANSWER_WITHIN = 5.0
_PERMITTED_EVERY = 30.0

log = structlog.get_logger("recado")


async def run_cloud(settings: Settings, account: str | None) -> None:
    """Take webhooks and send replies until stopped; with `account` for that number alone. Raises SettingsInvalid,
    PortInUse, BusClosed."""
    if wrong := list(problems(settings)):
        raise SettingsInvalid(wrong)
    numbers = _chosen(numbers_of(settings), account)
    close_to_others(settings.data)
    is_one = len(numbers) == 1 and (account is not None or not may_change(settings))

    async def start(life: Lifetime) -> None:
        listener = life.stack.enter_context(
            contextlib.closing(bind(settings.webhook_port, settings.webhook_host, "RECADO_WEBHOOK_PORT"))
        )
        bus, event_log = await join(life, settings)
        life.keep(bus_closed(bus))
        names = await keep_names(life, bus, event_log, numbers[0].account if is_one else None, data=settings.data)
        app = await start_cloud(life, settings, bus, event_log, names, account=account)
        address = await life.stack.enter_async_context(serving(app, listener))
        accounts = ", ".join(number.account for number in numbers)
        log.info("started", account=accounts, webhook=address + PATH, window_template=settings.window_template)
        click.echo(f"webhooks are taken at {address}{PATH}")

    await until_stopped(start, patience=DRAIN)


def is_gateway(settings: Settings) -> bool:
    """True if a process with these settings serves WhatsApp numbers. Missing settings are logged."""
    if not has_numbers(settings):
        return False
    missing = list(problems(settings))
    for problem in missing:
        log.warning("no_gateway", reason=problem, then="runs as an instance alone")
    return not missing


def start_beside(
    life: Lifetime, settings: Settings, *, bus: Bus, event_log: JetStreamLog, names: Names, tail: Tail
) -> None:
    """Take webhooks and send replies in the process of an instance, by its connection and its reading of the log.

    While another process has the webhook's port, this one takes none, and sends all the same if it gets the lease. As
    long as its NATS user lacks the rights of a gateway, it is an instance alone.
    """

    async def beside() -> None:
        await _permitted(bus, next(iter(accounts_of(settings)), settings.account))
        async with AsyncExitStack() as stack:
            inner = Lifetime(stack)
            app = await start_cloud(inner, settings, bus, event_log, names, tail=tail)
            drains.append(inner.drain)
            inner.keep(_serve_when_free(settings, app))
            for task in await inner.stopped(asyncio.Event()):
                task.result()

    drains: list[Callable[[], Awaitable[None]]] = []

    async def drain() -> None:
        await asyncio.gather(*(drain() for drain in drains))

    life.keep(beside())
    life.on_stop(drain)


async def start_cloud(
    life: Lifetime,
    settings: Settings,
    bus: Bus,
    event_log: JetStreamLog,
    names: Names,
    *,
    account: str | None = None,
    tail: Tail | None = None,
) -> Starlette:
    """Send the replies of each number while its lease is held. Returns the webhook's app."""
    session = await life.stack.enter_async_context(Graph.session())
    parts = Parts(settings, event_log, session, await MediaStore.join(bus), StoredFiles(bus), names, tail, bus)
    leases = LeaseBucket(bus, makes=False)
    # A name of its own for each start: a second gateway waits instead of taking the first one's lease.
    holder = Holder(f"cloud-{token_hex(4)}", token_hex(4))

    def begin(number: Number) -> CloudNumber:
        return CloudNumber(number, parts, lambda: Lease(leases, f"g.{token(number.account)}", holder))

    numbers = CloudNumbers(lambda: _chosen(numbers_of(settings), account), begin)
    await numbers.look_again()
    life.keep(numbers.run())
    life.on_stop(numbers.drain)
    webhook = Webhook(
        event_log,
        next((line.account for line in numbers.lines.values()), settings.account),
        Parser(numbers.lines, read(settings.window_template).ref if settings.window_template else None),
        app_secret=settings.whatsapp_app_secret,
        verify_token=settings.whatsapp_verify_token,
        people=names,
        alone=account is not None,
        look_again=numbers.look_again if may_change(settings) else None,
        heard=numbers.heard,
    )
    return webhook.app([Route("/healthz", _healthz), Route("/metrics", _metrics)])


def _chosen(numbers: tuple[Number, ...], account: str | None) -> tuple[Number, ...]:
    """The numbers, or the one of `account`; the only number goes by any name."""
    if account is None:
        return numbers
    if len(numbers) == 1:
        return (Number(numbers[0].id, account),)
    found = tuple(number for number in numbers if number.account == account)
    if not found:
        names = ", ".join(number.account for number in numbers)
        raise SettingsInvalid([f"no number has the account {account}: give one of {names}, or add it"])
    return found


async def _permitted(bus: Bus, account: str) -> None:
    """Return when the NATS user has the rights of a gateway. The server refuses the question itself, since it
    expects a stream that is none, and stores nothing."""
    subject, is_told = f"wa.receipt.{token(account)}.permission", False
    while True:
        try:
            await bus.request(subject, b"", timeout=_ANSWER_WITHIN, headers={"Nats-Expected-Stream": "none"})
        except nats.errors.Error:
            if not is_told:
                help_ = "give its NATS user a gateway's rights too, see deploy/nats/roles.conf"
                reason, then = f"no answer to {subject}", "runs as an instance alone"
                log.warning("no_gateway", reason=reason, then=then, help=help_)
            is_told = True
            await asyncio.sleep(_PERMITTED_EVERY)
        else:
            return


async def _serve_when_free(settings: Settings, app: Starlette) -> None:
    """Serve the webhook as soon as its port is free."""
    is_told = False
    while True:
        try:
            listener = bind(settings.webhook_port, settings.webhook_host, "RECADO_WEBHOOK_PORT")
        except PortInUse as taken:
            if not is_told:
                then = "takes no webhooks until it is free"
                log.warning("webhook_port_taken", reason=str(taken), then=then, retry_in=_PORT_AGAIN_AFTER)
            is_told = True
            await asyncio.sleep(_PORT_AGAIN_AFTER)
            continue
        with contextlib.closing(listener):
            async with serving(app, listener) as address:
                log.info("webhooks", webhook=address + PATH, window_template=settings.window_template)
                click.echo(f"webhooks are taken at {address}{PATH}")
                await asyncio.Event().wait()


async def _healthz(_request: Request) -> Response:
    """200: the process runs."""
    return PlainTextResponse("ok\n")


async def _metrics(_request: Request) -> Response:
    """Prometheus's text format; numbers only, since strangers can reach the webhook's address."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
