"""Puts an instance together: the one place that picks concrete classes and sets the order of start and stop.

Everything starts from top to bottom and stops from bottom to top.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from secrets import token_hex
from socket import socket
from typing import Any
from zoneinfo import ZoneInfo

import click
import structlog

from actors import metrics
from actors.fair_slots import FairSlots
from actors.instance import Instance, Parts
from actors.leases.bucket import LeaseBucket
from actors.leases.clocks import BusTime
from actors.leases.fence import Fence
from actors.leases.gateways import Gateways
from actors.leases.lease import Lease
from actors.leases.members import Description, Holder, Members
from actors.leases.roster import look
from actors.log_space import LogSpace
from actors.ownership import Ownership
from actors.router import Router
from actors.tools.services import ServiceTools
from console.app import make_app, make_probes
from console.deps import Deps, ModelInfo
from console.news import News
from console.server import bind, serving
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog, Tail
from events.recorded import Recorded
from events.shared_tail import SharedTail
from events.subjects import partition, token
from gateways.names.names import Names
from projections.reads.actor_reads import ChatReads
from projections.reads.queries import Queries
from projections.reads.reader import Reader
from projections.runner import Runner
from recado.cli.account_gateway import is_real
from recado.doctor.chats import stuck_chats
from recado.doctor.deliveries import measure
from recado.embedded.data_folder import DataFolder
from recado.embedded.server import EmbeddedNats
from recado.settings.money import prices_of
from recado.settings.settings import Settings
from recado.settings.shown import lines
from recado.wiring.cloud_gateway import is_gateway, start_beside
from recado.wiring.connect import connect_to
from recado.wiring.entrance import watched_entrance
from recado.wiring.knowledge import indexed_knowledge
from recado.wiring.library import made_library
from recado.wiring.lifecycle import Lifetime, bus_closed, until_stopped
from recado.wiring.marks import keep_marks
from recado.wiring.means import Shared
from recado.wiring.media import watched_store
from recado.wiring.model import key_print, open_model
from recado.wiring.names import keep_names
from recado.wiring.profiles import AnsweringByProfile, answering_by_profile
from recado.wiring.readiness import Readiness
from recado.wiring.retention import retain
from recado.wiring.sent_files import SentFiles
from recado.wiring.simulated_phones import simulated_phones
from recado.wiring.templates import AccountTemplates

log = structlog.get_logger("recado")

DRAIN = 5.0
"""Seconds for running turns to finish when recado is stopped; the others are adopted at the next start."""


NAMES_WITHIN = 30.0
"""Seconds to wait for the names of people at the start."""


async def run_up(settings: Settings) -> None:
    """Run NATS (embedded, unless NATS_URL is set), one instance, simulated phones and the page, until stopped."""
    await until_stopped(lambda life: start_instance(life, settings, simulated=True), patience=DRAIN)


async def run_serve(settings: Settings) -> None:
    """Run one instance on NATS_URL, and its page, until stopped."""
    await until_stopped(lambda life: start_instance(life, settings, simulated=False), patience=DRAIN)


async def start_instance(life: Lifetime, settings: Settings, *, simulated: bool) -> None:
    """Start an instance and its page, and the simulated phones if they are wanted and the account is not that of a real
    number."""
    stack, keep = life.stack, life.keep
    # First the parts that fail if a setting is wrong.
    folder = stack.enter_context(DataFolder.hold(settings.data))
    me = Holder(settings.instance or folder.instance_name, token_hex(4))
    listeners = stack.enter_context(_bound(settings))
    model = await stack.enter_async_context(open_model(settings, own=True))

    bus, log_bytes = await stack.enter_async_context(_bus(settings, folder))
    keep(bus_closed(bus))
    event_log = await JetStreamLog.open(bus, max_bytes=log_bytes)
    stack.push_async_callback(event_log.close)

    # Lambdas, because the router is made later.
    names = await keep_names(
        life,
        bus,
        event_log,
        None,
        data=folder.path,
        makes=True,
        changed=lambda key: router.look_again(key),  # noqa: PLW0108
    )
    services = _services(bus, keep)
    marks, seen = await keep_marks(life, bus, event_log.replicas)
    news, reader = News(settings.account), Reader(folder.path, lambda: runner.path)

    def committed(batch: list[Recorded]) -> None:
        router.dispatch(batch)
        news.publish(batch)

    tail = _shared_tail(event_log, keep) if is_gateway(settings) else None
    # A lambda, because the router is made later: it needs the runner.
    runner = Runner(event_log, folder.path, committed, on_read=lambda batch: router.deliver_early(batch), tail=tail)  # noqa: PLW0108
    fence, members, store = Fence(), Members(), await stack.enter_async_context(watched_store(settings, bus, event_log))
    library = await made_library(stack, bus, event_log)
    knowledge, documents = await indexed_knowledge(life, bus, library, settings)
    shared = Shared(services, store, model, library, knowledge)
    answers = await answering_by_profile(life, bus, me.decides_as, settings, shared)
    instance = Instance(
        Parts(
            incarnation=me.decides_as,
            log=event_log,
            reads=ChatReads(reader, runner.uncommitted),
            progress=runner,
            bus_time=BusTime(),
            fresh_id=lambda: token_hex(10),
            objects=store,
            fence=fence,
            people=names,
            marks=marks,
            all_read=members.all_read,
            is_finishing=members.is_finishing,
            max_runs=settings.max_runs,
        ),
        answers.profiles,
    )
    room, router = await _room(instance, event_log), Router(instance)
    keep(runner.run())
    keep(room.watch())
    answers.begin(life, router, instance.bus_time.now)

    leases = LeaseBucket(bus, replicas=event_log.replicas)
    gateways = Gateways(leases)
    keep(gateways.watch())
    _measure(runner, Queries(reader), instance, gateways)

    since, key = instance.bus_time.now(), key_print(settings)

    def describe() -> Description:
        return Description(
            version=version("recado"),
            since=since,
            key=key,
            runs=instance.slots.taken,
            awake=len(router),
            lag=runner.lag,
            fallback=answers.profiles.left_for(),
            lacks=answers.lacks,
        )

    ownership = Ownership(
        leases,
        me,
        members,
        router,
        fence,
        describe=describe,
        on_members=lambda: instance.slots.share(settings.max_runs, members.with_key(key)),
        fit=lambda: runner.healthy,
        prepared=partial(_prepared, runner, partial(_know_accounts, reader, instance.slots), services, answers, names),
    )
    keep(names.order_joins(lambda key: partition(key) in router.owned))
    keep(ownership.run())
    stack.push_async_callback(ownership.leave, DRAIN)

    if kept := settings.retention:
        now = instance.bus_time.now
        keep(retain(event_log, folder.path, kept, ready=runner.caught_up, owned=lambda: router.owned, now=now))

    is_served = partial(is_real, bus, settings, settings.account)
    wanted, lease = simulated and not await is_served(), Lease(leases, f"g.{token(settings.account)}", me)

    readiness = Readiness(bus, runner, ownership, room)
    deps = Deps(
        account=settings.account,
        log=event_log,
        queries=Queries(reader),
        news=news,
        model=ModelInfo(model.name, model.server, model.local, scripted=not settings.mode.has_provider),
        not_ready=readiness.reasons_against,
        has_bus=readiness.has_bus,
        simulator=await simulated_phones(settings, event_log, names, lease, keep) if wanted else None,
        is_real=is_served,
        roster=lambda chats: look(bus, chats),
        prices=prices_of(settings),
        settings=lines(settings),
        profiles=answers.desk(event_log, bus),
        templates=AccountTemplates(settings, bus),
        library=library,
        documents=documents,
        files=SentFiles(bus, library, store),
        entrance=await watched_entrance(life, bus, settings, folder, replicas=event_log.replicas),
        zone=ZoneInfo(settings.timezone),
        seen=seen,
        gateways=lambda: gateways.there,
        family=names.family,
        now=instance.bus_time.now,
    )
    _announce(me, deps.model, await stack.enter_async_context(_served(deps, *listeners)))
    if tail is not None:
        start_beside(life, settings, bus=bus, event_log=event_log, names=names, tail=tail)
    # Imported objects live as long as the process. The garbage collector scanned all of them again and again, which
    # blocked the loop for 60 to 90 ms each time.
    gc.freeze()


def _announce(me: Holder, model: ModelInfo, address: str) -> None:
    log.info("started", instance=me.instance, model=model.name, local=model.local, page=address)
    click.echo(f"recado is at {address}")


def _services(bus: Bus, keep: Callable[[Coroutine[Any, Any, None]], object]) -> ServiceTools:
    services = ServiceTools(bus)
    keep(services.watch())
    return services


def _shared_tail(event_log: EventLog, keep: Callable[[Coroutine[Any, Any, None]], object]) -> Tail:
    shared = SharedTail(event_log)
    keep(shared.run())
    return shared.tail


async def _room(instance: Instance, event_log: EventLog) -> LogSpace:
    room = LogSpace(instance)
    room.look(await event_log.head())
    return room


def _measure(runner: Runner, queries: Queries, instance: Instance, gateways: Gateways) -> None:
    """Have `/metrics` look when it is asked. A trial on the desk makes instances too, which are not measured."""
    now = instance.bus_time.now
    measure(queries, now, lambda: gateways.there)
    metrics.lag.set_function(lambda: runner.lag)
    metrics.stuck.set_function(lambda: stuck_chats(queries, now()))
    metrics.runs.set_function(lambda: instance.slots.taken)
    metrics.runs_waiting.set_function(lambda: instance.slots.waiting)
    metrics.waiting_for_profile.set_function(lambda: instance.waiting_for_profile)


@contextlib.contextmanager
def _bound(settings: Settings) -> Iterator[tuple[socket, socket | None]]:
    """The sockets of the page and, if RECADO_PROBES is set, of the probes."""
    with contextlib.closing(bind(settings.port, settings.host)) as page:
        if settings.probes is None:
            yield page, None
            return
        with contextlib.closing(bind(settings.probes.port, settings.probes.host, "RECADO_PROBES")) as probes:
            yield page, probes


@asynccontextmanager
async def _served(deps: Deps, page: socket, probes: socket | None) -> AsyncIterator[str]:
    """Serve on both sockets; yields the page's address."""
    async with AsyncExitStack() as stack:
        if probes is not None:
            log.info("probes", address=await stack.enter_async_context(serving(make_probes(deps), probes)))
        yield await stack.enter_async_context(serving(make_app(deps), page))


