"""The parts of the serving process that the page uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple

import msgspec

from actors.leases.roster import InstanceView
from console.news import News
from events.log import EventLog
from gateways.local.simulator import Simulator
from projections.reads.queries import Queries

_Given = TypeVarTuple("_Given")
_Result = TypeVar("_Result")


class ModelInfo(msgspec.Struct, frozen=True):
    """Who writes the replies, as the page says it: the model's `name`, the `server` it is asked at (empty: OpenAI),
    whether it is the small `local` one, and whether it is no model at all but a script."""

    name: str
    server: str = ""
    local: bool = False
    scripted: bool = False


class SettingLine(msgspec.Struct, frozen=True):
    """A setting as it is: its `value` as text, which of a secret says only whether it is set; `chosen` if it is not the
    default."""

    name: str
    value: str
    chosen: bool
    meaning: str


async def _nobody(_chats: Mapping[int, int] | None) -> Sequence[InstanceView]:
    return ()


@dataclass(frozen=True)
class Deps:
    """`account` is the one whose chats the phones are of. Without a `simulator` there are none. `news` is told of every
    committed batch. `not_ready` gives the reasons, in words for a person, why no work is taken now; none: it is.
    `roster`, given how many chats each partition has, says which instances answer them. `settings` are those with which
    this one was started. With a `password` nobody is shown anything who does not know it. `reading` is the thread that
    reads the projection for the page.
    """

    account: str
    log: EventLog
    queries: Queries
    news: News
    model: ModelInfo
    not_ready: Callable[[], Sequence[str]]
    simulator: Simulator | None = None
    roster: Callable[[Mapping[int, int] | None], Awaitable[Sequence[InstanceView]]] = _nobody
    settings: Sequence[SettingLine] = ()
    password: str | None = None
    reading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "console"))

    async def read(self, query: Callable[[*_Given], _Result], *given: *_Given) -> _Result:
        """What one of `queries` gives, while the loop goes on; raises what that raises.

        One thread, because each keeps a connection, and with it a superseded file, until it is asked again.
        """
        return await asyncio.get_running_loop().run_in_executor(self.reading, query, *given)
