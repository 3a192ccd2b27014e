"""The parts of the serving process that the page uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol, TypeVar, TypeVarTuple

import msgspec

from actors.leases.roster import InstanceView
from chat.spending import Price
from console.documents.port import DocumentDesk
from console.entrance import Entrance
from console.news import News
from console.passwords import Passwords
from console.profiles.port import ProfileDesk
from console.seen import SeenChats
from events.files import File
from events.jetstream.media_store import Object
from events.library import Library
from events.log import EventLog, LogUnavailable
from events.phrases import Phrase
from gateways.local.simulator import Simulator
from gateways.templates.known import Templates
from projections.reads.queries import Queries

_Given = TypeVarTuple("_Given")
_Result = TypeVar("_Result")


class ModelInfo(msgspec.Struct, frozen=True):
    """The model that writes the replies, as the page shows it.

    - `name`: the model's name.
    - `server`: its server; empty for OpenAI.
    - `local`: whether it is the small local model.
    - `scripted`: whether a script answers instead of a model.
    """

    name: str
    server: str = ""
    local: bool = False
    scripted: bool = False


class SettingLine(msgspec.Struct, frozen=True):
    """A setting as the page shows it.

    - `name`: its variable.
    - `value`: its value as text; for a secret, only whether it is set.
    - `chosen`: whether it differs from the default.
    - `meaning`: its description.
    """

    name: str
    value: str
    chosen: bool
    meaning: str


async def _nobody(_chats: Mapping[int, int] | None) -> Sequence[InstanceView]:
    return ()


async def _never() -> bool:
    return False


class Files(Protocol):
    """The object stores. Every method may raise LogUnavailable."""

    async def find(self, object: str) -> File | None:  # noqa: A002 - the field's name
        """The file `LIBRARY/<sha256>` or `MEDIA/<name>`; None if it is not there, or no longer."""

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002 - the field's name
        """Its bytes; None if that is not known."""

    async def arrived(self, name: str) -> Object | None:
        """MEDIA's description of the file `name` of a message; None if it is not there, yet or any more."""

    async def keep(self, content: bytes, name: str) -> str:
        """Store a file that is sent to one chat alone, once under the same name; returns the `object` of its part.
        Raises LogError."""


class NoFiles:
    """No object store."""

    async def find(self, object: str) -> File | None:  # noqa: A002, ARG002
        return None

    async def size(self, account: str, object: str) -> int | None:  # noqa: A002, ARG002
        return None

    async def arrived(self, name: str) -> Object | None:  # noqa: ARG002
        return None

    async def keep(self, content: bytes, name: str) -> str:  # noqa: ARG002
        raise LogUnavailable(Phrase("there is no store for files here"))


@dataclass(frozen=True)
class Deps:
    """The parts of the serving process that the page uses.

    - `account`: the account of the simulated phones.
    - `log`: the log.
    - `queries`: the reads of the projection.
    - `news`: gets every committed batch.
    - `model`: the model that writes the replies.
    - `not_ready`: returns the reasons for not taking work now, as phrases; empty if work is taken.
    - `has_bus`: returns whether the bus answers.
    - `simulator`: the simulated phones; None without them.
    - `files`: the files that replies send.
    - `is_real`: returns whether replies of `account` go to real phones now. Raises LogUnavailable.
    - `roster`: returns the instances; its argument is the number of chats of each partition.
    - `gateways`: returns the accounts whose gateway runs; None: the bus does not say.
    - `prices`: the prices of models.
    - `settings`: the settings with which this process was started.
    - `profiles`: the profiles of the bus; None without a bus that has them.
    - `templates`: the templates of business numbers; None without a bus that tells of them.
    - `library`: the files and places that can be sent; None without a bus that has them.
    - `documents`: the documents from which chats are answered; None without a bus that has them.
    - `entrance`: the way in; without sessions and users the page is open to this machine.
    - `passwords`: checks the passwords of users.
    - `zone`: the zone of days and hours for a browser without scripts.
    - `seen`: which chats the users have seen, and who has one open.
    - `reading`: the thread that reads the projection for the page.
    - `family`: returns every name of the person of an account's chat, the chat itself first.
    - `now`: returns the bus's time.
    """

    account: str
    log: EventLog
    queries: Queries
    news: News
    model: ModelInfo
    not_ready: Callable[[], Sequence[Phrase]]
    has_bus: Callable[[], bool] = lambda: True
    simulator: Simulator | None = None
    files: Files = NoFiles()  # noqa: RUF009 - it has no state
    is_real: Callable[[], Awaitable[bool]] = _never
    roster: Callable[[Mapping[int, int] | None], Awaitable[Sequence[InstanceView]]] = _nobody
    gateways: Callable[[], Collection[str] | None] = lambda: None
    prices: Mapping[str, Price] = field(default_factory=dict)
    settings: Sequence[SettingLine] = ()
    profiles: ProfileDesk | None = None
    templates: Templates | None = None
    library: Library | None = None
    documents: DocumentDesk | None = None
    entrance: Entrance = Entrance()  # noqa: RUF009 - it has no state of its own
    passwords: Passwords = field(default_factory=Passwords)
    family: Callable[[str, str], Sequence[str]] = lambda _account, chat: (chat,)
    zone: tzinfo = UTC
    seen: SeenChats = field(default_factory=SeenChats)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    reading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "console"))

    async def read(self, query: Callable[[*_Given], _Result], *given: *_Given) -> _Result:
        """The result of one of `queries`, read in another thread. Exceptions of the query pass through.

        There is one thread, because each keeps a connection open until its next query, and so a superseded file.
        """
        return await asyncio.get_running_loop().run_in_executor(self.reading, query, *given)
