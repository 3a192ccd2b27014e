"""The desk's list, a chat, and the search over HTTP, beside a page without content, at 100,000 chats.

The projection is folded here, without a server. Requests of each kind come in turns, so that a disturbance of the
machine hits all. CPU is that of this process: of the page and of the client that asks it.
"""

from __future__ import annotations

import html
import itertools
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.figures import Outcome, Say, at_most, figure, percentile, ratio
from console.app import make_app
from console.deps import Deps, ModelInfo
from console.news import News
from console.server import bind, serving
from events.decisions import TYPE_OF, Attention, Decision, Reply, TurnError, TurnFailed, TurnStarted
from events.inbound import INBOUND_TYPE_OF, Message, Receipt
from events.memory_log import MemoryLog
from events.recorded import Recorded
from events.subjects import ChatKey
from projections import files
from projections.projection import Projection
from projections.reads.queries import Queries
from projections.reads.reader import Reader

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The time of the log's first event."""
_BATCH = 10_000
_LINES = 300
_FIRST = ("João", "Ana", "Müller", "Zoë", "Łukasz", "Maria", "Иван", "Søren", "Chloé", "李明")
_LAST = ("Silva", "Souza", "García", "Nguyễn", "Özdemir", "Kowalski", "Smith", "Jørgensen", "Rossi", "Dubois", "Lima")
_NEXT = re.compile(r'<a href="([^"]+)" rel="next">')
_BARE, _LIST, _CHAT, _LONG, _FOLLOWING = "page without content", "list", "chat", "chat of many lines", "next page"


class Size(msgspec.Struct, frozen=True):
    """The number of chats in four accounts, and the requests of each kind."""

    chats: int = 100_000
    requests: int = 40


TINY = Size(chats=300, requests=2)


async def run(size: Size, folder: Path, say: Say) -> Outcome:
    say(f"folding {size.chats:,} chats")
    fold(folder, size.chats)
    middle = f"{int((BEGAN + timedelta(seconds=size.chats * 2)).timestamp() * 1e6)}.1"
    kinds = {
        _BARE: "/healthz",
        _LIST: "/desk",
        _CHAT: "/desk/chats/shop{account}/55119{person}%40s.whatsapp.net",
        _LONG: "/desk/chats/shop0/5511900000000%40s.whatsapp.net",
        "page in the middle": f"/desk?after={middle}",
        "filter": "/desk?only=failed",
        "filter, the longest wait first": "/desk?only=human",
        "search, a name": "/desk?q=joao+silva",
        "search, a number": "/desk?q=%2B55+11+9{first}-{rest}",
        "search, a word that everybody wrote": "/desk?q=wheel",
        "search, a beginning of many words": "/desk?q=w",
        "search, nothing": "/desk?q=xylophone",
    }
    reader = Reader(folder)
    deps = Deps("shop", MemoryLog(), Queries(reader), News("shop"), ModelInfo("none"), not_ready=tuple)
    took: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    async with serving(make_app(deps), bind(0)) as address, aiohttp.ClientSession(address) as session:
        following = "/desk"
        for number in range(size.requests):
            say(f"round {number + 1} of {size.requests}")
            for kind, path in [*kinds.items(), (_FOLLOWING, following)]:
                chosen = (1 + number * 7919) % size.chats
                person = f"{chosen:08}"
                values = {"account": chosen % 4, "person": person, "first": person[:4], "rest": person[4:]}
                started, used = time.perf_counter(), time.process_time()
                body = await _get(session, path.format(**values))
                took.setdefault(kind, []).append((time.perf_counter() - started) * 1000)
                cpu.setdefault(kind, []).append((time.process_time() - used) * 1000)
                if kind == _FOLLOWING:
                    found = _NEXT.search(body)
                    following = html.unescape(found[1]) if found is not None else "/desk"
    figures = {}
    for kind, times in took.items():
        figures[f"{kind}, p50"] = figure([percentile(times, 0.5)], "ms")
        figures[f"{kind}, p95"] = figure([percentile(times, 0.95)], "ms")
        figures[f"{kind}, CPU"] = figure(cpu[kind], "ms")
        p95 = figures[f"{kind}, p95"].median
        say(f"{kind}: p95 {p95:.0f} ms, of which CPU at most {percentile(cpu[kind], 0.95):.0f}")
    for kind in (_LIST, _CHAT, _LONG):
        figures[f"{kind}, beside a page without content"] = ratio(took[kind], took[_BARE])
    targets = (
        *(
            at_most(f"{kind}, p95", figures[f"{kind}, p95"], most)
            for kind, most in ((_LIST, 200), (_CHAT, 150), (_LONG, 150))
        ),
        *(
            at_most(f"{kind}, p95", figures[f"{kind}, p95"], 150)
            for kind in took
            if kind.startswith(("next", "search"))
        ),
    )
    return Outcome({"chats": size.chats, "accounts": 4, "requests of each kind": size.requests}, figures, targets)


async def _get(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path, headers={"accept": "text/html"}) as response:
        body = await response.text()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body}")
        return body


def fold(folder: Path, chats: int) -> int:
    """Make a projection of so many chats in the folder; the sequence of its last event."""
    built = files.place_to_build(folder)
    projection = Projection.create(built, BEGAN)
    events = itertools.chain.from_iterable(conversation(number) for number in range(chats))
    for seq in itertools.count(1, _BATCH):
        batch = [_recorded(seq + place, *one) for place, one in enumerate(itertools.islice(events, _BATCH))]
        if not batch:
            break
        projection.apply(batch)
    last = projection.checkpoint
    projection.finish()
    files.make_live(built)
    return last


def conversation(number: int) -> Iterator[tuple[ChatKey, Message | Receipt | Decision]]:
    """A conversation; the first is long, some are not answered, some not sent, some wait for a human."""
    key = ChatKey(f"shop{number % 4}", f"55119{number:08}@s.whatsapp.net")
    name = f"{_FIRST[number % 10]} {_LAST[number // 10 % 11]}"
    yield key, Message(id="m", name=name, text=f"My rear wheel wobbles, number {number}. Can I come by?")
    yield key, TurnStarted(turn="t", messages=("m",), backend="chat", at=BEGAN)
    if number % 50 == 1:
        error = TurnError(class_="timeout", detail="no answer")
        yield key, TurnFailed(turn="t", messages=("m",), error=error, told=False, at=BEGAN)
        return
    yield key, Reply(
        id="r", turn="t", chat=key.chat, account=key.account, text="Sure, come by when it suits you.",
        in_reply_to=("m",), author="assistant", at=BEGAN,
    )  # fmt: skip
    if number % 40:
        yield key, Receipt(id="a", reply="r", state="parked" if number % 200 == 3 else "accepted")
    if number == 0:
        for more in range(_LINES):
            yield key, Message(id=f"m{more}", text=f"And then, {more}: how much is a new wheel?")
    if number % 100 == 7:
        yield key, Attention(id="t.h", text="Wants a refund", by="model", at=BEGAN)


def _recorded(seq: int, key: ChatKey, event: Message | Receipt | Decision) -> Recorded:
    at = BEGAN + timedelta(seconds=seq)
    if isinstance(event, Message | Receipt):
        return Recorded(seq, key, "i", INBOUND_TYPE_OF[type(event)], at, "", event)
    return Recorded(seq, key, "o", TYPE_OF[type(event)], at, f"bench:{seq}", event)
