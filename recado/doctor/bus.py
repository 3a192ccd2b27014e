"""Checks the bus: its server, the log's free space, dead letters, and the instances that answer chats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import nats.errors

from actors.leases.bucket import LeaseBucket, LeasesUnavailable
from actors.leases.gateways import gateways
from actors.leases.roster import look
from actors.log_space import FULL_AT, WARN_AT
from events.jetstream.api import STREAM_NOT_FOUND, ApiRefused, StreamInfo, call
from events.jetstream.connection import Bus
from events.jetstream.media_store import STREAM as MEDIA
from events.jetstream.said import said
from events.jetstream.streams import DLQ, EVENTS
from events.log import LogUnavailable
from events.subjects import PARTITIONS
from recado.doctor.finding import Finding, in_units
from recado.doctor.whatsapp import unserved_findings


async def bus_findings(bus: Bus) -> AsyncIterator[Finding]:
    """Check the server, the log, files, dead letters and instances. Makes nothing, never raises."""
    try:
        yield await _server(bus)
        yield await _log(bus)
        yield await _media(bus)
        yield await _dead_letters(bus)
        async for finding in unserved_findings(bus):
            yield finding
        yield await _instance(bus)
    except (LogUnavailable, LeasesUnavailable, nats.errors.Error) as error:
        yield Finding("bus", "failure", said(error), "look at the NATS server's own log")


async def log_now(bus: Bus) -> tuple[int, datetime] | None:
    """The log's last sequence, and the bus's time; None if they cannot be read."""
    try:
        info = await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
    except (ApiRefused, LogUnavailable):
        return None
    return info.state.last_seq, info.ts


async def gateways_on(bus: Bus) -> frozenset[str] | None:
    """The accounts whose gateway runs; None if the bus does not say."""
    try:
        return await gateways(LeaseBucket(bus, makes=False))
    except LeasesUnavailable:
        return None


async def _server(bus: Bus) -> Finding:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await bus.flush(5)
    took = loop.time() - started
    where = bus.connected_url.netloc.rpartition("@")[2] if bus.connected_url else "?"
    server = bus.connected_server_version
    version = f"{server.major}.{server.minor}.{server.patch}"
    return Finding("bus", "ok", f"NATS {version} at {where}, {took * 1000:.1f} ms there and back")


async def _log(bus: Bus) -> Finding:
    try:
        return _fullness(await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo))
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return Finding("log", "warning", f"there is no stream {EVENTS} yet", "start an instance: it is made then")
        return Finding("log", "failure", str(refused), "let recado's user read the stream EVENTS")


def _fullness(info: StreamInfo) -> Finding:
    size, limit = info.state.bytes, max(info.config["max_bytes"], 0)
    if not limit:
        return Finding("log", "ok", f"{info.state.messages:,} events, {in_units(size)}, no limit")
    says = f"{info.state.messages:,} events, {in_units(size)} of {in_units(limit)} ({size / limit:.0%})"
    more = f"give the stream more room, with the NATS CLI: nats stream edit {EVENTS} --max-bytes …"
    if size >= FULL_AT * limit:
        return Finding("log", "failure", f"{says}: nothing new is taken in", more)
    return Finding("log", "warning", says, more) if size >= WARN_AT * limit else Finding("log", "ok", says)


async def _media(bus: Bus) -> Finding:
    """The space of the object store. Unlike the log it refuses nothing: when it is full, its oldest files go."""
    try:
        info = await call(bus, f"STREAM.INFO.{MEDIA}", StreamInfo)
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return Finding("media", "ok", "no files yet")
        return Finding("media", "failure", str(refused), f"let recado's user read the stream {MEDIA}")
    size, limit = info.state.bytes, max(info.config["max_bytes"], 0)
    if not limit:
        return Finding("media", "ok", f"{in_units(size)}, no limit")
    says = f"{in_units(size)} of {in_units(limit)} ({size / limit:.0%})"
    if size >= FULL_AT * limit:
        more = (
            f"keep files for less long (RECADO_MEDIA_KEPT), or with the NATS CLI nats stream edit {MEDIA} --max-bytes …"
        )
        return Finding("media", "warning", f"{says}: the oldest files go before their time", more)
    return Finding("media", "ok", says)


async def _dead_letters(bus: Bus) -> Finding:
    try:
        letters = (await call(bus, f"STREAM.INFO.{DLQ}", StreamInfo)).state.messages
    except ApiRefused:
        letters = 0
    if letters:
        return Finding("dead letters", "warning", f"{letters:,}", "read them with: recado dead-letters")
    return Finding("dead letters", "ok", "none")


async def _instance(bus: Bus) -> Finding:
    """The instances that own chats, by their leases."""
    found = await look(bus)
    start = "start one with recado up or recado serve"
    owners = [one for one in found if one.partitions and one.state != "gone"]
    if not owners:
        return Finding("instance", "warning", "nobody answers chats", start)
    shares = ", ".join(f"{one.instance} answers {len(one.partitions)}/{PARTITIONS} of the chats" for one in owners)
    if lacking := [one for one in found if one.lacks and one.state == "member"]:
        told = "; ".join(f"{one.instance} cannot answer by {', '.join(one.lacks)}" for one in lacking)
        do = "set what is missing for every instance, as a variable or as a file in RECADO_SECRETS"
        return Finding("instance", "warning", f"{shares}; {told}", do)
    if left := [one for one in owners if one.fallback]:
        told = ", ".join(f"{one.instance} asks the second model, as the first fails ({one.fallback})" for one in left)
        do = "look at the first model: its server, key, quota; recado tries it again by itself"
        return Finding("instance", "warning", f"{shares}; {told}", do)
    versions = {one.version for one in owners}
    if len(versions) > 1:
        says = f"{shares}; they are of different versions ({', '.join(sorted(versions))})"
        return Finding("instance", "warning", says, "fine while you update; then see that all are of the same version")
    return Finding("instance", "ok", shares)
