"""Is everything there that recado needs? One finding for each thing looked at, with what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

import aiohttp
import msgspec
import nats.errors
from pysqlite3 import dbapi2 as sqlite3

from actors.lease import BUCKET, Holder
from events.bus import Bus, BusRefused, BusUnreachable, said
from events.jetstream_api import STREAM_NOT_FOUND, ApiRefused, MessageAnswer, StreamInfo, call
from events.jetstream_streams import DLQ, EVENTS
from events.log import LogUnavailable
from projections import files
from projections.database import VERSION, Damaged, Meta, meta_of, open_to_read
from recado.bus import NotRunning, connect
from recado.data_folder import DataUnusable
from recado.settings import Settings, SettingsInvalid, settings_of, unknown_names, variables_of

WARN_AT, FAIL_AT = 0.7, 0.9
"""Shares of the log's limit: from the first on it is time to do something, from the second on nothing is taken in."""

LITTLE_SPACE = 1024**3
MODEL_WITHIN = 5.0
"""Seconds in which the model's server should answer."""

OPENAI = "https://api.openai.com/v1"


class Finding(msgspec.Struct, frozen=True):
    """`what` was looked at, how it is, what was seen, and what to do if it is not ok."""

    what: str
    state: Literal["ok", "warning", "failure"]
    says: str
    do: str = ""


async def examine(environ: Mapping[str, str], dotenv: Path) -> AsyncIterator[Finding]:
    """Look at one thing after the other. Changes nothing and raises nothing."""
    try:
        given = variables_of(environ, dotenv)
        settings = settings_of(given)
    except SettingsInvalid as invalid:
        for problem in invalid.problems:
            yield Finding("settings", "failure", problem)
        return
    for warning in unknown_names(given):
        yield Finding("settings", "warning", warning)
    yield Finding("settings", "ok", f"mode {settings.openai_api_mode}, account {settings.account}")
    yield _data(settings)
    last = None
    try:
        bus = await connect(settings)
    except (NotRunning, BusUnreachable, BusRefused, DataUnusable) as error:
        yield Finding("bus", "failure", str(error))
    else:
        try:
            async for finding in _bus(bus):
                yield finding
            log = await _log(bus)
            if isinstance(log, StreamInfo):
                last = log.state.last_seq
                yield _fullness(log)
            else:
                yield log
            yield await _dead_letters(bus)
            yield await _instance(bus)
        except (LogUnavailable, nats.errors.Error) as error:
            yield Finding("bus", "failure", said(error), "look at the NATS server's own log")
        finally:
            await bus.close()
    yield _projection(settings.data, last)
    yield await _model(settings)


def _data(settings: Settings) -> Finding:
    data = settings.data.absolute()
    if not data.exists():
        return Finding("data", "warning", f"{data} is not there yet", "recado up makes it; otherwise set RECADO_DATA")
    try:
        with tempfile.TemporaryFile(dir=data):
            free = shutil.disk_usage(data).free
    except OSError as error:
        return Finding("data", "failure", f"{data}: {error.strerror}", "let recado write to it, or set RECADO_DATA")
    says = f"{data} can be written to, {_size(free)} free"
    if free < LITTLE_SPACE:
        return Finding("data", "warning", says, "make room on its disk")
    return Finding("data", "ok", says)


async def _bus(bus: Bus) -> AsyncIterator[Finding]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    await bus.flush(5)
    took = loop.time() - started
    where = bus.connected_url.netloc.rpartition("@")[2] if bus.connected_url else "?"
    server = bus.connected_server_version
    version = f"{server.major}.{server.minor}.{server.patch}"
    yield Finding("bus", "ok", f"NATS {version} at {where}, {took * 1000:.1f} ms there and back")


async def _log(bus: Bus) -> StreamInfo | Finding:
    try:
        return await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return Finding("log", "warning", f"there is no stream {EVENTS} yet", "start an instance: it is made then")
        return Finding("log", "failure", str(refused), "let recado's user read the stream EVENTS")


def _fullness(info: StreamInfo) -> Finding:
    size, limit = info.state.bytes, max(info.config["max_bytes"], 0)
    if not limit:
        return Finding("log", "ok", f"{info.state.messages:,} events, {_size(size)}, no limit")
    says = f"{info.state.messages:,} events, {_size(size)} of {_size(limit)} ({size / limit:.0%})"
    more = f"give the stream more room: nats stream edit {EVENTS} --max-bytes …"
    if size >= FAIL_AT * limit:
        return Finding("log", "failure", f"{says}: nothing new is taken in", more)
    return Finding("log", "warning", says, more) if size >= WARN_AT * limit else Finding("log", "ok", says)


