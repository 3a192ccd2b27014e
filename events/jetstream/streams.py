"""The streams of recado: EVENTS, the log itself, DLQ, bytes that could not become an event, ACCOUNTS, news of accounts,
PROFILES, and KNOWLEDGE, the documents from which chats are answered."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from events.account_update import KEPT
from events.inbound import INBOUND
from events.jetstream.api import (
    CLUSTER_PATIENCE,
    NAME_IN_USE,
    NO_PEERS,
    REPLICAS_NOT_SUPPORTED,
    STREAM_NOT_FOUND,
    AccountInfo,
    ApiRefused,
    StreamInfo,
    call,
    once_led,
    once_made,
)
from events.jetstream.connection import Bus
from events.jetstream.fitting import lacks_room
from events.jetstream.marks import READS, check_readable
from events.knowledge import LARGEST as LARGEST_DOCUMENT
from events.log import LogMismatch, LogUnavailable
from events.numbers import whole_number
from events.phrases import Phrase
from events.profile import LARGEST as LARGEST_PROFILE

EVENTS = "EVENTS"
DLQ = "DLQ"
ACCOUNTS = "ACCOUNTS"
PROFILES = "PROFILES"
KNOWLEDGE = "KNOWLEDGE"

REPLICAS = 3
"""Servers of a cluster that keep the streams."""

GIB = 1024**3
LARGEST_DEFAULT = 16 * GIB
SMALLEST_DEFAULT = GIB // 16
MOST_OF_ACCOUNTS = 16 * 1024**2
"""Bytes of ACCOUNTS."""

MOST_OF_PROFILES = 64 * 1024**2
"""Bytes of PROFILES."""

MOST_OF_KNOWLEDGE, LEAST_OF_KNOWLEDGE = 256 * 1024**2, 256 * 1024
"""Bytes of KNOWLEDGE."""

log = structlog.get_logger("recado.log")


def _events(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": EVENTS,
        "subjects": ["evt.*.*.*.o.*", *(f"wa.{type_}.*.*" for type_ in INBOUND)],
        "subject_transform": {
            "src": "wa.*.*.*",
            "dest": "evt.{{partition(64,2,3)}}.{{wildcard(2)}}.{{wildcard(3)}}.i.{{wildcard(1)}}",
        },
        "republish": {"src": "evt.*.*.*.o.reply", "dest": "wa.out.{{wildcard(2)}}.{{wildcard(3)}}"},
        **_kept(max_bytes, replicas),
    }


def _dead_letters(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {"name": DLQ, "subjects": ["wa.dlq.*"], **_kept(max_bytes, replicas)}


def _account_updates(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": ACCOUNTS,
        "subjects": ["wa.account.*"],
        **_kept(max_bytes, replicas),
        "discard": "old",
        "max_msgs_per_subject": KEPT,
        # WhatsApp repeats a webhook for up to seven days.
        "duplicate_window": 8 * 24 * 3600 * 10**9,
    }


def _profiles(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": PROFILES,
        "subjects": ["profile.*"],
        **_kept(max_bytes, replicas),
        # The subject and the headers count too.
        "max_msg_size": LARGEST_PROFILE + 1024,
        "allow_direct": False,
        "allow_atomic": True,
    }


def _knowledge(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "name": KNOWLEDGE,
        "subjects": ["kb.*.*"],
        **_kept(max_bytes, replicas),
        "max_msg_size": LARGEST_DOCUMENT + 4096,
        "allow_direct": False,
    }


_SHAPES = {
    EVENTS: _events,
    DLQ: _dead_letters,
    ACCOUNTS: _account_updates,
    PROFILES: _profiles,
    KNOWLEDGE: _knowledge,
}


def shape_of(name: str) -> dict[str, Any]:
    """The configuration of a stream as recado makes it; its size and replicas mean nothing here."""
    return _SHAPES[name](0, 1)


def _kept(max_bytes: int, replicas: int) -> dict[str, Any]:
    return {
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_bytes": max_bytes,
        "num_replicas": replicas,
        "allow_direct": True,
        "duplicate_window": 600 * 10**9,
    }


_FIXED = ("storage", "retention", "discard")
_UNLIMITED = ("max_msgs", "max_msgs_per_subject", "max_age", "max_msg_size")
_FOREIGN = ("mirror", "sources", "sealed", "no_ack", "discard_new_per_subject", "allow_msg_ttl")


async def ensure_streams(bus: Bus, *, max_bytes: int | None = None) -> StreamInfo:
    """Make the streams, or bring them up to this release's configuration. Returns the description of EVENTS.

    `max_bytes` is the most that EVENTS may hold and should stay well below the server's `max_file_store`; without it
    the account's limit decides, 16 GiB if there is none, less if the server has less room. DLQ gets a sixteenth,
    the others a little; where the server has no room for KNOWLEDGE, there is none. A cluster keeps them on three
    servers. An existing stream keeps its size and replicas. Raises LogMismatch if a stream of that name is not
    recado's, LogUnavailable.
    """
    deadline = asyncio.get_running_loop().time() + CLUSTER_PATIENCE
    while True:
        is_late = asyncio.get_running_loop().time() >= deadline
        try:
            replicas = REPLICAS if bus.in_cluster else 1
            return await once_led(bus, lambda: _ensure(bus, max_bytes, replicas))  # noqa: B023 - awaited here
        except LogMismatch as mismatch:
            refused = mismatch.__cause__
            code = refused.fault.err_code if isinstance(refused, ApiRefused) else None
            if code == NAME_IN_USE and not is_late:
                # Another instance that starts at the same moment was faster.
                continue
            if code not in (NO_PEERS, REPLICAS_NOT_SUPPORTED):
                raise
            if is_late:
                log.warning(
                    "log.not_replicated",
                    reason=str(refused),
                    then="the log is kept on one server only",
                    help=f"with three servers: nats stream edit {EVENTS} --replicas {REPLICAS}",
                )
                return await _ensure(bus, max_bytes, 1)
        await asyncio.sleep(0.25)


async def existing_streams(bus: Bus) -> StreamInfo:
    """EVENTS as an instance has made it. Raises LogMismatch if there is none or a restore is under way,
    LogUnavailable."""
    try:
        info = await once_made(bus, EVENTS)
    except ApiRefused as refused:
        raise LogMismatch(
            Phrase("the bus refuses to show the stream %(name)s: %(refused)s", name=EVENTS, refused=refused)
        ) from refused
    if info is None:
        raise LogMismatch(
            Phrase("there is no stream %(events)s on the bus: start an instance first, which makes it", events=EVENTS)
        )
    check_readable(info)
    return info


async def mark_reads(bus: Bus, reads: int) -> None:
    """Note in the log that its readers have to know the set `reads` of types. Raises LogUnavailable."""
    try:
        info = await call(bus, f"STREAM.INFO.{EVENTS}", StreamInfo)
        metadata = info.config.get("metadata") or {}
        noted = whole_number(metadata.get(READS, "1"))
        if noted is not None and noted < reads:
            config = {**info.config, "metadata": {**metadata, READS: str(reads)}}
            await call(bus, f"STREAM.UPDATE.{EVENTS}", StreamInfo, config)
            log.info("log.marked", stream=EVENTS, reads=reads)
    except ApiRefused as refused:
        raise LogUnavailable(Phrase("the log cannot be marked: %(refused)s", refused=refused)) from refused


async def _ensure(bus: Bus, max_bytes: int | None, replicas: int) -> StreamInfo:
    info = await _find(bus, EVENTS)
    if info is None:
        info = await _create(bus, max_bytes or await _default_size(bus), replicas, shrink=max_bytes is None)
    else:
        check_readable(info)
        info = await _bring_up(bus, info, _events(info.config["max_bytes"], info.config["num_replicas"]))
    most = info.config["max_bytes"]
    for name, size in (
        (DLQ, max(most // 16, 1024**2)),
        (ACCOUNTS, min(max(most // 256, 256 * 1024), MOST_OF_ACCOUNTS)),
        (PROFILES, min(max(most // 64, 1024**2), MOST_OF_PROFILES)),
        (KNOWLEDGE, min(max(most // 16, 1024**2), MOST_OF_KNOWLEDGE)),
    ):
        shape = _SHAPES[name]
        there = await _find(bus, name)
        if there is None and name == KNOWLEDGE:
            await _create_knowledge(bus, size, info.config["num_replicas"])
        elif there is None:
            await _request_stream(bus, "CREATE", shape(size, info.config["num_replicas"]))
        else:
            await _bring_up(bus, there, shape(there.config["max_bytes"], there.config["num_replicas"]))
    return info


async def _find(bus: Bus, name: str) -> StreamInfo | None:
    try:
        return await call(bus, f"STREAM.INFO.{name}", StreamInfo)
    except ApiRefused as refused:
        if refused.fault.err_code == STREAM_NOT_FOUND:
            return None
        raise LogMismatch(
            Phrase("the bus refuses to show the stream %(name)s: %(refused)s", name=name, refused=refused)
        ) from refused


async def _default_size(bus: Bus) -> int:
    limit = (await call(bus, "INFO", AccountInfo)).limits.max_storage
    return min(LARGEST_DEFAULT, limit // 2) if limit > 0 else LARGEST_DEFAULT


async def _create(bus: Bus, max_bytes: int, replicas: int, *, shrink: bool) -> StreamInfo:
    shrunk = False
    while True:
        try:
            info = await _request_stream(bus, "CREATE", _events(max_bytes, replicas))
        except LogMismatch as mismatch:
            if not (_is_no_room(mismatch) and shrink and max_bytes > SMALLEST_DEFAULT):
                raise
            max_bytes //= 2
            shrunk = True
        else:
            if shrunk:
                # This may be all the room that the server has, and other streams need some: first of all DLQ.
                max_bytes //= 2
                info = await _request_stream(bus, "UPDATE", {**info.config, **_events(max_bytes, replicas)})
            log.info("log.created", stream=EVENTS, max_bytes=max_bytes, replicas=replicas)
            return info


async def _create_knowledge(bus: Bus, max_bytes: int, replicas: int) -> None:
    """The streams of an older recado may have taken all the room: it gets what is left, or is not made."""
    while True:
        try:
            await _request_stream(bus, "CREATE", _knowledge(max_bytes, replicas))
        except LogMismatch as mismatch:
            if not _is_no_room(mismatch):
                raise
            if max_bytes <= LEAST_OF_KNOWLEDGE:
                log.warning(
                    "knowledge.no_room",
                    reason=str(mismatch),
                    then="no documents can be added",
                    help="give another stream fewer bytes, with the NATS CLI: nats stream edit … --max-bytes …, and "
                    "start again",
                )
                return
            max_bytes = max(max_bytes // 2, LEAST_OF_KNOWLEDGE)
        else:
            return


def _is_no_room(mismatch: LogMismatch) -> bool:
    return isinstance(mismatch.__cause__, ApiRefused) and lacks_room(mismatch.__cause__.fault)


async def _bring_up(bus: Bus, info: StreamInfo, wanted: dict[str, Any]) -> StreamInfo:
    """The stream with the configuration `wanted`. Raises LogMismatch if the stream is not recado's."""
    name, stored = wanted["name"], info.config
    wrong = [field for field in _FIXED if stored.get(field) != wanted[field]]
    wrong += [field for field in _UNLIMITED if field not in wanted and stored.get(field, -1) not in (-1, 0)]
    wrong += [field for field in _FOREIGN if stored.get(field)]
    if stored.get("subject_transform") != wanted.get("subject_transform"):
        wrong.append("subject_transform")
    wrong += ["subjects"] if not set(stored.get("subjects", [])) <= set(wanted["subjects"]) else []
    if wrong:
        raise LogMismatch(
            Phrase(
                "the bus has a stream %(name)s that is not recado's (it differs in %(names)s): use another NATS "
                "account for recado, or rename or delete that stream",
                name=name,
                names=", ".join(sorted(wrong)),
            )
        )
    if all(stored.get(field) == value for field, value in wanted.items()):
        return info
    log.info("log.updated", stream=name, fields=sorted(field for field in wanted if stored.get(field) != wanted[field]))
    return await _request_stream(bus, "UPDATE", {**stored, **wanted})


async def _request_stream(bus: Bus, verb: str, config: dict[str, Any]) -> StreamInfo:
    try:
        return await call(bus, f"STREAM.{verb}.{config['name']}", StreamInfo, config)
    except ApiRefused as refused:
        raise LogMismatch(
            Phrase(
                "the bus refuses to %(verb)s the stream %(name)s (%(bytes)s bytes, %(replicas)s replicas): %(reason)s",
                verb=verb.lower(),
                name=config["name"],
                bytes=config["max_bytes"],
                replicas=config["num_replicas"],
                reason=refused.fault.description,
            )
        ) from refused
