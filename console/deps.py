"""What the page needs of the process that serves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from console.news import News
from events.log import EventLog
from gateways.simulator import Simulator
from projections.queries import Queries


class ModelInfo(msgspec.Struct, frozen=True):
    """Who writes the replies, as the page says it: the model's `name`, the `server` it is asked at (empty: OpenAI),
    whether it is the small `local` one, and whether it is no model at all but a script."""

    name: str
    server: str = ""
    local: bool = False
    scripted: bool = False


@dataclass(frozen=True)
class Deps:
    """`account` is the one whose chats are shown. Without a `simulator` the page only watches. `news` is told of every
    committed batch. `not_ready` gives the reasons, in words for a person, why no work is taken now; none: it is.
    """

    account: str
    log: EventLog
    queries: Queries
    news: News
    model: ModelInfo
    not_ready: Callable[[], Sequence[str]]
    simulator: Simulator | None = None