async def _dead_letters(bus: Bus) -> Finding:
    try:
        letters = (await call(bus, f"STREAM.INFO.{DLQ}", StreamInfo)).state.messages
    except ApiRefused:
        letters = 0
    if letters:
        return Finding("dead letters", "warning", f"{letters:,}", f"read them with: nats stream view {DLQ}")
    return Finding("dead letters", "ok", "none")


async def _instance(bus: Bus) -> Finding:
    """Who owns the chats, as the leases say."""
    try:
        info = await call(bus, f"STREAM.INFO.KV_{BUCKET}", _Leases, {"subjects_filter": f"$KV.{BUCKET}.p.>"})
    except ApiRefused:
        return Finding("instance", "warning", "none has run yet", "start one with recado up or recado serve")
    holders = sorted({holder for subject in info.state.subjects if (holder := await _holder(bus, subject))})
    if not holders:
        return Finding("instance", "warning", "nobody answers chats", "start one with recado up or recado serve")
    return Finding("instance", "ok", f"{', '.join(holders)} answers chats")


class _Subjects(msgspec.Struct, frozen=True):
    subjects: dict[str, int] = {}


class _Leases(msgspec.Struct, frozen=True):
    state: _Subjects


async def _holder(bus: Bus, subject: str) -> str | None:
    try:
        stored = (await call(bus, f"STREAM.MSG.GET.KV_{BUCKET}", MessageAnswer, {"last_by_subj": subject})).message
        return msgspec.json.decode(stored.raw().body, type=Holder).instance
    except (ApiRefused, msgspec.DecodeError):  # it ended meanwhile, or what stands there is its end's marker
        return None


def _projection(data: Path, last: int | None) -> Finding:
    path = files.live(data)
    if path is None:
        return Finding("projection", "warning", "none was built yet", "start recado, or run recado replay")
    try:
        meta = _meta(path)
    except Damaged as damaged:
        return Finding("projection", "warning", str(damaged), "it is rebuilt at the next start, or by recado replay")
    if meta.version != VERSION:
        says = f"{path.name} has version {meta.version}, this recado wants {VERSION}"
        return Finding("projection", "warning", says, "it is rebuilt at the next start, or by recado replay")
    lag = max(last - meta.checkpoint, 0) if last is not None else None
    behind = "" if lag is None else f", {lag:,} behind the log"
    says = f"{path.name} at sequence {meta.checkpoint:,}{behind}"
    if lag and lag > 1000:
        return Finding("projection", "warning", says, "if no instance runs, start one; if one does, look at its log")
    return Finding("projection", "ok", says)


def _meta(path: Path) -> Meta:
    try:
        db = open_to_read(path)
    except sqlite3.Error as error:
        raise Damaged(path, str(error)) from error
    try:
        return meta_of(db, path)
    finally:
        db.close()


async def _model(settings: Settings) -> Finding:
    if settings.openai_api_mode == "scripted":
        return Finding("model", "ok", "scripted replies need none")
    if settings.wants_local_model:
        from recado.local_model import LocalModel  # noqa: PLC0415

        missing = LocalModel.available()
        return (
            Finding("model", "ok", "the small local model") if missing is None else Finding("model", "failure", missing)
        )
    base = (settings.openai_base_url or OPENAI).rstrip("/")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=MODEL_WITHIN)) as session,
            session.get(f"{base}/models", headers={"Authorization": f"Bearer {settings.openai_api_key}"}) as answer,
        ):
            return _models(settings, base, answer.status, await answer.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        why = str(error) or f"no answer within {MODEL_WITHIN:g} s"
        return Finding("model", "warning", f"{base} cannot be reached: {why}", "check OPENAI_BASE_URL and the network")


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: list[_Model]


def _models(settings: Settings, base: str, status: int, body: bytes) -> Finding:
    if status in (401, 403):
        return Finding("model", "warning", f"{base} refuses the key (HTTP {status})", "check OPENAI_API_KEY")
    if status != 200:
        return Finding("model", "warning", f"{base}/models answers HTTP {status}", "check OPENAI_BASE_URL")
    try:
        names = {model.id for model in msgspec.json.decode(body, type=_Models).data}
    except msgspec.DecodeError:
        return Finding("model", "warning", f"{base}/models does not list models", "check OPENAI_BASE_URL")
    if settings.openai_model not in names:
        some = ", ".join(sorted(names)[:5])
        says = f"{base} does not list {settings.openai_model} (it lists {some or 'none'})"
        return Finding("model", "warning", says, "set OPENAI_MODEL to one that it has")
    return Finding("model", "ok", f"{settings.openai_model} at {base}")


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"