def _know_accounts(reader: Reader, slots: FairSlots) -> None:
    """Note the projection's accounts: a part of the slots is kept free if there are several."""
    for account in Queries(reader).accounts():
        slots.know(account)


async def _prepared(
    runner: Runner, know_accounts: Callable[[], None], services: ServiceTools, answers: AnsweringByProfile, names: Names
) -> None:
    """Wait for all that has to be known before a chat is answered."""
    await runner.caught_up.wait()
    know_accounts()
    await services.looked.wait()
    await answers.read.wait()
    await _names_known(names)


async def _names_known(names: Names) -> None:
    """Wait for the names of people, but not for ever: an instance that may not read them answers all the same, and
    gateways take nothing in."""
    try:
        async with asyncio.timeout(NAMES_WITHIN):
            await names.ready.wait()
    except TimeoutError:
        log.warning("names_unread", help="may this instance read the bucket ALIASES? See deploy/nats/roles.conf")


@asynccontextmanager
async def _bus(settings: Settings, folder: DataFolder) -> AsyncIterator[tuple[Bus, int | None]]:
    """The connection, and the limit of the log in bytes if the server is the embedded one."""
    async with AsyncExitStack() as stack:
        log_bytes: int | None = None
        if settings.nats_url is not None:
            bus = await connect_to(settings.nats_url, settings)
        else:
            server = await stack.enter_async_context(EmbeddedNats.start(folder))
            bus = await Bus.open(server.address.url, token=server.address.token)
            log_bytes = server.log_bytes
        stack.push_async_callback(bus.close)
        yield bus, log_bytes
