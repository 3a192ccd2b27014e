"""Appends with the check of the chat's last decision, one at a time and many at once, in both sync modes.

`raw` publishes the same bytes without the check, many at once, with one acknowledgement each.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, Outcome, Say, at_least, figure, ratio
from benchmarks.people import key_of, words
from benchmarks.raw import Publisher
from benchmarks.servers import SYNC_MODES, nats_server
from events.codec import encode
from events.decisions import Reply
from events.jetstream.connection import Bus
from events.jetstream.log import JetStreamLog
from events.log import EventLog
from events.subjects import ChatKey
from events.usage import TokenUsage

MANY = "256 at once"
AT_ONCE = {"one at a time": 1, MANY: 256}


class Size(msgspec.Struct, frozen=True):
    """Appends in a round: `few` one at a time or with every append synced, `many` otherwise."""

    few: int = 1000
    many: int = 10_000
    rounds: int = 5


TINY = Size(few=300, many=300, rounds=1)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    rates: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    with ExitStack() as stack:
        servers = {sync: stack.enter_context(nats_server(folder / sync, sync)).url for sync in SYNC_MODES}
        buses = {sync: await Bus.open(url) for sync, url in servers.items()}
        raws = {sync: await Publisher.open(url) for sync, url in servers.items()}
        logs = {sync: await JetStreamLog.open(bus) for sync, bus in buses.items()}
        versions = {sync: [0] * max(AT_ONCE.values()) for sync in SYNC_MODES}
        for number in range(size.rounds):
            say(f"round {number + 1} of {size.rounds}")
            for sync, log in logs.items():
                for name, at_once in (*AT_ONCE.items(), (f"raw, {MANY}", AT_ONCE[MANY])):
                    appends = (size.few if at_once == 1 or sync == "always" else size.many) // at_once
                    started, used = time.perf_counter(), time.process_time()
                    if name in AT_ONCE:
                        work = [_append(log, chat, appends, versions[sync]) for chat in range(at_once)]
                    else:
                        work = [_publish(raws[sync], chat, appends) for chat in range(at_once)]
                    await asyncio.gather(*work)
                    shown = f"{name}, sync {sync}"
                    done = appends * at_once
                    rates.setdefault(shown, []).append(done / (time.perf_counter() - started))
                    cpu.setdefault(shown, []).append((time.process_time() - used) / done * 1e6)
        for sync in SYNC_MODES:
            await raws[sync].close()
            await logs[sync].close()
            await buses[sync].close()
    figures: dict[str, Figure] = {name: figure(values, "appends/s") for name, values in rates.items()}
    figures |= {f"CPU of the client, {name}": figure(values, "µs/append") for name, values in cpu.items()}
    fast = f"{MANY}, sync {SYNC_MODES[0]}"
    figures["recado / raw, " + fast] = beside = ratio(rates[fast], rates[f"raw, {fast}"])
    targets = (at_least(f"appends, {fast}", figures[fast], 20_000), at_least("appends beside raw", beside, 0.5))
    return Outcome({"appends one at a time, or synced": size.few, "appends otherwise": size.many}, figures, targets)


async def _append(log: EventLog, chat: int, appends: int, versions: list[int]) -> None:
    """Append one reply after the other in one chat; `versions` keeps its last sequence."""
    key = key_of(chat)
    for _ in range(appends):
        msg_id = f"bench:{chat}.{versions[chat]}"
        versions[chat] = (await log.append(key, _reply(key, chat), expected=versions[chat], msg_id=msg_id)).seq


async def _publish(raw: Publisher, chat: int, times: int) -> None:
    key = key_of(chat)
    for _ in range(times):
        await raw.publish(f"raw.{chat}", encode(_reply(key, chat)))


def _reply(key: ChatKey, chat: int) -> Reply:
    return Reply(
        id="0123456789abcdef.r",
        turn="0123456789abcdef",
        chat=key.chat,
        account=key.account,
        text=words(chat),
        in_reply_to=("wamid.0123456789",),
        author="assistant",
        at=datetime.now(UTC),
        usage=TokenUsage(400, 60),
    )
